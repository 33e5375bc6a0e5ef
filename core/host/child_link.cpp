// SPDX-License-Identifier: Apache-2.0
#include "host/child_link.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bellhop::core {

namespace {

constexpr std::size_t read_bytes = 64 << 10;     // one read
constexpr std::size_t kept_bytes_max = 1 << 20;  // a large batch does not hold its memory for ever

}  // namespace

Result<void> ChildLink::open(Descriptor socket, const Descriptor &epoll, std::uint32_t tag) {
  socket_ = std::move(socket);
  epoll_ = epoll.get();
  tag_ = tag;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = tag;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.get(), &event) != 0) {
    return Error{Kind::unavailable, std::string("cannot watch a child: ") + std::strerror(errno)};
  }
  return {};
}

void ChildLink::watch_for_writing(bool is_wanted) {
  if (is_wanted == is_watched_for_writing_) return;
  is_watched_for_writing_ = is_wanted;
  epoll_event event{};
  event.events = EPOLLIN | (is_wanted ? EPOLLOUT : 0U);
  event.data.u32 = tag_;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_.get(), &event);
}

void ChildLink::flush() {
  while (output_at_ < output_.size()) {
    const ssize_t put = ::send(socket_.get(), output_.data() + output_at_, output_.size() - output_at_, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (output_at_ > kept_bytes_max) output_.erase(0, std::exchange(output_at_, 0));
      return watch_for_writing(true);
    }
    if (put <= 0) break;  // it has gone: reading tells how
    output_at_ += static_cast<std::size_t>(put);
  }
  if (output_.capacity() > kept_bytes_max) std::string().swap(output_);
  output_.clear();
  output_at_ = 0;
  watch_for_writing(false);
}

// untrusted: whatever the plugin's process writes
ChildLink::Stream ChildLink::read(std::size_t bytes_max, std::string &fault,
                                  const std::function<std::string(const wire::Frame &)> &on_frame) {
  for (std::size_t total = 0; socket_ && total < bytes_max && fault.empty();) {
    const std::size_t size = std::max(read_bytes, reader_.missing_bytes());
    const ssize_t got = ::recv(socket_.get(), reader_.room(size), size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Stream::open;
    if (got <= 0) return Stream::ended;
    reader_.take(static_cast<std::size_t>(got));
    total += static_cast<std::size_t>(got);
    for (;;) {
      const auto frame = reader_.next();
      if (frame.ok() && !frame->has_value()) break;
      fault = frame.ok() ? on_frame(**frame) : frame.error().sentence;
      if (!fault.empty()) return Stream::ended;  // nothing that it says now counts
    }
    if (static_cast<std::size_t>(got) < size) return Stream::open;  // epoll calls again when there is more
  }
  return Stream::open;
}

}  // namespace bellhop::core
