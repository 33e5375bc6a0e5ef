// SPDX-License-Identifier: Apache-2.0
// The v5 dialect: {"type":"Activity","action":"Meeting.scheduled","created_at","entity":{…}}. Only part of one body is
// published. Members that the vendor has not shown (attendees, host, meeting_type, meeting, answers) are read under the
// names that are likeliest, so that they are there when they come; nothing depends on them.
#include "source/answers.hpp"
#include "source/appointlet.hpp"

namespace bellhop::core {
namespace {

std::string_view status_of(std::string_view action, std::optional<bool> approved, std::optional<bool> cancelled) {
  for (const std::string_view word : {"confirmed", "canceled", "declined", "requested"}) {
    if (action == word) return word;
  }
  if (cancelled == true) return "canceled";
  if (approved == false) return "requested";  // null: no approval is needed
  return cancelled == false ? "confirmed" : "unknown";
}

// `confirmed` is not asked: the published sample is a scheduled meeting with confirmed:false.
std::string meeting_action(const std::string &action, Fields &entity) {
  if (action == "approved") return "confirmed";
  if (action != "scheduled") return action;
  return entity.flag("approved") == false ? "requested" : "confirmed";
}

std::optional<MeetingType> meeting_type_of(Fields &entity, Booking &booking) {
  MeetingType meeting_type;
  Id id;
  if (std::optional<Fields> object = entity.object_or_id("meeting_type", id)) {
    meeting_type = read_meeting_type(*object);
  } else {
    meeting_type.id = std::move(id);
  }
  // The published meeting carries the name of its type and its place itself.
  if (!meeting_type.name) meeting_type.name = entity.text("name");
  if (!meeting_type.location_type) meeting_type.location_type = booking.location_type;
  if (!meeting_type.id && !meeting_type.name) return std::nullopt;
  return meeting_type;
}

std::optional<Host> host_of(Fields &entity) {
  for (const std::string_view key : {"host", "member"}) {
    Id id;
    if (std::optional<Fields> object = entity.object_or_id(key, id)) return read_host(*object);
    if (id) {
      Host host;
      host.id = std::move(id);
      return host;
    }
  }
  return std::nullopt;
}

Booking read_meeting(Fields &entity, std::string_view action) {
  Booking booking;
  booking.id = entity.id("id");
  read_times_and_place(entity, booking, "created_at");
  const std::optional<bool> approved = entity.flag("approved"), cancelled = entity.flag("cancelled");
  booking.status = status_of(action, approved, cancelled);
  booking.meeting_type = meeting_type_of(entity, booking);
  booking.host = host_of(entity);
  booking.answers = read_answers(entity);
  if (entity.find("attendees")) {
    for (Fields &fields : entity.objects("attendees")) {
      Attendee attendee = read_attendee(fields);
      const std::vector<Answer> answers = read_answers(fields);
      guess_names(attendee, answers, entity.reading());
      if (booking.attendees.empty() && booking.answers.empty()) booking.answers = answers;
      booking.attendees.push_back(attendee);
    }
  }
  // The first is the primary one; answers of the meeting are hers.
  Attendee primary;
  if (!booking.attendees.empty()) primary = booking.attendees.front();
  if (!primary.email) primary.email = entity.text("email");
  guess_names(primary, booking.answers, entity.reading());
  if (primary.id || primary.email || primary.name || primary.phone) booking.attendee = primary;
  booking.links = read_links(entity);
  return booking;
}

// The meeting that an attendee belongs to: an object, an id, or nothing.
std::optional<Booking> meeting_of(Fields &entity) {
  Id id;
  if (std::optional<Fields> meeting = entity.object_or_id("meeting", id)) return read_meeting(*meeting, "");
  if (!id) id = entity.id("meeting_id");
  if (!id) return std::nullopt;
  Booking booking;
  booking.id = std::move(id);
  booking.status = "unknown";
  return booking;
}

void read_attendee_event(Fields &entity, const EventType &type, Facts &facts) {
  Attendee attendee = read_attendee(entity);
  std::vector<Answer> answers = read_answers(entity);
  guess_names(attendee, answers, entity.reading());
  facts.attendee = attendee;
  facts.booking = meeting_of(entity);
  if (!facts.booking && !answers.empty()) {
    facts.booking.emplace();
    facts.booking->status = "unknown";
  }
  if (facts.booking && facts.booking->answers.empty()) facts.booking->answers = std::move(answers);
  name_event(facts, type, attendee.id);
  // Kept in order with the meeting when it is known.
  if (facts.booking && facts.booking->id) facts.subject = subject_of("booking", *facts.booking->id);
}

}  // namespace

void read_v5(Fields &envelope, Fields &entity, simdjson::dom::element entity_json, Facts &facts) {
  facts.vendor.dialect = "v5";
  facts.vendor.id = envelope.id("id");
  facts.vendor.type = vendor_word(envelope, "type");
  Text as_written;
  facts.time_ms = envelope.time("created_at", as_written);
  facts.vendor.action = vendor_word(envelope, "action");

  // "Meeting.scheduled"; without a dot the entity's own type is the noun.
  const std::string_view words = envelope.text("action").value_or("");
  const auto dot = words.find('.');
  const std::string_view noun = dot == std::string_view::npos ? entity.text("type").value_or("") : words.substr(0, dot);
  EventType type = event_type_of(noun, dot == std::string_view::npos ? words : words.substr(dot + 1));
  if (type.noun == "booking") type.action = meeting_action(type.action, entity);

  if (type.noun == "attendee") {
    read_attendee_event(entity, type, facts);
  } else {
    name_event(facts, type, entity.id("id"));
    if (type.noun == "booking") {
      facts.booking = read_meeting(entity, type.action);
    } else if (type.noun == "meeting_type") {
      facts.meeting_type = read_meeting_type(entity);
    } else if (type.noun == "member") {
      facts.member = read_host(entity);
    } else {
      facts.object_json = minified(entity_json);
    }
  }
  read_organization(envelope, entity, facts.organization);
}

}  // namespace bellhop::core
