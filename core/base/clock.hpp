// SPDX-License-Identifier: Apache-2.0
// Clock: the only door to time. Tests own it, so that delivery can be simulated for months in seconds.
//
// Two readings, both in milliseconds:
//   wall_ms()    Unix time, UTC. For time stamps that people read. May jump.
//   steady_ms()  Unix time at the start of the process plus the monotonic time since then. Never jumps while the
//                process runs, and means the same across a restart up to the wall clock's own error: every schedule and
//                deadline (due_ms, back-off, time-outs) is in this time, also on disk.
#pragma once

#include <cstdint>

namespace bellhop::core {

using Milliseconds = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Milliseconds wall_ms() const = 0;    // [any]
  virtual Milliseconds steady_ms() const = 0;  // [any]
};

class SystemClock final : public Clock {
 public:
  SystemClock();
  Milliseconds wall_ms() const override;
  Milliseconds steady_ms() const override;

 private:
  Milliseconds steady_offset_ms_;
};

}  // namespace bellhop::core
