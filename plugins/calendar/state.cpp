// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include "text.hpp"

namespace calendar {
namespace {

using bellhop::Json;
using bellhop::Obj;

State first_state(const Booking &booking, const Occasion &occasion) {
  State state;
  const std::string identity =
      digest("bellhop calendar\n" + std::string(occasion.source) + "\n" + std::string(occasion.subject));
  state.uid = identity + "@bellhop";
  state.name = identity;
  state.status = booking.status.value_or(Status::confirmed);
  state.start = booking.start.value_or(0);
  state.is_shown = state.status != Status::canceled;
  return state;
}

bool has_same_time(const State &state, const Booking &booking) {
  return !booking.start || (state.start == *booking.start && state.end == booking.end);
}

// A change of the host alone is seen too: the booking moves from one member's feed to another's.
bool is_same(const State &state, const Booking &booking) {
  return has_same_time(state, booking) && booking.status.value_or(state.status) == state.status &&
         state.texts == booking.texts && state.host_id == booking.host_id && state.host_name == booking.host_name;
}

std::int64_t steps_of(const State &state, const Booking &booking) {
  const Status status = booking.status.value_or(state.status);
  const bool is_cancel = state.status != Status::canceled && status == Status::canceled;
  const bool is_return = state.status == Status::canceled && status != Status::canceled;
  // A cancel that names another time is one change, not two.
  return is_cancel || is_return || !has_same_time(state, booking) ? 1 : 0;
}

void take(State &state, const Booking &booking, const Occasion &occasion) {
  state.status = booking.status.value_or(state.status);
  if (state.status != Status::canceled) state.is_shown = true;
  if (booking.start) {
    state.start = *booking.start;
    state.end = booking.end;
  }
  if (booking.created) state.created = booking.created;
  state.texts = booking.texts;
  state.host_id = booking.host_id;
  state.host_name = booking.host_name;
  state.changed = occasion.received_s;
  ++state.revision;
}

std::optional<std::int64_t> optional_integer(const Json &json) {
  if (!json.is_number()) return std::nullopt;
  return json.integer();
}

}  // namespace

Change apply(std::optional<State> &state, const Booking &booking, const Occasion &occasion) {
  if (!state) {
    state = first_state(booking, occasion);
    take(*state, booking, occasion);
    state->event_id = occasion.event_id;
    return Change::made;
  }
  const bool is_repeated = state->event_id == occasion.event_id;
  if (is_repeated && !occasion.is_replay) return Change::repeated;
  if (occasion.is_late) return Change::nothing;
  if (is_same(*state, booking)) {
    state->event_id = occasion.event_id;
    if (!occasion.is_replay) return Change::repeated;
    for (auto &[target, done] : state->exports) done.revision = 0;
    return Change::made;
  }
  state->sequence += steps_of(*state, booking);
  take(*state, booking, occasion);
  state->event_id = occasion.event_id;
  return Change::made;
}

std::string_view word_of(Status status) {
  switch (status) {
    case Status::tentative:
      return "TENTATIVE";
    case Status::confirmed:
      return "CONFIRMED";
    case Status::canceled:
      break;
  }
  return "CANCELLED";
}

std::string to_json(const State &state) {
  Obj exports;
  for (const auto &[target, done] : state.exports) {
    exports.set(target, Obj()
                            .set("revision", done.revision)
                            .set("href", done.href)
                            .set("etag", done.etag)
                            .set("shared", done.is_shared));
  }
  Obj out;
  out.set("uid", state.uid).set("name", state.name).set("sequence", state.sequence);
  out.set("status", word_of(state.status)).set("start", state.start).set("changed", state.changed);
  if (state.end) out.set("end", *state.end);
  if (state.created) out.set("created", *state.created);
  out.set("summary", state.texts.summary).set("description", state.texts.description);
  out.set("location", state.texts.location).set("url", state.texts.url);
  out.set("host_id", state.host_id).set("host_name", state.host_name);
  out.set("event", state.event_id).set("revision", state.revision).set("shown", state.is_shown);
  out.set("exports", exports);
  return out.str();
}

std::optional<State> state_from(const Json &json) {
  State state;
  state.uid = json["uid"].str();
  state.name = json["name"].str();
  if (state.uid.empty() || state.name.empty() || !json["start"].is_number()) return std::nullopt;
  state.sequence = json["sequence"].integer();
  const std::string_view status = json["status"].text();
  state.status = status == "TENTATIVE"   ? Status::tentative
                 : status == "CANCELLED" ? Status::canceled
                                         : Status::confirmed;
  state.start = json["start"].integer();
  state.end = optional_integer(json["end"]);
  state.created = optional_integer(json["created"]);
  state.changed = json["changed"].integer();
  state.texts = {json["summary"].str(), json["description"].str(), json["location"].str(), json["url"].str()};
  state.host_id = json["host_id"].str();
  state.host_name = json["host_name"].str();
  state.event_id = json["event"].str();
  state.revision = static_cast<int>(json["revision"].integer());
  state.is_shown = json["shown"].boolean(true);
  for (const Json &done : json["exports"]) {
    state.exports[std::string(done.key())] = {static_cast<int>(done["revision"].integer()), done["href"].str(),
                                              done["etag"].str(), done["shared"].boolean()};
  }
  return state;
}

}  // namespace calendar
