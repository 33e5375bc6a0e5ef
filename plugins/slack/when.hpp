// SPDX-License-Identifier: Apache-2.0
// Times: Slack shows a moment in each reader's own zone (<!date^…>); the fallback, and all that is no Slack, shows it
// in the booking's zone. All times are Unix milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slack {

// "Wed 1 Jan 2014, 16:00 (US/Pacific)"; in UTC when the zone is "" or not known to the system's tz database.
std::string in_zone(std::int64_t ms, std::string_view zone);

// "Wed 1 Jan 2014, 16:00 – 16:30 (US/Pacific)", with both days when they differ; without `end` only the start.
std::string span_in_zone(std::int64_t start_ms, std::optional<std::int64_t> end_ms, std::string_view zone);

// mrkdwn: <!date^START^{date_long_pretty} {time}|FALLBACK>, and the end behind a dash. Holds no text of a stranger but
// the zone's name, which is of [A-Za-z0-9_+/-] or else left out.
std::string as_mrkdwn(std::int64_t start_ms, std::optional<std::int64_t> end_ms, std::string_view zone);

}  // namespace slack
