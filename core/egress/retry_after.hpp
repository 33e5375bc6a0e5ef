// SPDX-License-Identifier: Apache-2.0
// Retry-After as a wait. Pure; takes any bytes.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace bellhop::core {

inline constexpr Milliseconds retry_after_ms_max = 24 * 3'600'000LL;  // who says more is asked again after a day

// Milliseconds to wait, 0 to retry_after_ms_max; 0 for what is negative, past or not understood.
//   now_ms    Unix time by which a date counts: the answer's own Date if it has one, so that our clock does not matter
//   source    RFC 9110 section 10.2.3 (seconds or date), section 5.6.7 (three forms of a date)
Milliseconds retry_after(std::string_view value, Milliseconds now_ms);

// Unix time in milliseconds of an HTTP date in any of its three forms. A year of two digits that seems to be more than
// 50 years ahead of now_ms is the last one in the past with these digits.
std::optional<Milliseconds> parse_http_date(std::string_view text, Milliseconds now_ms);

}  // namespace bellhop::core
