// SPDX-License-Identifier: Apache-2.0
// RateBucket: a token bucket on the monotonic clock, in whole numbers only (a millisecond adds `count` parts, a token
// is `per_ms` parts), so that "1/3s" never drifts. It can tell when the n-th call from now may go, so that a call that
// would wait beyond its time is answered at once. Not thread safe; the queue owns it.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace bellhop::core {

struct RateLimit {
  int count = 1;  // tokens …
  Milliseconds per_ms = 1'000;
  int burst = 1;  // the bucket's size: so many may go at once after a pause
};

class RateBucket {
 public:
  RateBucket(RateLimit limit, Milliseconds now_ms);

  bool try_take(Milliseconds now_ms);
  // When the (ahead + 1)-th call from now may go, if nobody else takes a token: now_ms or later.
  Milliseconds ready_ms(int ahead, Milliseconds now_ms);
  // Nobody goes before then; the destination asked for it (429 with Retry-After). Never shortens a pause.
  void pause_until(Milliseconds until_ms);
  bool is_paused(Milliseconds now_ms) const { return paused_until_ms_ > now_ms; }

 private:
  void fill(Milliseconds now_ms);

  RateLimit limit_;
  std::int64_t level_ = 0;  // in units of 1 / per_ms of a token: so a millisecond adds exactly limit_.count
  Milliseconds filled_at_ms_ = 0;
  Milliseconds paused_until_ms_ = 0;
};

}  // namespace bellhop::core
