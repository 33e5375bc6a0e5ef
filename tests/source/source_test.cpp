// SPDX-License-Identifier: Apache-2.0
#include "source/source.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bellhop::core {
namespace {

TEST(SourceKinds, are_found_by_name) {
  EXPECT_NE(find_source_kind("appointlet"), nullptr);
  EXPECT_EQ(find_source_kind("Appointlet"), nullptr);
  EXPECT_EQ(find_source_kind(""), nullptr);
  EXPECT_EQ(source_kinds(), std::vector<std::string_view>{"appointlet"});
}

TEST(Token, matches_any_of_the_tokens) {
  const std::vector<std::string> tokens{"0123456789abcdef", "fedcba9876543210"};

  EXPECT_TRUE(token_matches(tokens, "0123456789abcdef"));
  EXPECT_TRUE(token_matches(tokens, "fedcba9876543210"));
  EXPECT_FALSE(token_matches(tokens, "0123456789abcdee"));
  EXPECT_FALSE(token_matches(tokens, "1123456789abcdef"));
}

TEST(Token, does_not_match_a_part_or_a_repetition) {
  const std::vector<std::string> tokens{"abcd"};

  EXPECT_FALSE(token_matches(tokens, ""));
  EXPECT_FALSE(token_matches(tokens, "abc"));
  EXPECT_FALSE(token_matches(tokens, "abcda"));
  EXPECT_FALSE(token_matches(tokens, "abcdabcd"));
  EXPECT_FALSE(token_matches(tokens, std::string("abcd\0", 5)));
}

TEST(Token, that_is_empty_matches_nothing) {
  EXPECT_FALSE(token_matches({}, ""));
  EXPECT_FALSE(token_matches({""}, ""));
  EXPECT_FALSE(token_matches({""}, std::string(1, '\0')));
}

}  // namespace
}  // namespace bellhop::core
