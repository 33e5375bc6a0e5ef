// SPDX-License-Identifier: Apache-2.0
// ServerView: what the kernel tells of a server in this process, for a test that must know how far the server has come
// before it moves a clock. The server itself has no reason to say so, and a fixed wait is no proof on a loaded machine.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace bellhop::core {

class ServerView {
 public:
  static constexpr std::chrono::seconds patience{20};

  explicit ServerView(int port) : port_(port) {}

  // True when, in time, all that clients have sent was received by the server, and no connection waits to be accepted.
  bool has_read_all() const {
    return comes([this] { return unread_count() == 0; });
  }
  // True when, in time, so many connections rest in an epoll set and are watched for what they will send: nobody serves
  // them any more. Counts those of the whole process, and with EPOLLONESHOT only, as our server has them.
  static bool has_parked(int wanted) {
    return comes([wanted] { return parked_count() == wanted; });
  }

 private:
  template <class Condition>
  static bool comes(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  // Of the sockets at our port: bytes not yet received, and, of the listening one, connections not yet accepted.
  std::size_t unread_count() const {
    std::ifstream table("/proc/net/tcp");
    std::size_t count = 0;
    std::string line;
    std::getline(table, line);  // the names of the columns
    while (std::getline(table, line)) {
      std::istringstream in(line);
      std::string number, local, remote, state, queues;
      in >> number >> local >> remote >> state >> queues;
      if (std::strtol(local.c_str() + local.find(':') + 1, nullptr, 16) != port_) continue;
      count += std::strtoul(queues.c_str() + queues.find(':') + 1, nullptr, 16);
    }
    return count;
  }
  static int parked_count() {
    constexpr unsigned long one_shot = 1UL << 30, readable = 1;  // as long as it is armed
    int count = 0;
    for (const auto &descriptor : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
      std::ifstream info(descriptor.path());
      for (std::string line; std::getline(info, line);) {
        const std::size_t events = line.rfind("tfd:", 0) == 0 ? line.find("events:") : std::string::npos;
        if (events == std::string::npos) continue;
        const unsigned long watched = std::strtoul(line.c_str() + events + 7, nullptr, 16);
        count += (watched & one_shot) != 0 && (watched & readable) != 0 ? 1 : 0;
      }
    }
    return count;
  }

  const int port_;
};

}  // namespace bellhop::core
