// SPDX-License-Identifier: Apache-2.0
#include "when.hpp"

#include <date/tz.h>

#include <chrono>
#include <stdexcept>

namespace slack {
namespace {

using Seconds = date::sys_seconds;

constexpr std::string_view zone_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/-";

struct Local {
  date::local_seconds time;
  std::string zone;
};

// untrusted: the zone is the sender's word
Local local_of(std::int64_t ms, std::string_view zone) {
  const Seconds moment =
      date::floor<std::chrono::seconds>(date::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms)));
  if (!zone.empty() && zone.size() <= 64 && zone.find_first_not_of(zone_letters) == zone.npos) {
    try {
      return {date::locate_zone(std::string(zone))->to_local(moment), std::string(zone)};
    } catch (const std::runtime_error &) {  // the tz database does not know it
    }
  }
  return {date::local_seconds(moment.time_since_epoch()), "UTC"};
}

std::string day_text(const date::local_seconds &time) {
  static constexpr const char *days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char *months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = date::floor<date::days>(time);
  const date::year_month_day date(day);
  return std::string(days[date::weekday(day).c_encoding()]) + " " + std::to_string(static_cast<unsigned>(date.day())) +
         " " + months[static_cast<unsigned>(date.month()) - 1] + " " + std::to_string(static_cast<int>(date.year()));
}

std::string clock_text(const date::local_seconds &time) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time - date::floor<date::days>(time)).count();
  const auto two = [](long number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(minutes / 60) + ":" + two(minutes % 60);
}

std::string unix_text(std::int64_t ms) {
  return std::to_string(date::floor<std::chrono::seconds>(std::chrono::milliseconds(ms)).count());
}

}  // namespace

std::string in_zone(std::int64_t ms, std::string_view zone) { return span_in_zone(ms, std::nullopt, zone); }

std::string span_in_zone(std::int64_t start_ms, std::optional<std::int64_t> end_ms, std::string_view zone) {
  const Local from = local_of(start_ms, zone);
  std::string text = day_text(from.time) + ", " + clock_text(from.time);
  if (end_ms && *end_ms > start_ms) {
    const Local to = local_of(*end_ms, zone);
    const bool is_same_day = date::floor<date::days>(from.time) == date::floor<date::days>(to.time);
    text += " – " + (is_same_day ? "" : day_text(to.time) + ", ") + clock_text(to.time);
  }
  return text + " (" + from.zone + ")";
}

std::string as_mrkdwn(std::int64_t start_ms, std::optional<std::int64_t> end_ms, std::string_view zone) {
  std::string text =
      "<!date^" + unix_text(start_ms) + "^{date_long_pretty} {time}|" + span_in_zone(start_ms, end_ms, zone) + ">";
  if (end_ms && *end_ms > start_ms) {
    text += " – <!date^" + unix_text(*end_ms) + "^{time}|" + in_zone(*end_ms, zone) + ">";
  }
  return text;
}

}  // namespace slack
