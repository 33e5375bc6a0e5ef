// SPDX-License-Identifier: Apache-2.0
// Dates as HTTP writes them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace bellhop::core {

// "Sun, 06 Nov 1994 08:49:37 GMT"; what is below a second is cut off.
//   source  RFC 9110 section 5.6.7, IMF-fixdate
std::string http_date(Milliseconds wall_ms);

// Any of the three forms that a recipient must take: IMF-fixdate, RFC 850, asctime. nullopt: none of them. A year of two
// digits means the next one that is not more than 50 years ahead of `wall_ms`.
std::optional<Milliseconds> parse_http_date(std::string_view text, Milliseconds wall_ms);

}  // namespace bellhop::core
