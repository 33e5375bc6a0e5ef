// SPDX-License-Identifier: Apache-2.0
// RawHttp: a client that sends exactly the bytes it is given and reads answers with a deadline. It repairs nothing, so
// that a test can be as wrong as a hostile sender, and may bind its own source address (127.0.0.2).
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bellhop::core {

struct RawAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string header(std::string_view wanted) const {
    for (const auto &[name, value] : headers) {
      if (name.size() == wanted.size() && std::equal(name.begin(), name.end(), wanted.begin(), [](char a, char b) {
            return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
          }))
        return value;
    }
    return {};
  }
};

class RawHttp {
 public:
  using Deadline = std::chrono::milliseconds;
  static constexpr Deadline patience{20'000};  // for what must come, on a loaded machine too

  explicit RawHttp(int port, const char *source_address = "127.0.0.1") {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in from = address(source_address, 0), to = address("127.0.0.1", port);
    is_connected_ = descriptor_ >= 0 && ::bind(descriptor_, reinterpret_cast<sockaddr *>(&from), sizeof from) == 0 &&
                    ::connect(descriptor_, reinterpret_cast<sockaddr *>(&to), sizeof to) == 0;
  }
  explicit RawHttp(const std::string &unix_path) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strncpy(to.sun_path, unix_path.c_str(), sizeof to.sun_path - 1);
    descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    is_connected_ = descriptor_ >= 0 && ::connect(descriptor_, reinterpret_cast<sockaddr *>(&to), sizeof to) == 0;
  }
  RawHttp(RawHttp &&other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        is_connected_(other.is_connected_),
        is_ended_(other.is_ended_),
        received_(std::move(other.received_)) {}
  RawHttp &operator=(RawHttp &&) = delete;
  ~RawHttp() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool is_connected() const { return is_connected_; }
  int descriptor() const { return descriptor_; }

  // False when the other side does not take all of it in time, or has closed.
  bool send(std::string_view bytes, Deadline within = patience) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (!bytes.empty()) {
      const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (size > 0) bytes.remove_prefix(static_cast<std::size_t>(size));
      if (size < 0 && !wait_for(POLLOUT, end)) return false;
    }
    return true;
  }
  void shutdown_send() { ::shutdown(descriptor_, SHUT_WR); }

  // The next final answer (1xx are kept in interim()); nullopt when none comes in time or the connection ends first.
  std::optional<RawAnswer> read_answer(Deadline within = patience, bool is_head = false) {
    const auto end = std::chrono::steady_clock::now() + within;
    for (;;) {
      if (std::optional<RawAnswer> answer = parse(is_head)) {
        if (answer->status >= 200) return answer;
        interim_.push_back(answer->status);
        continue;
      }
      if (!receive(end)) return std::nullopt;
    }
  }
  // True when the other side closes in time, whatever it sends before; the bytes stay in received().
  bool is_closed_within(Deadline within = patience) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (receive(end)) {
    }
    return is_ended_;
  }
  // True when an answer 1xx comes in time, with nothing final before it.
  bool has_interim_within(Deadline within = patience) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (interim_.empty()) {
      const std::optional<RawAnswer> answer = parse(false);
      if (answer && answer->status >= 200) return false;
      if (answer) interim_.push_back(answer->status);
      if (!answer && !receive(end)) return false;
    }
    return true;
  }
  const std::string &received() const { return received_; }
  const std::vector<int> &interim() const { return interim_; }

 private:
  using Time = std::chrono::steady_clock::time_point;

  static sockaddr_in address(const char *text, int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, text, &at.sin_addr);
    return at;
  }
  bool wait_for(short event, Time end) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd ready{descriptor_, event, 0};
    return left > 0 && ::poll(&ready, 1, static_cast<int>(left)) > 0;
  }
  bool receive(Time end) {
    if (is_ended_ || !wait_for(POLLIN, end)) return false;
    char bytes[16 << 10];
    const ssize_t size = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (size <= 0) is_ended_ = true;
    if (size > 0) received_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }
  // Takes one whole answer off the front of what was received.
  std::optional<RawAnswer> parse(bool is_head) {
    const std::size_t head_end = received_.find("\r\n\r\n");
    if (head_end == std::string::npos) return std::nullopt;
    RawAnswer answer;
    std::size_t begin = received_.find("\r\n") + 2;
    answer.status = std::atoi(received_.c_str() + received_.find(' '));
    while (begin < head_end + 2) {
      const std::size_t end = received_.find("\r\n", begin);
      const std::string line = received_.substr(begin, end - begin);
      const std::size_t colon = line.find(": ");
      if (colon != std::string::npos) answer.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
      begin = end + 2;
    }
    const auto length = static_cast<std::size_t>(is_head ? 0 : std::atoll(answer.header("Content-Length").c_str()));
    if (received_.size() < head_end + 4 + length) return std::nullopt;
    answer.body = received_.substr(head_end + 4, length);
    received_.erase(0, head_end + 4 + length);
    return answer;
  }

  int descriptor_ = -1;
  bool is_connected_ = false;
  bool is_ended_ = false;
  std::string received_;
  std::vector<int> interim_;
};

}  // namespace bellhop::core
