// SPDX-License-Identifier: Apache-2.0
// The shapes of the admin API's answers: rows of the journal and states of the daemon as JSON members. Pure. Secrets: a
// webhook URL appears in write_daemon and nowhere else.
#pragma once

#include <string>
#include <vector>

#include "admin/json_writer.hpp"
#include "base/clock.hpp"
#include "control/control.hpp"
#include "journal/inspect.hpp"
#include "journal/limits.hpp"

namespace bellhop::core {

// One instance, seen from both sides. At least one of the two is there: a row without control is parked or was just
// removed, control without a row has never been opened.
struct InstanceView {
  const InstanceControl *control = nullptr;
  const InstanceRow *row = nullptr;
};

// In the order of the config, then what only the journal knows. The views point into the arguments.
std::vector<InstanceView> join_instances(const std::vector<InstanceControl> &controls,
                                         const std::vector<InstanceRow> &rows);
std::vector<InstanceView> join_instances(std::vector<InstanceControl> &&, const std::vector<InstanceRow> &) = delete;

void write_daemon(JsonWriter &json, const DaemonControl &daemon);                            // members only
void write_instances(JsonWriter &json, const std::vector<InstanceView> &views, Seq newest);  // an array
void write_event_row(JsonWriter &json, const EventRow &row);                                 // members only
void write_event_detail(JsonWriter &json, const EventDetail &detail);                        // members only
// Due times are kept in steady time; `steady_to_wall_ms` is added to show them on the wall clock.
void write_delivery_row(JsonWriter &json, const DeliveryRow &row, Milliseconds steady_to_wall_ms);  // members only
void write_usage(JsonWriter &json, const JournalUsage &usage);                                      // members only
// An array of them.
void write_deliveries(JsonWriter &json, const std::vector<DeliveryRow> &rows, Milliseconds steady_to_wall_ms);
void write_verify(JsonWriter &json, const VerifyReport &report);  // members only

}  // namespace bellhop::core
