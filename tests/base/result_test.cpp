// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace bellhop::core {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return Error{Kind::invalid, "halve 3: it is odd"};
  return number / 2;
}

TEST(Result, holds_the_value) {
  const Result<int> half = half_of(8);

  ASSERT_TRUE(half.ok());
  EXPECT_TRUE(static_cast<bool>(half));
  EXPECT_EQ(half.value(), 4);
  EXPECT_EQ(*half, 4);
}

TEST(Result, holds_the_error_and_its_kind) {
  const Result<int> half = half_of(3);

  ASSERT_FALSE(half.ok());
  EXPECT_EQ(half.error().kind, Kind::invalid);
  EXPECT_EQ(half.error().sentence, "halve 3: it is odd");
}

TEST(Result, hands_over_values_that_cannot_be_copied) {
  Result<std::unique_ptr<int>> made(std::make_unique<int>(7));

  const std::unique_ptr<int> taken = std::move(made).value();

  EXPECT_EQ(*taken, 7);
}

TEST(Result, of_nothing_is_good_unless_told_otherwise) {
  const Result<void> good;
  const Result<void> bad(Error{Kind::full, "append: the disk is full"});

  EXPECT_TRUE(good.ok());
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().kind, Kind::full);
}

TEST(ResultDeathTest, reading_the_value_of_an_error_says_its_sentence_and_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");

  EXPECT_DEATH(static_cast<void>(half_of(3).value()), "halve 3: it is odd");
}

TEST(ResultDeathTest, reading_the_error_of_a_value_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");

  EXPECT_DEATH(static_cast<void>(half_of(8).error()), "internal check failed");
}

TEST(CheckDeathTest, a_broken_promise_names_its_place) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");

  EXPECT_DEATH(CHECK(1 + 1 == 3), "result_test.cpp:[0-9]+: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace bellhop::core
