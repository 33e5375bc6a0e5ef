// SPDX-License-Identifier: Apache-2.0
#include "egress/channel.hpp"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace bellhop::core {

namespace {

using Poco::Net::SecureStreamSocket;

Fault fault_of(Waited waited, const char *what) {
  switch (waited) {
    case Waited::ready:
      return {};
    case Waited::time_over:
      return {HttpFailure::timeout, std::string("took too long: ") + what};
    case Waited::cancelled:
      return {HttpFailure::cancelled, "cancelled, because the instance is being stopped"};
  }
  return {HttpFailure::cancelled, "cancelled"};
}

Fault lost(const char *what, const Poco::Exception &error) {
  return {HttpFailure::connect, std::string("the connection was lost: ") + what + ": " + error.displayText()};
}

std::string text_of(int error) { return std::generic_category().message(error); }

// Poco's sendBytes throws when the socket does not block and is full, though its receiveBytes does not when it is
// empty. -1 means "not now"; 0 that error_number says why it failed.
int send_plain(int descriptor, const char *bytes, std::size_t size, int &error_number) {
  ssize_t sent = -1;
  do {
    sent = ::send(descriptor, bytes, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return static_cast<int>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return -1;
  error_number = errno;
  return 0;
}

}  // namespace

int Channel::descriptor() const { return static_cast<int>(socket_.impl()->sockfd()); }

// Repeats `step` until it returns a number that is not "not now". OpenSSL keeps its errors per thread and Poco does not
// clear what an earlier connection left there, so that a mere "not now" would look like a failure: we clear.
template <class Step>
Fault Channel::attempt(const Step &step, short events, const char *what, const Patience &patience,
                       Milliseconds until_ms) {
  for (;;) {
    ERR_clear_error();
    const int result = step();
    if (result >= 0) return {};
    const bool wants_other = is_tls_ && result == SecureStreamSocket::ERR_SSL_WANT_WRITE;
    const bool wants_read = is_tls_ && result == SecureStreamSocket::ERR_SSL_WANT_READ;
    const short wanted = wants_other ? POLLOUT : wants_read ? POLLIN : events;
    if (Fault fault = fault_of(patience.wait(descriptor(), wanted, until_ms), what)) return fault;
  }
}

Fault Channel::connect(const IpAddress &address, std::uint16_t port, const Patience &patience, Milliseconds until_ms) {
  const std::string where = address.text() + " port " + std::to_string(port);
  const std::string what = "connecting to " + where;
  try {
    socket_ = Poco::Net::StreamSocket();
    is_tls_ = false;
    socket_.connectNB(Poco::Net::SocketAddress(address.text(), port));
    if (Fault fault = fault_of(patience.wait(descriptor(), POLLOUT, until_ms), what.c_str())) return fault;
    if (const int error = socket_.impl()->socketError(); error != 0) {
      return {HttpFailure::connect, "no connection to " + where + ": " + text_of(error)};
    }
    socket_.setNoDelay(true);
    return {};
  } catch (const Poco::Exception &error) {
    return {HttpFailure::connect, "no connection to " + where + ": " + error.displayText()};
  }
}

Fault Channel::secure(const TlsContext &tls, const std::string &host, const Patience &patience, Milliseconds until_ms) {
  const bool is_literal = IpAddress::parse(host).has_value();
  TlsContext::take_refusal();
  try {
    ERR_clear_error();
    // An address is never sent as a server name (RFC 6066 section 3).
    SecureStreamSocket secured = SecureStreamSocket::attach(socket_, is_literal ? std::string() : host, tls.get());
    socket_ = secured;
    is_tls_ = true;
    if (Fault fault =
            attempt([&] { return secured.completeHandshake(); }, POLLIN, "the TLS handshake", patience, until_ms)) {
      return fault;
    }
    secured.verifyPeerCertificate(host);
    return {};
  } catch (const Poco::Net::CertificateValidationException &) {
    return {HttpFailure::tls, "the certificate shown is not one for " + host};
  } catch (const Poco::Exception &error) {
    const std::string refusal = TlsContext::take_refusal();
    return {HttpFailure::tls, refusal.empty() ? "the TLS handshake failed: " + error.displayText()
                                              : "the certificate was refused: " + refusal};
  }
}

Fault Channel::send(std::string_view bytes, std::size_t &sent, const Patience &patience, Milliseconds until_ms) {
  constexpr std::size_t piece_bytes_max = 1 << 20;
  const char *const what = "sending the request";
  sent = 0;
  int error_number = 0;
  const auto step = [&] {
    const std::size_t size = std::min(bytes.size() - sent, piece_bytes_max);
    const char *const from = bytes.data() + sent;
    const int result =
        is_tls_ ? socket_.sendBytes(from, static_cast<int>(size)) : send_plain(descriptor(), from, size, error_number);
    if (result > 0) sent += static_cast<std::size_t>(result);
    return result;
  };
  try {
    while (sent < bytes.size()) {
      if (Fault fault = attempt(step, POLLOUT, what, patience, until_ms)) return fault;
      if (error_number != 0) {
        return {HttpFailure::connect, std::string("the connection was lost: ") + what + ": " + text_of(error_number)};
      }
      if (sent < bytes.size() && patience.now_ms() >= until_ms) return fault_of(Waited::time_over, what);
    }
    return {};
  } catch (const Poco::Exception &error) {
    return lost(what, error);
  }
}

Fault Channel::receive(char *buffer, std::size_t size, std::size_t &received, const Patience &patience,
                       Milliseconds until_ms) {
  const char *const what = "waiting for the answer";
  received = 0;
  try {
    const auto step = [&] {
      const int result = socket_.receiveBytes(buffer, static_cast<int>(size));
      if (result > 0) received = static_cast<std::size_t>(result);
      return result;
    };
    if (Fault fault = attempt(step, POLLIN, what, patience, until_ms)) return fault;
    // Bytes that are always there would otherwise never meet the clock.
    if (patience.now_ms() >= until_ms) return fault_of(Waited::time_over, what);
    return {};
  } catch (const Poco::Net::SSLException &error) {
    return {HttpFailure::connect, "the TLS connection was cut off: " + error.displayText()};
  } catch (const Poco::Exception &error) {
    return lost(what, error);
  }
}

bool Channel::is_quiet() {
  char byte = 0;
  try {
    if (!is_tls_) {
      const ssize_t size = ::recv(descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    // Session tickets may lie there after a handshake: OpenSSL reads over them and then says "not now".
    ERR_clear_error();
    return socket_.receiveBytes(&byte, 1) == SecureStreamSocket::ERR_SSL_WANT_READ;
  } catch (const Poco::Exception &) {
    return false;
  }
}

}  // namespace bellhop::core
