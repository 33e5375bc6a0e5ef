// SPDX-License-Identifier: Apache-2.0
// The retry policy as properties over many random policies, and its decisions one by one.
#include "delivery/policy.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "bellhop/plugin.h"

namespace bellhop::core {
namespace {

Policy any_policy(Random &random) {
  Policy policy;
  policy.backoff_ms_min = static_cast<Milliseconds>(random.below(10'000));
  policy.backoff_ms_max = policy.backoff_ms_min + static_cast<Milliseconds>(random.below(10'000'000));
  policy.retry_after_ms_max = static_cast<Milliseconds>(random.below(100'000'000));
  policy.attempts_max = static_cast<int>(random.below(30));
  policy.age_ms_max = static_cast<Milliseconds>(random.below(1'000'000));
  return policy;
}

TEST(Backoff, stays_within_its_bounds_whatever_the_policy_and_the_number) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Policy policy = any_policy(random);
    const int number = 1 + static_cast<int>(random.below(1'000'000));

    const Milliseconds delay_ms = backoff_ms(policy, number, 0, random);

    ASSERT_GE(delay_ms, policy.backoff_ms_min / 2);
    ASSERT_LE(delay_ms, policy.backoff_ms_max);
  }
}

TEST(Backoff, doubles_its_cap_with_every_attempt_until_the_limit) {
  Policy policy;
  policy.backoff_ms_min = 1'000;
  policy.backoff_ms_max = 60'000;
  Random random(2);
  Milliseconds cap_ms = 1'000;
  for (int number = 1; number <= 10; ++number, cap_ms = std::min<Milliseconds>(cap_ms * 2, 60'000)) {
    Milliseconds longest_ms = 0, shortest_ms = cap_ms;
    for (int i = 0; i < 5'000; ++i) {
      const Milliseconds delay_ms = backoff_ms(policy, number, 0, random);
      longest_ms = std::max(longest_ms, delay_ms);
      shortest_ms = std::min(shortest_ms, delay_ms);
    }
    EXPECT_LE(longest_ms, cap_ms);
    EXPECT_GT(longest_ms, cap_ms * 98 / 100);
    EXPECT_GE(shortest_ms, 500);
    EXPECT_LT(shortest_ms, 500 + cap_ms / 50);
  }
}

TEST(Backoff, is_spread_so_that_many_deliveries_do_not_come_back_together) {
  Random random(3);
  std::set<Milliseconds> delays;
  for (int i = 0; i < 1'000; ++i) delays.insert(backoff_ms(Policy{}, 10, 0, random));
  EXPECT_GT(delays.size(), 900u);
}

TEST(Backoff, honours_a_longer_retry_after_up_to_the_limit_and_no_nonsense) {
  Policy policy;
  policy.retry_after_ms_max = 3'600'000;
  Random random(4);
  constexpr Milliseconds endless = std::numeric_limits<Milliseconds>::max();
  EXPECT_EQ(backoff_ms(policy, 1, 90'000, random), 90'000);
  EXPECT_EQ(backoff_ms(policy, 1, endless, random), 3'600'000);
  for (const Milliseconds asked_ms : {Milliseconds{1}, Milliseconds{-5}, -endless}) {
    const Milliseconds delay_ms = backoff_ms(policy, 1, asked_ms, random);
    EXPECT_GE(delay_ms, 500);
    EXPECT_LE(delay_ms, 1'000);
  }
}

TEST(Doubled, never_overflows_and_never_passes_the_cap) {
  constexpr Milliseconds most = std::numeric_limits<Milliseconds>::max();
  EXPECT_EQ(doubled_ms(1'000, 0, 60'000), 1'000);
  EXPECT_EQ(doubled_ms(1'000, 3, 60'000), 8'000);
  EXPECT_EQ(doubled_ms(1'000, 6, 60'000), 60'000);
  EXPECT_EQ(doubled_ms(1'000, 1'000'000, most), most);
  EXPECT_EQ(doubled_ms(0, 1'000, 60'000), 0);
  EXPECT_EQ(doubled_ms(90'000, 0, 60'000), 60'000);
}

TEST(NextStep, follows_the_verdict) {
  Random random(5);
  const Policy policy;
  EXPECT_EQ(next_step(policy, BHP_OK, 1, 0, 0, random).what, Step::What::delivered);
  EXPECT_EQ(next_step(policy, BHP_SKIP, 1, 0, 0, random).what, Step::What::delivered);
  EXPECT_EQ(next_step(policy, BHP_RETRY, 1, 0, 0, random).what, Step::What::wait);
  const Step refused = next_step(policy, BHP_FAIL, 1, 0, 0, random);
  EXPECT_EQ(refused.what, Step::What::dead);
  EXPECT_EQ(refused.reason, "the plugin refused it for good");
  EXPECT_EQ(next_step(policy, BHP_HOLD, 1, 0, 0, random).what, Step::What::hold);
}

TEST(NextStep, takes_every_unknown_verdict_for_a_retry) {
  Random random(6);
  for (int i = 0; i < 1'000; ++i) {
    const std::int32_t code = static_cast<std::int32_t>(random.next());
    if (code >= BHP_OK && code <= BHP_HOLD) continue;
    ASSERT_EQ(verdict_of(code), Verdict::retry);
    ASSERT_EQ(next_step(Policy{}, code, 1, 0, 0, random).what, Step::What::wait);
  }
}

TEST(NextStep, gives_up_after_the_last_attempt) {
  Random random(7);
  Policy policy;
  policy.attempts_max = 20;
  EXPECT_EQ(next_step(policy, BHP_RETRY, 19, 0, 0, random).what, Step::What::wait);
  const Step last = next_step(policy, BHP_RETRY, 20, 0, 0, random);
  EXPECT_EQ(last.what, Step::What::dead);
  EXPECT_EQ(last.reason, "gave up after 20 attempts");
  policy.attempts_max = 1;
  EXPECT_EQ(next_step(policy, BHP_RETRY, 1, 0, 0, random).reason, "gave up after 1 attempt");
}

TEST(NextStep, gives_up_when_the_event_has_grown_too_old) {
  Random random(8);
  Policy policy;
  policy.age_ms_max = 3 * 86'400'000LL;
  EXPECT_EQ(next_step(policy, BHP_RETRY, 2, policy.age_ms_max - 1, 0, random).what, Step::What::wait);
  EXPECT_EQ(next_step(policy, BHP_RETRY, 2, policy.age_ms_max, 0, random).reason,
            "gave up 3 days after the first attempt");
  policy.age_ms_max = 90'000;
  EXPECT_EQ(next_step(policy, BHP_RETRY, 2, 90'000, 0, random).reason, "gave up 90 seconds after the first attempt");
}

TEST(NextStep, never_gives_up_without_limits) {
  Random random(9);
  Policy policy;
  policy.attempts_max = 0;
  policy.age_ms_max = 0;
  EXPECT_EQ(next_step(policy, BHP_RETRY, 1'000'000, 1'000'000'000'000, 0, random).what, Step::What::wait);
}

TEST(NextStep, never_ends_a_hold_by_itself) {
  Random random(10);
  Policy policy;
  policy.attempts_max = 2;
  policy.age_ms_max = 1;
  const Step held = next_step(policy, BHP_HOLD, 500, 1'000'000, 30'000, random);
  EXPECT_EQ(held.what, Step::What::hold);
  EXPECT_GE(held.delay_ms, 30'000);
}

TEST(NextStep, comes_to_an_end_for_every_policy_with_a_limit) {
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    Policy policy = any_policy(random);
    policy.attempts_max = 1 + static_cast<int>(random.below(30));
    int attempt = 1;
    Milliseconds age_ms = 0;
    for (;; ++attempt) {
      ASSERT_LE(attempt, policy.attempts_max);
      const Step step = next_step(policy, BHP_RETRY, attempt, age_ms, 0, random);
      if (step.what == Step::What::dead) break;
      ASSERT_EQ(step.what, Step::What::wait);
      age_ms += step.delay_ms;
    }
  }
}

}  // namespace
}  // namespace bellhop::core
