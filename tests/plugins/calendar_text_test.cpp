// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <gtest/gtest.h>

namespace calendar {
namespace {

TEST(CalendarText, line_breaks_of_every_kind_become_one_kind_and_on_one_line_none) {
  EXPECT_EQ(cleaned("a\r\nb\rc\nd", 100), "a\nb\nc\nd");
  EXPECT_EQ(cleaned_line("a\r\nb\rc\nd", 100), "a b c d");
}

TEST(CalendarText, what_ends_a_line_for_some_reader_becomes_a_space) {
  EXPECT_EQ(cleaned("a\xC2\x85"
                    "b\xE2\x80\xA8"
                    "c\xE2\x80\xA9"
                    "d\x0B"
                    "e\x0C"
                    "f",
                    100),
            "a b c d e f");
  EXPECT_EQ(cleaned(std::string("a\0b\x1F\x7F"
                                "c",
                                6),
                    100),
            "a b  c");
}

TEST(CalendarText, white_space_at_both_ends_goes_and_nothing_else_is_nothing) {
  EXPECT_EQ(cleaned(" a \n b\t\r\n", 100), "a \n b");
  EXPECT_EQ(cleaned(" \t\r\n\xEF\xBB\xBF", 100), "");
  EXPECT_EQ(cleaned_line("\x01", 100), "");
}

TEST(CalendarText, letters_of_every_size_pass_and_what_is_no_utf8_is_replaced) {
  EXPECT_EQ(cleaned("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 100), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(cleaned("a\xFF"
                    "b\xC0\xAF",
                    100),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(cleaned("\xED\xA0\x80", 100), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
}

TEST(CalendarText, what_is_too_long_ends_in_an_ellipsis_and_never_within_a_character) {
  const std::string smileys = "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80";

  EXPECT_EQ(cleaned(smileys, 12), smileys);
  EXPECT_EQ(cleaned(smileys, 11), "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xE2\x80\xA6");
  EXPECT_EQ(cleaned("abcdef", 5), "ab\xE2\x80\xA6");
  EXPECT_EQ(cleaned("abcdef", 2), "");
}

TEST(CalendarText, only_an_absolute_web_address_without_tricks_is_a_url) {
  EXPECT_EQ(url_or_nothing("https://example.org/a?b=c#d"), "https://example.org/a?b=c#d");
  for (const char *url : {"", "javascript:alert(1)", "https://", "https:///a", "ftp://example.org/", "//example.org",
                          "https://example.org/a b", "https://example.org/\r\nATTENDEE:x", "https://example.org/\"",
                          "https://example.org/\xC3\xA9", "https://example.org/\\"}) {
    EXPECT_EQ(url_or_nothing(url), "") << url;
  }
}

TEST(CalendarText, a_name_that_is_no_plain_word_becomes_its_digest) {
  EXPECT_EQ(safe_name("Member_7-a"), "Member_7-a");
  for (const std::string text : {"", "../../etc/passwd", "a/b", "a.b", "a b", "\xC3\xA9", ".", ".."}) {
    EXPECT_EQ(safe_name(text).size(), 32U) << text;
    EXPECT_EQ(safe_name(text).find_first_not_of("0123456789abcdef"), std::string::npos);
  }
  EXPECT_EQ(safe_name(std::string(65, 'a')).size(), 32U);
}

TEST(CalendarText, base64_is_that_of_rfc_4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("Aladdin:open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

}  // namespace
}  // namespace calendar
