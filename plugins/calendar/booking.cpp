// SPDX-License-Identifier: Apache-2.0
#include "booking.hpp"

#include <bellhop/booking.hpp>

#include <algorithm>

#include "moment.hpp"
#include "text.hpp"

namespace calendar {
namespace {

using bellhop::Json;

constexpr std::size_t line_bytes_max = 400, description_bytes_max = 8'000, id_bytes_max = 256;
constexpr std::int64_t duration_s_max = 31 * 86'400;

void add_line(std::string &out, std::string_view label, std::string_view value) {
  if (value.empty()) return;
  if (!out.empty()) out += '\n';
  if (!label.empty()) out.append(label).append(": ");
  out += value;
}

std::string line(const Json &json) { return cleaned_line(json.text(), line_bytes_max); }

std::string person(const Json &attendee) {
  const std::string name = line(attendee["name"]), email = line(attendee["email"]);
  if (name.empty() || email.empty()) return name + email;
  return name + " <" + email + ">";
}

std::optional<Status> status_of(const Json &event) {
  const std::string_view status = event["data"]["booking"]["status"].text();
  if (status == "requested") return Status::tentative;
  if (status == "confirmed") return Status::confirmed;
  if (status == "canceled" || status == "declined") return Status::canceled;
  // A snapshot that does not say: what happened says it.
  const std::string_view type = event["type"].text();
  if (type == "booking.canceled" || type == "booking.declined") return Status::canceled;
  if (type == "booking.requested") return Status::tentative;
  if (type == "booking.confirmed") return Status::confirmed;
  return std::nullopt;
}

// No action link (cancel, reschedule …) is ever among the lines: whoever reads a calendar must not hold them.
std::string description_of(const Json &booking) {
  std::string out;
  const auto add_person = [&](const char *label, const Json &attendee) {
    const bool has_left = bellhop::has_left(attendee["status"].text(), booking["status"].text());
    std::string text = person(attendee);
    if (has_left && !text.empty()) text += " (not coming)";
    add_line(out, label, text);
  };
  add_person("Attendee", booking["attendee"]);
  add_line(out, "Phone", line(booking["attendee"]["phone"]));
  for (std::size_t index = 1; index < booking["attendees"].size(); ++index) {
    add_person("Also", booking["attendees"].at(index));
  }
  add_line(out, "Host", line(booking["host"]["name"]));
  for (const Json &answer : booking["answers"]) {
    const std::string label = cleaned_line(answer["label"].text(answer["slug"].text()), line_bytes_max);
    add_line(out, label.empty() ? "Answer" : label, cleaned(answer["text"].text(), line_bytes_max * 5));
  }
  add_line(out, "Add to Google Calendar", url_or_nothing(booking["links"]["google"].text()));
  add_line(out, "Add to Outlook", url_or_nothing(booking["links"]["outlook"].text()));
  return cleaned(out, description_bytes_max);
}

Texts texts_of(const Json &booking) {
  Texts texts;
  const Json type = booking["meeting_type"];
  const std::string what = cleaned_line(type["name"].text(type["slug"].text()), line_bytes_max);
  const std::string who =
      cleaned_line(booking["attendee"]["name"].text(booking["attendee"]["email"].text()), line_bytes_max);
  texts.summary = what.empty() || who.empty() ? what + who : what + ": " + who;
  if (texts.summary.empty()) texts.summary = "Booking";
  texts.description = description_of(booking);
  texts.location = cleaned_line(booking["location"].text(type["location"].text()), line_bytes_max);
  texts.url = url_or_nothing(booking["url"].text());
  return texts;
}

// The vendor's own sample ends when it begins and lasts 1800 s all the same.
std::optional<std::int64_t> end_of(const Booking &booking, const Json &json) {
  if (!booking.start) return std::nullopt;
  if (booking.end_given && *booking.end_given > *booking.start) return booking.end_given;
  const std::int64_t duration_s = json["meeting_type"]["duration_s"].integer();
  if (duration_s <= 0 || duration_s > duration_s_max) return std::nullopt;
  return *booking.start + duration_s;
}

}  // namespace

Booking read_booking(const Json &event) {
  const Json json = event["data"]["booking"];
  Booking booking;
  booking.id = json["id"].text().substr(0, id_bytes_max);
  booking.status = status_of(event);
  booking.start = seconds_of(json["start"].text());
  booking.end_given = seconds_of(json["end"].text());
  booking.end = end_of(booking, json);
  booking.created = seconds_of(json["created"].text());
  booking.host_id = cleaned_line(json["host"]["id"].text(), line_bytes_max);
  booking.host_name = line(json["host"]["name"]);
  booking.ics_url = json["links"]["ics"].str();
  booking.texts = texts_of(json);
  return booking;
}

}  // namespace calendar
