// SPDX-License-Identifier: Apache-2.0
#include "http/http_date.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace bellhop::core {
namespace {

// The C library's names would follow the locale; HTTP's do not.
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Reads a text front to back; once something does not fit, nothing does any more.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool is_at_end() const { return is_good_ && rest_.empty(); }
  bool is_good() const { return is_good_; }
  void expect(std::string_view wanted) {
    if (rest_.substr(0, wanted.size()) != wanted) return fail();
    rest_.remove_prefix(wanted.size());
  }
  int number(std::size_t digits) {
    int value = 0;
    const std::string_view text = rest_.substr(0, digits);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.size() < digits || error != std::errc() || end != text.data() + text.size() || text.front() == '-') fail();
    if (is_good_) rest_.remove_prefix(digits);
    return value;
  }
  // asctime writes the 6th as " 6".
  int padded_day() {
    if (rest_.substr(0, 1) != " ") return number(2);
    expect(" ");
    return number(1);
  }
  template <class Names>
  int one_of(const Names &names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (rest_.substr(0, names[i].size()) != names[i]) continue;
      rest_.remove_prefix(names[i].size());
      return static_cast<int>(i);
    }
    fail();
    return 0;
  }
  void clock_time(std::tm &at) {
    at.tm_hour = number(2);
    expect(":");
    at.tm_min = number(2);
    expect(":");
    at.tm_sec = number(2);
  }

 private:
  void fail() {
    is_good_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool is_good_ = true;
};

std::optional<Milliseconds> time_of(const Cursor &cursor, std::tm at) {
  if (!cursor.is_at_end()) return std::nullopt;
  if (at.tm_mday < 1 || at.tm_mday > 31 || at.tm_hour > 23 || at.tm_min > 59 || at.tm_sec > 60) return std::nullopt;
  return static_cast<Milliseconds>(timegm(&at)) * 1'000;
}

std::optional<Milliseconds> parse_fixdate(std::string_view text) {
  Cursor cursor(text);
  std::tm at{};
  cursor.one_of(days);
  cursor.expect(", ");
  at.tm_mday = cursor.number(2);
  cursor.expect(" ");
  at.tm_mon = cursor.one_of(months);
  cursor.expect(" ");
  at.tm_year = cursor.number(4) - 1900;
  cursor.expect(" ");
  cursor.clock_time(at);
  cursor.expect(" GMT");
  return time_of(cursor, at);
}

std::optional<Milliseconds> parse_rfc850(std::string_view text, Milliseconds wall_ms) {
  Cursor cursor(text);
  std::tm at{}, now{};
  cursor.one_of(long_days);
  cursor.expect(", ");
  at.tm_mday = cursor.number(2);
  cursor.expect("-");
  at.tm_mon = cursor.one_of(months);
  cursor.expect("-");
  const int two_digits = cursor.number(2);
  const std::time_t now_s = static_cast<std::time_t>(wall_ms / 1'000);
  gmtime_r(&now_s, &now);
  at.tm_year = now.tm_year / 100 * 100 + two_digits;
  if (at.tm_year > now.tm_year + 50) at.tm_year -= 100;
  cursor.expect(" ");
  cursor.clock_time(at);
  cursor.expect(" GMT");
  return time_of(cursor, at);
}

std::optional<Milliseconds> parse_asctime(std::string_view text) {
  Cursor cursor(text);
  std::tm at{};
  cursor.one_of(days);
  cursor.expect(" ");
  at.tm_mon = cursor.one_of(months);
  cursor.expect(" ");
  at.tm_mday = cursor.padded_day();
  cursor.expect(" ");
  cursor.clock_time(at);
  cursor.expect(" ");
  at.tm_year = cursor.number(4) - 1900;
  return time_of(cursor, at);
}

}  // namespace

std::string http_date(Milliseconds wall_ms) {
  const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(utc.tm_wday) % days.size()].data(), utc.tm_mday % 100,
                months[static_cast<std::size_t>(utc.tm_mon) % months.size()].data(), (utc.tm_year + 1900) % 10000,
                utc.tm_hour % 100, utc.tm_min % 100, utc.tm_sec % 100);
  return text;
}

std::optional<Milliseconds> parse_http_date(std::string_view text, Milliseconds wall_ms) {
  if (const auto time = parse_fixdate(text)) return time;
  if (const auto time = parse_rfc850(text, wall_ms)) return time;
  return parse_asctime(text);
}

}  // namespace bellhop::core
