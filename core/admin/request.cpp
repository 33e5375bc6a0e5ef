// SPDX-License-Identifier: Apache-2.0
#include "admin/request.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/URI.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <sstream>

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

std::string text_of(const Parameters &parameters, const std::string &name) {  // "" when it is not given
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

// "1-2-3"
std::optional<std::array<std::int64_t, 3>> three_numbers(const std::string &text) {
  std::array<std::int64_t, 3> numbers{};
  std::size_t begin = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t end = i == 2 ? text.size() : text.find('-', begin);
    if (end == std::string::npos || begin > end) return std::nullopt;
    const auto value = whole_number(text.substr(begin, end - begin), 0, INT64_MAX);
    if (!value) return std::nullopt;
    numbers[i] = *value;
    begin = end + 1;
  }
  return numbers;
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
  out.type_glob = text_of(*parameters, "type");
  return out;
}

Result<DeadQuery> parse_dead_query(std::string_view query) {
  const auto parameters = parse_query(query, {"instance", "type", "before", "limit"});
  if (!parameters) return parameters.error();
  DeadQuery out;
  const auto limit = limit_of(*parameters, out.count_max);
  if (!limit) return limit.error();
  out.count_max = *limit;
  out.instance_name = text_of(*parameters, "instance");
  out.type_glob = text_of(*parameters, "type");
  if (const auto before = parameters->find("before"); before != parameters->end()) {
    const auto numbers = three_numbers(before->second);
    if (!numbers) {
      return Error{Kind::invalid, "before is \"" + before->second + "\"; it is the `next` of the page before"};
    }
    out.before = DeadPlace{(*numbers)[0], (*numbers)[1], (*numbers)[2]};
  }
  return out;
}

std::string dead_place_text(const DeadPlace &place) {
  return std::to_string(place.settled_ms) + "-" + std::to_string(place.seq) + "-" + std::to_string(place.instance);
}

Result<PageQuery> parse_page_query(std::string_view query) {
  const auto parameters = parse_query(query, {"after", "limit"});
  if (!parameters) return parameters.error();
  PageQuery out;
  const auto limit = limit_of(*parameters, out.count_max);
  if (!limit) return limit.error();
  out.count_max = *limit;
  const std::string after = text_of(*parameters, "after");
  for (std::size_t at = 0; at < after.size(); at += 2) {
    int byte = 0;
    const auto [end, error] =
        std::from_chars(after.data() + at, after.data() + std::min(at + 2, after.size()), byte, 16);
    if (error != std::errc() || end != after.data() + at + 2) {
      return Error{Kind::invalid, "after is \"" + after + "\"; it is the `next` of the page before"};
    }
    out.after += static_cast<char>(byte);
  }
  return out;
}

std::string page_place_text(std::string_view key) {
  static constexpr const char *digits = "0123456789abcdef";
  std::string out;
  for (const char byte : key) {
    out += digits[static_cast<unsigned char>(byte) >> 4];
    out += digits[static_cast<unsigned char>(byte) & 15];
  }
  return out;
}

std::optional<Milliseconds> parse_time(const std::string &text) {
  std::tm parts{};
  int day_end = 0, clock_end = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &day_end) != 3 ||
      day_end != 10 || parts.tm_mon < 1 || parts.tm_mon > 12 || parts.tm_mday < 1 || parts.tm_mday > 31) {
    return std::nullopt;
  }
  std::string rest = text.substr(10);
  Milliseconds milliseconds = 0, offset_s = 0;
  if (!rest.empty()) {
    if (std::sscanf(rest.c_str(), "T%2d:%2d:%2d%n", &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &clock_end) != 3 ||
        clock_end != 9 || parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60) {
      return std::nullopt;
    }
    rest.erase(0, 9);
    if (!rest.empty() && rest[0] == '.') {
      const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
      if (end == 1) return std::nullopt;
      milliseconds = std::stoi((rest.substr(1, end - 1) + "00").substr(0, 3));
      rest.erase(0, end);
    }
    int hours = 0, minutes = 0, zone_end = 0;
    const bool is_offset = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') &&
                           std::sscanf(rest.c_str() + 1, "%2d:%2d%n", &hours, &minutes, &zone_end) == 2 &&
                           zone_end == 5;
    if (rest != "Z" && !is_offset) return std::nullopt;
    if (is_offset) offset_s = (rest[0] == '-' ? -1 : 1) * (hours * 3'600 + minutes * 60);
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return (static_cast<Milliseconds>(::timegm(&parts)) - offset_s) * 1'000 + milliseconds;
}

// ---- bodies ---------------------------------------------------------------------------------------------------------

Result<RequestBody> RequestBody::parse(const std::string &text, const std::vector<std::string> &known,
                                       std::string shape) {
  RequestBody body;
  body.shape_ = std::move(shape);
  try {
    const auto root = Poco::JSON::Parser().parse(text);
    if (root.type() != typeid(Poco::JSON::Object::Ptr)) {
      return Error{Kind::invalid, "the body is no JSON object; " + body.shape_};
    }
    for (const auto &[name, value] : *root.extract<Poco::JSON::Object::Ptr>()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) return body.fault(name, "is unknown");
      Value &kept = body.values_[name];
      if (value.isString()) {
        kept = {Value::What::text, value.extract<std::string>()};
      } else if (value.isBoolean()) {
        kept = {Value::What::flag, value.convert<bool>() ? "1" : ""};
      } else if (value.isInteger()) {
        kept = {Value::What::number, value.convert<std::string>()};
      } else if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
        std::ostringstream json;
        value.extract<Poco::JSON::Object::Ptr>()->stringify(json);
        kept = {Value::What::object, json.str()};
      }
    }
  } catch (const Poco::Exception &) {
    return Error{Kind::invalid, "the body is not JSON; " + body.shape_};
  }
  return body;
}

Error RequestBody::fault(const std::string &name, const std::string &what) const {
  return {Kind::invalid, "/" + name + " " + what + "; " + shape_};
}

Result<std::string> RequestBody::text(const std::string &name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::string();
  if (found->second.what != Value::What::text) return fault(name, "is no string");
  return found->second.text;
}

Result<bool> RequestBody::flag(const std::string &name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return false;
  if (found->second.what != Value::What::flag) return fault(name, "is neither true nor false");
  return !found->second.text.empty();
}

Result<std::string> RequestBody::text_or_number(const std::string &name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::string();
  if (found->second.what != Value::What::text && found->second.what != Value::What::number) {
    return fault(name, "is neither a string nor a whole number");
  }
  return found->second.text;
}

Result<std::string> RequestBody::object(const std::string &name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::string("{}");
  if (found->second.what != Value::What::object) return fault(name, "is no object");
  return found->second.text;
}

namespace {

// A seq in digits, or a time.
struct RangeEnd {
  std::optional<Seq> seq;
  std::optional<Milliseconds> ms;
};

Result<RangeEnd> range_end(const RequestBody &body, const std::string &name) {
  const auto text = body.text_or_number(name);
  if (!text) return text.error();
  RangeEnd end;
  if (text->empty()) return end;
  end.seq = whole_number(*text, 0, INT64_MAX);
  if (!end.seq) end.ms = parse_time(*text);
  if (!end.seq && !end.ms) return body.fault(name, "is \"" + *text + "\", neither a seq nor an RFC 3339 time");
  return end;
}

Result<ReplayOrder> replay_range(const RequestBody &body, ReplayOrder order) {
  const auto from = range_end(body, "from");
  if (!from) return from.error();
  const auto to = range_end(body, "to");
  if (!to) return to.error();
  const auto type = body.text("type");
  if (!type) return type.error();
  const auto after = body.text_or_number("after");
  if (!after) return after.error();
  const auto after_seq = whole_number(after->empty() ? "0" : *after, 0, INT64_MAX);
  if (!after_seq) return body.fault("after", "is not the `next` of an answer");
  order.range = {from->seq, to->seq, from->ms, to->ms, *type, std::nullopt};
  order.after = *after_seq;
  return order;
}

}  // namespace

Result<ReplayOrder> parse_replay(const std::string &text) {
  static const std::string shape =
      "the body is {\"event\":\"ID, PREFIX OR SEQ\",\"instance\":\"NAME\",\"only_dead\":true} or a range, at least one "
      "of {\"from\",\"to\":SEQ OR TIME,\"type\":\"GLOB\",\"only_dead\":true}, with \"instance\", \"preview\":true, "
      "\"after\"; without instance, all that have been offered the event, or whose filter wants it";
  const auto body =
      RequestBody::parse(text, {"event", "instance", "from", "to", "type", "only_dead", "preview", "after"}, shape);
  if (!body) return body.error();
  ReplayOrder order;
  const auto event = body->text_or_number("event");
  if (!event) return event.error();
  const auto instance = body->text("instance");
  if (!instance) return instance.error();
  const auto only_dead = body->flag("only_dead"), preview = body->flag("preview");
  if (!only_dead) return only_dead.error();
  if (!preview) return preview.error();
  order.event = *event;
  order.instance = *instance;
  order.is_only_dead = *only_dead;
  order.is_preview = *preview;
  if (body->has("event")) {
    for (const char *name : {"from", "to", "type", "after", "preview"}) {
      if (body->has(name)) return body->fault(name, "is of a range, and /event names one event");
    }
    if (event->empty()) return body->fault("event", "is empty");
    return order;
  }
  if (!body->has("from") && !body->has("to") && !body->has("type") && !order.is_only_dead) {
    return body->fault("event", "is missing");
  }
  return replay_range(*body, std::move(order));
}

Result<DropOrder> parse_drop(const std::string &text) {
  static const std::string shape =
      "the body is {\"event\":\"ID, PREFIX OR SEQ\",\"instance\":\"NAME\"} or "
      "{\"all\":true,\"instance\":\"NAME\",\"type\":\"GLOB\"}; without instance, every one that gave the event up";
  const auto body = RequestBody::parse(text, {"event", "instance", "type", "all"}, shape);
  if (!body) return body.error();
  const auto event = body->text_or_number("event");
  if (!event) return event.error();
  const auto instance = body->text("instance"), type = body->text("type");
  if (!instance) return instance.error();
  if (!type) return type.error();
  const auto all = body->flag("all");
  if (!all) return all.error();
  if (*all == !event->empty()) return body->fault(*all ? "all" : "event", *all ? "excludes /event" : "is missing");
  if (!*all && body->has("type")) return body->fault("type", "belongs to /all");
  return DropOrder{*event, *instance, *type, *all};
}

}  // namespace bellhop::core
