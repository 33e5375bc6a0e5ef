// SPDX-License-Identifier: Apache-2.0
// What a caller of the admin API asked for: query parameters and the body of a replay, read strictly. An unknown
// parameter or member is refused by name: a misspelt `limit` must not quietly mean "all". Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "journal/inspect.hpp"

namespace bellhop::core {

inline constexpr int events_count_max = 1000;  // rows in one answer

// "a=1&b=%20" as a map.
//   errors    invalid: a parameter not in `known`, given twice, or badly encoded
Result<std::map<std::string, std::string>> parse_query(std::string_view query, const std::vector<std::string> &known);

// limit, type, before, after, quarantined of /v1/events.
Result<EventQuery> parse_event_query(std::string_view query);
// limit of /v1/dead.
Result<int> parse_limit(std::string_view query);

struct ReplayOrder {
  std::string event;     // id, prefix or seq
  std::string instance;  // "" = every instance that has been offered the event
};
Result<ReplayOrder> parse_replay(const std::string &body);

}  // namespace bellhop::core
