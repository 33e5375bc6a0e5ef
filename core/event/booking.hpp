// SPDX-License-Identifier: Apache-2.0
// The typed form of what a vendor's body says, before it is written as JSON. No vendor's words here: a dialect
// (core/source) fills these structs, make_event (event/event_json.hpp) writes them. All views point into the parsed
// body and live as long as it does; an absent value is nullopt and is left out of the JSON (null, "" and a missing key
// of the vendor all mean absent).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace bellhop::core {

using Text = std::optional<std::string_view>;  // UTF-8, unescaped
using Id = std::optional<std::string>;         // every vendor id as text, whatever its JSON type was

struct Vendor {
  std::string_view name;     // "appointlet"
  std::string_view dialect;  // "legacy", "v5", "ping"
  Text type, action;         // the vendor's own words, verbatim
  Id id;                     // the vendor's id of this notification
};

struct Organization {
  Id id;
  Text name, language;
};

struct Money {
  std::string amount;  // decimal string: "0.00"
  Text currency;       // "USD"
};

struct Attendee {
  Id id;
  Text email, name, first_name, last_name, phone, status, timezone;
};

struct Host {  // who is booked
  Id id;
  Text name, slug, timezone, email;
};

struct MeetingType {
  Id id;
  Text name, slug, description, location_type, location;
  std::optional<std::int64_t> duration_s;
  std::optional<Money> price;
};

struct Answer {
  Text slug, label, kind;
  std::string value_json;  // any JSON value, minified, always present ("null" at least)
  std::string text;        // the value for people: strings as they are, lists joined with ", ", else value_json
};

struct Utm {
  Text source, medium, campaign, term, content;
  bool empty() const { return !source && !medium && !campaign && !term && !content; }
};

struct Payment {
  std::optional<Money> amount, refunded;
  Text identifier, account;
};

struct Links {  // for reading: ics, google, outlook. Capabilities that act, never called by us: the others.
  Text ics, google, outlook, confirm, cancel, reschedule, reassign;
};

struct Booking {
  Id id;
  std::string_view status;  // requested | confirmed | canceled | declined | unknown
  std::optional<Milliseconds> start_ms, end_ms, created_ms;
  Text start, end, created;  // as the vendor wrote them, given when the time could be read
  Text timezone, url, location, location_type, conference_provider;
  std::string conference_json;  // any JSON, minified; "" = absent
  std::optional<Attendee> attendee;
  std::vector<Attendee> attendees;
  std::optional<Host> host;
  std::optional<MeetingType> meeting_type;
  std::vector<Answer> answers;
  Utm utm;
  std::optional<Payment> payment;
  Links links;
};

// What could not be read: /object/start "2014-13-45…" is not a time.
struct Problem {
  std::string pointer;   // RFC 6901, into the body as received
  std::string sentence;  // what was found and what is done about it
};

// Everything that goes into one event.
struct Facts {
  Vendor vendor;
  Organization organization;
  std::string type;     // normalised, see Event::type
  std::string subject;  // normalised, see Event::subject
  std::optional<Milliseconds> time_ms;
  bool is_test = false;
  std::optional<Booking> booking;
  std::optional<Attendee> attendee;         // attendee.* events
  std::optional<MeetingType> meeting_type;  // meeting_type.*
  std::optional<Host> member;               // member.*
  std::string object_json;                  // any other object, minified; "" = absent
  std::vector<Problem> problems;
};

}  // namespace bellhop::core
