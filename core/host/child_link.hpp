// SPDX-License-Identifier: Apache-2.0
// ChildLink: the daemon's end of a child's socket: frames out, as far as the socket takes them, and frames in. Nothing
// here waits. The owner's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "host/program.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

class ChildLink {
 public:
  enum class Stream { open, ended };

  // Watches the socket in this epoll set; `tag` comes with its events.
  Result<void> open(Descriptor socket, const Descriptor &epoll, std::uint32_t tag);
  explicit operator bool() const { return static_cast<bool>(socket_); }
  void close() { socket_.close(); }

  template <class Message>
  void send(const Message &message) {
    wire::encode(output_, message);
    flush();
  }
  void send_stop() {
    wire::encode_stop(output_);
    flush();
  }
  // For those who write several frames: append, then flush().
  std::string &output() { return output_; }
  void flush();
  std::size_t unsent_bytes() const { return output_.size() - output_at_; }

  // Takes about bytes_max, or what is there, and hands out the frames. `on_frame` gives "" or what is wrong with its
  // frame: that, or what is wrong with the stream, goes into `fault`, and nothing is read any more.
  Stream read(std::size_t bytes_max, std::string &fault,
              const std::function<std::string(const wire::Frame &)> &on_frame);

 private:
  void watch_for_writing(bool is_wanted);

  Descriptor socket_;
  int epoll_ = -1;
  std::uint32_t tag_ = 0;
  wire::FrameReader reader_{wire::to_daemon_bytes_max};
  std::string output_;  // frames; the socket has taken output_at_ bytes of them
  std::size_t output_at_ = 0;
  bool is_watched_for_writing_ = false;
};

}  // namespace bellhop::core
