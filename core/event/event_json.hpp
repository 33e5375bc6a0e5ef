// SPDX-License-Identifier: Apache-2.0
// Facts → Event: writes the canonical JSON document of schema version 1 (CloudEvents 1.0 attributes around one `data`
// object), and the attributes beside it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "event/booking.hpp"
#include "event/event.hpp"

namespace bellhop::core {

// Returns the event; `facts.time_ms` absent means received_ms. Text is written as valid UTF-8 with the escapes that
// JSON demands (and U+2028/2029 left as they are). [any]
Event make_event(const Facts &facts, const EventId &id, Milliseconds received_ms);

// The document as a plugin gets it: `json` with the attribute "late":true put in when is_late. [any]
std::string with_late(std::string_view json, bool is_late);

// Appends `text` as a JSON string with its quotes. [any]
void append_json_string(std::string &out, std::string_view text);

// "2014-01-01T00:00:00Z" or, with milliseconds that are not zero, "2014-01-01T00:00:00.123Z". [any]
std::string format_time(Milliseconds unix_ms);

}  // namespace bellhop::core
