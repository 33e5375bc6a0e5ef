// SPDX-License-Identifier: Apache-2.0
// bellhop/booking.hpp -- Booking: what an event says about a booking, as plain values of your own, and the fields that
// a setting may name. Optional: an event's JSON is the contract, this is one reading of it. Not part of plugin.hpp.
//
//   const bellhop::Booking booking = bellhop::Booking::of(event.root());
//   bellhop::fill_pattern("{{name}} booked {{meeting_type}}", [&](std::string_view name) { return booking.field(name);
//   });
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json.hpp"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

// Unix milliseconds of a time in an event: "2014-01-01T16:00:00Z", "…T16:00:00.123456789+02:00". A booking's times are
// kept as the vendor wrote them, so an offset is not rare. What is finer than a millisecond is cut off.
inline std::optional<std::int64_t> unix_ms(std::string_view time);
// "2014-01-01T16:00:00Z", cut to the second; "" before the year 1 and after 9999.
inline std::string utc_text(std::int64_t ms);

// untrusted: all texts from here on can be forged by whoever knows the webhook's URL. Nothing is escaped or cut.
struct Person {
  std::string email, name, first_name, last_name, phone, status;  // status: the vendor's word, only v5 has one
  std::string label() const { return name.empty() ? email : name; }
  bool has_left() const;  // bellhop::has_left(status)
};

// Does this status of an attendee say that the person canceled or was declined: "cancelled", "Canceled", "declined"? In
// a booking that is canceled as a whole it may be said of everybody.
inline bool has_left(std::string_view attendee_status);
// The same of a booking with this status: in one that is canceled or declined as a whole, nobody's own cancel is news.
inline bool has_left(std::string_view attendee_status, std::string_view booking_status);

struct Host {
  std::string id, slug, name, email;
  std::string label() const { return name.empty() ? email : name; }
};

struct MeetingType {
  std::string id, slug, name;
  std::string label() const { return name.empty() ? slug : name; }
};

struct BookingAnswer {
  std::string slug, label, text;  // label: the slug when the form has none
};

// What an event does not say is "", empty or nullopt.
struct Booking {
  std::string id, status, timezone, url, location, organization;
  std::string price;           // "25.00 USD"; "" when it is free
  Person attendee;             // the primary one
  std::vector<Person> others;  // of a group meeting, without the primary one, nobody twice; who has left is among them
  Host host;
  MeetingType meeting_type;
  std::optional<std::int64_t> start_ms, end_ms;          // Unix; the end may be the start
  std::vector<BookingAnswer> answers;                    // the primary attendee's, without the empty ones
  std::vector<std::pair<std::string, std::string>> utm;  // "source", …: those that are there
  // Links that are for reading. Those that act (confirm, cancel, reschedule, reassign) are left out on purpose: a text
  // that passes one on lets every reader of it cancel the booking.
  std::string ics_link, google_link, outlook_link;

  static Booking of(const Json &event);  // Event::root()

  // The value of a field for a text, "" when the booking does not say or is_field() does not know it. The second form
  // speaks of one of `others`: name, address and phone are that person's, and the answers, which are the primary
  // attendee's words, are empty.
  std::string field(std::string_view name) const { return field(name, attendee); }
  std::string field(std::string_view name, const Person &person) const;
  // name, email, first_name, …, utm.source, answer.SLUG. Ask it when the settings are read: a misspelt field is found
  // at the start and not in a message.
  static bool is_field(std::string_view name);
  static std::string field_names();  // all of them, for the sentence that refuses another
};

// Calls text(piece) and field(name) for the pieces of "Meeting with {{name}}" in their order; spaces within the braces
// do not count. An opening brace without its end is text.
template <class Text, class Field>
void walk_pattern(std::string_view pattern, Text &&text, Field &&field) {
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

// The pattern with value_of(name) in place of its fields. What is put in is no pattern again.
template <class ValueOf>
std::string fill_pattern(std::string_view pattern, ValueOf &&value_of) {
  std::string out;
  walk_pattern(
      pattern, [&](std::string_view text) { out += text; }, [&](std::string_view name) { out += value_of(name); });
  return out;
}

// ---- how it is done -------------------------------------------------------------------------------------------------

namespace detail {

inline constexpr std::string_view utm_names[] = {"source", "medium", "campaign", "term", "content"};
inline constexpr std::string_view utm_prefix = "utm.", answer_prefix = "answer.";
inline constexpr std::int64_t s_per_day = 86'400, ms_per_s = 1'000;

inline bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// ASCII only: addresses are compared by it, and nothing else.
inline std::string lower_of(std::string text) {
  for (char &c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

inline bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
// Of a year from 1 on, in the Gregorian calendar: days from 1970-01-01 to its first.
inline std::int64_t days_before_year(std::int64_t year) {
  const std::int64_t past = year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400 - 719'162;
}
inline std::int64_t days_before_month(std::int64_t year, int month) {
  constexpr int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
  return days[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
}
inline std::int64_t days_of_month(std::int64_t year, int month) {
  return (month == 12 ? 365 + (is_leap(year) ? 1 : 0) : days_before_month(year, month + 1)) -
         days_before_month(year, month);
}

// Reads a text from its front; whatever does not fit makes it bad for good.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}
  int number(std::size_t digits, int min, int max) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit_next()) return fail(min);
      value = value * 10 + (take() - '0');
    }
    return value < min || value > max ? fail(min) : value;
  }
  char one_of(std::string_view letters) {
    if (text_.empty() || letters.find(text_.front()) == letters.npos) return static_cast<char>(fail(0));
    return take();
  }
  bool is_digit_next() const { return !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; }
  bool is_next(char c) const { return !text_.empty() && text_.front() == c; }
  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  bool is_good_and_at_end() const { return is_good_ && text_.empty(); }

 private:
  int fail(int value) {
    is_good_ = false;
    text_ = {};
    return value;
  }
  std::string_view text_;
  bool is_good_ = true;
};

inline Person read_person(const Json &json) {
  Person person{json["email"].str(),     json["name"].str(),  json["first_name"].str(),
                json["last_name"].str(), json["phone"].str(), json["status"].str()};
  if (person.name.empty()) {
    person.name = person.first_name + (person.first_name.empty() || person.last_name.empty() ? "" : " ");
    person.name += person.last_name;
  } else if (person.first_name.empty() && person.last_name.empty()) {
    // The last word is the family name: wrong for some people, and the best guess there is.
    const std::size_t space = person.name.rfind(' ');
    person.first_name = person.name.substr(0, space);
    person.last_name = space == std::string::npos ? std::string() : person.name.substr(space + 1);
  }
  return person;
}

inline void read_people(const Json &json, Booking &booking) {
  booking.attendee = read_person(json["attendee"]);
  std::set<std::string> known{lower_of(booking.attendee.email)};
  for (const Json &each : json["attendees"]) {
    Person person = read_person(each);
    // Without an address: nobody, or the primary attendee again, told of by a name or an id alone.
    const bool is_new = person.email.empty() ? !person.name.empty() && person.name != booking.attendee.name
                                             : known.insert(lower_of(person.email)).second;
    if (is_new) booking.others.push_back(std::move(person));
  }
}

struct BookingField {
  std::string_view name;
  std::string (*value)(const Booking &, const Person &);
};

inline constexpr BookingField booking_fields[] = {
    {"name", [](const Booking &, const Person &person) { return person.label(); }},
    {"email", [](const Booking &, const Person &person) { return person.email; }},
    {"first_name", [](const Booking &, const Person &person) { return person.first_name; }},
    {"last_name", [](const Booking &, const Person &person) { return person.last_name; }},
    {"phone", [](const Booking &, const Person &person) { return person.phone; }},
    {"host", [](const Booking &booking, const Person &) { return booking.host.label(); }},
    {"host_email", [](const Booking &booking, const Person &) { return booking.host.email; }},
    {"meeting_type", [](const Booking &booking, const Person &) { return booking.meeting_type.label(); }},
    {"organization", [](const Booking &booking, const Person &) { return booking.organization; }},
    {"location", [](const Booking &booking, const Person &) { return booking.location; }},
    {"price", [](const Booking &booking, const Person &) { return booking.price; }},
    {"status", [](const Booking &booking, const Person &) { return booking.status; }},
    {"timezone", [](const Booking &booking, const Person &) { return booking.timezone; }},
    {"start", [](const Booking &booking,
                 const Person &) { return booking.start_ms ? utc_text(*booking.start_ms) : std::string(); }},
    {"end",
     [](const Booking &booking, const Person &) { return booking.end_ms ? utc_text(*booking.end_ms) : std::string(); }},
    {"id", [](const Booking &booking, const Person &) { return booking.id; }},
    {"url", [](const Booking &booking, const Person &) { return booking.url; }},
};

}  // namespace detail

inline std::optional<std::int64_t> unix_ms(std::string_view time) {
  detail::TimeReader reader(time);
  const int year = reader.number(4, 1, 9'999);
  reader.one_of("-");
  const int month = reader.number(2, 1, 12);
  reader.one_of("-");
  const int day = reader.number(2, 1, static_cast<int>(detail::days_of_month(year, month)));
  reader.one_of("Tt");
  const int hour = reader.number(2, 0, 23);
  reader.one_of(":");
  const int minute = reader.number(2, 0, 59);
  reader.one_of(":");
  const int second = reader.number(2, 0, 60);  // a leap second is the first of the next minute
  int ms = 0;
  if (reader.is_next('.')) {
    reader.take();
    int weight = 100;
    ms = reader.number(1, 0, 9) * weight;
    while (reader.is_digit_next()) ms += (reader.take() - '0') * (weight /= 10);
  }
  std::int64_t offset_s = 0;
  if (const char sign = reader.one_of("Zz+-"); sign == '+' || sign == '-') {
    offset_s = reader.number(2, 0, 23) * 3'600;
    reader.one_of(":");
    offset_s += reader.number(2, 0, 59) * 60;
    if (sign == '-') offset_s = -offset_s;
  }
  if (!reader.is_good_and_at_end()) return std::nullopt;
  const std::int64_t days = detail::days_before_year(year) + detail::days_before_month(year, month) + day - 1;
  const std::int64_t seconds = days * detail::s_per_day + hour * 3'600 + minute * 60 + second - offset_s;
  return seconds * detail::ms_per_s + ms;
}

inline std::string utc_text(std::int64_t ms) {
  if (ms < detail::days_before_year(1) * detail::s_per_day * detail::ms_per_s ||
      ms >= detail::days_before_year(10'000) * detail::s_per_day * detail::ms_per_s) {
    return {};
  }
  const auto floored = [](std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); };
  const std::int64_t seconds = floored(ms, detail::ms_per_s), days = floored(seconds, detail::s_per_day);
  const std::int64_t rest = seconds - days * detail::s_per_day;
  std::int64_t year = (days - detail::days_before_year(1)) / 366 + 1;  // never too late, and not much too early
  while (detail::days_before_year(year + 1) <= days) ++year;
  const std::int64_t in_year = days - detail::days_before_year(year);
  int month = 12;
  while (detail::days_before_month(year, month) > in_year) --month;
  char out[80];
  std::snprintf(out, sizeof out, "%04d-%02d-%02dT%02d:%02d:%02dZ", static_cast<int>(year), month,
                static_cast<int>(in_year - detail::days_before_month(year, month) + 1), static_cast<int>(rest / 3'600),
                static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
  return out;
}

inline bool has_left(std::string_view attendee_status) {
  const std::string status = detail::lower_of(std::string(attendee_status));
  return status == "canceled" || status == "cancelled" || status == "declined";
}

inline bool has_left(std::string_view attendee_status, std::string_view booking_status) {
  return has_left(attendee_status) && booking_status != "canceled" && booking_status != "declined";
}

inline bool Person::has_left() const { return bellhop::has_left(status); }

inline Booking Booking::of(const Json &event) {
  const Json json = event["data"]["booking"], type = json["meeting_type"], host = json["host"], price = type["price"];
  Booking booking;
  booking.id = json["id"].str();
  booking.status = json["status"].str();
  booking.timezone = json["timezone"].str();
  booking.url = json["url"].str();
  booking.location = json["location"].str(type["location"].text());
  booking.organization = event["data"]["organization"]["name"].str();
  if (price["amount"].text().find_first_not_of("0.") != std::string_view::npos) {
    booking.price = price["amount"].str() + (price["currency"] ? " " + price["currency"].str() : "");
  }
  detail::read_people(json, booking);
  booking.host = {host["id"].str(), host["slug"].str(), host["name"].str(), host["email"].str()};
  booking.meeting_type = {type["id"].str(), type["slug"].str(), type["name"].str()};
  booking.start_ms = unix_ms(json["start"].text());
  booking.end_ms = unix_ms(json["end"].text());
  for (const Json &answer : json["answers"]) {
    const std::string_view slug = answer["slug"].text(), text = answer["text"].text();
    if (!text.empty()) booking.answers.push_back({std::string(slug), answer["label"].str(slug), std::string(text)});
  }
  for (const std::string_view name : detail::utm_names) {
    if (const std::string value = json["utm"][name].str(); !value.empty()) booking.utm.emplace_back(name, value);
  }
  const Json links = json["links"];
  booking.ics_link = links["ics"].str();
  booking.google_link = links["google"].str();
  booking.outlook_link = links["outlook"].str();
  return booking;
}

inline std::string Booking::field(std::string_view name, const Person &person) const {
  for (const detail::BookingField &field : detail::booking_fields) {
    if (field.name == name) return field.value(*this, person);
  }
  if (detail::has_prefix(name, detail::utm_prefix)) {
    for (const auto &[key, value] : utm) {
      if (key == name.substr(detail::utm_prefix.size())) return value;
    }
  }
  const bool is_primary = &person == &attendee || (person.email == attendee.email && person.name == attendee.name);
  if (is_primary && detail::has_prefix(name, detail::answer_prefix)) {
    for (const BookingAnswer &answer : answers) {
      if (!answer.slug.empty() && answer.slug == name.substr(detail::answer_prefix.size())) return answer.text;
    }
  }
  return {};
}

inline bool Booking::is_field(std::string_view name) {
  for (const detail::BookingField &field : detail::booking_fields) {
    if (field.name == name) return true;
  }
  for (const std::string_view utm : detail::utm_names) {
    if (detail::has_prefix(name, detail::utm_prefix) && name.substr(detail::utm_prefix.size()) == utm) return true;
  }
  return detail::has_prefix(name, detail::answer_prefix) && name.size() > detail::answer_prefix.size();
}

inline std::string Booking::field_names() {
  std::string out;
  for (const detail::BookingField &field : detail::booking_fields) out.append(field.name).append(", ");
  for (const std::string_view utm : detail::utm_names) out.append(detail::utm_prefix).append(utm).append(", ");
  return out.append(detail::answer_prefix).append("SLUG");
}

}  // namespace bellhop

#pragma GCC visibility pop
