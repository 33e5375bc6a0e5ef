// SPDX-License-Identifier: Apache-2.0
#include "booking.hpp"

#include <algorithm>
#include <array>

#include "when.hpp"

namespace slack {
namespace {

using bellhop::Json;

constexpr std::array<std::string_view, 5> utm_names{"source", "medium", "campaign", "term", "content"};
constexpr std::array<std::string_view, 13> field_names{"name",     "email",    "phone", "host",   "meeting_type",
                                                       "location", "timezone", "price", "status", "organization",
                                                       "id",       "url",      "when"};
constexpr std::string_view utm_prefix = "utm.", answer_prefix = "answer.";

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string person_of(const Json &person) {
  const std::string name = person["name"].str();
  return name.empty() ? person["email"].str() : name;
}

std::string find(const std::vector<std::pair<std::string, std::string>> &pairs, std::string_view name) {
  const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const auto &pair) { return pair.first == name; });
  return found == pairs.end() ? std::string() : found->second;
}

void read_people(const Json &booking, Booking &out) {
  const Json attendee = booking["attendee"];
  out.name = attendee["name"].str();
  out.email = attendee["email"].str();
  out.phone = attendee["phone"].str();
  for (const Json &other : booking["attendees"]) {
    const std::string email = other["email"].str(), person = person_of(other);
    const bool is_primary = email.empty() ? person == out.name : email == out.email;
    if (!person.empty() && !is_primary) out.others.push_back(person);
  }
  const Json host = booking["host"];
  out.host = host["name"].str(host["email"].text());
  out.host_id = host["id"].str();
  out.host_slug = host["slug"].str();
}

}  // namespace

Booking read_booking(const Json &event) {
  const Json booking = event["data"]["booking"];
  Booking out;
  out.id = booking["id"].str();
  out.status = booking["status"].str();
  out.timezone = booking["timezone"].str();
  out.url = booking["url"].str();
  const Json type = booking["meeting_type"];
  out.location = booking["location"].str(type["location"].text());
  out.organization = event["data"]["organization"]["name"].str();
  out.meeting_type = type["name"].str(type["slug"].text());
  out.meeting_type_id = type["id"].str();
  out.meeting_type_slug = type["slug"].str();
  const Json price = type["price"];
  if (price && price["amount"].text().find_first_not_of("0.") != std::string_view::npos) {
    out.price = price["amount"].str() + (price["currency"] ? " " + price["currency"].str() : "");
  }
  out.google = booking["links"]["google"].str();
  out.outlook = booking["links"]["outlook"].str();
  out.start = seconds_of(booking["start"].text());
  out.end = seconds_of(booking["end"].text());
  read_people(booking, out);
  for (const Json &answer : booking["answers"]) {
    const std::string text = answer["text"].str();
    if (text.empty()) continue;
    const std::string slug = answer["slug"].str();
    out.answers.emplace_back(answer["label"].str(slug), text);
    if (!slug.empty()) out.answers_by_slug.emplace_back(slug, text);
  }
  for (const std::string_view name : utm_names) {
    if (const std::string value = booking["utm"][name].str(); !value.empty()) out.utm.emplace_back(name, value);
  }
  return out;
}

bool is_field(std::string_view name) {
  if (std::find(field_names.begin(), field_names.end(), name) != field_names.end()) return true;
  if (starts_with(name, answer_prefix)) return name.size() > answer_prefix.size();
  if (!starts_with(name, utm_prefix)) return false;
  name.remove_prefix(utm_prefix.size());
  return std::find(utm_names.begin(), utm_names.end(), name) != utm_names.end();
}

std::string field_of(const Booking &booking, std::string_view name) {
  if (name == "name") return booking.name.empty() ? booking.email : booking.name;
  if (name == "email") return booking.email;
  if (name == "phone") return booking.phone;
  if (name == "host") return booking.host;
  if (name == "meeting_type") return booking.meeting_type;
  if (name == "location") return booking.location;
  if (name == "timezone") return booking.timezone;
  if (name == "price") return booking.price;
  if (name == "status") return booking.status;
  if (name == "organization") return booking.organization;
  if (name == "id") return booking.id;
  if (name == "url") return booking.url;
  if (name == "when") return booking.start ? span_in_zone(*booking.start, booking.end, booking.timezone) : "";
  if (starts_with(name, utm_prefix)) return find(booking.utm, name.substr(utm_prefix.size()));
  if (starts_with(name, answer_prefix)) return find(booking.answers_by_slug, name.substr(answer_prefix.size()));
  return {};
}

namespace {

// Calls text(piece) and field(name) for the pieces of a pattern in their order. An opening brace without its end is
// text.
template <class Text, class Field>
void walk(std::string_view pattern, Text &&text, Field &&field) {
  for (;;) {
    const std::size_t open = pattern.find("{{");
    const std::size_t close = open == pattern.npos ? open : pattern.find("}}", open);
    if (close == pattern.npos) return text(pattern);
    text(pattern.substr(0, open));
    std::string_view name = pattern.substr(open + 2, close - open - 2);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    field(name);
    pattern.remove_prefix(close + 2);
  }
}

}  // namespace

std::string unknown_field_of(std::string_view pattern) {
  std::string unknown;
  walk(
      pattern, [](std::string_view) {},
      [&](std::string_view name) {
        if (unknown.empty() && !is_field(name)) unknown = name.empty() ? "{{}}" : std::string(name);
      });
  return unknown;
}

std::string render(std::string_view pattern, const Booking &booking) {
  std::string out;
  walk(
      pattern, [&](std::string_view text) { out += text; },
      [&](std::string_view name) { out += field_of(booking, name); });
  return out;
}

}  // namespace slack
