// SPDX-License-Identifier: Apache-2.0
// Fields: reads one JSON object of a vendor. null, "" and a missing key are the same: absent. What has the wrong shape
// is absent, too, and named in the problems with its RFC 6901 pointer. Nothing here throws or gives up. A Fields stays
// in its place and alive while those made from it are in use.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/booking.hpp"

namespace bellhop::core {

// What reading one body leaves behind: problems, and texts that are not in the body as such. Outlives all Fields of it.
struct Reading {
  std::vector<Problem> problems;
  std::deque<std::string> texts;  // stable addresses

  Text keep(std::string text) { return std::string_view(texts.emplace_back(std::move(text))); }
  void report(std::string pointer, std::string sentence);  // the first problems_max are kept
};

class Fields {
 public:
  using Element = simdjson::dom::element;

  Fields(Reading &reading, simdjson::dom::object object) : reading_(reading), object_(object), next_(object.begin()) {}

  std::optional<Element> find(std::string_view key);  // absent: missing or null
  Text text(std::string_view key);                    // a number counts as its digits
  Text first_text(std::initializer_list<std::string_view> keys);
  Id id(std::string_view key);      // a string or a number
  Text link(std::string_view key);  // only http and https
  Text zone(std::string_view key);
  std::optional<bool> flag(std::string_view key);  // anything but true and false is absent
  // A time, with the text for the event: the vendor's own when it is RFC 3339, else rewritten in UTC.
  std::optional<Milliseconds> time(std::string_view key, Text &text);
  std::optional<std::int64_t> seconds(std::string_view key);
  // A decimal string; a number gets at least two decimals ("12.5" → "12.50").
  std::optional<Money> money(std::string_view key);  // without its currency
  std::optional<Fields> object(std::string_view key);
  // The same for a thing that may be given by its id alone: then there is no object, and `id` is set.
  std::optional<Fields> object_or_id(std::string_view key, Id &id);
  std::vector<Fields> objects(std::string_view key);  // elements that are objects; others are problems

  Reading &reading() { return reading_; }
  std::string pointer(std::string_view key) const;  // of one of its members
  void report(std::string_view key, std::string sentence);

 private:
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);

  Fields(const Fields &parent, std::string_view key, std::size_t index, simdjson::dom::object object)
      : reading_(parent.reading_), object_(object), next_(object.begin()), parent_(&parent), key_(key), index_(index) {}
  std::string pointer() const;

  Reading &reading_;
  simdjson::dom::object object_;
  simdjson::dom::object::iterator next_;  // keys are mostly asked for in the vendor's order: begin there
  // Where this object stands. The pointer is written only when there is a problem, so almost never.
  const Fields *parent_ = nullptr;
  std::string_view key_;          // in the parent
  std::size_t index_ = no_index;  // in the list at that key
};

// The text of an element, "" for none: strings as they are, lists joined with ", ", else its JSON. [any]
std::string people_text(simdjson::dom::element element);
std::string minified(simdjson::dom::element element);  // [any]
std::string quoted(std::string_view vendor_text);      // cut to a length that fits a sentence, in quotes. [any]

}  // namespace bellhop::core
