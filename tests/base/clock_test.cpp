// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "base/random.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {
namespace {

constexpr Milliseconds year_2020_ms = 1'577'836'800'000;

TEST(SystemClock, starts_with_both_readings_at_the_same_instant) {
  const SystemClock clock;

  EXPECT_GT(clock.wall_ms(), year_2020_ms);
  EXPECT_NEAR(static_cast<double>(clock.steady_ms()), static_cast<double>(clock.wall_ms()), 5'000.0);
}

TEST(SystemClock, steady_time_never_goes_back) {
  const SystemClock clock;
  Milliseconds before = clock.steady_ms();
  for (int i = 0; i < 10'000; ++i) {
    const Milliseconds now = clock.steady_ms();
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(FakeClock, jumps_the_wall_without_touching_schedules) {
  FakeClock clock;
  const Milliseconds wall_ms = clock.wall_ms(), steady_ms = clock.steady_ms();

  clock.advance(1'000);
  clock.jump_wall(-7'200'000);

  EXPECT_EQ(clock.steady_ms(), steady_ms + 1'000);
  EXPECT_EQ(clock.wall_ms(), wall_ms + 1'000 - 7'200'000);
}

TEST(Random, gives_the_sequence_of_the_published_generator) {
  Random random(1234567);

  // source: the first outputs of splitmix64 for this seed, as in its author's reference program
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
  EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

TEST(Random, stays_below_its_bound) {
  Random random(1);

  EXPECT_EQ(random.below(0), 0U);
  EXPECT_EQ(random.below(1), 0U);
  for (int i = 0; i < 1'000; ++i) ASSERT_LT(random.below(10), 10U);
}

}  // namespace
}  // namespace bellhop::core
