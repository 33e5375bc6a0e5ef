// SPDX-License-Identifier: Apache-2.0
// Which family is it? Then the dialect reads, and make_event writes.
#include "source/appointlet.hpp"

#include <optional>
#include <utility>

#include "event/event_json.hpp"
#include "event/event_types.hpp"
#include "event/utf8.hpp"
#include "source/json_document.hpp"

namespace bellhop::core {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kept_bytes_max = 64 << 10;  // bodies that the thread's own parser takes; its memory is kept
constexpr std::size_t vendor_word_bytes_max = 256;

enum class Family { ping, legacy, v5, none };

struct Recognized {
  Family family = Family::none;
  const char *reason = "";  // of none
  dom::element object;      // what the event is about
};

bool is_string(const dom::object &root, std::string_view key) {
  dom::element element;
  return root.at_key(key).get(element) == simdjson::SUCCESS && element.is_string();
}

Recognized recognize(const dom::object &root, bool is_test) {
  const auto has = [&](std::string_view key) { return root.at_key(key).error() == simdjson::SUCCESS; };
  if (is_test && !has("type") && !has("action") && !has("object") && !has("entity")) return {Family::ping, "", {}};
  if (!is_string(root, "type")) return {Family::none, "the member \"type\" is missing or no string", {}};
  if (!is_string(root, "action")) return {Family::none, "the member \"action\" is missing or no string", {}};
  dom::element about;
  if (root.at_key("object").get(about) == simdjson::SUCCESS && about.is_object()) return {Family::legacy, "", about};
  if (root.at_key("entity").get(about) == simdjson::SUCCESS && about.is_object()) return {Family::v5, "", about};
  return {Family::none, "there is no object in \"object\" (legacy) or \"entity\" (v5)", {}};
}

Event ping_event(const Body &body) {
  // Each press of the Test button is an event of its own: the time of receipt goes into the id.
  const EventId id = EventId::of(body.source_name, body.bytes, body.received_ms);
  Facts facts;
  facts.vendor.name = "appointlet";
  facts.vendor.dialect = "ping";
  facts.type = ping_type;
  facts.subject = "event/" + id.text();
  facts.is_test = true;
  return make_event(facts, id, body.received_ms);
}

Outcome read_root(const dom::object &root, const Body &body) {
  bool is_test = false;
  is_test = root.at_key("test").get(is_test) == simdjson::SUCCESS && is_test;
  const Recognized recognized = recognize(root, is_test);
  if (recognized.family == Family::ping) return ping_event(body);
  const EventId id = EventId::of(body.source_name, body.bytes);
  if (recognized.family == Family::none) return Quarantine{id, std::string("no known family: ") + recognized.reason};

  Reading reading;
  Facts facts;
  facts.vendor.name = "appointlet";
  facts.is_test = is_test;
  Fields envelope(reading, root);
  if (recognized.family == Family::legacy) {
    std::optional<Fields> object = envelope.object("object");
    read_legacy(envelope, *object, recognized.object, facts);
  } else {
    std::optional<Fields> entity = envelope.object("entity");
    read_v5(envelope, *entity, recognized.object, facts);
  }
  if (facts.subject.empty()) facts.subject = "event/" + id.text();
  facts.problems = std::move(reading.problems);
  return make_event(facts, id, body.received_ms);
}

Outcome normalize_with(JsonParser &parser, const Body &body) {
  ParsedJson parsed = parser.parse(body.bytes, body.depth_max);
  if (auto *rejection = std::get_if<Rejection>(&parsed)) return std::move(*rejection);
  if (auto *unusable = std::get_if<Unusable>(&parsed)) {
    return Quarantine{EventId::of(body.source_name, body.bytes), std::move(unusable->reason)};
  }
  const dom::element root = std::get<dom::element>(parsed);
  dom::object object;
  if (root.get(object) == simdjson::SUCCESS) return read_root(object, body);
  return Quarantine{EventId::of(body.source_name, body.bytes), "no known family: the body is no JSON object"};
}

}  // namespace

Outcome normalize_appointlet(const Body &body) {
  // untrusted: anyone can send this
  if (body.bytes.size() > kept_bytes_max) {
    JsonParser parser;
    return normalize_with(parser, body);
  }
  thread_local JsonParser parser;
  return normalize_with(parser, body);
}

Text vendor_word(Fields &envelope, std::string_view key) {
  const Text word = envelope.text(key);
  return word ? Text(utf8_prefix(*word, vendor_word_bytes_max)) : std::nullopt;
}

void name_event(Facts &facts, const EventType &type, const Id &id) {
  facts.type = type.text();
  if (id) facts.subject = subject_of(type.noun, *id);
}

void read_organization(Fields &envelope, Fields &object, Organization &organization) {
  const auto read = [&](Fields &from) {
    Id id;
    if (std::optional<Fields> inside = from.object_or_id("organization", id)) {
      id = inside->id("id");
      organization.name = inside->text("name");
      organization.language = inside->text("language");
    }
    if (id) organization.id = std::move(id);
  };
  read(envelope);
  read(object);
}

MeetingType read_meeting_type(Fields &object) {
  MeetingType meeting_type;
  meeting_type.id = object.id("id");
  meeting_type.name = object.text("name");
  meeting_type.description = object.text("description");
  meeting_type.duration_s = object.seconds("duration");
  const Text currency = object.text("currency");
  meeting_type.price = object.money("price");
  if (meeting_type.price) meeting_type.price->currency = currency;
  meeting_type.location_type = object.text("location_type");
  meeting_type.location = object.text("location");
  meeting_type.slug = object.text("slug");
  return meeting_type;
}

Host read_host(Fields &object) {
  Host host;
  host.id = object.id("id");
  host.name = object.text("name");
  host.timezone = object.zone("timezone");
  host.slug = object.text("slug");
  host.email = object.text("email");
  return host;
}

Attendee read_attendee(Fields &object) {
  Attendee attendee;
  attendee.id = object.id("id");
  attendee.email = object.text("email");
  attendee.name = object.first_text({"name", "full_name"});
  attendee.first_name = object.text("first_name");
  attendee.last_name = object.text("last_name");
  attendee.phone = object.first_text({"phone", "phone_number"});
  attendee.status = object.text("status");
  if (attendee.status) {  // spelled as our types are
    const EventType type = event_type_of("attendee", *attendee.status);
    if (type.action != "unknown") attendee.status = object.reading().keep(type.action);
  }
  attendee.timezone = object.zone("timezone");
  return attendee;
}

Utm read_utm(Fields &object) {
  Utm utm;
  utm.campaign = object.text("utm_campaign");
  utm.content = object.text("utm_content");
  utm.term = object.text("utm_term");
  utm.source = object.text("utm_source");
  utm.medium = object.text("utm_medium");
  return utm;
}

Links read_links(Fields &object) {
  Links links;
  std::optional<Fields> rel = object.object("rel");
  if (!rel) return links;
  links.confirm = rel->link("confirm");
  links.outlook = rel->link("add_to_outlook_calendar");
  links.google = rel->link("add_to_google_calendar");
  links.reschedule = rel->link("reschedule");
  links.ics = rel->link("ics");
  links.reassign = rel->link("reassign");
  links.cancel = rel->link("cancel");
  return links;
}

void read_times_and_place(Fields &object, Booking &booking, std::string_view created_key) {
  booking.timezone = object.zone("timezone");
  booking.start_ms = object.time("start", booking.start);
  booking.end_ms = object.time("end", booking.end);
  booking.created_ms = object.time(created_key, booking.created);
  if (const std::optional<Fields::Element> conference = object.find("conference_data")) {
    std::string_view text;
    const bool is_empty = conference->get(text) == simdjson::SUCCESS && text.empty();
    if (!is_empty) booking.conference_json = minified(*conference);
  }
  booking.conference_provider = object.text("conference_provider");
  booking.location = object.text("location");
  booking.location_type = object.text("location_type");
  booking.utm = read_utm(object);
  booking.url = object.link("url");
}

}  // namespace bellhop::core
