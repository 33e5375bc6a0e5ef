// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bellhop::core {
namespace {

TEST(Printable, leaves_ordinary_text_alone) {
  EXPECT_EQ(printable("naïve \"quotes\" and \\ stay"), "naïve \"quotes\" and \\ stay");
}

TEST(Printable, keeps_text_from_forging_a_line_or_driving_a_terminal) {
  EXPECT_EQ(printable("a\nb\r\x1b[2Jc\x7f"), "a\\x0ab\\x0d\\x1b[2Jc\\x7f");
}

TEST(Printable, escapes_a_nul_in_the_middle) { EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b"); }

TEST(Printable, escapes_c1_controls_but_no_other_two_byte_characters) {
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");
}

TEST(Log, writes_one_printable_line_with_its_speaker) {
  std::vector<std::string> lines;
  const Log log([&](Level level, std::string_view line) {
    EXPECT_EQ(level, Level::warn);
    lines.emplace_back(line);
  });

  log.warn("journal", "first\nsecond");

  EXPECT_EQ(lines, std::vector<std::string>{"journal: first\\x0asecond"});
}

TEST(Log, is_silent_below_its_threshold) {
  int lines_count = 0;
  Log log([&](Level, std::string_view) { ++lines_count; }, Level::warn);

  log.debug("room", "no");
  log.info("room", "no");
  log.warn("room", "yes");
  log.error("room", "yes");
  log.set_threshold(Level::error);
  log.warn("room", "no longer");

  EXPECT_EQ(lines_count, 2);
}

}  // namespace
}  // namespace bellhop::core
