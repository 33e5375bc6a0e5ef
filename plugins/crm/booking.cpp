// SPDX-License-Identifier: Apache-2.0
#include "booking.hpp"

#include <bellhop/booking.hpp>

#include <algorithm>
#include <array>

#include "text.hpp"

namespace crm {
namespace {

using bellhop::Json;

constexpr std::array<std::string_view, 5> utm_names{"source", "medium", "campaign", "term", "content"};
constexpr std::array<std::string_view, 17> field_names{
    "email", "name",  "first_name", "last_name", "phone",    "host", "host_email", "meeting_type", "organization",
    "price", "start", "location",   "status",    "timezone", "id",   "url",        "end"};
constexpr std::string_view utm_prefix = "utm.", answer_prefix = "answer.";

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string find(const Pairs &pairs, std::string_view name) {
  const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const auto &pair) { return pair.first == name; });
  return found == pairs.end() ? std::string() : found->second;
}

Person read_person(const Json &json) {
  Person person{json["email"].str(), json["name"].str(), json["first_name"].str(), json["last_name"].str(),
                json["phone"].str()};
  if (person.first_name.empty() && person.last_name.empty() && !person.name.empty()) {
    // The last word is the family name: wrong for some, and filled only where the CRM knows nothing.
    const std::size_t space = person.name.rfind(' ');
    person.first_name = space == std::string::npos ? person.name : person.name.substr(0, space);
    person.last_name = space == std::string::npos ? std::string() : person.name.substr(space + 1);
  }
  if (person.name.empty()) {
    person.name = person.first_name + (person.first_name.empty() || person.last_name.empty() ? "" : " ");
    person.name += person.last_name;
  }
  return person;
}

// Somebody who canceled and booked again is there twice, and comes.
void add(Booking &booking, Person person, bool has_left) {
  std::vector<Person> &people = has_left ? booking.left : booking.people;
  if (!is_address(person.email) || people.size() >= people_max) {
    ++booking.people_without_address;
    return;
  }
  const auto is_same = [&](const Person &other) { return lower(other.email) == lower(person.email); };
  const auto is_among = [&](const std::vector<Person> &all) { return std::any_of(all.begin(), all.end(), is_same); };
  if (is_among(booking.people) || (has_left && is_among(booking.left))) return;
  if (booking.primary_email.empty()) booking.primary_email = person.email;
  if (!has_left)
    booking.left.erase(std::remove_if(booking.left.begin(), booking.left.end(), is_same), booking.left.end());
  people.push_back(std::move(person));
}

void read_people(const Json &json, Booking &booking) {
  if (json["attendee"]) {
    add(booking, read_person(json["attendee"]), bellhop::has_left(json["attendee"]["status"].text()));
  }
  for (const Json &other : json["attendees"]) {
    // Who has neither address nor another name is the primary attendee again, told of by an id alone.
    if (!other["email"] && (!other["name"] || other["name"].text() == json["attendee"]["name"].text())) continue;
    add(booking, read_person(other), bellhop::has_left(other["status"].text()));
  }
}

}  // namespace

Booking read_booking(const Json &event) {
  const Json json = event["data"]["booking"];
  Booking booking;
  booking.id = json["id"].str();
  booking.status = json["status"].str();
  booking.timezone = json["timezone"].str();
  booking.url = json["url"].str();
  const Json type = json["meeting_type"], price = type["price"];
  booking.location = json["location"].str(type["location"].text());
  booking.organization = event["data"]["organization"]["name"].str();
  booking.meeting_type = type["name"].str(type["slug"].text());
  if (price["amount"].text().find_first_not_of("0.") != std::string_view::npos) {
    booking.price = price["amount"].str() + (price["currency"] ? " " + price["currency"].str() : "");
  }
  booking.host = json["host"]["name"].str();
  booking.host_email = json["host"]["email"].str();
  booking.start = bellhop::unix_ms(json["start"].text());
  booking.end = bellhop::unix_ms(json["end"].text());
  read_people(json, booking);
  for (const Json &answer : json["answers"]) {
    const std::string text = answer["text"].str();
    if (answer["slug"] && !text.empty()) booking.answers.emplace_back(answer["slug"].str(), text);
  }
  for (const std::string_view name : utm_names) {
    if (const std::string value = json["utm"][name].str(); !value.empty()) booking.utm.emplace_back(name, value);
  }
  return booking;
}

bool is_field(std::string_view name) {
  if (std::find(field_names.begin(), field_names.end(), name) != field_names.end()) return true;
  if (starts_with(name, answer_prefix)) return name.size() > answer_prefix.size();
  if (!starts_with(name, utm_prefix)) return false;
  name.remove_prefix(utm_prefix.size());
  return std::find(utm_names.begin(), utm_names.end(), name) != utm_names.end();
}

std::string field_of(const Booking &booking, const Person &person, std::string_view name) {
  const bool is_primary = !person.email.empty() && lower(person.email) == lower(booking.primary_email);
  if (name == "email") return person.email;
  if (name == "name") return person.name.empty() ? person.email : person.name;
  if (name == "first_name") return person.first_name;
  if (name == "last_name") return person.last_name;
  if (name == "phone") return person.phone;
  if (name == "host") return booking.host;
  if (name == "host_email") return booking.host_email;
  if (name == "meeting_type") return booking.meeting_type;
  if (name == "organization") return booking.organization;
  if (name == "location") return booking.location;
  if (name == "price") return booking.price;
  if (name == "status") return booking.status;
  if (name == "timezone") return booking.timezone;
  if (name == "id") return booking.id;
  if (name == "url") return booking.url;
  if (name == "start") return booking.start ? bellhop::utc_text(*booking.start) : "";
  if (name == "end") return booking.end ? bellhop::utc_text(*booking.end) : "";
  if (starts_with(name, utm_prefix)) return find(booking.utm, name.substr(utm_prefix.size()));
  if (starts_with(name, answer_prefix)) {
    return is_primary ? find(booking.answers, name.substr(answer_prefix.size())) : std::string();
  }
  return {};
}

}  // namespace crm
