// SPDX-License-Identifier: Apache-2.0
// rel.ics: the vendor's own calendar file of a booking, named by a link in the event. The link is a stranger's word:
// what may be fetched, and what is believed of the answer, is decided here. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "booking.hpp"

namespace calendar {

constexpr std::size_t rel_bytes_max = 256 << 10;
constexpr std::int64_t rel_timeout_ms = 5'000;

// "" when the booking's link may be fetched, else why not: https, exactly one of the origins
// ("https://api.appointlet.com"), and a path with this booking's id as a segment. No user, no fragment, no dots, no
// percent signs: what a parser further down could read otherwise than we do is refused here.
std::string refusal_of(const Booking &booking, const std::vector<std::string> &origins);

// The texts of the file, or why it is not believed: not text/calendar, too large, no calendar, not exactly one VEVENT,
// or one that begins and ends at other times than the booking. UID, SEQUENCE and STATUS of the file mean nothing to us.
std::variant<Texts, std::string> texts_of_rel(const Booking &booking, std::string_view content_type,
                                              std::string_view body);

}  // namespace calendar
