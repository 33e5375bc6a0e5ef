// SPDX-License-Identifier: Apache-2.0
// A clock that a test owns. Starts at 2026-01-01T00:00:00Z; wall and steady move together unless the test jumps the
// wall.
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace bellhop::core {

class FakeClock final : public Clock {
 public:
  Milliseconds wall_ms() const override { return steady_ms_ + wall_jump_ms_; }
  Milliseconds steady_ms() const override { return steady_ms_; }
  void advance(Milliseconds by_ms) { steady_ms_ += by_ms; }
  void jump_wall(Milliseconds by_ms) { wall_jump_ms_ += by_ms; }

 private:
  std::atomic<Milliseconds> steady_ms_{1'767'225'600'000};
  std::atomic<Milliseconds> wall_jump_ms_{0};
};

}  // namespace bellhop::core
