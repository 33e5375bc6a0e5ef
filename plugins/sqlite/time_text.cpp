// SPDX-License-Identifier: Apache-2.0
// See time_text.hpp.
#include "time_text.hpp"

#include <chrono>
#include <cstdio>

namespace bellhop_sqlite {

namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t unix_s_min = -62'167'219'200;  // 0000-01-01
constexpr std::int64_t unix_s_max = 253'402'300'799;  // 9999-12-31T23:59:59

std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

// Reads exactly `count` digits at `at`, moves past them.
std::optional<int> digits(std::string_view text, std::size_t &at, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i, ++at) {
    if (at >= text.size() || text[at] < '0' || text[at] > '9') return std::nullopt;
    value = value * 10 + (text[at] - '0');
  }
  return value;
}

bool skip(std::string_view text, std::size_t &at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == any_of.npos) return false;
  ++at;
  return true;
}

// "Z" or "+hh:mm" up to the end of the text.
std::optional<int> parse_offset_s(std::string_view text, std::size_t at) {
  if (skip(text, at, "Zz")) return at == text.size() ? std::optional<int>(0) : std::nullopt;
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
  const int sign = text[at] == '-' ? -1 : 1;
  ++at;
  const auto hours = digits(text, at, 2);
  skip(text, at, ":");
  const auto minutes = digits(text, at, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59 || at != text.size()) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

}  // namespace

std::string text_of_s(std::int64_t unix_s) {
  if (unix_s < unix_s_min) unix_s = unix_s_min;
  if (unix_s > unix_s_max) unix_s = unix_s_max;
  const std::int64_t day = floor_divide(unix_s, day_s);
  const int second = static_cast<int>(unix_s - day * day_s);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600, second / 60 % 60,
                second % 60);
  return text;
}

std::string text_of_ms(std::int64_t unix_ms) {
  const std::int64_t unix_s = floor_divide(unix_ms, 1000);
  std::string text = text_of_s(unix_s);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(unix_ms - unix_s * 1000));
  text.pop_back();
  return text + fraction;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  std::size_t at = 0;
  const auto year = digits(text, at, 4);
  if (!year || !skip(text, at, "-")) return std::nullopt;
  const auto month = digits(text, at, 2);
  if (!month || !skip(text, at, "-")) return std::nullopt;
  const auto day = digits(text, at, 2);
  if (!day || !skip(text, at, "Tt ")) return std::nullopt;
  const auto hour = digits(text, at, 2);
  if (!hour || *hour > 23 || !skip(text, at, ":")) return std::nullopt;
  const auto minute = digits(text, at, 2);
  if (!minute || *minute > 59 || !skip(text, at, ":")) return std::nullopt;
  const auto second = digits(text, at, 2);
  if (!second || *second > 60) return std::nullopt;

  std::int64_t fraction_ms = 0;
  if (skip(text, at, ".")) {
    const std::size_t from = at;
    for (std::int64_t weight = 100; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, weight /= 10) {
      fraction_ms += weight * (text[at] - '0');
    }
    if (at == from) return std::nullopt;
  }
  const auto offset_s = parse_offset_s(text, at);
  if (!offset_s) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return (days * day_s + *hour * 3600 + *minute * 60 + *second - *offset_s) * 1000 + fraction_ms;
}

}  // namespace bellhop_sqlite
