// SPDX-License-Identifier: Apache-2.0
#include "cli/screen.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <sstream>

namespace bellhop::core {
namespace {

class ScreenTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
  std::ostringstream out;
  Screen screen{out, out, true, false, 40, 1'767'225'600'000};  // 2026-01-01T00:00:00Z
};

TEST_F(ScreenTest, times_are_told_as_a_distance_on_a_terminal) {
  EXPECT_EQ(screen.when("2025-12-31T23:59:57Z"), "3 s ago");
  EXPECT_EQ(screen.when("2025-12-31T23:56:00.500Z"), "3 min ago");
  EXPECT_EQ(screen.when("2025-12-31T21:00:00Z"), "3 h ago");
  EXPECT_EQ(screen.when("2025-12-29T00:00:00Z"), "3 d ago");
  EXPECT_EQ(screen.when("2026-01-01T00:00:20Z"), "in 20 s");
  EXPECT_EQ(screen.when("2026-01-01T00:00:00.400Z"), "now");
  EXPECT_EQ(screen.when("2025-01-01T00:00:00Z"), "2025-01-01");
  EXPECT_EQ(screen.when(""), "-");
  EXPECT_EQ(screen.when("yesterday"), "yesterday");
}

TEST_F(ScreenTest, times_are_whole_in_a_file) {
  screen.is_terminal = false;

  EXPECT_EQ(screen.when("2025-12-31T23:59:57Z"), "2025-12-31T23:59:57Z");
}

TEST_F(ScreenTest, widths_are_those_of_a_terminal) {
  EXPECT_EQ(width_of("abc"), 3);
  EXPECT_EQ(width_of("äöü"), 3);
  EXPECT_EQ(width_of("日本"), 4);
  EXPECT_EQ(width_of("e\xcc\x81"), 1);  // a combining accent
  EXPECT_EQ(width_of("\xff\xfe"), 2);
}

TEST_F(ScreenTest, columns_are_aligned_and_the_last_is_cut) {
  Table table({"SEQ", "TYPE", "NOTE"});
  table.add({std::int64_t{7}, "日本", "short"});
  table.add({std::int64_t{1234}, "ab", "a long note that does not fit into forty columns"});

  table.print(screen);

  EXPECT_EQ(out.str(),
            " SEQ  TYPE  NOTE\n"
            "   7  日本  short\n"
            "1234  ab    a long note that does not f…\n");
}

TEST_F(ScreenTest, nothing_is_cut_in_a_file) {
  screen.is_terminal = false;
  Table table({"NOTE"});
  table.add({"a long note that does not fit into forty columns"});

  table.print(screen);

  EXPECT_EQ(out.str(), "NOTE\na long note that does not fit into forty columns\n");
}

TEST_F(ScreenTest, control_bytes_never_reach_the_terminal) {
  Table table({"NOTE"});
  table.add({"\x1b]0;evil\x07\n"});

  table.print(screen);

  EXPECT_EQ(out.str(), "NOTE\n\\x1b]0;evil\\x07\\x0a\n");
}

TEST_F(ScreenTest, a_time_is_read_to_the_millisecond) {
  EXPECT_EQ(unix_ms_of("2026-01-01T00:00:00.025Z"), 1'767'225'600'025);
  EXPECT_EQ(unix_ms_of("2026-01-01T00:00:00"), -1);
  EXPECT_EQ(unix_ms_of("2026-01-01"), -1);
}

TEST_F(ScreenTest, colours_come_only_when_asked_for) {
  EXPECT_EQ(screen.paint("x", Colour::bad), "x");
  screen.has_colours = true;
  EXPECT_EQ(screen.paint("x", Colour::bad), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(screen.paint("x", Colour::none), "x");
}

}  // namespace
}  // namespace bellhop::core
