// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <chrono>

namespace bellhop::core {
namespace {

template <class AnyClock>
Milliseconds milliseconds_of() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(AnyClock::now().time_since_epoch()).count();
}

}  // namespace

SystemClock::SystemClock()
    : steady_offset_ms_(milliseconds_of<std::chrono::system_clock>() - milliseconds_of<std::chrono::steady_clock>()) {}

Milliseconds SystemClock::wall_ms() const { return milliseconds_of<std::chrono::system_clock>(); }

Milliseconds SystemClock::steady_ms() const { return milliseconds_of<std::chrono::steady_clock>() + steady_offset_ms_; }

}  // namespace bellhop::core
