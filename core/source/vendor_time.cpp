// SPDX-License-Identifier: Apache-2.0
#include "source/vendor_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace bellhop::core {
namespace {

constexpr std::size_t fraction_digits_max = 9;
constexpr std::size_t zone_bytes_max = 64;
constexpr Milliseconds unix_ms_min = -62'167'219'200'000, unix_ms_max = 253'402'300'799'999;  // years 0000 to 9999

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads a time from left to right; every step says whether it found what it wanted.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool number(std::size_t digits_count, int &out) {
    if (rest_.size() < digits_count) return false;
    out = 0;
    for (std::size_t i = 0; i < digits_count; ++i) {
      if (!is_digit(rest_[i])) return false;
      out = out * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits_count);
    return true;
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool fraction_ms(int &out) {
    std::size_t digits_count = 0;
    int scale = 100;
    for (; digits_count < rest_.size() && is_digit(rest_[digits_count]); ++digits_count, scale /= 10) {
      out += scale * (rest_[digits_count] - '0');
    }
    rest_.remove_prefix(digits_count);
    return digits_count >= 1 && digits_count <= fraction_digits_max;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Minutes east of UTC.
bool read_offset(Cursor &cursor, int &offset_min, bool &is_rfc3339) {
  if (cursor.take('Z')) return true;
  if (cursor.take('z')) return true;
  const bool is_east = cursor.take('+');
  if (!is_east && !cursor.take('-')) return false;
  int hours = 0, minutes = 0;
  if (!cursor.number(2, hours)) return false;
  if (cursor.take(':')) {
    if (!cursor.number(2, minutes)) return false;
  } else {
    is_rfc3339 = false;
    if (!cursor.at_end() && !cursor.number(2, minutes)) return false;
  }
  offset_min = (hours * 60 + minutes) * (is_east ? 1 : -1);
  return hours <= 23 && minutes <= 59;
}

constexpr std::array<std::string_view, 20> areas{"America/Argentina",
                                                 "America/Indiana",
                                                 "America/Kentucky",
                                                 "America/North_Dakota",  // longer ones first
                                                 "Africa",
                                                 "America",
                                                 "Antarctica",
                                                 "Arctic",
                                                 "Asia",
                                                 "Atlantic",
                                                 "Australia",
                                                 "Brazil",
                                                 "Canada",
                                                 "Chile",
                                                 "Etc",
                                                 "Europe",
                                                 "Indian",
                                                 "Mexico",
                                                 "Pacific",
                                                 "US"};

// Names whose capitals or hyphens the rule "every word has one capital" does not give back.
//   source  the IANA time zone database, 2025b; tests/source/vendor_time_test.cpp holds the rule against all its names
constexpr std::array<std::string_view, 24> irregular{"Africa/Dar_es_Salaam",
                                                     "Africa/Porto-Novo",
                                                     "America/Argentina/ComodRivadavia",
                                                     "America/Blanc-Sablon",
                                                     "America/Knox_IN",
                                                     "America/Port-au-Prince",
                                                     "America/Port_of_Spain",
                                                     "Antarctica/DumontDUrville",
                                                     "Antarctica/McMurdo",
                                                     "Asia/Ust-Nera",
                                                     "Australia/ACT",
                                                     "Australia/LHI",
                                                     "Australia/NSW",
                                                     "Brazil/DeNoronha",
                                                     "Chile/EasterIsland",
                                                     "Etc/GMT",
                                                     "Etc/UCT",
                                                     "Etc/UTC",
                                                     "Europe/Isle_of_Man",
                                                     "Mexico/BajaNorte",
                                                     "Mexico/BajaSur",
                                                     "US/East-Indiana",
                                                     "US/Indiana-Starke",
                                                     "Etc/GMT0"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The enumeration form of a name: capitals, and _ for all that is neither letter nor digit.
bool is_enumeration_of(std::string_view form, std::string_view name) {
  return form.size() == name.size() && std::equal(form.begin(), form.end(), name.begin(), [](char f, char n) {
           return f == (n == '/' || n == '-' ? '_' : upper(n));
         });
}

// nullopt: not an enumeration form. "": one that cannot be turned back (ETC_GMT_5 is GMT+5 or GMT-5).
std::optional<std::string> from_enumeration(std::string_view form) {
  const bool is_shouted =
      std::all_of(form.begin(), form.end(), [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; });
  if (!is_shouted) return std::nullopt;
  for (const std::string_view name : irregular) {
    if (is_enumeration_of(form, name)) return std::string(name);
  }
  for (const std::string_view area : areas) {
    if (form.size() <= area.size() + 1 || form[area.size()] != '_') continue;
    if (!is_enumeration_of(form.substr(0, area.size()), area)) continue;
    std::string name(area);
    name += '/';
    if (area == "Etc" && form.substr(4, 4) == "GMT_") return "";
    for (std::size_t at = area.size() + 1; at < form.size(); ++at) {
      const bool begins_word = name.back() == '/' || name.back() == '_';
      name += begins_word ? form[at] : lower(form[at]);
    }
    return name;
  }
  return std::nullopt;
}

}  // namespace

std::optional<VendorTime> parse_time(std::string_view text) {
  Cursor cursor(text);
  VendorTime time;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction_ms = 0, offset_min = 0;
  if (!cursor.number(4, year) || !cursor.take('-') || !cursor.number(2, month) || !cursor.take('-') ||
      !cursor.number(2, day)) {
    return std::nullopt;
  }
  if (!cursor.take('T') && !cursor.take('t')) {
    if (!cursor.take(' ')) return std::nullopt;
    time.is_rfc3339 = false;
  }
  if (!cursor.number(2, hour) || !cursor.take(':') || !cursor.number(2, minute) || !cursor.take(':') ||
      !cursor.number(2, second)) {
    return std::nullopt;
  }
  if (cursor.take('.') && !cursor.fraction_ms(fraction_ms)) return std::nullopt;
  if (!read_offset(cursor, offset_min, time.is_rfc3339) || !cursor.at_end()) return std::nullopt;

  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  if (second == 60) second = 59, fraction_ms = 999;
  const auto instant = sys_days(date) + hours(hour) + minutes(minute - offset_min) + seconds(second);
  time.unix_ms = milliseconds(instant.time_since_epoch()).count() + fraction_ms;
  if (time.unix_ms < unix_ms_min || time.unix_ms > unix_ms_max) return std::nullopt;
  return time;
}

std::optional<std::string> zone_name(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '+' || c == '/' ||
           c == '-';
  };
  if (text.empty() || text.size() > zone_bytes_max || !std::all_of(text.begin(), text.end(), is_allowed)) {
    return std::nullopt;  // dots are not allowed: nobody walks up a zoneinfo directory
  }
  const std::optional<std::string> name = from_enumeration(text);
  if (name && name->empty()) return std::nullopt;
  return name ? *name : std::string(text);
}

}  // namespace bellhop::core
