// SPDX-License-Identifier: Apache-2.0
// The circuit breaker: its transitions one by one, and as properties over random policies and histories.
#include "delivery/breaker.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "delivery/held_time.hpp"

namespace bellhop::core {
namespace {

class BreakerTest : public ::testing::Test {
 protected:
  Random random{1};
  BreakerPolicy policy;
  Milliseconds now = 1'000'000;
  // So many failures, each of another subject.
  static bool fail(Breaker &breaker, Milliseconds now, int count, Random &random, Milliseconds retry_after_ms = 0) {
    bool has_opened = false;
    for (int i = 0; i < count; ++i) has_opened |= breaker.note(now, 100 + i, true, retry_after_ms, random);
    return has_opened;
  }
};

TEST_F(BreakerTest, opens_when_enough_attempts_of_enough_subjects_have_failed) {
  Breaker breaker(policy);
  EXPECT_FALSE(fail(breaker, now, 9, random));
  EXPECT_EQ(breaker.state(), Breaker::State::closed);

  EXPECT_TRUE(fail(breaker, now, 1, random));

  EXPECT_EQ(breaker.state(), Breaker::State::open);
  EXPECT_EQ(breaker.failures_count(), 10);
  EXPECT_GE(breaker.until_ms(), now + 2'500);
  EXPECT_LE(breaker.until_ms(), now + 5'000);
}

TEST_F(BreakerTest, stays_closed_over_one_poisonous_booking_however_often_it_fails) {
  Breaker breaker(policy);
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(breaker.note(now + i, 7, true, 0, random));
  Breaker another(policy);
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(another.note(now + i, i % 2, true, 0, random)) << "nor over two";
}

TEST_F(BreakerTest, stays_closed_while_enough_attempts_succeed) {
  Breaker breaker(policy);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(breaker.note(now, i, i % 4 != 0, 0, random)) << "three of four are less than 80 percent";
  }
}

TEST_F(BreakerTest, forgets_what_is_older_than_its_window) {
  Breaker breaker(policy);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(breaker.note(now, i, true, 0, random)) << "one failure in seven seconds is not ten in a minute";
    now += 7'000;
  }
}

TEST_F(BreakerTest, never_opens_when_it_is_turned_off) {
  policy.failures_percent = 0;
  Breaker breaker(policy);
  EXPECT_FALSE(fail(breaker, now, 1'000, random));
}

TEST_F(BreakerTest, waits_as_long_as_the_destination_asks) {
  Breaker breaker(policy);
  EXPECT_TRUE(fail(breaker, now, 10, random, 90'000));
  EXPECT_EQ(breaker.until_ms(), now + 90'000);
}

TEST_F(BreakerTest, closes_after_probes_in_a_row_and_doubles_its_pause_until_then) {
  Breaker breaker(policy);
  ASSERT_TRUE(fail(breaker, now, 10, random));
  for (const Milliseconds cap_ms : {10'000, 20'000, 40'000, 80'000, 160'000, 300'000, 300'000}) {
    now = breaker.until_ms();
    breaker.probing();
    EXPECT_EQ(breaker.state(), Breaker::State::half_open);
    breaker.probe_failed(now, 0, random);
    EXPECT_GE(breaker.until_ms() - now, cap_ms / 2);
    EXPECT_LE(breaker.until_ms() - now, cap_ms);
  }

  breaker.probing();
  EXPECT_FALSE(breaker.probe_succeeded(now));
  EXPECT_EQ(breaker.until_ms(), now) << "the next one at once";
  breaker.probing();
  breaker.probe_said_nothing(now);
  EXPECT_EQ(breaker.until_ms(), now);
  breaker.probing();
  EXPECT_TRUE(breaker.probe_succeeded(now));

  EXPECT_EQ(breaker.state(), Breaker::State::closed);
  EXPECT_FALSE(fail(breaker, now, 9, random)) << "it begins anew";
}

TEST_F(BreakerTest, counts_only_successes_in_a_row) {
  Breaker breaker(policy);
  ASSERT_TRUE(fail(breaker, now, 10, random));
  for (int i = 0; i < 10; ++i) {
    breaker.probing();
    EXPECT_FALSE(breaker.probe_succeeded(now));
    breaker.probing();
    breaker.probe_failed(now, 0, random);
  }
  EXPECT_EQ(breaker.state(), Breaker::State::open);
}

// The definition, written down a second time and slowly.
TEST_F(BreakerTest, opens_exactly_when_its_definition_says_so) {
  struct One {
    Milliseconds at_ms;
    SubjectKey subject;
    bool is_failure;
  };
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random dice(seed);
    policy.failures_percent = 1 + static_cast<int>(dice.below(100));
    policy.window_ms = 1 + static_cast<Milliseconds>(dice.below(5'000));
    policy.count_min = 1 + static_cast<int>(dice.below(20));
    policy.subjects_min = 1 + static_cast<int>(dice.below(4));
    Breaker breaker(policy);
    std::vector<One> history;
    const std::uint64_t subjects_count = 1 + dice.below(8), luck = 1 + dice.below(10);
    for (int i = 0; i < 500; ++i) {
      now += static_cast<Milliseconds>(dice.below(300));
      history.push_back({now, static_cast<SubjectKey>(dice.below(subjects_count)), dice.below(10) < luck});
      int attempts = 0, failures = 0;
      std::set<SubjectKey> subjects;
      for (const One &one : history) {
        if (now - one.at_ms > policy.window_ms) continue;
        ++attempts;
        failures += one.is_failure ? 1 : 0;
        if (one.is_failure) subjects.insert(one.subject);
      }
      const bool is_over = history.back().is_failure && attempts >= policy.count_min &&
                           failures * 100 >= policy.failures_percent * attempts &&
                           subjects.size() >= static_cast<std::size_t>(policy.subjects_min);

      ASSERT_EQ(breaker.note(now, history.back().subject, history.back().is_failure, 0, random), is_over)
          << "seed " << seed << ", attempt " << i;

      if (is_over) break;
    }
  }
}

TEST_F(BreakerTest, keeps_every_pause_within_its_bounds_whatever_the_policy) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random dice(seed);
    policy.pause_ms_min = static_cast<Milliseconds>(dice.below(10'000));
    policy.pause_ms_max = policy.pause_ms_min + static_cast<Milliseconds>(dice.below(1'000'000));
    Breaker breaker(policy);
    ASSERT_TRUE(fail(breaker, now, 10, dice));
    for (int i = 0; i < 100; ++i) {
      const Milliseconds pause_ms = breaker.until_ms() - now;
      ASSERT_GE(pause_ms, policy.pause_ms_min / 2);
      ASSERT_LE(pause_ms, policy.pause_ms_max);
      now = breaker.until_ms();
      breaker.probing();
      breaker.probe_failed(now, 0, dice);
    }
  }
}

TEST(HeldTime, counts_what_was_held_and_all_that_was_before_the_start) {
  HeldTime held;
  held.started(1'000);
  EXPECT_EQ(held.within(400, 2'000), 600);
  EXPECT_EQ(held.within(1'500, 2'000), 0);
  held.begin(2'000);
  EXPECT_EQ(held.within(1'500, 2'500), 500) << "which goes on";
  held.end(3'000);
  held.begin(5'000);
  held.end(5'500);
  EXPECT_EQ(held.within(0, 9'000), 1'000 + 1'000 + 500);
  EXPECT_EQ(held.within(2'900, 5'100), 100 + 100);
  EXPECT_EQ(held.within(9'000, 1'000), 0) << "a time that has not come is no time";
}

TEST(HeldTime, remembers_few_spans_and_errs_in_favour_of_the_event) {
  HeldTime held;
  held.started(0);
  for (Milliseconds at = 10; at <= 100'000; at += 10) {
    held.begin(at);
    held.end(at + 1);
  }
  EXPECT_GE(held.within(0, 100'010), 10'000);
  EXPECT_EQ(held.within(100'000, 100'010), 1);
}

}  // namespace
}  // namespace bellhop::core
