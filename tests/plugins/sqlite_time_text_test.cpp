// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "time_text.hpp"

namespace bellhop_sqlite {
namespace {

TEST(SqliteTimeText, reads_fractions_and_offsets) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("2017-06-29T20:00:05.810173Z"), 1498766405810);
  EXPECT_EQ(parse_time("2017-06-29T22:30:05.81+02:30"), 1498766405810);
  EXPECT_EQ(parse_time("2017-06-29T19:00:05.810999999-0100"), 1498766405810);
  EXPECT_EQ(parse_time("2024-02-29t00:00:00z"), 1709164800000);
}

TEST(SqliteTimeText, refuses_what_is_no_time) {
  for (const char *text : {"", "2014-01-01", "2014-01-01T00:00:00", "2014-13-01T00:00:00Z", "2023-02-29T00:00:00Z",
                           "2014-01-01T24:00:00Z", "2014-01-01T00:60:00Z", "2014-01-01T00:00:00.Z",
                           "2014-01-01T00:00:00+25:00", "2014-01-01T00:00:00Zx", "14-01-01T00:00:00Z", "never"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(SqliteTimeText, writes_text_that_sorts_like_time) {
  EXPECT_EQ(text_of_ms(1498766405810), "2017-06-29T20:00:05.810Z");
  EXPECT_EQ(text_of_ms(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(text_of_s(253402300799), "9999-12-31T23:59:59Z");
  EXPECT_EQ(text_of_s(INT64_MAX), "9999-12-31T23:59:59Z");
  EXPECT_EQ(text_of_s(INT64_MIN), "0000-01-01T00:00:00Z");
  EXPECT_LT(text_of_ms(999), text_of_ms(1000));
}

}  // namespace
}  // namespace bellhop_sqlite
