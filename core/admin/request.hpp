// SPDX-License-Identifier: Apache-2.0
// What a caller of the admin API asked for: query parameters and bodies, read strictly. An unknown
// parameter or member is refused by name: a misspelt `limit` must not quietly mean "all". Pure.
#pragma once

#include <map>
#include <optional>
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
// instance, type, before, limit of /v1/dead.
Result<DeadQuery> parse_dead_query(std::string_view query);
// The `before` of the next page: the place of the last row of this one.
std::string dead_place_text(const DeadPlace &place);

// after, limit of lists whose keys may be any bytes; `after` is the hex of the last key of the page before.
struct PageQuery {
  std::string after;  // bytes
  int count_max = inspect_rows_max;
};
Result<PageQuery> parse_page_query(std::string_view query);
std::string page_place_text(std::string_view key);

// "2026-01-02T03:04:05Z", with milliseconds or an offset, or a day alone, as Unix time; nullopt: none of them.
std::optional<Milliseconds> parse_time(const std::string &text);

// The body of a POST: a JSON object with known members only. Every fault names the JSON pointer and ends with `shape`,
// which says what is allowed.
class RequestBody {
 public:
  static Result<RequestBody> parse(const std::string &text, const std::vector<std::string> &known, std::string shape);

  bool has(const std::string &name) const { return values_.count(name) != 0; }
  Result<std::string> text(const std::string &name) const;            // "" when absent
  Result<bool> flag(const std::string &name) const;                   // false when absent
  Result<std::string> text_or_number(const std::string &name) const;  // a whole number as its digits
  Result<std::string> object(const std::string &name) const;          // as JSON; "{}" when absent
  Error fault(const std::string &name, const std::string &what) const;

 private:
  struct Value {
    enum class What { text, number, flag, object, other } what = What::other;
    std::string text;  // number: its digits; flag: "1" or ""; object: JSON
  };
  RequestBody() = default;
  std::map<std::string, Value> values_;
  std::string shape_;
};

// Which events shall be replayed, and to whom.
struct ReplayOrder {
  std::string event;     // id, prefix or seq; "" = a range
  std::string instance;  // "" = every instance that has been offered the event; of a range, all whose filter wants it
  SeqQuery range;
  bool is_only_dead = false;
  bool is_preview = false;  // count, and write nothing
  Seq after = 0;            // where this request goes on
};
Result<ReplayOrder> parse_replay(const std::string &body);

struct DropOrder {
  std::string event, instance, type;
  bool is_all = false;  // otherwise `event`
};
Result<DropOrder> parse_drop(const std::string &body);

}  // namespace bellhop::core
