// SPDX-License-Identifier: Apache-2.0
// The circuit breaker, see breaker.hpp.
#include "delivery/breaker.hpp"

#include <algorithm>
#include <set>

#include "base/check.hpp"
#include "delivery/policy.hpp"

namespace bellhop::core {

bool Breaker::note(Milliseconds now, SubjectKey subject, bool is_failure, Milliseconds retry_after_ms, Random &random) {
  if (state_ != State::closed || policy_.failures_percent == 0) return false;
  window_.push_back({now, subject, is_failure});
  while (window_.size() > attempts_count_max || now - window_.front().at_ms > policy_.window_ms) window_.pop_front();
  if (!is_failure || !is_over_limits()) return false;
  attempts_count_ = static_cast<int>(window_.size());
  failures_count_ =
      static_cast<int>(std::count_if(window_.begin(), window_.end(), [](const Noted &one) { return one.is_failure; }));
  window_.clear();
  state_ = State::open;
  successes_count_ = 0;
  pauses_count_ = 0;
  pause(now, retry_after_ms, random);
  return true;
}

bool Breaker::is_over_limits() const {
  const auto attempts_count = static_cast<std::int64_t>(window_.size());
  if (attempts_count < policy_.count_min) return false;
  std::int64_t failures_count = 0;
  std::set<SubjectKey> subjects;
  for (const Noted &one : window_) {
    if (!one.is_failure) continue;
    ++failures_count;
    subjects.insert(one.subject);
  }
  return failures_count * 100 >= attempts_count * policy_.failures_percent &&
         subjects.size() >= static_cast<std::size_t>(policy_.subjects_min);
}

// Half of it is jitter, so that many instances of one destination do not probe together for ever.
void Breaker::pause(Milliseconds now, Milliseconds retry_after_ms, Random &random) {
  const Milliseconds cap_ms = doubled_ms(policy_.pause_ms_min, pauses_count_++, policy_.pause_ms_max);
  const Milliseconds drawn_ms =
      cap_ms - static_cast<Milliseconds>(random.below(static_cast<std::uint64_t>(cap_ms / 2) + 1));
  until_ms_ = now + std::max(drawn_ms, retry_after_ms);
}

void Breaker::probing() {
  CHECK(state_ == State::open);
  state_ = State::half_open;
}

bool Breaker::probe_succeeded(Milliseconds now) {
  CHECK(state_ == State::half_open);
  until_ms_ = now;
  state_ = State::open;
  if (++successes_count_ < policy_.successes_min) return false;
  close();
  return true;
}

void Breaker::probe_failed(Milliseconds now, Milliseconds retry_after_ms, Random &random) {
  CHECK(state_ == State::half_open);
  state_ = State::open;
  successes_count_ = 0;
  pause(now, retry_after_ms, random);
}

void Breaker::probe_said_nothing(Milliseconds now) {
  CHECK(state_ == State::half_open);
  state_ = State::open;
  until_ms_ = now;
}

void Breaker::close() {
  state_ = State::closed;
  window_.clear();
}

}  // namespace bellhop::core
