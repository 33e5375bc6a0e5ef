// SPDX-License-Identifier: Apache-2.0
// The late rule (docs/architecture.md, events): an event is late when its time is strictly older than the newest
// accepted of its subject. Times more than an hour ahead of their receipt do not count as newest: one forged year 9999
// must not make everything after it late. Pure; both journals use it.
#pragma once

#include <algorithm>
#include <limits>

#include "base/clock.hpp"

namespace bellhop::core {

inline constexpr Milliseconds future_ms_max = 3'600'000;
inline constexpr Milliseconds newest_ms_none = std::numeric_limits<Milliseconds>::min();  // no event of the subject yet

struct Lateness {
  bool is_late = false;
  Milliseconds newest_ms = newest_ms_none;  // of the subject, this event included
};

inline Lateness lateness(Milliseconds newest_ms, Milliseconds time_ms, Milliseconds received_ms) {
  const bool is_ahead = time_ms > 0 && time_ms - future_ms_max > received_ms;
  return {time_ms < newest_ms, is_ahead ? newest_ms : std::max(newest_ms, time_ms)};
}

}  // namespace bellhop::core
