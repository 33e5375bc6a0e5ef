// SPDX-License-Identifier: Apache-2.0
// Source: untrusted bytes → Event. The only room that knows a vendor's field names.
//
// A source kind is a pure function over the body: no I/O, no clock, no state between calls. Everything that is JSON
// gets a place: an event, or quarantine with a reason. What is not JSON is rejected with its position.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event/event.hpp"

namespace bellhop::core {

struct Body {
  std::string_view source_name;  // NAME of [source.NAME]; part of the event id
  std::string_view bytes;        // untrusted: anyone can send this
  Milliseconds received_ms = 0;  // wall time
  std::size_t depth_max = 128;   // nested arrays and objects allowed
};

struct Quarantine {  // JSON, but of no known family; or invalid UTF-8 inside strings; or duplicate keys
  EventId id;
  std::string reason;  // one sentence
};

struct Rejection {         // not JSON
  std::size_t offset = 0;  // byte, from 0
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // from 1, counted in code points (bytes where the line is not UTF-8)
  std::string expected;    // "expected ',' or '}' after a member, found 'x'"
  std::string hint;        // one sentence that helps, e.g. about U+00A0; may be empty
};

using Outcome = std::variant<Event, Quarantine, Rejection>;

using Normalize = Outcome (*)(const Body &);

// The normaliser of `kind` ("appointlet"), or nullptr. [any]
Normalize find_source_kind(std::string_view kind);
// All kinds, for messages about what is allowed.
std::vector<std::string_view> source_kinds();

// Compares in time that depends on the lengths only; every token is compared with every presented text. [any]
//   returns   true when `presented` equals one of `tokens`
bool token_matches(const std::vector<std::string> &tokens, std::string_view presented);

}  // namespace bellhop::core
