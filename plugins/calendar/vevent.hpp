// SPDX-License-Identifier: Apache-2.0
// VEVENT: a state as iCalendar text, and iCalendar text read back. libical folds, escapes and checks; it is named in
// vevent.cpp only. UTC throughout and no VTIMEZONE, no METHOD (RFC 4791 section 4.1), no ORGANIZER and no ATTENDEE:
// a CalDAV server with scheduling would send invitations in the operator's name (docs/decisions/0062). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state.hpp"

namespace calendar {

constexpr const char *product_id = "-//Bellhop//calendar 1.0//EN";  // PRODID: whoever wrote a file of ours

enum class Detail { full, busy };  // busy: that there is something, and nothing of what

// "BEGIN:VEVENT…END:VEVENT\r\n".
//   throws    Abort with FAIL when libical finds an error in it: not to be exported, and ours to mend
std::string vevent_of(const State &state, Detail detail = Detail::full);

// The state alone in a VCALENDAR: what a file or a CalDAV resource holds.
std::string calendar_of(const State &state);

// `theirs`, the resource as the server has it, with our values put in: all properties that vevent_of writes are
// ours, everything else of the VEVENT (alarms, categories, what a person added) stays. When theirs has a higher
// SEQUENCE, somebody counted on: `sequence` says what was written.
//   nullopt: it is no calendar, or has no VEVENT of this UID
struct Merged {
  std::string text;
  std::int64_t sequence = 0;
};
std::optional<Merged> merged(std::string_view theirs, const State &state);

// What stands in a VEVENT, for comparing.
struct Reading {
  std::string uid, status;
  std::int64_t sequence = 0;
  std::optional<std::int64_t> start, end;  // Unix seconds
  Texts texts;
};
// All VEVENTs of a VCALENDAR; nullopt: it is not one, or libical finds errors in it. Untrusted text is fine.
std::optional<std::vector<Reading>> read_calendar(std::string_view text);

// Around VEVENTs: a feed's name and how often a reader should come back.
std::string feed_head(std::string_view name, int refresh_minutes);
extern const std::string_view feed_tail;

}  // namespace calendar
