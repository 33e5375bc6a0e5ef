// SPDX-License-Identifier: Apache-2.0
// Log limit: so many lines of a plugin a second reach the operator, the rest is counted. Time is a parameter.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.hpp"

namespace bellhop::core {

class LogLimit {
 public:
  explicit LogLimit(int lines_per_second_max) : lines_max_(lines_per_second_max) {}

  // False when the line is one too many for its second; it is then counted.
  bool admits(Milliseconds now_ms) {
    if (now_ms - second_began_ms_ >= 1000 || now_ms < second_began_ms_) {
      second_began_ms_ = now_ms;
      lines_count_ = 0;
    }
    if (++lines_count_ <= lines_max_) return true;
    ++dropped_count_;
    return false;
  }
  // Is the second over whose lines were dropped? Then it is time to say so.
  bool is_over(Milliseconds now_ms) const { return now_ms - second_began_ms_ >= 1000 || now_ms < second_began_ms_; }
  std::int64_t dropped_count() const { return dropped_count_; }
  // One sentence about what was dropped since the last time, "" when nothing was.
  std::string take_sentence() {
    const std::int64_t count = std::exchange(dropped_count_, 0);
    if (count == 0) return "";
    return std::to_string(count) + " more log lines were dropped (at most " + std::to_string(lines_max_) +
           " a second are kept)";
  }

 private:
  int lines_max_;
  int lines_count_ = 0;
  std::int64_t dropped_count_ = 0;
  Milliseconds second_began_ms_ = -1000;
};

}  // namespace bellhop::core
