// SPDX-License-Identifier: Apache-2.0
// State: what is kept of one booking over its life, and how a snapshot changes it. Pure; the rules of the calendar are
// here and nowhere else:
//
//   UID       never changes, and is ours: a digest of the event's source and subject
//   SEQUENCE  0 at first, + 1 with each change of time, each cancel and each return from one. Confirming does not count
//   STATUS    TENTATIVE, CONFIRMED, CANCELLED: never deleted, so that every reader learns of it
//   source    RFC 5546 section 2.1.4, RFC 5545 section 3.8.7.4
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "booking.hpp"

namespace calendar {

// What was done at one target, as far as we know.
struct Export {
  int revision = 0;        // of the state that it shows; 0 = nothing was done yet
  std::string href, etag;  // CalDAV: where it is, and as what we know it
  bool is_shared = false;  // somebody else writes there too: read before every write
};

struct State {
  std::string uid;
  std::string name;  // of its file and its href
  std::int64_t sequence = 0;
  Status status = Status::tentative;
  std::int64_t start = 0;
  std::optional<std::int64_t> end, created;
  std::int64_t changed = 0;  // Unix seconds of the receipt of the event that changed it last: DTSTAMP
  Texts texts;
  std::string host_id, host_name;
  std::string event_id;  // of the last event applied
  int revision = 0;      // + 1 with everything that a reader can see
  // false: it was canceled before anything was exported, so that there is nothing to cancel anywhere.
  bool is_shown = true;
  std::map<std::string, Export> exports;  // by target
};

// What is known of the event beside its snapshot.
struct Occasion {
  std::string_view event_id, source, subject;
  std::int64_t received_s = 0;
  bool is_late = false, is_replay = false;
};

enum class Change {
  nothing,   // an older snapshot, or nothing of it is shown
  repeated,  // the event was applied before: what is not exported yet still has to be
  made,
};

// Applies the snapshot to what is known (nullopt: nothing yet).
//   start must be there when there is no state; the caller refuses such an event
//   an older snapshot (late) never overwrites; it is better than none
//   a replay of what is known is exported anew: somebody asks for it
Change apply(std::optional<State> &state, const Booking &booking, const Occasion &occasion);

std::string to_json(const State &state);
// nullopt: it is not what to_json wrote.
std::optional<State> state_from(const bellhop::Json &json);

std::string_view word_of(Status status);  // "TENTATIVE" …

}  // namespace calendar
