// SPDX-License-Identifier: Apache-2.0
// Link: the child's end of the socket, used by every thread of the plugin at once.
//
// One thread reads at a time. Whoever waits (the main thread for its next order, any thread for the result of a call)
// either reads, and hands out what comes, or sleeps until somebody has read something. When the reader has got what it
// waited for, it wakes the others and one of them goes on reading: as long as anybody waits, somebody reads. Nobody
// reads while nobody waits.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.hpp"
#include "host/service_call.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

class Link {
 public:
  explicit Link(int socket) : socket_(socket) {}

  // What the daemon wants next: hello, deliver, ask or stop. Owns its bytes.
  struct Order {
    wire::Type type = wire::Type::stop;
    std::string payload;
  };
  // Waits for it; nullopt when the daemon has closed the socket. [one]
  std::optional<Order> next_order() EXCLUDES(mutex_);

  // Waits for the result; cancelled when the daemon has closed the socket. [any]
  ServiceReply call(ServiceCall call) EXCLUDES(mutex_);

  // Writes one frame whole; frames of several threads do not mix. A broken socket is noticed by reading. [any]
  template <class Message>
  void send(const Message &message) {
    std::string frame;
    wire::encode(frame, message);
    write(frame);
  }
  void send_output(std::string_view bytes);
  void send_stopped();

  // Has the daemon asked for the end, or gone? Never waits. [any]
  bool is_stopping() EXCLUDES(mutex_);

 private:
  enum class Wait { no, yes };

  void read_some(Wait wait) REQUIRES(mutex_);
  bool receive(Wait wait);
  void hand_out() REQUIRES(mutex_);
  void write(std::string_view bytes) EXCLUDES(writing_);

  const int socket_;
  Mutex writing_;

  Mutex mutex_;
  CondVar changed_;
  bool is_reading_ GUARDED_BY(mutex_) = false;  // somebody is the reader
  bool is_closed_ GUARDED_BY(mutex_) = false;
  bool is_stop_seen_ GUARDED_BY(mutex_) = false;
  std::uint64_t last_id_ GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, std::optional<ServiceReply>> calls_ GUARDED_BY(mutex_);  // under way, by id
  std::deque<Order> orders_ GUARDED_BY(mutex_);
  wire::FrameReader reader_{wire::to_child_bytes_max};  // of the thread that has set is_reading_
};

}  // namespace bellhop::core
