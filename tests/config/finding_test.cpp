// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace bellhop::core {
namespace {

TEST(Finding, tells_file_line_and_column_when_it_has_them) {
  EXPECT_EQ((Finding{{"b.toml", 12, 3}, "is wrong"}.text()), "b.toml:12:3: is wrong");
  EXPECT_EQ((Finding{{"b.toml", 0, 0}, "is wrong"}.text()), "b.toml: is wrong");
  EXPECT_EQ((Finding{{"", 0, 0}, "is wrong"}.text()), "is wrong");
}

TEST(NearestName, forgives_slips_of_the_hand) {
  const std::vector<std::string> names{"tokens", "kind", "body_bytes_max", "bodies_bytes_max", "stop_max"};

  EXPECT_EQ(nearest_name("tokns", names), "tokens");
  EXPECT_EQ(nearest_name("otkens", names), "tokens");
  EXPECT_EQ(nearest_name("token", names), "tokens");
  EXPECT_EQ(nearest_name("Tokens", names), "tokens");
  EXPECT_EQ(nearest_name("body-bytes-max", names), "body_bytes_max");
}

TEST(NearestName, forgives_a_forgotten_or_added_word) {
  const std::vector<std::string> names{"body_bytes_max", "stop_max"};

  EXPECT_EQ(nearest_name("stop_ms_max", names), "stop_max");
  EXPECT_EQ(nearest_name("body_max", names), "body_bytes_max");
}

TEST(NearestName, says_nothing_rather_than_something_far) {
  const std::vector<std::string> names{"tokens", "kind"};

  EXPECT_EQ(nearest_name("colour", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name(std::string(10'000, 'k'), names), "");
  EXPECT_EQ(nearest_name("kind", {}), "");
}

}  // namespace
}  // namespace bellhop::core
