// SPDX-License-Identifier: Apache-2.0
// HeldTime: when an instance was held back, so that the time an event stood ready and nobody let it go does not make it
// old. The time before this run of the daemon counts as held: the daemon was down, or its clock was another one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

#include "base/clock.hpp"

namespace bellhop::core {

class HeldTime {
 public:
  static constexpr std::size_t spans_count_max = 64;  // beyond that the two oldest become one: in favour of the events

  void started(Milliseconds now) {  // the first call
    if (spans_.empty()) spans_.push_back({never_ms, now});
  }
  void begin(Milliseconds now) {
    if (is_open_) return;
    is_open_ = true;
    spans_.push_back({now, now});
    if (spans_.size() <= spans_count_max) return;
    spans_[1].from_ms = spans_[0].from_ms;
    spans_.pop_front();
  }
  void end(Milliseconds now) {
    if (is_open_) spans_.back().to_ms = now;
    is_open_ = false;
  }
  // Held milliseconds within [from, now].
  Milliseconds within(Milliseconds from_ms, Milliseconds now) const {
    Milliseconds held_ms = 0;
    for (const Span &span : spans_) {
      const bool is_last = &span == &spans_.back();
      const Milliseconds to_ms = is_last && is_open_ ? now : span.to_ms;
      held_ms += std::max<Milliseconds>(0, std::min(to_ms, now) - std::max(span.from_ms, from_ms));
    }
    return held_ms;
  }

 private:
  static constexpr Milliseconds never_ms = -(1LL << 60);
  struct Span {
    Milliseconds from_ms = 0, to_ms = 0;
  };
  std::deque<Span> spans_;  // disjoint, oldest first
  bool is_open_ = false;    // the last one goes on
};

}  // namespace bellhop::core
