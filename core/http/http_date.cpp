// SPDX-License-Identifier: Apache-2.0
#include "http/http_date.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace bellhop::core {
namespace {

// The C library's names would follow the locale; HTTP's do not.
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

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

}  // namespace bellhop::core
