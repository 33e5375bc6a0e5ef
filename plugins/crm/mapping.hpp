// SPDX-License-Identifier: Apache-2.0
// Mapping: which properties a contact should have, and which of them are written. Pure. Names of properties come from
// the settings and from the drivers, never from an event.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "booking.hpp"

namespace crm {

struct Property {
  std::string name, value;
  bool operator==(const Property &other) const { return name == other.name && value == other.value; }
};
using Properties = std::vector<Property>;

struct FieldRule {
  std::string from;  // is_field()
  std::string to;    // the vendor's name of a property
  bool overwrites = false;
};

// What a booking says of one person by the rules, in their order; of two rules with the same `to` the first one that
// finds something. Nothing that is empty: an event never empties a property.
Properties wanted_of(const std::vector<FieldRule> &rules, const Booking &booking, const Person &person);

// What has to be written: what the contact lacks, and what differs where its rule overwrites, unless is_late: an older
// snapshot never overwrites.
//   now    what the contact has; a name that is not there counts as empty
Properties to_write(const std::vector<FieldRule> &rules, const Properties &wanted, const Properties &now, bool is_late);

enum class MeetingState { scheduled, rescheduled, canceled };
std::string_view name_of(MeetingState state);  // "scheduled", …
// What an event says of the state of a meeting. Others than canceled, declined and rescheduled (reassigned, tagged …)
// leave it where it was, by kept: a name_of(), "" for not known. A booking that is confirmed anew after its cancel
// stands again.
MeetingState state_of(std::string_view event_type, std::string_view status, std::string_view kept);

}  // namespace crm
