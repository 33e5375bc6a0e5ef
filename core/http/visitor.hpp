// SPDX-License-Identifier: Apache-2.0
// Visitor: one connection and where its conversation stands. It is a Poco socket implementation, so that Poco's
// server carries it from accept to worker and back, and its state travels along.
//
// Exactly one place owns a visitor at a time: the lobby (waiting for bytes), Poco's queue, or the worker that serves
// it.
#pragma once

#include <Poco/AutoPtr.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "http/addresses.hpp"
#include "http/chunked_body.hpp"
#include "http/request_head.hpp"

namespace bellhop::core {

class Lobby;

// Bytes of bodies that are in memory at once, over all connections.
class BodyBudget {
 public:
  explicit BodyBudget(std::int64_t bytes_max) : left_(bytes_max) {}
  bool try_take(std::int64_t bytes) {
    if (left_.fetch_sub(bytes) >= bytes) return true;
    left_.fetch_add(bytes);
    return false;
  }
  void give(std::int64_t bytes) { left_.fetch_add(bytes); }

 private:
  std::atomic<std::int64_t> left_;
};

// Received and not yet used bytes. Unlike a std::string it never writes zeros over room that recv fills anyway.
class InBuffer {
 public:
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  bool is_empty() const { return begin_ == end_; }
  void consume(std::size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // At least one byte of room behind the last one; what view() gave is void.
  char *room(std::size_t &size);
  void grow(std::size_t size) { end_ += size; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

// What a conversation needs while something is said; an idle visitor has none, so that 10,000 idle ones cost little.
struct Talk {
  Talk(HeadLimits limits, BodyBudget &budget_used) : head(limits), budget(budget_used) {}
  Talk(const Talk &) = delete;
  Talk &operator=(const Talk &) = delete;
  ~Talk() { budget.give(charged_bytes); }

  InBuffer in;
  RequestHead head;
  ChunkedBody chunked;
  BodyBudget &budget;
  std::int64_t charged_bytes = 0;
  std::string out;
  std::size_t out_sent = 0;
  bool is_last = false;    // close after this answer
  bool is_unread = false;  // bytes of the request may still be on their way: drain before closing
};

enum class Phase { silent, idle, head, body, answer, draining };
inline constexpr std::size_t phases_count = 6;

class Visitor final : public Poco::Net::StreamSocketImpl {
 public:
  Visitor(int descriptor, Lobby &lobby, const Address &peer);

  int descriptor() const { return sockfd(); }
  // TCPServer asks for it only to learn whether TCP_NODELAY makes sense; accept has already set that, so say no.
  Poco::Net::SocketAddress address() override;

  // Says `answer` without waiting, shuts the sending side and turns to draining.
  void refuse(std::string_view answer_bytes, Milliseconds now_ms);
  void start_draining(Milliseconds now_ms);

  const Address peer;
  const std::string peer_text;
  Phase phase = Phase::silent;
  Milliseconds deadline_ms = 0;
  int served_count = 0;
  std::size_t drained_bytes = 0;
  std::unique_ptr<Talk> talk;
  // Orders the last user's writes before the destructor for tools that cannot see into Poco's reference count.
  std::atomic<int> turns_count{0};
  bool is_counted = false;  // by the caps; guarded by the lobby's mutex
  bool is_watched = false;  // known to the lobby's epoll set

 protected:
  ~Visitor() override;

 private:
  Lobby &lobby_;
};

using VisitorPtr = Poco::AutoPtr<Visitor>;

}  // namespace bellhop::core
