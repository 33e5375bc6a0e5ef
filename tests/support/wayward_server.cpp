// SPDX-License-Identifier: Apache-2.0
#include "support/wayward_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "base/check.hpp"

namespace bellhop::core {

namespace {

constexpr int tick_ms = 5;  // between looks at whether the test is over, and between dripped bytes
constexpr std::chrono::seconds patience{20};
using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

template <class T, class Read>
T *from_pem(const std::string &pem, const Read &read) {
  BIO *const in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  T *const value = read(in, nullptr, nullptr, nullptr);
  BIO_free(in);
  CHECK(value != nullptr);
  return value;
}

ContextPtr context_of(const WaywardServer::Tls &tls) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  X509 *const certificate = from_pem<X509>(tls.certificate_pem, &PEM_read_bio_X509);
  EVP_PKEY *const key = from_pem<EVP_PKEY>(tls.key_pem, &PEM_read_bio_PrivateKey);
  CHECK(SSL_CTX_use_certificate(context.get(), certificate) == 1 && SSL_CTX_use_PrivateKey(context.get(), key) == 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (tls.is_tls11_only) {
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  }
  return context;
}

}  // namespace

std::string RecordedRequest::header(const std::string &name) const {
  for (const auto &[known, value] : headers) {
    if (strcasecmp(known.c_str(), name.c_str()) == 0) return value;
  }
  return {};
}

struct WaywardServer::Room {
  Tls tls;
  bool is_tls = false;
  ContextPtr context{nullptr, &SSL_CTX_free};
  int listener = -1;
  int port = 0;
  std::atomic<bool> is_over{false};

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::vector<ServerStep>> scripts;
  std::function<std::vector<ServerStep>(const RecordedRequest &)> answer_to;  // called with the mutex held
  std::deque<Greeting> greetings;
  std::vector<RecordedRequest> requests;
  int connections_count = 0;
  int generation = 0;  // connections of an older one close as soon as they are idle
  int open_count = 0;
  std::list<std::thread> threads;  // of connections; joined at the end
  std::thread acceptor;

  void accept_all();
  void serve(int descriptor, int number, int born);
};

namespace {

// One connection's bytes, plain or TLS. The socket does not block; every wait looks whether the test is over.
class Line {
 public:
  Line(int descriptor, SSL_CTX *context, const std::atomic<bool> &is_over)
      : descriptor_(descriptor), is_over_(is_over), tls_(context == nullptr ? nullptr : SSL_new(context)) {
    if (tls_ != nullptr) SSL_set_fd(tls_, descriptor_);
  }
  ~Line() {
    SSL_free(tls_);
    ::close(descriptor_);
  }
  bool accept() {
    while (tls_ != nullptr) {
      const int result = SSL_accept(tls_);
      if (result == 1) return true;
      if (!may_go_on(result)) return false;
    }
    return true;
  }
  // 0: closed or over; -1: nothing yet.
  int read_some(char *buffer, int size) {
    ERR_clear_error();
    const int result = tls_ != nullptr
                           ? SSL_read(tls_, buffer, size)
                           : static_cast<int>(::recv(descriptor_, buffer, static_cast<std::size_t>(size), 0));
    if (result > 0) return result;
    if (result == 0 || !may_go_on(result)) return 0;
    return -1;
  }
  bool write_all(const std::string &bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      ERR_clear_error();
      const int left = static_cast<int>(bytes.size() - sent);
      const int result = tls_ != nullptr ? SSL_write(tls_, bytes.data() + sent, left)
                                         : static_cast<int>(::send(descriptor_, bytes.data() + sent,
                                                                   static_cast<std::size_t>(left), MSG_NOSIGNAL));
      if (result > 0) sent += static_cast<std::size_t>(result);
      if (result <= 0 && !may_go_on(result)) return false;
    }
    return true;
  }
  void shut_properly() {
    if (tls_ != nullptr) SSL_shutdown(tls_);
  }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  // False when the other side has gone.
  bool wait_a_tick() {
    pollfd watched{descriptor_, POLLRDHUP, 0};
    ::poll(&watched, 1, tick_ms);
    return watched.revents == 0;
  }

 private:
  bool may_go_on(int result) {
    short events = POLLIN;
    if (tls_ != nullptr) {
      const int error = SSL_get_error(tls_, result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
      if (error == SSL_ERROR_WANT_WRITE) events = POLLOUT;
    } else if (errno != EAGAIN) {
      return false;
    }
    pollfd watched{descriptor_, events, 0};
    ::poll(&watched, 1, tick_ms);
    return !is_over_;
  }

  const int descriptor_;
  const std::atomic<bool> &is_over_;
  SSL *const tls_;
};

// The first whole request of `bytes`, taken off; bodies by Content-Length only, which is what Bellhop sends.
std::optional<RecordedRequest> take_request(std::string &bytes) {
  const std::size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string::npos) return std::nullopt;
  RecordedRequest request;
  const std::string head = bytes.substr(0, head_end + 2);
  std::size_t begin = head.find("\r\n") + 2;
  const std::size_t first = head.find(' '), second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  while (begin < head.size()) {
    const std::size_t end = head.find("\r\n", begin), colon = head.find(": ", begin);
    request.headers.emplace_back(head.substr(begin, colon - begin), head.substr(colon + 2, end - colon - 2));
    begin = end + 2;
  }
  const std::string length = request.header("Content-Length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  if (bytes.size() < head_end + 4 + size) return std::nullopt;
  request.body = bytes.substr(head_end + 4, size);
  bytes.erase(0, head_end + 4 + size);
  return request;
}

// Carries the steps out; false when the connection ends with them.
bool carry_out(Line &line, const std::vector<ServerStep> &steps, const std::atomic<bool> &is_over) {
  for (const ServerStep &step : steps) {
    switch (step.what) {
      case ServerStep::What::send:
        if (!line.write_all(step.bytes)) return false;
        break;
      case ServerStep::What::drip:
        for (std::size_t i = 0; !is_over && line.wait_a_tick(); i = (i + 1) % step.bytes.size()) {
          if (!line.write_all(step.bytes.substr(i, 1))) break;
        }
        return false;
      case ServerStep::What::hold:
        while (!is_over && line.wait_a_tick()) {
        }
        return false;
      case ServerStep::What::close:
        line.shut_properly();
        return false;
      case ServerStep::What::reset:
        line.reset();
        return false;
      case ServerStep::What::cut:
        return false;
    }
  }
  return true;
}

}  // namespace

WaywardServer::WaywardServer(std::unique_ptr<Tls> tls, bool is_tls) : room_(std::make_unique<Room>()) {
  Room &room = *room_;
  room.tls = std::move(*tls);
  room.is_tls = is_tls;
  if (is_tls) room.context = context_of(room.tls);
  room.listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(room.listener, reinterpret_cast<sockaddr *>(&at), sizeof at) == 0 && ::listen(room.listener, 64) == 0);
  socklen_t size = sizeof at;
  CHECK(::getsockname(room.listener, reinterpret_cast<sockaddr *>(&at), &size) == 0);
  room.port = ntohs(at.sin_port);
  room.acceptor = std::thread([this] { room_->accept_all(); });
}

WaywardServer::~WaywardServer() {
  room_->is_over = true;
  room_->acceptor.join();
  for (std::thread &thread : room_->threads) thread.join();
  ::close(room_->listener);
}

void WaywardServer::Room::accept_all() {
  while (!is_over) {
    pollfd watched{listener, POLLIN, 0};
    if (::poll(&watched, 1, tick_ms) <= 0) continue;
    const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) continue;
    const std::lock_guard lock(mutex);
    const int number = ++connections_count;
    ++open_count;
    threads.emplace_back([this, descriptor, number, born = generation] {
      serve(descriptor, number, born);
      const std::lock_guard counting(mutex);
      --open_count;
      changed.notify_all();
    });
  }
}

void WaywardServer::Room::serve(int descriptor, int number, int born) {
  Line line(descriptor, context.get(), is_over);
  Greeting greeting = Greeting::none;
  {
    const std::lock_guard lock(mutex);
    if (!greetings.empty()) {
      greeting = greetings.front();
      greetings.pop_front();
    }
  }
  if (greeting == Greeting::closes) return;
  if (greeting == Greeting::silent || (is_tls && tls.stops_in_handshake)) {
    carry_out(line, {hold()}, is_over);
    return;
  }
  if (!line.accept()) return;
  std::string bytes;
  for (;;) {
    std::optional<RecordedRequest> request;
    while (!(request = take_request(bytes))) {
      char buffer[4096];
      const int size = line.read_some(buffer, sizeof buffer);
      if (size > 0) bytes.append(buffer, static_cast<std::size_t>(size));
      const std::lock_guard lock(mutex);
      const bool is_unwanted = born != generation && bytes.empty();
      if (size == 0 || is_unwanted) return line.shut_properly();
    }
    std::vector<ServerStep> steps{send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")};
    {
      const std::lock_guard lock(mutex);
      if (!scripts.empty()) {
        steps = std::move(scripts.front());
        scripts.pop_front();
      } else if (answer_to) {
        steps = answer_to(*request);
      }
      request->connection = number;
      requests.push_back(std::move(*request));
      changed.notify_all();
    }
    if (!carry_out(line, steps, is_over)) return;
  }
}

void WaywardServer::script(std::vector<ServerStep> steps) {
  const std::lock_guard lock(room_->mutex);
  room_->scripts.push_back(std::move(steps));
}

void WaywardServer::answer(int status, std::vector<std::pair<std::string, std::string>> headers, std::string body) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " As Scripted\r\n";
  for (const auto &[name, value] : headers) text += name + ": " + value + "\r\n";
  script({send_bytes(text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)});
}

void WaywardServer::serve(std::function<std::vector<ServerStep>(const RecordedRequest &)> answer_to) {
  const std::lock_guard lock(room_->mutex);
  room_->answer_to = std::move(answer_to);
}

void WaywardServer::greet_next(Greeting greeting) {
  const std::lock_guard lock(room_->mutex);
  room_->greetings.push_back(greeting);
}

int WaywardServer::port() const { return room_->port; }

std::string WaywardServer::host_port() const { return "127.0.0.1:" + std::to_string(room_->port); }

std::string WaywardServer::url(const std::string &path) const {
  return (room_->is_tls ? "https://" : "http://") + host_port() + path;
}

std::vector<RecordedRequest> WaywardServer::requests() const {
  const std::lock_guard lock(room_->mutex);
  return room_->requests;
}

int WaywardServer::connections_count() const {
  const std::lock_guard lock(room_->mutex);
  return room_->connections_count;
}

bool WaywardServer::wait_for_requests(std::size_t count) const {
  std::unique_lock lock(room_->mutex);
  return room_->changed.wait_for(lock, patience, [&] { return room_->requests.size() >= count; });
}

void WaywardServer::close_idle_connections() {
  std::unique_lock lock(room_->mutex);
  ++room_->generation;
  CHECK(room_->changed.wait_for(lock, patience, [&] { return room_->open_count == 0; }));
}

}  // namespace bellhop::core
