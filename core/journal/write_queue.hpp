// SPDX-License-Identifier: Apache-2.0
// WriteQueue: many threads put requests in, one takes them all out; the requests are the list. No lock: putting one in
// is one compare-and-swap, and a system call only when the taker sleeps.
//
// Its length is bounded by who uses it: every thread of append() waits for its one request, and delivery keeps a
// bounded number of events in flight.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/clock.hpp"
#include "journal/futex.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {

// One thing to be written. apply() runs inside a transaction, finish() once after it, whatever came of it; the request
// may be gone when finish() returns.
class WriteRequest {
 public:
  virtual ~WriteRequest() = default;
  virtual int apply(WriteSession &session) = 0;
  virtual void finish(const Error *failure) = 0;      // nullptr: it is durable
  virtual void after_commit(WriteSession &) {}        // before finish, in no transaction
  virtual std::size_t weight() const { return 1; }    // rows, about
  virtual bool needs_space() const { return false; }  // refused when the disk's reserve is reached
  virtual bool is_news() const { return false; }      // added an event or a replay: the commit hint is due

  WriteRequest *next = nullptr;  // the queue's
};

class WriteQueue {
 public:
  void put(WriteRequest *request) {  // [any]
    WriteRequest *head = head_.load(std::memory_order_relaxed);
    do {
      request->next = head;
    } while (!head_.compare_exchange_weak(head, request, std::memory_order_seq_cst, std::memory_order_relaxed));
    if (head == nullptr) wake();
  }
  // All that is there, oldest first; nullptr when there is nothing. [one]
  WriteRequest *take_all() {
    WriteRequest *newest_first = head_.exchange(nullptr, std::memory_order_acquire);
    WriteRequest *oldest_first = nullptr;
    while (newest_first != nullptr) {
      WriteRequest *next = newest_first->next;
      newest_first->next = oldest_first;
      oldest_first = newest_first;
      newest_first = next;
    }
    return oldest_first;
  }
  // No wait() sleeps from now on. [any]
  void end_waiting() {
    is_over_.store(true, std::memory_order_seq_cst);
    wake();
  }
  // Sleeps until something is put in, wake() is called, the time is over, or for no reason. [one]
  void wait(Milliseconds limit_ms) {
    is_asleep_.store(1, std::memory_order_seq_cst);
    // Looked at after is_asleep_ is set: whoever changes either of them after that sees it and wakes us.
    const bool has_reason =
        head_.load(std::memory_order_seq_cst) != nullptr || is_over_.load(std::memory_order_seq_cst);
    if (!has_reason) futex_wait(is_asleep_, 1, limit_ms);
    is_asleep_.store(0, std::memory_order_relaxed);
  }
  void wake() {  // [any]
    if (is_asleep_.load(std::memory_order_seq_cst) == 1 && is_asleep_.exchange(0) == 1) futex_wake_one(is_asleep_);
  }

 private:
  std::atomic<WriteRequest *> head_{nullptr};
  std::atomic<bool> is_over_{false};
  Word is_asleep_{0};
};

}  // namespace bellhop::core
