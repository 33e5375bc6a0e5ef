// SPDX-License-Identifier: Apache-2.0
// See record.hpp. Everything in an event is text that a stranger may have written: it is only ever bound, never put
// into SQL, and its shape is not relied on.
#include "record.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "time_text.hpp"

namespace bellhop_sqlite {

namespace {

using bellhop::Json;

constexpr std::int64_t future_ms_max = 3'600'000;  // how far ahead of its receipt an event's own time is believed
constexpr std::size_t answers_max = 1000;          // of one booking; a form has tens
constexpr std::size_t attendees_max = 1000;
constexpr std::string_view attendee_types = "attendee.";

Value text_at(const Json &json, std::string_view pointer) {
  const Json value = json[pointer];
  if (!value) return std::nullopt;
  return value.str();
}

// Any value as JSON text; a string gets its quotes back.
std::string json_of(const Json &value) {
  if (!value.is_string()) return value.str("null");
  std::string json = "\"";
  for (const char c : value.text()) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      json += escaped;
    } else {
      json += c;
    }
  }
  return json + '"';
}

Value integer_text(const std::string &text) {
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return text;
}

Value read_column(const Json &data, const Column &column) {
  Value said = text_at(data, column.pointer);
  if (!said && column.otherwise) said = text_at(data, column.otherwise);
  if (!said || column.kind == Column::Kind::text) return said;
  if (column.kind == Column::Kind::integer) return integer_text(*said);
  const auto unix_ms = parse_time(*said);
  if (!unix_ms) return std::nullopt;
  const std::int64_t unix_s = *unix_ms / 1000 - (*unix_ms % 1000 < 0 ? 1 : 0);
  return column.kind == Column::Kind::time ? text_of_s(unix_s) : std::to_string(unix_s);
}

AttendeeRow read_attendee(const Json &attendee, std::int64_t event_ms) {
  return {text_at(attendee, "/id"),    text_at(attendee, "/email"),  text_at(attendee, "/name"),
          text_at(attendee, "/phone"), text_at(attendee, "/status"), event_ms};
}

std::vector<AnswerRow> read_answers(const Json &list) {
  std::vector<AnswerRow> answers;
  const std::size_t count = std::min(list.size(), answers_max);
  answers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Json answer = list.at(i);
    const Json value = answer["/value"];
    AnswerRow row{text_at(answer, "/slug"), text_at(answer, "/label"), text_at(answer, "/kind"), json_of(value), ""};
    row.text = text_at(answer, "/text").value_or(value.str());
    answers.push_back(std::move(row));
  }
  return answers;
}

// Everybody, the primary attendee first.
std::vector<AttendeeRow> read_attendees(const Json &booking, std::int64_t event_ms) {
  std::vector<AttendeeRow> attendees;
  const Json list = booking["/attendees"];
  const std::size_t count = std::min(list.size(), attendees_max);
  for (std::size_t i = 0; i < count; ++i) attendees.push_back(read_attendee(list.at(i), event_ms));

  const Json primary = booking["/attendee"];
  if (!primary) return attendees;
  const AttendeeRow first = read_attendee(primary, event_ms);
  const auto found = std::find_if(attendees.begin(), attendees.end(),
                                  [&](const AttendeeRow &attendee) { return attendee.is_same_person(first); });
  if (found == attendees.end()) {
    attendees.insert(attendees.begin(), first);
  } else {
    std::rotate(attendees.begin(), found, found + 1);
  }
  return attendees;
}

}  // namespace

std::int64_t Record::order_ms() const {
  return received_ms > 0 && time_ms > received_ms + future_ms_max ? received_ms : time_ms;
}

Record read_record(const bellhop::Event &event) {
  Record record;
  record.id = event.id();
  record.type = event.type();
  record.subject = event.subject();
  record.json = event.json();
  record.raw = event.body();
  record.seq = static_cast<std::int64_t>(event.seq());
  record.time_ms = event.occurred_ms();
  record.received_ms = event.received_ms();
  record.is_late = event.is_late();
  record.is_test = event.is_test();
  if (record.id.empty()) throw Unreadable("the event has no id, so a re-delivery could not be told from a new one");
  const Json data = event["/data"];
  if (!data) throw Unreadable("the event is not JSON with an object \"data\"");

  const Json booking = data["/booking"];
  record.booking_id = text_at(booking, "/id").value_or("");
  if (record.booking_id.empty()) return record;

  for (std::size_t i = 0; i < columns.size(); ++i) record.row[i] = read_column(data, columns[i]);
  record.answers = read_answers(booking["/answers"]);
  if (record.type.substr(0, attendee_types.size()) == attendee_types) {
    record.about = Record::About::attendee;
    const Json attendee = data["/attendee"];
    if (attendee) record.attendees.push_back(read_attendee(attendee, record.order_ms()));
  } else {
    record.about = Record::About::booking;
    record.attendees = read_attendees(booking, record.order_ms());
  }
  return record;
}

}  // namespace bellhop_sqlite
