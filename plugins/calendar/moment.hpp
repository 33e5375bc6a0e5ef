// SPDX-License-Identifier: Apache-2.0
// Moments: Unix seconds from the RFC 3339 texts of an event, which stand there as the vendor wrote them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace calendar {

// Unix seconds of "2014-01-01T00:00:00Z", "2014-01-01t01:00:00.123456789+01:00" …; fractions are cut off, a leap
// second is the second after it. nullopt: not such a text, or a day that does not exist.
std::optional<std::int64_t> seconds_of(std::string_view text);

}  // namespace calendar
