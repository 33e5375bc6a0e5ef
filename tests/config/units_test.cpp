// SPDX-License-Identifier: Apache-2.0
#include "config/units.hpp"

#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

TEST(Units, read_durations) {
  EXPECT_EQ(*parse_duration("0s"), 0);
  EXPECT_EQ(*parse_duration("250ms"), 250);
  EXPECT_EQ(*parse_duration("30s"), 30'000);
  EXPECT_EQ(*parse_duration("5m"), 300'000);
  EXPECT_EQ(*parse_duration("2h"), 7'200'000);
  EXPECT_EQ(*parse_duration("3d"), 259'200'000);
}

TEST(Units, read_sizes) {
  EXPECT_EQ(*parse_size("512B"), 512);
  EXPECT_EQ(*parse_size("64KiB"), 65'536);
  EXPECT_EQ(*parse_size("1MiB"), 1'048'576);
  EXPECT_EQ(*parse_size("10MB"), 10'000'000);
  EXPECT_EQ(*parse_size("2GiB"), 2'147'483'648);
}

TEST(Units, refuse_everything_else) {
  for (const char *bad : {"", "s", "30", "30 s", " 30s", "30s ", "1.5s", "-1s", "+1s", "1h30m", "30S", "0x10s",
                          "9223372036854775807d", "99999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(bad).ok()) << bad;
  }
  for (const char *bad : {"", "1", "1M", "1mib", "1 MiB", "-1B", "9223372036854775807KiB"}) {
    EXPECT_FALSE(parse_size(bad).ok()) << bad;
  }
}

TEST(Units, say_what_a_value_should_look_like) {
  EXPECT_EQ(
      parse_duration("soon").error().sentence,
      "\"soon\" is not a duration; write a whole number and a unit: \"250ms\", \"30s\", \"5m\", \"2h\" or \"3d\"");
}

TEST(Units, write_the_shortest_text_that_reads_back_the_same) {
  for (const Milliseconds value : {0LL, 1LL, 999LL, 1'000LL, 1'500LL, 60'000LL, 90'000LL, 3'600'000LL, 259'200'000LL}) {
    EXPECT_EQ(*parse_duration(duration_text(value)), value) << duration_text(value);
  }
  for (const std::int64_t value : {0LL, 1LL, 1'000LL, 1'024LL, 1'025LL, 65'536LL, 1LL << 20, 10'000'000LL, 1LL << 40}) {
    EXPECT_EQ(*parse_size(size_text(value)), value) << size_text(value);
  }
  EXPECT_EQ(duration_text(90'000), "90s");
  EXPECT_EQ(size_text(1 << 20), "1MiB");
}

}  // namespace
}  // namespace bellhop::core
