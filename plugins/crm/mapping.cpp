// SPDX-License-Identifier: Apache-2.0
#include "mapping.hpp"

#include <algorithm>

namespace crm {
namespace {

template <class Named>
auto find(const Named &list, std::string_view name) {
  return std::find_if(list.begin(), list.end(), [&](const Property &one) { return one.name == name; });
}

bool overwrites(const std::vector<FieldRule> &rules, std::string_view name) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const FieldRule &rule) { return rule.to == name && rule.overwrites; });
}

}  // namespace

Properties wanted_of(const std::vector<FieldRule> &rules, const Booking &booking, const Person &person) {
  Properties wanted;
  for (const FieldRule &rule : rules) {
    if (find(wanted, rule.to) != wanted.end()) continue;
    std::string value = field_of(booking, person, rule.from);
    if (value.find_first_not_of(" \t\r\n") != std::string::npos) wanted.push_back({rule.to, std::move(value)});
  }
  return wanted;
}

Properties to_write(const std::vector<FieldRule> &rules, const Properties &wanted, const Properties &now,
                    bool is_late) {
  Properties out;
  for (const Property &property : wanted) {
    const auto has = find(now, property.name);
    const bool is_empty = has == now.end() || has->value.empty();
    const bool is_other = !is_empty && has->value != property.value;
    if (is_empty || (is_other && !is_late && overwrites(rules, property.name))) out.push_back(property);
  }
  return out;
}

std::string_view name_of(MeetingState state) {
  switch (state) {
    case MeetingState::scheduled:
      return "scheduled";
    case MeetingState::rescheduled:
      return "rescheduled";
    case MeetingState::canceled:
      return "canceled";
  }
  return "scheduled";
}

MeetingState state_of(std::string_view event_type, std::string_view status, std::string_view kept) {
  if (event_type == "booking.canceled" || event_type == "booking.declined") return MeetingState::canceled;
  if (event_type == "booking.rescheduled") return MeetingState::rescheduled;
  if (event_type == "booking.confirmed" || event_type == "booking.requested") {
    // Confirming a booking that was moved does not move it back.
    return kept == name_of(MeetingState::rescheduled) ? MeetingState::rescheduled : MeetingState::scheduled;
  }
  if (status == "canceled" || status == "declined") return MeetingState::canceled;
  for (const MeetingState state : {MeetingState::rescheduled, MeetingState::canceled}) {
    if (kept == name_of(state)) return state;
  }
  return MeetingState::scheduled;
}

}  // namespace crm
