// SPDX-License-Identifier: Apache-2.0
// RefusalAlarm: tells of refused events without a line for each. A spell begins with a line, tells every ten seconds
// how many it has come to, and ends with a line once events were taken again for ten seconds.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace bellhop::core {

class RefusalAlarm {
 public:
  static constexpr Milliseconds line_ms_min = 10'000;

  explicit RefusalAlarm(const Log &log) : log_(log) {}

  void refused(const std::string &why, std::int64_t count, Milliseconds now_ms) {
    count_ += count;
    refused_ms_ = now_ms;
    if (is_on_ && now_ms - said_ms_ < line_ms_min) return;
    log_.error("journal", why + (is_on_ ? "; " + std::to_string(count_) + " events were refused so far"
                                        : "; events are refused until there is room"));
    is_on_ = true;
    said_ms_ = now_ms;
  }
  void taken(Milliseconds now_ms) {
    if (!is_on_ || now_ms - refused_ms_ < line_ms_min) return;
    log_.info("journal", "there is room again: events are taken; " + std::to_string(count_) + " were refused");
    is_on_ = false;
    count_ = 0;
  }

 private:
  const Log &log_;
  bool is_on_ = false;
  std::int64_t count_ = 0;  // of this spell
  Milliseconds refused_ms_ = 0, said_ms_ = 0;
};

}  // namespace bellhop::core
