// SPDX-License-Identifier: Apache-2.0
// ChildCalls: the service calls of one child, from the frame to the desk and back to a frame. Bounds what a child may
// have under way, and collects the HTTP exchanges of the delivery in hand. The owner's thread only; replies come in
// through the mailbox.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/desk.hpp"
#include "host/mailbox.hpp"

namespace bellhop::core {

inline constexpr std::size_t calls_count_max = 64;          // of one child, under way
inline constexpr std::size_t calls_bytes_max = 64 << 20;    // of their frames
inline constexpr std::size_t exchanges_count_max = 64;      // of one delivery; the newest are kept
inline constexpr std::size_t exchange_bytes_max = 4 << 10;  // a longer one is left out

class ChildCalls {
 public:
  // `desk` may be nullptr: then a call is misbehaviour.
  ChildCalls(Desk *desk, Caller caller) : desk_(desk), caller_(std::move(caller)) {}
  ~ChildCalls() { close(); }
  ChildCalls(const ChildCalls &) = delete;
  ChildCalls &operator=(const ChildCalls &) = delete;

  Mailbox &mailbox() { return *mailbox_; }
  bool is_offered() const { return desk_ != nullptr; }
  std::string public_url() const { return desk_ != nullptr ? desk_->public_url(caller_) : ""; }

  // A frame of the child; "" or what is wrong with it.
  std::string on_call(std::string_view payload);
  std::string on_metric(std::string_view payload);
  // Appends a frame for every reply that has come.
  void take_results(std::string &out);

  // A new delivery begins: exchanges from now on are its own.
  void begin_delivery() { exchanges_.clear(); }
  std::vector<std::string> take_exchanges();

  // The instance is being stopped: requests under way end soon, new ones at once; writes still go through.
  void stop();
  // The child has gone: nothing that it asks for is done any more, nothing that comes is kept.
  void close();

 private:
  Desk *desk_;
  const Caller caller_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::map<std::uint64_t, std::size_t> under_way_;  // id → bytes of its frame
  std::size_t under_way_bytes_ = 0;
  std::deque<std::string> exchanges_;
  bool is_stopping_ = false, is_closed_ = false;
};

}  // namespace bellhop::core
