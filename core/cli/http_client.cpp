// SPDX-License-Identifier: Apache-2.0
#include "cli/http_client.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/URI.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <istream>
#include <ostream>
#include <thread>

#include "base/mutex.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t reply_bytes_max = 256u << 20;
constexpr Milliseconds connect_ms_max = 5'000;

using Steady = std::chrono::steady_clock;

// Shuts a socket down when an exchange takes too long. One thread for the life of the client; arm() and disarm()
// enclose each exchange, so the descriptor is open whenever the watchdog may touch it.
class Watchdog {
 public:
  Watchdog() : thread_([this] { watch(); }) {}
  ~Watchdog() {
    {
      const Lock lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void arm(int descriptor, Steady::time_point deadline) {
    {
      const Lock lock(mutex_);
      descriptor_ = descriptor;
      deadline_ = deadline;
      is_armed_ = true;
      has_bitten_ = false;
    }
    changed_.notify_one();
  }
  // True when the deadline passed while it was armed.
  bool disarm() {
    const Lock lock(mutex_);
    is_armed_ = false;
    return has_bitten_;
  }

 private:
  void watch() {
    const Lock lock(mutex_);
    while (!is_stopping_) {
      if (!is_armed_) {
        changed_.wait(mutex_);
        continue;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Steady::now());
      if (left.count() > 0) {
        changed_.wait_for(mutex_, left + std::chrono::milliseconds(1));
        continue;
      }
      is_armed_ = false;
      has_bitten_ = true;
      ::shutdown(descriptor_, SHUT_RDWR);
    }
  }

  Mutex mutex_;
  CondVar changed_;
  int descriptor_ GUARDED_BY(mutex_) = -1;
  Steady::time_point deadline_ GUARDED_BY(mutex_);
  bool is_armed_ GUARDED_BY(mutex_) = false;
  bool has_bitten_ GUARDED_BY(mutex_) = false;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it starts when everything above is there
};

Error connect_error(const std::string &where, const Poco::Exception &thrown) {
  const int code = thrown.code();
  if (code == EACCES || code == EPERM) return {Kind::denied, where + ": permission denied"};
  if (dynamic_cast<const Poco::TimeoutException *>(&thrown) != nullptr) {
    return {Kind::timeout, where + ": no connection within " + std::to_string(connect_ms_max / 1000) + " s"};
  }
  if (code == ENOENT) return {Kind::unavailable, where + ": there is no such socket"};
  if (dynamic_cast<const Poco::Net::ConnectionRefusedException *>(&thrown) != nullptr || code == ECONNREFUSED) {
    return {Kind::unavailable, where + ": connection refused"};
  }
  return {Kind::unavailable, where + ": " + thrown.displayText()};
}

}  // namespace

struct HttpClient::State {
  std::string where;        // for messages
  std::string socket_path;  // "" = use host and port
  std::string host;
  std::uint16_t port = 80;
  std::unique_ptr<Poco::Net::HTTPClientSession> session;
  bool is_last = false;  // the server closes after this answer
  Watchdog watchdog;

  Result<void> connect();
  bool is_stale() const;
  Reply exchange(Poco::Net::HTTPRequest &request, const std::string &body);
};

Result<void> HttpClient::State::connect() {
  if (!socket_path.empty() && socket_path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{Kind::invalid, where + ": the path has " + std::to_string(socket_path.size()) +
                                    " bytes and a Unix socket takes at most " +
                                    std::to_string(sizeof(sockaddr_un::sun_path) - 1) + "; use a shorter one"};
  }
  try {
    const auto address = socket_path.empty()
                             ? Poco::Net::SocketAddress(host, port)
                             : Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, socket_path);
    Poco::Net::StreamSocket socket(address.family());
    socket.connect(address, Poco::Timespan(connect_ms_max * 1000));
    if (socket_path.empty()) socket.setNoDelay(true);
    session = std::make_unique<Poco::Net::HTTPClientSession>(socket);
    session->setKeepAlive(true);
    session->setTimeout(Poco::Timespan(1, 0, 0, 0, 0));  // the watchdog is the deadline
    return {};
  } catch (const Poco::Exception &thrown) {
    return connect_error(where, thrown);
  }
}

// A readable socket before a request was sent means that the server has hung up (or is confused): not to be used again.
bool HttpClient::State::is_stale() const {
  return !session || !session->connected() ||
         session->socket().poll(Poco::Timespan(0), Poco::Net::Socket::SELECT_READ | Poco::Net::Socket::SELECT_ERROR);
}

Reply HttpClient::State::exchange(Poco::Net::HTTPRequest &request, const std::string &body) {
  Reply reply;
  const auto begin = Steady::now();
  std::ostream &out = session->sendRequest(request);
  out.write(body.data(), static_cast<std::streamsize>(body.size()));
  out.flush();
  Poco::Net::HTTPResponse response;
  std::istream &in = session->receiveResponse(response);
  char chunk[16384];
  while (in.read(chunk, sizeof chunk) || in.gcount() > 0) {
    reply.body.append(chunk, static_cast<std::size_t>(in.gcount()));
    if (reply.body.size() > reply_bytes_max) throw Poco::Net::MessageException("the answer is over 256 MiB");
  }
  reply.took_ms = std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
  if (response.hasContentLength() && static_cast<std::size_t>(response.getContentLength64()) != reply.body.size()) {
    throw Poco::Net::MessageException("the answer was cut off");  // Poco itself takes a short body for a whole one
  }
  reply.status = response.getStatus();
  reply.content_type = response.getContentType();
  reply.retry_after = response.get("Retry-After", "");
  is_last = !response.getKeepAlive();
  return reply;
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient &&) noexcept = default;
HttpClient::~HttpClient() = default;

HttpClient HttpClient::to_unix_socket(std::string path) {
  auto state = std::make_unique<State>();
  state->where = path;
  state->socket_path = std::move(path);
  return HttpClient(std::move(state));
}

HttpClient HttpClient::to_address(const WebAddress &address) {
  auto state = std::make_unique<State>();
  state->where = address.host + ":" + std::to_string(address.port);
  state->host = address.host;
  state->port = address.port;
  return HttpClient(std::move(state));
}

Result<Reply> HttpClient::ask(const std::string &method, const std::string &target, const std::string &body,
                              Milliseconds deadline_ms) {
  State &state = *state_;
  if (state.is_stale()) {
    state.session.reset();
    if (const auto connected = state.connect(); !connected) return connected.error();
  }
  Poco::Net::HTTPRequest request(method, target, Poco::Net::HTTPMessage::HTTP_1_1);
  request.setHost(state.socket_path.empty() ? state.host : "localhost", state.socket_path.empty() ? state.port : 80);
  request.set("User-Agent", "bellhop/" BELLHOP_VERSION);
  request.setKeepAlive(true);
  if (method == "POST") {
    request.setContentType("application/json");
    request.setContentLength64(static_cast<Poco::Int64>(body.size()));
  }
  state.watchdog.arm(state.session->socket().impl()->sockfd(), Steady::now() + std::chrono::milliseconds(deadline_ms));
  const Error late{Kind::timeout, state.where + ": no complete answer within " + std::to_string(deadline_ms) + " ms"};
  try {
    Reply reply = state.exchange(request, body);
    const bool is_late = state.watchdog.disarm();
    if (is_late || state.is_last) state.session.reset();
    if (is_late) return late;
    return reply;
  } catch (const Poco::Exception &thrown) {
    const bool is_late = state.watchdog.disarm();
    state.session.reset();
    if (is_late) return late;
    if (dynamic_cast<const Poco::Net::NoMessageException *>(&thrown) != nullptr) {
      return Error{Kind::unavailable, state.where + ": hung up without an answer"};
    }
    if (dynamic_cast<const Poco::Net::MessageException *>(&thrown) != nullptr) {
      return Error{Kind::internal, state.where + ": what came back is not HTTP: " + thrown.displayText()};
    }
    return Error{Kind::unavailable, state.where + ": the connection broke: " + thrown.displayText()};
  }
}

Result<WebAddress> parse_web_address(const std::string &url) {
  try {
    const Poco::URI parsed(url);
    if (parsed.getScheme() == "https") {
      return Error{Kind::invalid,
                   "this version of bellhop sends over http only: give the http:// address that "
                   "bellhopd listens on (`bellhop status` prints it), not that of the proxy before it"};
    }
    if (parsed.getScheme() != "http" || parsed.getHost().empty()) {
      return Error{Kind::invalid, "the URL does not begin with http://HOST"};
    }
    const std::string target = parsed.getPathAndQuery();
    return WebAddress{parsed.getHost(), parsed.getPort(), target.empty() ? "/" : target};
  } catch (const Poco::Exception &thrown) {
    return Error{Kind::invalid, "the URL cannot be read: " + thrown.displayText()};
  }
}

}  // namespace bellhop::core
