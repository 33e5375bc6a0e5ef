// SPDX-License-Identifier: Apache-2.0
// Patience: how long one call may still take, as one absolute end on the monotonic clock, and a way to end it from
// outside. Every wait of a call, for a name, a connection, a byte, goes through wait(): so a far end that drips a byte
// a second gains nothing, and a cancelled call returns at once.
#pragma once

#include "base/clock.hpp"

namespace bellhop::core {

// A descriptor (eventfd) that becomes readable when signalled. [any]
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup &) = delete;
  Wakeup &operator=(const Wakeup &) = delete;

  void signal();
  void reset();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

enum class Waited { ready, time_over, cancelled };

class Patience {
 public:
  Patience(const Clock &clock, Milliseconds end_ms, const Wakeup &cancel)
      : clock_(clock), end_ms_(end_ms), cancel_(cancel) {}

  Milliseconds now_ms() const { return clock_.steady_ms(); }
  Milliseconds end_ms() const { return end_ms_; }
  // The end of a step that may take limit_ms, never after the end of the call.
  Milliseconds end_of(Milliseconds limit_ms) const;
  // Waits until `events` (POLLIN, POLLOUT) happen on the descriptor.
  Waited wait(int descriptor, short events, Milliseconds until_ms) const;

 private:
  const Clock &clock_;
  const Milliseconds end_ms_;
  const Wakeup &cancel_;
};

}  // namespace bellhop::core
