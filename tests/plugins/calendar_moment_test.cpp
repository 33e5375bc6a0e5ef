// SPDX-License-Identifier: Apache-2.0
#include "moment.hpp"

#include <gtest/gtest.h>

namespace calendar {
namespace {

TEST(CalendarMoment, reads_every_form_that_an_event_may_have) {
  EXPECT_EQ(seconds_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(seconds_of("2014-01-01T00:00:00Z"), 1'388'534'400);
  EXPECT_EQ(seconds_of("2024-02-29t23:59:59.123456789z"), 1'709'251'199);
  EXPECT_EQ(seconds_of("2024-06-03T16:00:00+02:00"), seconds_of("2024-06-03T14:00:00Z"));
  EXPECT_EQ(seconds_of("2024-06-03T07:30:00.5-06:30"), seconds_of("2024-06-03T14:00:00Z"));
  EXPECT_EQ(seconds_of("1969-12-31T23:59:59Z"), -1);
  EXPECT_EQ(seconds_of("2016-12-31T23:59:60Z"), seconds_of("2017-01-01T00:00:00Z"));
}

TEST(CalendarMoment, what_is_no_moment_is_none) {
  for (const char *text :
       {"", "2014", "2014-01-01", "2014-01-01T00:00:00", "2014-13-01T00:00:00Z", "2014-02-29T00:00:00Z",
        "2014-01-01T24:00:00Z", "2014-01-01T00:60:00Z", "2014-01-01T00:00:61Z", "2014-01-01T00:00:00.Z",
        "2014-01-01T00:00:00+2:00", "2014-01-01T00:00:00Zx", "2014-01-01 00:00:00Z", "-014-01-01T00:00:00Z"}) {
    EXPECT_EQ(seconds_of(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace calendar
