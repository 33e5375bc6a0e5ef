// SPDX-License-Identifier: Apache-2.0
#include "egress/rate_bucket.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace bellhop::core {
namespace {

TEST(RateBucket, lets_its_burst_go_and_then_one_at_a_time) {
  RateBucket bucket({1, 1'000, 3}, 0);

  EXPECT_TRUE(bucket.try_take(0));
  EXPECT_TRUE(bucket.try_take(0));
  EXPECT_TRUE(bucket.try_take(0));
  EXPECT_FALSE(bucket.try_take(0));
  EXPECT_FALSE(bucket.try_take(999));
  EXPECT_TRUE(bucket.try_take(1'000));
  EXPECT_FALSE(bucket.try_take(1'999));
  EXPECT_TRUE(bucket.try_take(2'000));
}

TEST(RateBucket, saves_no_more_than_its_burst_over_a_long_rest) {
  RateBucket bucket({100, 10'000, 2}, 0);

  const Milliseconds later_ms = 30LL * 86'400'000;
  EXPECT_TRUE(bucket.try_take(later_ms));
  EXPECT_TRUE(bucket.try_take(later_ms));
  EXPECT_FALSE(bucket.try_take(later_ms));
}

TEST(RateBucket, tells_when_the_nth_may_go) {
  RateBucket bucket({1, 1'000, 1}, 0);

  EXPECT_EQ(bucket.ready_ms(0, 0), 0);
  EXPECT_EQ(bucket.ready_ms(1, 0), 1'000);
  ASSERT_TRUE(bucket.try_take(0));
  EXPECT_EQ(bucket.ready_ms(0, 400), 1'000);
  EXPECT_EQ(bucket.ready_ms(5, 400), 6'000);
}

TEST(RateBucket, holds_everybody_while_it_is_paused) {
  RateBucket bucket({1, 1'000, 1}, 0);

  bucket.pause_until(5'000);
  bucket.pause_until(2'000);  // shortens nothing

  EXPECT_FALSE(bucket.try_take(4'999));
  EXPECT_EQ(bucket.ready_ms(0, 100), 5'000);
  EXPECT_EQ(bucket.ready_ms(1, 100), 6'000);
  EXPECT_TRUE(bucket.try_take(5'000));
}

// Over any stretch of time no more go than the burst and what the rate gives; and ready_ms never lies.
TEST(RateBucket, property_never_lets_too_many_go) {
  Random random(3);
  for (int round = 0; round < 500; ++round) {
    const RateLimit limit{static_cast<int>(1 + random.below(50)), static_cast<Milliseconds>(1 + random.below(20'000)),
                          static_cast<int>(1 + random.below(20))};
    RateBucket bucket(limit, 0);
    Milliseconds now_ms = 0;
    std::int64_t taken_count = 0;
    for (int step = 0; step < 300; ++step) {
      const Milliseconds ready_ms = bucket.ready_ms(0, now_ms);
      const bool is_taken = bucket.try_take(now_ms);
      ASSERT_EQ(is_taken, ready_ms <= now_ms);
      taken_count += is_taken ? 1 : 0;
      ASSERT_LE(taken_count * limit.per_ms, limit.burst * limit.per_ms + now_ms * limit.count);
      now_ms =
          random.below(3) == 0 ? std::max(now_ms, ready_ms) : now_ms + static_cast<Milliseconds>(random.below(500));
    }
  }
}

}  // namespace
}  // namespace bellhop::core
