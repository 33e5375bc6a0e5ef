// SPDX-License-Identifier: Apache-2.0
#include "host/program/link.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/check.hpp"

namespace bellhop::core {

std::optional<Link::Order> Link::next_order() {
  Lock lock(mutex_);
  while (orders_.empty()) {
    if (is_closed_) return std::nullopt;
    read_some(Wait::yes);
  }
  Order order = std::move(orders_.front());
  orders_.pop_front();
  return order;
}

ServiceReply Link::call(ServiceCall call) {
  std::uint64_t id = 0;
  {
    Lock lock(mutex_);
    id = ++last_id_;
    calls_.emplace(id, std::nullopt);  // before it is sent: the result may be faster than we are
  }
  send(wire::Call{id, std::move(call)});
  Lock lock(mutex_);
  const auto mine = calls_.find(id);
  while (!mine->second && !is_closed_) read_some(Wait::yes);
  ServiceReply reply = mine->second ? std::move(*mine->second) : cancelled_reply();
  calls_.erase(mine);
  return reply;
}

bool Link::is_stopping() {
  Lock lock(mutex_);
  // A reader is at work: it notes the stop when it comes.
  if (!is_reading_ && !is_stop_seen_ && !is_closed_) read_some(Wait::no);
  return is_stop_seen_ || is_closed_;
}

// Becomes the reader for one round, or sleeps until the reader has read something. The lock is open meanwhile.
void Link::read_some(Wait wait) {
  if (is_reading_) return changed_.wait(mutex_);
  is_reading_ = true;
  mutex_.unlock();
  const bool is_open = receive(wait);
  mutex_.lock();
  hand_out();
  if (!is_open) is_closed_ = true;
  is_reading_ = false;
  changed_.notify_all();
}

// Takes bytes from the socket until a whole frame is there; with Wait::no as far as they are there. False when the
// daemon has closed it. Only by the thread that has set is_reading_.
bool Link::receive(Wait wait) {
  while (const std::size_t missing = reader_.missing_bytes()) {
    const ssize_t got = ::recv(socket_, reader_.room(missing), missing, wait == Wait::no ? MSG_DONTWAIT : 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && wait == Wait::no && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (got <= 0) return false;
    reader_.take(static_cast<std::size_t>(got));
  }
  return true;
}

// Every whole frame to whom it belongs.
void Link::hand_out() {
  for (;;) {
    const auto frame = reader_.next();
    CHECK(frame.ok());  // the daemon and we are the same release
    if (!frame->has_value()) return;
    if ((*frame)->type == wire::Type::result) {
      auto result = wire::decode_result((*frame)->payload);
      CHECK(result.has_value());
      const auto call = calls_.find(result->id);
      // Nobody's: the answer to a call that a plugin forged on the descriptor.
      if (call != calls_.end()) call->second = std::move(result->reply);
      continue;
    }
    if ((*frame)->type == wire::Type::stop) is_stop_seen_ = true;
    orders_.push_back({(*frame)->type, std::string((*frame)->payload)});
  }
}

void Link::send_output(std::string_view bytes) {
  std::string frame;
  wire::encode_output(frame, bytes);
  write(frame);
}

void Link::send_stopped() {
  std::string frame;
  wire::encode_stopped(frame);
  write(frame);
}

void Link::write(std::string_view bytes) {
  Lock lock(writing_);
  while (!bytes.empty()) {
    const ssize_t put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace bellhop::core
