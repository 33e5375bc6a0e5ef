// SPDX-License-Identifier: Apache-2.0
#include "egress/retry_after.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace bellhop::core {

namespace {

constexpr std::array<std::string_view, 7> short_days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes pieces off the front; after the first that does not fit nothing fits any more.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}

  void literal(std::string_view wanted) {
    if (rest_.rfind(wanted, 0) != 0) return fail();
    rest_.remove_prefix(wanted.size());
  }
  int digits(std::size_t count) {
    if (rest_.size() < count) return fail(), 0;
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail(), 0;
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }
  // "06" or " 6", as asctime writes it.
  int padded_day() {
    if (rest_.empty() || rest_.front() != ' ') return digits(2);
    rest_.remove_prefix(1);
    return digits(1);
  }
  template <std::size_t N>
  unsigned one_of(const std::array<std::string_view, N> &words) {  // from 1
    for (std::size_t i = 0; i < N; ++i) {
      if (rest_.rfind(words[i], 0) != 0) continue;
      rest_.remove_prefix(words[i].size());
      return static_cast<unsigned>(i + 1);
    }
    fail();
    return 0;
  }
  bool is_read() const { return fits_ && rest_.empty(); }

 private:
  void fail() {
    fits_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool fits_ = true;
};

struct Date {
  int year = 0, day = 0, hour = 0, minute = 0, second = 0;
  unsigned month = 0;

  void read_time(Pieces &pieces) {
    hour = pieces.digits(2);
    pieces.literal(":");
    minute = pieces.digits(2);
    pieces.literal(":");
    second = pieces.digits(2);
  }
  std::optional<Milliseconds> unix_ms() const {
    namespace chr = std::chrono;
    const chr::year_month_day date{chr::year(year), chr::month(month), chr::day(static_cast<unsigned>(day))};
    // A leap second is allowed by the grammar; it counts as the second after it.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const std::int64_t days = chr::sys_days(date).time_since_epoch().count();
    return (days * 86'400 + hour * 3'600 + minute * 60 + second) * 1'000;
  }
};

std::optional<Milliseconds> parse_imf(std::string_view text) {  // Sun, 06 Nov 1994 08:49:37 GMT
  Pieces pieces(text);
  Date date;
  pieces.one_of(short_days);
  pieces.literal(", ");
  date.day = pieces.digits(2);
  pieces.literal(" ");
  date.month = pieces.one_of(months);
  pieces.literal(" ");
  date.year = pieces.digits(4);
  pieces.literal(" ");
  date.read_time(pieces);
  pieces.literal(" GMT");
  return pieces.is_read() ? date.unix_ms() : std::nullopt;
}

std::optional<Milliseconds> parse_rfc850(std::string_view text,
                                         Milliseconds now_ms) {  // Sunday, 06-Nov-94 08:49:37 GMT
  Pieces pieces(text);
  Date date;
  pieces.one_of(long_days);
  pieces.literal(", ");
  date.day = pieces.digits(2);
  pieces.literal("-");
  date.month = pieces.one_of(months);
  pieces.literal("-");
  const int short_year = pieces.digits(2);
  pieces.literal(" ");
  date.read_time(pieces);
  pieces.literal(" GMT");
  if (!pieces.is_read()) return std::nullopt;
  const std::chrono::sys_time<std::chrono::milliseconds> now{std::chrono::milliseconds(now_ms)};
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const int this_year = static_cast<int>(std::chrono::year_month_day(today).year());
  date.year = this_year - this_year % 100 + 100 + short_year;
  while (date.year > this_year + 50) date.year -= 100;
  return date.unix_ms();
}

std::optional<Milliseconds> parse_asctime(std::string_view text) {  // Sun Nov  6 08:49:37 1994
  Pieces pieces(text);
  Date date;
  pieces.one_of(short_days);
  pieces.literal(" ");
  date.month = pieces.one_of(months);
  pieces.literal(" ");
  date.day = pieces.padded_day();
  pieces.literal(" ");
  date.read_time(pieces);
  pieces.literal(" ");
  date.year = pieces.digits(4);
  return pieces.is_read() ? date.unix_ms() : std::nullopt;
}

}  // namespace

std::optional<Milliseconds> parse_http_date(std::string_view text, Milliseconds now_ms) {
  if (const auto imf = parse_imf(text)) return imf;
  if (const auto rfc850 = parse_rfc850(text, now_ms)) return rfc850;
  return parse_asctime(text);
}

Milliseconds retry_after(std::string_view value, Milliseconds now_ms) {
  if (value.empty()) return 0;
  if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    Milliseconds wait_ms = 0;
    for (const char c : value) wait_ms = std::min(wait_ms * 10 + (c - '0') * 1'000, retry_after_ms_max);
    return wait_ms;
  }
  const std::optional<Milliseconds> date_ms = parse_http_date(value, now_ms);
  if (!date_ms) return 0;
  return std::clamp<Milliseconds>(*date_ms - now_ms, 0, retry_after_ms_max);
}

}  // namespace bellhop::core
