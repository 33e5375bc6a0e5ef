// SPDX-License-Identifier: Apache-2.0
// A stranger's text stays text, and within Slack's limits.
#include "text.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace slack {
namespace {

const std::string emoji = "\xF0\x9F\x98\x80", e_acute = "\xC3\xA9", ellipsis = "\xE2\x80\xA6";

std::string times(const std::string &text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(SlackText, escapes_what_slack_would_read) {
  EXPECT_EQ(escaped("<!channel> & <@U1> <https://x|y>", 200), "&lt;!channel&gt; &amp; &lt;@U1&gt; &lt;https://x|y&gt;");
  EXPECT_EQ(escaped("&lt;!here&gt;", 200), "&amp;lt;!here&amp;gt;")
      << "what is escaped already is a stranger's text too";
}

TEST(SlackText, turns_control_bytes_into_spaces_and_keeps_line_ends) {
  EXPECT_EQ(escaped(std::string("a\0b\tc\r\nd\x7F", 9), 200), "a b c \nd ");
}

TEST(SlackText, replaces_what_is_no_utf8) {
  EXPECT_EQ(cut("a\xFFz", 9), "a\xEF\xBF\xBDz");
  EXPECT_EQ(cut("\xC0\xAF", 9), times("\xEF\xBF\xBD", 2)) << "overlong";
  EXPECT_EQ(cut("\xED\xA0\x80", 9), times("\xEF\xBF\xBD", 3)) << "a surrogate";
  EXPECT_EQ(cut("\xF4\x90\x80\x80", 9), times("\xEF\xBF\xBD", 4)) << "beyond U+10FFFF";
  EXPECT_EQ(cut("\xE2\x82", 9), times("\xEF\xBF\xBD", 2)) << "cut short";
}

TEST(SlackText, fits_exactly_or_ends_in_an_ellipsis) {
  EXPECT_EQ(cut("abcd", 4), "abcd");
  EXPECT_EQ(cut("abcde", 4), "abc" + ellipsis);
  EXPECT_EQ(cut("abcde", 1), ellipsis);
  EXPECT_EQ(cut("abcde", 0), "");
  EXPECT_EQ(cut("", 0), "");
}

TEST(SlackText, counts_as_javascript_does_and_breaks_no_character) {
  EXPECT_EQ(units_of(emoji + e_acute + "a"), 4U);
  EXPECT_EQ(cut(times(emoji, 3), 6), times(emoji, 3));
  EXPECT_EQ(cut(times(emoji, 3), 5), times(emoji, 2) + ellipsis);
  EXPECT_EQ(cut(times(emoji, 3), 4), emoji + ellipsis);
}

TEST(SlackText, breaks_no_entity) {
  for (std::size_t units_max = 0; units_max < 24; ++units_max) {
    const std::string text = escaped("a&b<c>d&e", units_max);

    EXPECT_LE(units_of(text), units_max);
    for (std::size_t at = text.find('&'); at != text.npos; at = text.find('&', at + 1)) {
      const std::string entity = text.substr(at, text.find(';', at) - at + 1);
      EXPECT_TRUE(entity == "&amp;" || entity == "&lt;" || entity == "&gt;") << text;
    }
  }
}

// Every line of the list, at every small limit: within it, and nothing of Slack's left.
TEST(SlackText, takes_the_list_of_naughty_strings) {
  std::ifstream in(std::string(BELLHOP_TEST_DATA) + "/strings/blns.txt");
  int lines_count = 0;
  for (std::string line; std::getline(in, line); ++lines_count) {
    for (const std::size_t units_max : {3U, 75U, 150U}) {
      const std::string text = escaped(line, units_max);
      EXPECT_LE(units_of(text), units_max) << line;
      EXPECT_EQ(text.find_first_of("<>"), text.npos) << line;
    }
  }
  EXPECT_GT(lines_count, 500);
}

TEST(SlackButton, takes_http_links_only) {
  EXPECT_TRUE(is_button_url("https://salon-demo.appointlet.com/booking/C92D7ETMUJJR"));
  EXPECT_TRUE(is_button_url("http://localhost:8080/?a=b#c"));
  for (const char *url : {"", "javascript:alert(1)", "data:text/html,x", "https://", "https:///x", "//example.org",
                          "https://a b", "https://a<b", "https://a|b", "https://a\"b", "HTTPS://example.org",
                          "https://\xC3\xA9.example", "https://a\nb"}) {
    EXPECT_FALSE(is_button_url(url)) << url;
  }
  EXPECT_TRUE(is_button_url("https://a/" + std::string(2'990, 'x')));
  EXPECT_FALSE(is_button_url("https://a/" + std::string(2'991, 'x'))) << "more than Slack takes";
}

}  // namespace
}  // namespace slack
