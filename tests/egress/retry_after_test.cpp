// SPDX-License-Identifier: Apache-2.0
#include "egress/retry_after.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "base/random.hpp"

namespace bellhop::core {
namespace {

constexpr Milliseconds nov_6_1994 = 784'111'777'000;  // 1994-11-06T08:49:37Z, the example of RFC 9110
constexpr Milliseconds in_2026 = 1'767'225'600'000;   // 2026-01-01T00:00:00Z

TEST(RetryAfter, takes_seconds) {
  EXPECT_EQ(retry_after("0", in_2026), 0);
  EXPECT_EQ(retry_after("1", in_2026), 1'000);
  EXPECT_EQ(retry_after("000030", in_2026), 30'000);
}

TEST(RetryAfter, is_clamped_however_large) {
  EXPECT_EQ(retry_after("86400", in_2026), retry_after_ms_max);
  EXPECT_EQ(retry_after("86401", in_2026), retry_after_ms_max);
  EXPECT_EQ(retry_after("1000000000", in_2026), retry_after_ms_max);
  EXPECT_EQ(retry_after(std::string(4'000, '9'), in_2026), retry_after_ms_max);
  EXPECT_EQ(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", in_2026), retry_after_ms_max);
}

TEST(RetryAfter, is_nothing_when_negative_past_or_garbage) {
  for (const char *text :
       {"", "-1", "+1", "1.5", " 1", "1 ", "soon", "0x10", "1e9", "Sun, 06 Nov 1994 08:49:37 GMT",
        "Thu, 01 Jan 2026 00:00:10", "Thu, 01 Jan 2026 00:00:10 UTC", "Thu, 32 Jan 2026 00:00:10 GMT",
        "Thu, 01 Jan 2026 24:00:10 GMT", "Thu, 30 Feb 2026 00:00:10 GMT"}) {
    EXPECT_EQ(retry_after(text, in_2026), 0) << text;
  }
}

TEST(RetryAfter, takes_all_three_forms_of_a_date) {
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", nov_6_1994 - 5'000), 5'000);
  EXPECT_EQ(retry_after("Sunday, 06-Nov-94 08:49:37 GMT", nov_6_1994 - 5'000), 5'000);
  EXPECT_EQ(retry_after("Sun Nov  6 08:49:37 1994", nov_6_1994 - 5'000), 5'000);
  EXPECT_EQ(retry_after("Wed Nov 16 08:49:37 1994", nov_6_1994 + 10 * 86'400'000LL - 7'000), 7'000);
}

TEST(HttpDate, guesses_the_century_of_two_digits_as_the_rfc_says) {
  const auto year_of = [](std::string_view text) {
    return *parse_http_date(text, in_2026) / 1'000 / 31'556'952 + 1970;
  };

  EXPECT_EQ(year_of("Sunday, 15-Jun-26 12:00:00 GMT"), 2026);
  EXPECT_EQ(year_of("Sunday, 15-Jun-76 12:00:00 GMT"), 2076);
  EXPECT_EQ(year_of("Sunday, 15-Jun-77 12:00:00 GMT"), 1977);
  EXPECT_EQ(year_of("Sunday, 15-Jun-99 12:00:00 GMT"), 1999);
  EXPECT_EQ(year_of("Sunday, 15-Jun-00 12:00:00 GMT"), 2000);
}

// Whatever bytes come, mutated from good ones so that they reach deep: in range, and the same twice.
TEST(RetryAfter, property_is_always_within_its_limits) {
  const std::string seeds[] = {"120", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                               "Sun Nov  6 08:49:37 1994"};
  Random random(1);
  for (int round = 0; round < 50'000; ++round) {
    std::string text = seeds[random.below(4)];
    for (std::uint64_t edits = random.below(4); edits > 0; --edits) {
      const std::size_t at = random.below(text.size());
      if (random.below(3) == 0) text.erase(at, 1);
      if (text.empty()) break;
      text[at % text.size()] = static_cast<char>(random.below(256));
    }
    const Milliseconds now_ms = static_cast<Milliseconds>(random.below(4'000'000'000'000));
    const Milliseconds wait_ms = retry_after(text, now_ms);
    ASSERT_GE(wait_ms, 0) << text;
    ASSERT_LE(wait_ms, retry_after_ms_max) << text;
    ASSERT_EQ(wait_ms, retry_after(text, now_ms)) << text;
  }
}

// Every second of the date form that a server would write, read back.
TEST(HttpDate, property_reads_what_strftime_writes) {
  Random random(2);
  for (int round = 0; round < 5'000; ++round) {
    const std::time_t when = static_cast<std::time_t>(random.below(4'102'444'800));  // until 2100
    std::tm parts{};
    gmtime_r(&when, &parts);
    char imf[64], asctime_form[64];
    ASSERT_GT(std::strftime(imf, sizeof imf, "%a, %d %b %Y %H:%M:%S GMT", &parts), 0u);
    ASSERT_GT(std::strftime(asctime_form, sizeof asctime_form, "%a %b %e %H:%M:%S %Y", &parts), 0u);
    ASSERT_EQ(parse_http_date(imf, in_2026), when * 1'000LL) << imf;
    ASSERT_EQ(parse_http_date(asctime_form, in_2026), when * 1'000LL) << asctime_form;
  }
}

}  // namespace
}  // namespace bellhop::core
