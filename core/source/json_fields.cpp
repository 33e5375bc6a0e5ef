// SPDX-License-Identifier: Apache-2.0
#include "source/json_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "event/event_json.hpp"
#include "event/utf8.hpp"
#include "source/vendor_time.hpp"

namespace bellhop::core {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t problems_max = 32;
constexpr std::size_t quoted_bytes_max = 64;
constexpr std::size_t amount_digits_max = 18;
constexpr double seconds_max = 10.0 * 366 * 86'400;  // ten years

// A switch of our own: simdjson's enumeration is not ours to exhaust.
const char *name_of(dom::element element) {
  if (element.is_string()) return "a string";
  if (element.is_number()) return "a number";
  if (element.is_bool()) return "true or false";
  if (element.is_array()) return "a list";
  if (element.is_object()) return "an object";
  return "null";
}

std::optional<std::string> digits_of(dom::element element) {
  std::int64_t integer = 0;
  std::uint64_t positive = 0;
  if (element.get(integer) == simdjson::SUCCESS) return std::to_string(integer);
  if (element.get(positive) == simdjson::SUCCESS) return std::to_string(positive);
  if (element.is_double()) return minified(element);
  return std::nullopt;
}

// Shortest digits that mean the same double, without an exponent, with at least two decimals.
std::string decimal_of(double amount) {
  std::array<char, 400> digits;  // the longest double in fixed notation has 309 digits before the point
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), amount, std::chars_format::fixed);
  std::string text(digits.data(), end.ptr);
  const auto point = text.find('.');
  if (point == std::string::npos) return text + ".00";
  if (text.size() - point < 3) text += '0';
  return text;
}

// -?DIGITS[.DIGITS]
bool is_decimal(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const auto point = text.find('.');
  const auto are_digits = [](std::string_view digits) {
    return !digits.empty() && digits.size() <= amount_digits_max &&
           std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return are_digits(text.substr(0, point)) && (point == std::string_view::npos || are_digits(text.substr(point + 1)));
}

void append_pointer(std::string &pointer, std::string_view key) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace

void Reading::report(std::string pointer, std::string sentence) {
  if (problems.size() + 1 < problems_max) {
    problems.push_back({std::move(pointer), std::move(sentence)});
  } else if (problems.size() + 1 == problems_max) {
    problems.push_back({"", "there are more problems, not listed here"});
  }
}

std::optional<Fields::Element> Fields::find(std::string_view key) {
  const auto found = [&](const dom::object::iterator &at) {
    next_ = at;
    const Element value = at.value();
    ++next_;
    return value.is_null() ? std::nullopt : std::optional<Element>(value);
  };
  const dom::object::iterator from = next_;
  for (auto at = from; at != object_.end(); ++at) {
    if (at.key_equals(key)) return found(at);
  }
  for (auto at = object_.begin(); at != from; ++at) {
    if (at.key_equals(key)) return found(at);
  }
  return std::nullopt;
}

Text Fields::text(std::string_view key) {
  const std::optional<Element> element = find(key);
  if (!element) return std::nullopt;
  std::string_view text;
  if (element->get(text) == simdjson::SUCCESS) return text.empty() ? std::nullopt : Text(text);
  if (const auto digits = digits_of(*element)) return reading_.keep(*digits);
  report(key, std::string("is ") + name_of(*element) + ", not text; left out");
  return std::nullopt;
}

Text Fields::first_text(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const Text value = text(key)) return value;
  }
  return std::nullopt;
}

Id Fields::id(std::string_view key) {
  const std::optional<Element> element = find(key);
  if (!element) return std::nullopt;
  std::string_view text;
  if (element->get(text) == simdjson::SUCCESS) return text.empty() ? std::nullopt : Id(text);
  if (auto digits = digits_of(*element)) return digits;
  report(key, std::string("is ") + name_of(*element) + ", not an id; left out");
  return std::nullopt;
}

Text Fields::link(std::string_view key) {
  const std::optional<Element> element = find(key);
  if (!element) return std::nullopt;
  std::string_view text;
  if (element->get(text) == simdjson::SUCCESS) {
    if (text.empty()) return std::nullopt;
    if (text.substr(0, 8) == "https://" || text.substr(0, 7) == "http://") return text;
  }
  report(key, "is no http or https link; left out");
  return std::nullopt;
}

Text Fields::zone(std::string_view key) {
  const Text given = text(key);
  if (!given) return std::nullopt;
  std::optional<std::string> name = zone_name(*given);
  if (name) return *name == *given ? given : reading_.keep(std::move(*name));
  report(key, quoted(*given) + " is no name of a time zone; left out");
  return std::nullopt;
}

std::optional<bool> Fields::flag(std::string_view key) {
  const std::optional<Element> element = find(key);
  bool value = false;
  if (!element || element->get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<Milliseconds> Fields::time(std::string_view key, Text &out) {
  const std::optional<Element> element = find(key);
  if (!element) return std::nullopt;
  std::string_view text;
  if (element->get(text) != simdjson::SUCCESS) {
    report(key, std::string("is ") + name_of(*element) + ", not a time; left out");
    return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  const std::optional<VendorTime> time = parse_time(text);
  if (!time) {
    report(key, quoted(text) + " is not a time with an offset from UTC; left out");
    return std::nullopt;
  }
  out = time->is_rfc3339 ? Text(text) : reading_.keep(format_time(time->unix_ms));
  return time->unix_ms;
}

std::optional<std::int64_t> Fields::seconds(std::string_view key) {
  const std::optional<Element> element = find(key);
  if (!element) return std::nullopt;
  double value = 0;
  if (element->get(value) != simdjson::SUCCESS || value < 0 || value > seconds_max) {
    report(key, "is no duration in seconds; left out");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(std::llround(value));
}

std::optional<Money> Fields::money(std::string_view key) {
  const std::optional<Element> element = find(key);
  if (!element) return std::nullopt;
  std::string_view text;
  std::string amount;
  if (element->get(text) == simdjson::SUCCESS) {
    if (text.empty()) return std::nullopt;
    amount = text;
  } else if (element->is_double()) {
    amount = decimal_of(double(*element));
  } else if (auto digits = digits_of(*element)) {
    amount = *digits + ".00";
  }
  if (!is_decimal(amount)) {
    report(key, "is no amount of money; left out");
    return std::nullopt;
  }
  return Money{std::move(amount), std::nullopt};
}

std::optional<Fields> Fields::object(std::string_view key) {
  const std::optional<Element> element = find(key);
  if (!element) return std::nullopt;
  dom::object object;
  if (element->get(object) == simdjson::SUCCESS) return Fields(*this, key, no_index, object);
  report(key, std::string("is ") + name_of(*element) + ", not an object; left out");
  return std::nullopt;
}

std::optional<Fields> Fields::object_or_id(std::string_view key, Id &id) {
  const std::optional<Element> element = find(key);
  if (!element || element->is_object()) return object(key);
  id = this->id(key);
  return std::nullopt;
}

std::vector<Fields> Fields::objects(std::string_view key) {
  std::vector<Fields> found;
  const std::optional<Element> element = find(key);
  if (!element) return found;
  dom::array array;
  if (element->get(array) != simdjson::SUCCESS) {
    report(key, std::string("is ") + name_of(*element) + ", not a list; left out");
    return found;
  }
  std::size_t index = 0;
  for (const dom::element child : array) {
    dom::object object;
    if (child.get(object) == simdjson::SUCCESS) {
      found.push_back(Fields(*this, key, index, object));
    } else {
      reading_.report(pointer(key) + '/' + std::to_string(index), "is no object; left out");
    }
    ++index;
  }
  return found;
}

std::string Fields::pointer(std::string_view key) const {
  std::string place = pointer();
  append_pointer(place, key);
  return place;
}

std::string Fields::pointer() const {
  if (parent_ == nullptr) return "";
  std::string place = parent_->pointer(key_);
  if (index_ != no_index) place += '/' + std::to_string(index_);
  return place;
}

void Fields::report(std::string_view key, std::string sentence) { reading_.report(pointer(key), std::move(sentence)); }

std::string minified(dom::element element) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) return simdjson::minify(element);
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string people_text(dom::element element) {
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) return std::string(text);
  if (element.is_null()) return "";
  dom::array array;
  if (element.get(array) != simdjson::SUCCESS) return minified(element);
  std::string joined;
  for (const dom::element child : array) {
    if (!joined.empty()) joined += ", ";
    joined += child.get(text) == simdjson::SUCCESS ? std::string(text) : minified(child);
  }
  return joined;
}

std::string quoted(std::string_view vendor_text) {
  const std::string_view prefix = utf8_prefix(vendor_text, quoted_bytes_max);
  return '"' + std::string(prefix) + (prefix.size() < vendor_text.size() ? "…\"" : "\"");
}

}  // namespace bellhop::core
