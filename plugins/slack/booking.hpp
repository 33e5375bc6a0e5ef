// SPDX-License-Identifier: Apache-2.0
// Booking: what a message needs of an event, as plain text, and the fields that templates may name.
#pragma once

#include <bellhop/plugin.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slack {

// All of it is a stranger's text.
struct Booking {
  std::string id, status, timezone, url, location, organization;
  std::string name, email, phone;   // of the primary attendee
  std::vector<std::string> others;  // names or addresses of the other attendees
  std::string host, host_id, host_slug;
  std::string meeting_type, meeting_type_id, meeting_type_slug, price;
  std::string google, outlook;                               // links that add it to a calendar
  std::optional<std::int64_t> start, end;                    // Unix seconds
  std::vector<std::pair<std::string, std::string>> answers;  // label, text
  std::vector<std::pair<std::string, std::string>> answers_by_slug;
  std::vector<std::pair<std::string, std::string>> utm;  // "source", …
};

Booking read_booking(const bellhop::Json &event);

// "name", "email", "phone", "host", "meeting_type", "organization", "location", "price", "status", "timezone", "id",
// "url", "when", "utm.source" …, "answer.SLUG". The README lists them.
bool is_field(std::string_view name);
std::string field_of(const Booking &booking, std::string_view name);  // "" when the event does not say

// "New booking: {{name}}, {{when}}". The text outside is the operator's, what is put in is a stranger's: nothing is
// escaped here.
//   returns   the first name that is_field() does not know, "" when all are known
std::string unknown_field_of(std::string_view pattern);
std::string render(std::string_view pattern, const Booking &booking);

}  // namespace slack
