// SPDX-License-Identifier: Apache-2.0
#include "rel.hpp"

#include <algorithm>

#include "text.hpp"
#include "vevent.hpp"

namespace calendar {
namespace {

constexpr std::size_t url_bytes_max = 1'000;
constexpr std::string_view letters_and_digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool is_made_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return letters_and_digits.find(c) != letters_and_digits.npos || more.find(c) != more.npos;
  });
}

bool has_segment(std::string_view path, std::string_view wanted) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == wanted) return true;
    if (slash == path.npos) return false;
    path.remove_prefix(slash + 1);
  }
}

bool is_calendar_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return type == "text/calendar";
}

}  // namespace

std::string refusal_of(const Booking &booking, const std::vector<std::string> &origins) {
  const std::string_view url = booking.ics_url;
  if (url.empty()) return "the event has no link to a calendar file";
  if (url.size() > url_bytes_max) return "the link to the calendar file is too long";
  std::string_view rest;
  for (const std::string &origin : origins) {
    const bool is_below = url.size() > origin.size() && url.substr(0, origin.size()) == origin;
    if (is_below && url[origin.size()] == '/') rest = url.substr(origin.size());
  }
  if (rest.empty()) return "the link to the calendar file is not on one of rel_origins";
  const std::size_t question = rest.find('?');
  const std::string_view path = rest.substr(0, question);
  const std::string_view query = question == rest.npos ? std::string_view() : rest.substr(question + 1);
  // A dot in a path is a file name's or a step upwards; the vendor's paths have neither.
  if (!is_made_of(path, "/_-~") || !is_made_of(query, "_-~=&.") || path.find("//") != path.npos) {
    return "the link to the calendar file has an unusual path";
  }
  if (booking.id.empty() || !has_segment(path.substr(1), booking.id)) {
    return "the link to the calendar file is not of this booking";
  }
  return {};
}

std::variant<Texts, std::string> texts_of_rel(const Booking &booking, std::string_view content_type,
                                              std::string_view body) {
  if (!is_calendar_type(content_type)) return "what the link gave is not text/calendar";
  if (body.size() > rel_bytes_max) return "what the link gave is larger than 256 KiB";
  const auto events = read_calendar(body);
  if (!events) return "what the link gave is no calendar";
  if (events->size() != 1) return "the calendar has " + std::to_string(events->size()) + " events instead of one";
  const Reading &event = events->front();
  const bool has_start = event.start && event.start == booking.start;
  // The end as the vendor gives it, or as we understand it; without one it is left to us.
  const bool has_end = !event.end || event.end == booking.end_given || event.end == booking.end;
  if (!has_start || !has_end) return "the calendar's event is at another time than the booking";
  Texts texts{cleaned_line(event.texts.summary, 400), cleaned(event.texts.description, 8'000),
              cleaned_line(event.texts.location, 400), url_or_nothing(event.texts.url)};
  if (texts.summary.empty()) texts.summary = booking.texts.summary;
  if (texts.description.empty()) texts.description = booking.texts.description;
  if (texts.location.empty()) texts.location = booking.texts.location;
  if (texts.url.empty()) texts.url = booking.texts.url;
  return texts;
}

}  // namespace calendar
