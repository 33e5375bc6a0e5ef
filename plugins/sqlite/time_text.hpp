// SPDX-License-Identifier: Apache-2.0
// Times as the tables show them: ISO 8601, always UTC, always the same width, so that text sorts like time and SQLite's
// own date functions read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bellhop_sqlite {

// "2014-01-01T00:00:00.000Z"
std::string text_of_ms(std::int64_t unix_ms);
// "2014-01-01T00:00:00Z"
std::string text_of_s(std::int64_t unix_s);

// Reads "2014-01-01T00:00:00Z" with any number of fraction digits and "Z" or "+hh:mm"; years 0000 to 9999.
//   returns   Unix time in ms (digits past the third cut off), or nullopt
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace bellhop_sqlite
