// SPDX-License-Identifier: Apache-2.0
// BoundedQueue<T>: hands values from many threads to one, in memory only, never more than its limit.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/mutex.hpp"

namespace bellhop::core {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t count_max) : count_max_(count_max) {}

  // False when the queue is full or closed; the value is then untouched. [any]
  bool try_push(T &&value) {
    Lock lock(mutex_);
    if (is_closed_ || values_.size() >= count_max_) return false;
    values_.push_back(std::move(value));
    changed_.notify_one();
    return true;
  }
  // Waits for a value; nullopt once the queue is closed and empty. [any]
  std::optional<T> pop() {
    Lock lock(mutex_);
    while (values_.empty() && !is_closed_) changed_.wait(mutex_);
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    return value;
  }
  // All that is there now, without waiting. [any]
  std::deque<T> drain() {
    Lock lock(mutex_);
    return std::exchange(values_, {});
  }
  void close() {
    Lock lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

 private:
  const std::size_t count_max_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<T> values_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace bellhop::core
