// SPDX-License-Identifier: Apache-2.0
// Times: Slack shows a moment in each reader's own zone (<!date^…>); the fallback, and all that is no Slack, shows it
// in the booking's zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slack {

// Unix seconds of "2014-01-01T00:00:00Z" or "….123Z", the form of a Bellhop event.
std::optional<std::int64_t> seconds_of(std::string_view time);

// "Wed 1 Jan 2014, 16:00 (US/Pacific)"; in UTC when the zone is "" or not known to the system's tz database.
std::string in_zone(std::int64_t seconds, std::string_view zone);

// "Wed 1 Jan 2014, 16:00 – 16:30 (US/Pacific)", with both days when they differ; without `end` only the start.
std::string span_in_zone(std::int64_t start, std::optional<std::int64_t> end, std::string_view zone);

// mrkdwn: <!date^START^{date_long_pretty} {time}|FALLBACK>, and the end behind a dash. Holds no text of a stranger but
// the zone's name, which is of [A-Za-z0-9_+/-] or else left out.
std::string as_mrkdwn(std::int64_t start, std::optional<std::int64_t> end, std::string_view zone);

}  // namespace slack
