// SPDX-License-Identifier: Apache-2.0
// The legacy dialect: {"id","type","action","meta","organization","date_created","object"}. One body is published, a
// booking that was confirmed; the other types and actions are in the vendor's prose only.
#include "source/answers.hpp"
#include "source/appointlet.hpp"

namespace bellhop::core {
namespace {

// What happened decides; the flags only where the action says nothing about the state. `confirmed` alone never does:
// false beside canceled:false is a booking that waits for a person.
std::string_view status_of(std::string_view action, std::optional<bool> confirmed, std::optional<bool> canceled) {
  for (const std::string_view word : {"confirmed", "canceled", "declined", "requested"}) {
    if (action == word) return word;
  }
  if (canceled == true) return "canceled";
  if (!confirmed || !canceled) return "unknown";
  return *confirmed ? "confirmed" : "requested";
}

std::optional<Payment> read_payment(Fields &object) {
  Payment payment;
  payment.refunded = object.money("payment_refunded");
  payment.identifier = object.text("payment_identifier");
  const Text currency = object.text("payment_currency");
  payment.amount = object.money("payment_amount");
  payment.account = object.text("payment_account");
  if (payment.refunded) payment.refunded->currency = currency;
  if (payment.amount) payment.amount->currency = currency;
  if (!payment.amount && !payment.refunded && !payment.identifier && !payment.account) return std::nullopt;
  return payment;
}

Booking read_booking(Fields &object, std::string_view action) {
  Booking booking;
  booking.id = object.id("id");
  Attendee attendee;
  read_times_and_place(object, booking, "date_created");
  attendee.email = object.text("email");
  const std::optional<bool> confirmed = object.flag("confirmed"), canceled = object.flag("canceled");
  booking.status = status_of(action, confirmed, canceled);
  booking.payment = read_payment(object);
  if (std::optional<Fields> service = object.object("service")) booking.meeting_type = read_meeting_type(*service);
  if (std::optional<Fields> bookable = object.object("bookable")) booking.host = read_host(*bookable);
  booking.answers = read_answers(object);
  booking.links = read_links(object);
  guess_names(attendee, booking.answers, object.reading());
  if (attendee.email || attendee.name || attendee.phone) booking.attendee = attendee;
  return booking;
}

// "scheduled" is v5's word; should legacy use it, it means the same.
std::string booking_action(const EventType &type, Fields &object) {
  if (type.action == "approved") return "confirmed";
  if (type.action != "scheduled") return type.action;
  return object.flag("confirmed") == false ? "requested" : "confirmed";
}

}  // namespace

void read_legacy(Fields &envelope, Fields &object, simdjson::dom::element object_json, Facts &facts) {
  facts.vendor.dialect = "legacy";
  facts.vendor.id = envelope.id("id");
  const Text noun = envelope.text("type"), action = envelope.text("action");
  facts.vendor.type = vendor_word(envelope, "type");
  facts.vendor.action = vendor_word(envelope, "action");
  Text as_written;
  facts.time_ms = envelope.time("date_created", as_written);
  EventType type = event_type_of(noun.value_or(""), action.value_or(""));
  if (type.noun == "booking") type.action = booking_action(type, object);
  const Id id = object.id("id");
  name_event(facts, type, id);

  if (type.noun == "booking") {
    facts.booking = read_booking(object, type.action);
  } else if (type.noun == "meeting_type") {
    facts.meeting_type = read_meeting_type(object);
  } else if (type.noun == "member") {
    facts.member = read_host(object);
  } else if (type.noun == "attendee") {
    facts.attendee = read_attendee(object);
  } else {
    facts.object_json = minified(object_json);
  }
  read_organization(envelope, object, facts.organization);
}

}  // namespace bellhop::core
