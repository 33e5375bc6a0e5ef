// SPDX-License-Identifier: Apache-2.0
#include "admin/request.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/URI.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace bellhop::core {
namespace {

using Parameters = std::map<std::string, std::string>;

std::string joined(const std::vector<std::string> &words) {
  std::string out;
  for (const std::string &word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::optional<std::string> decoded(std::string_view text) {
  try {
    std::string out;
    Poco::URI::decode(std::string(text), out, true);
    return out;
  } catch (const Poco::Exception &) {  // a '%' without two hex digits
    return std::nullopt;
  }
}

// A whole number in [low, high], or nullopt.
std::optional<std::int64_t> whole_number(const std::string &text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
  return value;
}

Result<int> limit_of(const Parameters &parameters, int fallback) {
  const auto found = parameters.find("limit");
  if (found == parameters.end()) return fallback;
  const auto value = whole_number(found->second, 1, events_count_max);
  if (!value) {
    return Error{Kind::invalid, "limit is \"" + found->second + "\"; it is a whole number from 1 to " +
                                    std::to_string(events_count_max)};
  }
  return static_cast<int>(*value);
}

Result<std::optional<Seq>> seq_of(const Parameters &parameters, const std::string &name) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return std::optional<Seq>();
  const auto value = whole_number(found->second, 0, INT64_MAX);
  if (!value) {
    return Error{Kind::invalid, name + " is \"" + found->second + "\"; it is the seq of an event, a whole number"};
  }
  return std::optional<Seq>(*value);
}

Result<bool> flag_of(const Parameters &parameters, const std::string &name) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return false;
  if (found->second == "1" || found->second == "true") return true;
  if (found->second == "0" || found->second == "false") return false;
  return Error{Kind::invalid, name + " is \"" + found->second + "\"; it is true or false"};
}

}  // namespace

Result<Parameters> parse_query(std::string_view query, const std::vector<std::string> &known) {
  Parameters parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = decoded(pair.substr(0, equals));
    const auto value = decoded(equals < pair.size() ? pair.substr(equals + 1) : std::string_view());
    if (!name || !value) return Error{Kind::invalid, "the query is badly encoded: '%' needs two hex digits"};
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      return Error{Kind::invalid, "unknown parameter \"" + *name + "\"; known here: " + joined(known)};
    }
    if (!parameters.emplace(*name, *value).second) {
      return Error{Kind::invalid, "parameter \"" + *name + "\" is given twice"};
    }
  }
  return parameters;
}

Result<EventQuery> parse_event_query(std::string_view query) {
  const auto parameters = parse_query(query, {"limit", "type", "before", "after", "quarantined"});
  if (!parameters) return parameters.error();
  EventQuery out;
  const auto limit = limit_of(*parameters, out.count_max);
  if (!limit) return limit.error();
  const auto before = seq_of(*parameters, "before");
  if (!before) return before.error();
  const auto after = seq_of(*parameters, "after");
  if (!after) return after.error();
  const auto quarantined = flag_of(*parameters, "quarantined");
  if (!quarantined) return quarantined.error();
  out.count_max = *limit;
  out.before = *before;
  out.after = *after;
  out.only_quarantined = *quarantined;
  const auto type = parameters->find("type");
  if (type != parameters->end()) out.type_glob = type->second;
  return out;
}

Result<int> parse_limit(std::string_view query) {
  const auto parameters = parse_query(query, {"limit"});
  if (!parameters) return parameters.error();
  return limit_of(*parameters, EventQuery().count_max);
}

Result<ReplayOrder> parse_replay(const std::string &body) {
  static const std::string wanted =
      "the body is {\"event\":\"ID, PREFIX OR SEQ\",\"instance\":\"NAME\"}; "
      "without instance, all that have been offered the event";
  ReplayOrder out;
  try {
    Poco::JSON::Parser parser;
    const auto root = parser.parse(body);
    if (root.type() != typeid(Poco::JSON::Object::Ptr)) return Error{Kind::invalid, wanted};
    for (const auto &[name, value] : *root.extract<Poco::JSON::Object::Ptr>()) {
      if (name == "event" && (value.isString() || (value.isInteger() && !value.isBoolean()))) {
        out.event = value.convert<std::string>();
      } else if (name == "instance" && value.isString()) {
        out.instance = value.extract<std::string>();
      } else {
        return Error{Kind::invalid, "member \"" + name + "\" is unknown or of the wrong type: " + wanted};
      }
    }
  } catch (const Poco::Exception &) {
    return Error{Kind::invalid, "the body is not JSON: " + wanted};
  }
  if (out.event.empty()) return Error{Kind::invalid, "member \"event\" is missing: " + wanted};
  return out;
}

}  // namespace bellhop::core
