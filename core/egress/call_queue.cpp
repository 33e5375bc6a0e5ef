// SPDX-License-Identifier: Apache-2.0
#include "egress/call_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace bellhop::core {

CallQueue::CallQueue(const std::map<std::string, RateLimit> &limits, std::size_t calls_max, int per_instance_max,
                     Milliseconds now_ms)
    : calls_max_(calls_max), per_instance_max_(per_instance_max) {
  for (const auto &[name, limit] : limits) buckets_.emplace(name, RateBucket(limit, now_ms));
}

RateBucket *CallQueue::bucket_of(const QueuedCall &call) {
  return call.call.limit.empty() ? nullptr : &buckets_.at(call.call.limit);
}

bool CallQueue::try_add(QueuedCall &&call) {
  if (calls_.size() >= calls_max_) return false;
  CHECK(call.call.limit.empty() || has_bucket(call.call.limit));
  calls_.push_back(std::move(call));
  return true;
}

std::optional<QueuedCall> CallQueue::take_ready(Milliseconds now_ms) {
  for (auto it = calls_.begin(); it != calls_.end(); ++it) {
    const auto running = running_.find(it->caller.instance);
    if (running != running_.end() && running->second >= per_instance_max_) continue;
    if (it->end_ms <= now_ms) continue;  // take_late has it
    RateBucket *const bucket = bucket_of(*it);
    if (bucket != nullptr && !bucket->try_take(now_ms)) continue;
    QueuedCall call = std::move(*it);
    calls_.erase(it);
    ++running_[call.caller.instance];
    return call;
  }
  return std::nullopt;
}

void CallQueue::finished(const EgressCaller &caller) {
  const auto running = running_.find(caller.instance);
  CHECK(running != running_.end());
  if (--running->second == 0) running_.erase(running);
}

std::vector<CallQueue::Late> CallQueue::take_late(Milliseconds now_ms) {
  std::vector<Late> late;
  std::map<RateBucket *, int> ahead;
  for (auto it = calls_.begin(); it != calls_.end();) {
    RateBucket *const bucket = bucket_of(*it);
    const Milliseconds ready_ms = bucket == nullptr ? now_ms : bucket->ready_ms(ahead[bucket], now_ms);
    if (it->end_ms > now_ms && ready_ms < it->end_ms) {
      if (bucket != nullptr) ++ahead[bucket];
      ++it;
      continue;
    }
    late.push_back({std::move(*it), ready_ms - now_ms});
    it = calls_.erase(it);
  }
  return late;
}

std::vector<QueuedCall> CallQueue::take_of(const EgressCaller &caller) {
  std::vector<QueuedCall> taken;
  for (auto it = calls_.begin(); it != calls_.end();) {
    const auto next = std::next(it);
    if (it->caller == caller) {
      taken.push_back(std::move(*it));
      calls_.erase(it);
    }
    it = next;
  }
  return taken;
}

std::vector<QueuedCall> CallQueue::take_all() {
  std::vector<QueuedCall> taken(std::make_move_iterator(calls_.begin()), std::make_move_iterator(calls_.end()));
  calls_.clear();
  return taken;
}

void CallQueue::pause(const std::string &bucket, Milliseconds until_ms) {
  if (const auto found = buckets_.find(bucket); found != buckets_.end()) found->second.pause_until(until_ms);
}

Milliseconds CallQueue::next_change_ms(Milliseconds now_ms) {
  constexpr Milliseconds idle_ms = 60'000;
  Milliseconds next_ms = now_ms + idle_ms;
  for (const QueuedCall &call : calls_) {
    next_ms = std::min(next_ms, call.end_ms);
    RateBucket *const bucket = bucket_of(call);
    if (bucket == nullptr) continue;
    const Milliseconds ready_ms = bucket->ready_ms(0, now_ms);
    if (ready_ms > now_ms) next_ms = std::min(next_ms, ready_ms);
  }
  return next_ms;
}

}  // namespace bellhop::core
