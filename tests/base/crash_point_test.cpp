// SPDX-License-Identifier: Apache-2.0
// Each case runs in a child of its own: the switch is read once per process.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "base/check.hpp"

namespace bellhop::core {
namespace {

#ifdef BELLHOP_CRASH_POINTS

// Passes two points twice, then ends well.
void walk(const char *armed) {
  setenv("BELLHOP_CRASH_POINT", armed, 1);
  for (int round = 0; round < 2; ++round) {
    CRASH_POINT("journal.before_commit");
    std::fprintf(stderr, "passed in round %d\n", round);
    CRASH_POINT("journal.after_commit");
  }
  std::exit(0);
}

class CrashPointDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(CrashPointDeathTest, is_inert_unless_named) {
  EXPECT_EXIT(walk("journal.elsewhere"), testing::ExitedWithCode(0), "passed in round 1");
}

TEST_F(CrashPointDeathTest, is_inert_for_the_beginning_of_its_name) {
  EXPECT_EXIT(walk("journal.before"), testing::ExitedWithCode(0), "passed in round 1");
}

TEST_F(CrashPointDeathTest, strikes_where_it_is_named) {
  EXPECT_EXIT(walk("journal.after_commit"), testing::KilledBySignal(SIGKILL), "passed in round 0");
}

TEST_F(CrashPointDeathTest, strikes_when_it_is_passed_for_the_nth_time) {
  EXPECT_EXIT(walk("journal.before_commit:2"), testing::KilledBySignal(SIGKILL), "passed in round 0");
}

#endif

}  // namespace
}  // namespace bellhop::core
