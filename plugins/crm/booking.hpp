// SPDX-License-Identifier: Apache-2.0
// Booking: what a CRM needs of an event, as plain text, and the fields that settings may name.
#pragma once

#include <bellhop/plugin.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crm {

// untrusted: all of it is a stranger's text
struct Person {
  std::string email, name, first_name, last_name, phone;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Booking {
  std::string id, status, timezone, url, location, organization, price;
  std::string host, host_email, meeting_type;
  std::vector<Person> people;              // who comes, with an e-mail address, each once; the primary attendee first
  std::vector<Person> left;                // who canceled or was declined, likewise, and is not among those who come
  std::string primary_email;               // of the primary attendee, who may have left
  std::size_t people_without_address = 0;  // who cannot be matched
  std::optional<std::int64_t> start, end;  // Unix milliseconds
  Pairs answers;                           // slug, text: the primary attendee's
  Pairs utm;                               // "source", …

  // Of whom a title speaks. There is one as soon as anybody has an address.
  const Person &first() const { return people.empty() ? left.front() : people.front(); }
};

inline constexpr std::size_t people_max = 100;  // of one booking; further ones are counted among those without address

Booking read_booking(const bellhop::Json &event);

// "email", "name", "first_name", "last_name", "phone", "host", "host_email", "meeting_type", "organization",
// "location", "price", "status", "timezone", "id", "url", "start", "end", "utm.source" …, "answer.SLUG". The README
// lists them.
bool is_field(std::string_view name);
// "" when the event does not say. Answers are the primary attendee's words: of others they are empty.
std::string field_of(const Booking &booking, const Person &person, std::string_view name);

}  // namespace crm
