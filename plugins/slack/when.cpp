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
Local local_of(std::int64_t seconds, std::string_view zone) {
  const Seconds moment{std::chrono::seconds(seconds)};
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

}  // namespace

std::optional<std::int64_t> seconds_of(std::string_view time) {
  // The schema's pattern, checked again: an event may come from a test or from a later schema.
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  if (time.size() < form.size() + 1 || time.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool is_digit = time[i] >= '0' && time[i] <= '9';
    if (form[i] == 'd' ? !is_digit : time[i] != form[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) { return std::stoi(std::string(time.substr(at, size))); };
  const date::year_month_day day{date::year(number(0, 4)), date::month(static_cast<unsigned>(number(5, 2))),
                                 date::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
  return date::sys_days(day).time_since_epoch().count() * 86'400LL + number(11, 2) * 3'600 + number(14, 2) * 60 +
         number(17, 2);
}

std::string in_zone(std::int64_t seconds, std::string_view zone) { return span_in_zone(seconds, std::nullopt, zone); }

std::string span_in_zone(std::int64_t start, std::optional<std::int64_t> end, std::string_view zone) {
  const Local from = local_of(start, zone);
  std::string text = day_text(from.time) + ", " + clock_text(from.time);
  if (end && *end > start) {
    const Local to = local_of(*end, zone);
    const bool is_same_day = date::floor<date::days>(from.time) == date::floor<date::days>(to.time);
    text += " – " + (is_same_day ? "" : day_text(to.time) + ", ") + clock_text(to.time);
  }
  return text + " (" + from.zone + ")";
}

std::string as_mrkdwn(std::int64_t start, std::optional<std::int64_t> end, std::string_view zone) {
  std::string text =
      "<!date^" + std::to_string(start) + "^{date_long_pretty} {time}|" + span_in_zone(start, end, zone) + ">";
  if (end && *end > start) text += " – <!date^" + std::to_string(*end) + "^{time}|" + in_zone(*end, zone) + ">";
  return text;
}

}  // namespace slack
