// SPDX-License-Identifier: Apache-2.0
#include "host/sentence.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "host/line_cutter.hpp"
#include "host/log_limit.hpp"

namespace bellhop::core {
namespace {

TEST(CleanUtf8, leaves_good_text_alone) {
  EXPECT_EQ(clean_utf8("", 10), "");
  EXPECT_EQ(clean_utf8("na\xC3\xAFve \xF0\x9F\x98\x80", 100), "na\xC3\xAFve \xF0\x9F\x98\x80");
}

TEST(CleanUtf8, cuts_between_characters) {
  EXPECT_EQ(clean_utf8("ab\xC3\xBC", 3), "ab");
  EXPECT_EQ(clean_utf8("ab\xC3\xBC", 4), "ab\xC3\xBC");
  EXPECT_EQ(clean_utf8("abcdef", 0), "");
}

TEST(CleanUtf8, leaves_out_a_character_that_a_buffer_cut) {
  EXPECT_EQ(clean_utf8("ab\xC3", 10), "ab");
  EXPECT_EQ(clean_utf8("ab\xE2\x82", 10), "ab");
  EXPECT_EQ(clean_utf8("ab\xF0\x9F\x98", 10), "ab");
}

TEST(CleanUtf8, marks_bytes_that_are_no_text) {
  EXPECT_EQ(clean_utf8("a\xFF", 10), "a\xEF\xBF\xBD");
  EXPECT_EQ(clean_utf8("a\xE9z", 10), "a\xEF\xBF\xBDz");
  EXPECT_EQ(clean_utf8("\x80", 10), "\xEF\xBF\xBD");
  EXPECT_EQ(clean_utf8("\xFF\xFF", 5), "\xEF\xBF\xBD");  // the second does not fit whole
}

TEST(LineCutter, makes_lines_of_pieces) {
  LineCutter cutter;
  std::vector<std::string> lines;
  const auto line = [&](std::string text) { lines.push_back(std::move(text)); };

  cutter.feed("one\ntw", line);
  cutter.feed("o\n\nthree", line);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"}));
  cutter.finish(line);
  cutter.finish(line);

  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(LineCutter, cuts_a_line_without_end) {
  LineCutter cutter;
  std::vector<std::size_t> sizes;
  const auto line = [&](const std::string &text) { sizes.push_back(text.size()); };

  cutter.feed(std::string(wire::log_line_bytes_max * 2 + 5, 'x'), line);
  cutter.finish(line);

  EXPECT_EQ(sizes, (std::vector<std::size_t>{wire::log_line_bytes_max, wire::log_line_bytes_max, 5}));
}

TEST(LogLimit, admits_so_many_a_second_and_counts_the_rest) {
  LogLimit limit(2);

  EXPECT_TRUE(limit.admits(5000));
  EXPECT_TRUE(limit.admits(5001));
  EXPECT_FALSE(limit.admits(5999));
  EXPECT_FALSE(limit.is_over(5999));
  EXPECT_TRUE(limit.is_over(6000));
  EXPECT_EQ(limit.dropped_count(), 1);
  EXPECT_EQ(limit.take_sentence(), "1 more log lines were dropped (at most 2 a second are kept)");
  EXPECT_EQ(limit.take_sentence(), "");
  EXPECT_TRUE(limit.admits(6000));
}

}  // namespace
}  // namespace bellhop::core
