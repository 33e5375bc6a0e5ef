// SPDX-License-Identifier: Apache-2.0
#include "vevent.hpp"

#include <libical/ical.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "text.hpp"

namespace calendar {
namespace {

constexpr std::size_t read_bytes_max = 1'000'000;
constexpr std::int64_t sequence_max = 1'000'000'000;

struct Free {
  void operator()(icalcomponent *component) const { icalcomponent_free(component); }
  void operator()(char *text) const { std::free(text); }  // NOLINT: libical's …_r functions give malloc's memory
};
using Component = std::unique_ptr<icalcomponent, Free>;

// The properties that are ours: what vevent_of writes is never anybody else's.
constexpr std::array<icalproperty_kind, 14> own_kinds{
    ICAL_UID_PROPERTY,          ICAL_DTSTAMP_PROPERTY,     ICAL_DTSTART_PROPERTY,  ICAL_DTEND_PROPERTY,
    ICAL_DURATION_PROPERTY,     ICAL_SEQUENCE_PROPERTY,    ICAL_STATUS_PROPERTY,   ICAL_TRANSP_PROPERTY,
    ICAL_SUMMARY_PROPERTY,      ICAL_DESCRIPTION_PROPERTY, ICAL_LOCATION_PROPERTY, ICAL_URL_PROPERTY,
    ICAL_LASTMODIFIED_PROPERTY, ICAL_CREATED_PROPERTY};

// libical's default may be to abort the process on an error.
void quieten() { icalerror_set_errors_are_fatal(0); }

icaltimetype utc(std::int64_t seconds) {
  return icaltime_from_timet_with_zone(static_cast<time_t>(seconds), 0, icaltimezone_get_utc_timezone());
}

std::string text_of(icalcomponent *component) {
  const std::unique_ptr<char, Free> text(icalcomponent_as_ical_string_r(component));
  return text ? std::string(text.get()) : std::string();
}

icalproperty_status status_of(Status status) {
  switch (status) {
    case Status::tentative:
      return ICAL_STATUS_TENTATIVE;
    case Status::confirmed:
      return ICAL_STATUS_CONFIRMED;
    case Status::canceled:
      break;
  }
  return ICAL_STATUS_CANCELLED;
}

void add_texts(icalcomponent *event, const Texts &texts) {
  const auto add = [event](icalproperty *(*make)(const char *), const std::string &text) {
    if (!text.empty()) icalcomponent_add_property(event, make(text.c_str()));
  };
  add(&icalproperty_new_summary, texts.summary);
  add(&icalproperty_new_description, texts.description);
  add(&icalproperty_new_location, texts.location);
  add(&icalproperty_new_url, texts.url);
}

void add_own(icalcomponent *event, const State &state, std::int64_t sequence, Detail detail) {
  const auto add = [event](icalproperty *property) { icalcomponent_add_property(event, property); };
  const bool is_full = detail == Detail::full;
  add(icalproperty_new_uid((is_full ? state.uid : digest("busy\n" + state.uid) + "@bellhop").c_str()));
  add(icalproperty_new_dtstamp(utc(state.changed)));
  add(icalproperty_new_dtstart(utc(state.start)));
  if (state.end) add(icalproperty_new_dtend(utc(*state.end)));
  add(icalproperty_new_sequence(static_cast<int>(sequence)));
  add(icalproperty_new_status(status_of(state.status)));
  add(icalproperty_new_transp(state.status == Status::canceled ? ICAL_TRANSP_TRANSPARENT : ICAL_TRANSP_OPAQUE));
  add(icalproperty_new_lastmodified(utc(state.changed)));
  if (!is_full) return add(icalproperty_new_summary("Busy"));
  if (state.created) add(icalproperty_new_created(utc(*state.created)));
  add_texts(event, state.texts);
}

Component new_calendar() {
  Component calendar(icalcomponent_new(ICAL_VCALENDAR_COMPONENT));
  icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
  icalcomponent_add_property(calendar.get(), icalproperty_new_prodid(product_id));
  return calendar;
}

// A calendar with this one VEVENT, looked at by libical with its own eyes: its text is parsed again, because errors of
// values show there and not in the tree that was built.
Component checked_calendar(const State &state, Detail detail) {
  quieten();
  Component calendar = new_calendar();
  icalcomponent *const event = icalcomponent_new(ICAL_VEVENT_COMPONENT);
  icalcomponent_add_component(calendar.get(), event);
  add_own(event, state, state.sequence, detail);
  const Component copy(icalparser_parse_string(text_of(calendar.get()).c_str()));
  const bool is_sound = copy && icalcomponent_count_errors(copy.get()) == 0 &&
                        icalcomponent_check_restrictions(copy.get()) != 0 &&
                        icalcomponent_count_components(copy.get(), ICAL_ANY_COMPONENT) == 1;
  if (!is_sound) {
    throw bellhop::Abort(bellhop::Verdict::fail("libical finds errors in the event that was made of this booking"));
  }
  return calendar;
}

void remove_own(icalcomponent *event) {
  std::vector<icalproperty *> own;
  for (icalproperty *property = icalcomponent_get_first_property(event, ICAL_ANY_PROPERTY); property != nullptr;
       property = icalcomponent_get_next_property(event, ICAL_ANY_PROPERTY)) {
    const icalproperty_kind kind = icalproperty_isa(property);
    if (std::find(own_kinds.begin(), own_kinds.end(), kind) != own_kinds.end()) own.push_back(property);
  }
  for (icalproperty *property : own) {
    icalcomponent_remove_property(event, property);
    icalproperty_free(property);
  }
}

std::string text_or_nothing(const char *text) { return text != nullptr ? text : ""; }

std::optional<std::int64_t> seconds_of(const icaltimetype &time) {
  if (icaltime_is_null_time(time) || !icaltime_is_valid_time(time)) return std::nullopt;
  // A time with a TZID of its own definition carries its zone; a floating one is read as UTC.
  return icaltime_as_timet_with_zone(time, time.zone != nullptr ? time.zone : icaltimezone_get_utc_timezone());
}

Reading read_event(icalcomponent *event) {
  Reading reading;
  reading.uid = text_or_nothing(icalcomponent_get_uid(event));
  reading.sequence = icalcomponent_get_sequence(event);
  const icalproperty *status = icalcomponent_get_first_property(event, ICAL_STATUS_PROPERTY);
  if (status != nullptr)
    reading.status = text_or_nothing(icalproperty_status_to_string(icalproperty_get_status(status)));
  reading.start = seconds_of(icalcomponent_get_dtstart(event));
  const bool has_end = icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY) != nullptr ||
                       icalcomponent_get_first_property(event, ICAL_DURATION_PROPERTY) != nullptr;
  if (has_end) reading.end = seconds_of(icalcomponent_get_dtend(event));
  reading.texts = {text_or_nothing(icalcomponent_get_summary(event)),
                   text_or_nothing(icalcomponent_get_description(event)),
                   text_or_nothing(icalcomponent_get_location(event)), ""};
  const icalproperty *url = icalcomponent_get_first_property(event, ICAL_URL_PROPERTY);
  if (url != nullptr) reading.texts.url = text_or_nothing(icalproperty_get_url(url));
  return reading;
}

// untrusted: a server's or the vendor's text
Component parse(std::string_view text) {
  quieten();
  if (text.size() > read_bytes_max || text.find('\0') != text.npos) return nullptr;
  Component calendar(icalparser_parse_string(std::string(text).c_str()));
  const bool is_calendar = calendar && icalcomponent_isa(calendar.get()) == ICAL_VCALENDAR_COMPONENT;
  return is_calendar ? std::move(calendar) : nullptr;
}

}  // namespace

std::string vevent_of(const State &state, Detail detail) {
  const Component calendar = checked_calendar(state, detail);
  return text_of(icalcomponent_get_first_component(calendar.get(), ICAL_VEVENT_COMPONENT));
}

std::string calendar_of(const State &state) { return text_of(checked_calendar(state, Detail::full).get()); }

std::optional<Merged> merged(std::string_view theirs, const State &state) {
  const Component own = checked_calendar(state, Detail::full);  // what goes in is sound
  const Component calendar = parse(theirs);
  if (!calendar) return std::nullopt;
  for (icalcomponent *event = icalcomponent_get_first_component(calendar.get(), ICAL_VEVENT_COMPONENT);
       event != nullptr; event = icalcomponent_get_next_component(calendar.get(), ICAL_VEVENT_COMPONENT)) {
    if (text_or_nothing(icalcomponent_get_uid(event)) != state.uid) continue;
    if (icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY) != nullptr) continue;
    const std::int64_t theirs_sequence = icalcomponent_get_sequence(event);
    Merged merged;
    merged.sequence = state.sequence;
    if (theirs_sequence > state.sequence && theirs_sequence < sequence_max) merged.sequence = theirs_sequence;
    remove_own(event);
    add_own(event, state, merged.sequence, Detail::full);
    icalcomponent_strip_errors(calendar.get());
    merged.text = text_of(calendar.get());
    return merged;
  }
  return std::nullopt;
}

std::optional<std::vector<Reading>> read_calendar(std::string_view text) {
  const Component calendar = parse(text);
  if (!calendar || icalcomponent_count_errors(calendar.get()) != 0) return std::nullopt;
  std::vector<Reading> events;
  for (icalcomponent *event = icalcomponent_get_first_component(calendar.get(), ICAL_VEVENT_COMPONENT);
       event != nullptr; event = icalcomponent_get_next_component(calendar.get(), ICAL_VEVENT_COMPONENT)) {
    events.push_back(read_event(event));
  }
  return events;
}

std::string feed_head(std::string_view name, int refresh_minutes) {
  quieten();
  const Component calendar = new_calendar();
  const std::string title = cleaned_line(name, 200);
  const auto add = [&](icalproperty *property) { icalcomponent_add_property(calendar.get(), property); };
  const auto add_extra = [&](const char *extra, const std::string &value) {
    icalproperty *const property = icalproperty_new_x(value.c_str());
    icalproperty_set_x_name(property, extra);
    add(property);
  };
  icaldurationtype every = icaldurationtype_from_int(refresh_minutes * 60);
  icalproperty *const refresh = icalproperty_new_refreshinterval(every);
  icalproperty_set_parameter(refresh, icalparameter_new_value(ICAL_VALUE_DURATION));  // RFC 7986 5.7 demands it
  add(icalproperty_new_name(title.c_str()));
  add_extra("X-WR-CALNAME", title);
  add(refresh);
  add_extra("X-PUBLISHED-TTL", "PT" + std::to_string(refresh_minutes) + "M");
  std::string text = text_of(calendar.get());
  return text.substr(0, text.find("END:VCALENDAR"));
}

const std::string_view feed_tail = "END:VCALENDAR\r\n";

}  // namespace calendar
