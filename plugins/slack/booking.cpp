// SPDX-License-Identifier: Apache-2.0
#include "booking.hpp"

#include "when.hpp"

namespace slack {

bool is_field(std::string_view name) { return name == "when" || Booking::is_field(name); }

std::string field_names() { return "when, " + Booking::field_names(); }

std::string field_of(const Booking &booking, std::string_view name) {
  if (name != "when") return booking.field(name);
  return booking.start_ms ? span_in_zone(*booking.start_ms, booking.end_ms, booking.timezone) : std::string();
}

std::string unknown_field_of(std::string_view pattern) {
  std::string unknown;
  bellhop::walk_pattern(
      pattern, [](std::string_view) {},
      [&](std::string_view name) {
        if (unknown.empty() && !is_field(name)) unknown = name.empty() ? "{{}}" : std::string(name);
      });
  return unknown;
}

std::string render(std::string_view pattern, const Booking &booking) {
  return bellhop::fill_pattern(pattern, [&](std::string_view name) { return field_of(booking, name); });
}

}  // namespace slack
