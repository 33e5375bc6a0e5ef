// SPDX-License-Identifier: Apache-2.0
#include "egress/rate_bucket.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace bellhop::core {

RateBucket::RateBucket(RateLimit limit, Milliseconds now_ms) : limit_(limit), filled_at_ms_(now_ms) {
  CHECK(limit.count > 0 && limit.per_ms > 0 && limit.burst > 0);
  level_ = limit.burst * limit.per_ms;
}

void RateBucket::fill(Milliseconds now_ms) {
  const Milliseconds full_after_ms = limit_.burst * limit_.per_ms / limit_.count + 1;  // keeps the product small
  const Milliseconds passed_ms = std::clamp<Milliseconds>(now_ms - filled_at_ms_, 0, full_after_ms);
  level_ = std::min(level_ + passed_ms * limit_.count, limit_.burst * limit_.per_ms);
  filled_at_ms_ = std::max(filled_at_ms_, now_ms);
}

bool RateBucket::try_take(Milliseconds now_ms) {
  fill(now_ms);
  if (is_paused(now_ms) || level_ < limit_.per_ms) return false;
  level_ -= limit_.per_ms;
  return true;
}

Milliseconds RateBucket::ready_ms(int ahead, Milliseconds now_ms) {
  fill(now_ms);
  // The bucket goes on filling while it is paused, up to its size.
  const Milliseconds start_ms = std::max(now_ms, paused_until_ms_);
  const std::int64_t at_start = std::min(
      level_ + std::min(start_ms - now_ms, limit_.burst * limit_.per_ms) * limit_.count, limit_.burst * limit_.per_ms);
  const std::int64_t missing = (ahead + 1) * limit_.per_ms - at_start;
  return missing <= 0 ? start_ms : start_ms + (missing + limit_.count - 1) / limit_.count;
}

void RateBucket::pause_until(Milliseconds until_ms) { paused_until_ms_ = std::max(paused_until_ms_, until_ms); }

}  // namespace bellhop::core
