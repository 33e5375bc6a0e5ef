// SPDX-License-Identifier: Apache-2.0
// What the pages of the admin API share: the rooms that they ask, and the few shapes that every answer has.
#pragma once

#include <string>
#include <vector>

#include "admin/json_writer.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "control/control.hpp"
#include "http/server.hpp"
#include "journal/inspect.hpp"
#include "journal/journal.hpp"
#include "journal/upkeep.hpp"

namespace bellhop::core {

// All of them outlive whoever holds this.
struct AdminRooms {
  Inspect &inspect;
  Journal &journal;
  Upkeep &upkeep;
  const Control &control;
  const Clock &clock;
  const Log &log;  // hears of every change: an audit trail

  // What is added to a due time, which is kept in steady time, to show it on the wall clock.
  Milliseconds steady_to_wall_ms() const { return clock.wall_ms() - clock.steady_ms(); }
};

HttpAnswer json_answer(JsonWriter &json);
HttpAnswer refusal(const Error &error);     // problem+json with the status that belongs to its kind
int status_of(Kind kind);                   //
std::string event_label(const EventRow &);  // "3f9a… (seq 12)"
std::string in_list(const std::vector<std::string> &names);

// The journal's row of an instance that the config has too.
//   errors    not_found: no such instance, with those that there are; conflict: parked; else as Inspect::instances
Result<InstanceRow> configured_instance(const AdminRooms &rooms, const std::string &name);
// The same without asking for the config: a parked one keeps its documents and dead letters.
Result<InstanceRow> known_instance(const AdminRooms &rooms, const std::string &name);

}  // namespace bellhop::core
