// SPDX-License-Identifier: Apache-2.0
#include "moment.hpp"

namespace calendar {
namespace {

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_of_month(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

// Days from 1970-01-01, by the civil calendar, counted in years that begin in March.
std::int64_t days_from_epoch(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<std::int64_t>(era) * 146'097 + day_of_era - 719'468;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // `count` digits as a number; -1 when they are not there.
  int number(int count) {
    int value = 0;
    for (; count > 0; --count) {
      if (text_.empty() || text_.front() < '0' || text_.front() > '9') return -1;
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    return value;
  }
  char next() {
    if (text_.empty()) return 0;
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  bool skip(char a, char b) {
    const char c = next();
    return c == a || c == b;
  }
  bool skip(char a) { return skip(a, a); }
  bool is_at(char c) const { return !text_.empty() && text_.front() == c; }
  bool is_at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

}  // namespace

std::optional<std::int64_t> seconds_of(std::string_view text) {
  Reader reader(text);
  const int year = reader.number(4);
  const bool has_month = reader.skip('-');
  const int month = reader.number(2);
  const bool has_day = reader.skip('-');
  const int day = reader.number(2);
  const bool has_time = reader.skip('T', 't');
  const int hour = reader.number(2);
  const bool has_minute = reader.skip(':');
  const int minute = reader.number(2);
  const bool has_second = reader.skip(':');
  const int second = reader.number(2);
  if (!has_month || !has_day || !has_time || !has_minute || !has_second) return std::nullopt;
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month)) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  if (reader.is_at('.')) {
    reader.next();
    if (reader.number(1) < 0) return std::nullopt;
    while (reader.number(1) >= 0) {
    }
  }
  std::int64_t offset_s = 0;
  const char zone = reader.next();
  if (zone == '+' || zone == '-') {
    const int hours = reader.number(2);
    const bool has_colon = reader.skip(':');
    const int minutes = reader.number(2);
    if (hours < 0 || hours > 23 || !has_colon || minutes < 0 || minutes > 59) return std::nullopt;
    offset_s = (hours * 3'600 + minutes * 60) * (zone == '+' ? 1 : -1);
  } else if (zone != 'Z' && zone != 'z') {
    return std::nullopt;
  }
  if (!reader.is_at_end()) return std::nullopt;
  return days_from_epoch(year, month, day) * 86'400 + hour * 3'600 + minute * 60 + second - offset_s;
}

}  // namespace calendar
