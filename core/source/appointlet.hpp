// SPDX-License-Identifier: Apache-2.0
// Source kind "appointlet": a scheduling service with three families of bodies on one webhook URL (ping, legacy, v5).
// Each dialect has a file; what they share is here. What the vendor has not published is read with tolerance and marked
// so.
#pragma once

#include <string_view>

#include "event/booking.hpp"
#include "source/event_type.hpp"
#include "source/json_fields.hpp"
#include "source/source.hpp"

namespace bellhop::core {

Outcome normalize_appointlet(const Body &body);  // [any]

// The dialects. `envelope` is the root, `object` what the event is about; both fill facts.
void read_legacy(Fields &envelope, Fields &object, simdjson::dom::element object_json, Facts &facts);
void read_v5(Fields &envelope, Fields &entity, simdjson::dom::element entity_json, Facts &facts);

// ---- what both dialects share -------------------------------------------------------------------------------------
// The vendor's word, cut to what is worth keeping.
Text vendor_word(Fields &envelope, std::string_view key);
// facts.subject and facts.type from the type and the id of what it is about; no id: the subject is left empty.
void name_event(Facts &facts, const EventType &type, const Id &id);
void read_organization(Fields &envelope, Fields &object, Organization &organization);
MeetingType read_meeting_type(Fields &object);
Host read_host(Fields &object);
Attendee read_attendee(Fields &object);
Utm read_utm(Fields &object);
Links read_links(Fields &object);
// Start, end, zone, place: what is spelled alike in both dialects.
void read_times_and_place(Fields &object, Booking &booking, std::string_view created_key);

}  // namespace bellhop::core
