// SPDX-License-Identifier: Apache-2.0
// Times and time zones as senders write them. Strict about what is meant, lax about how it is written; guesses nothing:
// a time without an offset, a bare date or a Unix number is not a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace bellhop::core {

struct VendorTime {
  Milliseconds unix_ms = 0;
  bool is_rfc3339 = true;  // false: readable, but not in the form that the schema promises ("+0200", a space for T)
};

// "2017-06-29T20:00:05.810173Z": 0 to 9 fractional digits (cut to milliseconds), Z or an offset; years 0000 to 9999. A
// leap second is read as the last millisecond before it. [any]
//   source  RFC 3339 section 5.6, with the offsets "+02" and "+0200" and a space for T besides
std::optional<VendorTime> parse_time(std::string_view text);

// The IANA name of a time zone, or nullopt when it cannot be one. Names are passed on as text, nobody looks them up
// here. Enumeration forms are turned back: AMERICA_INDIANA_INDIANAPOLIS → America/Indiana/Indianapolis. [any]
std::optional<std::string> zone_name(std::string_view text);

}  // namespace bellhop::core
