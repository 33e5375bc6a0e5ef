// SPDX-License-Identifier: Apache-2.0
// Backlog: how many bytes lie above a seq, in constant memory. It keeps the running sum of the sizes at every 1,024th
// event and reads between two of those by proportion; nothing is written for it. After a restart the events that were
// there count with their average size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "event/event.hpp"

namespace bellhop::core {

class Backlog {
 public:
  // What is there at a start: `bytes` in all, spread evenly over (before_first, newest].
  void reset(Seq before_first, Seq newest, std::int64_t bytes);
  // Events up to `newest` are there now, and are `bytes` together.
  void add(Seq newest, std::int64_t bytes);
  std::int64_t bytes_above(Seq floor) const;

  static constexpr Seq events_per_mark = 1'024;
  static constexpr std::size_t marks_max = 16 * 1'024;  // beyond it every other one goes: 256 KiB for any backlog

 private:
  struct Mark {
    Seq seq = 0;
    std::int64_t sum = 0;  // bytes of all up to and with seq
  };
  std::deque<Mark> marks_;  // the last one moves with the newest event
  Seq interval_ = events_per_mark;
};

}  // namespace bellhop::core
