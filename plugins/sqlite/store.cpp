// SPDX-License-Identifier: Apache-2.0
// See store.hpp. Every statement is prepared once; the column list of booking comes from record.hpp, so that a new
// column is one line there and one migration.
#include "store.hpp"

#include <utility>

#include "time_text.hpp"

namespace bellhop_sqlite {

namespace {

// Older than any event: the order of a booking of which only an attendee has been heard.
constexpr std::int64_t never_ms = -62'167'219'200'000;

// The columns of booking after those of record.hpp, in the order in which they are bound and read.
constexpr const char *more_columns =
    "canceled, reschedule_count, event_count, first_event_seq, first_event_time, last_event_seq, last_event_time, "
    "last_event_ms, updated";

std::string column_list() {
  std::string list;
  for (const Column &column : columns) list += std::string(column.name) + ", ";
  return list + more_columns;
}

// Everything but the primary key is overwritten.
std::string write_booking_sql() {
  const std::string list = column_list();
  std::string excluded = "excluded.", marks = "?";
  for (const char c : list) {
    excluded += c;
    if (c == ',') marks += ", ?";
    if (c == ' ') excluded += "excluded.";
  }
  return "INSERT INTO booking (id, " + list + ") VALUES (" + marks + ", ?) ON CONFLICT (id) DO UPDATE SET (" + list +
         ") = (" + excluded + ")";
}

std::string describe(const std::vector<AttendeeRow> &attendees) {
  std::string text;
  for (const AttendeeRow &attendee : attendees) {
    if (!text.empty()) text += ", ";
    text += attendee.email.value_or(attendee.name.value_or(attendee.id.value_or("?")));
    if (attendee.status) text += " (" + *attendee.status + ")";
  }
  return text;
}

Value described(const std::vector<AttendeeRow> &attendees) {
  return attendees.empty() ? Value() : Value(describe(attendees));
}

std::string field_of(const AnswerRow &answer, std::size_t position) {
  return "answer/" + answer.slug.value_or(answer.label.value_or(std::to_string(position)));
}

}  // namespace

Store::Store(Database &database)
    : database_(database),
      insert_event_(
          database,
          "INSERT INTO event (id, seq, type, subject, time, time_ms, received, received_ms, late, test, json, "
          "raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"),
      select_booking_(database, "SELECT " + column_list() + " FROM booking WHERE id = ?"),
      write_booking_(database, write_booking_sql()),
      insert_change_(database,
                     "INSERT INTO change (event_no, position, booking_id, seq, time, type, late, field, old, new) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      select_answers_(database,
                      "SELECT slug, label, kind, value, text FROM answer WHERE booking_id = ? ORDER BY position"),
      delete_answers_(database, "DELETE FROM answer WHERE booking_id = ?"),
      insert_answer_(database,
                     "INSERT INTO answer (booking_id, position, slug, label, kind, value, text) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?)"),
      select_attendees_(database,
                        "SELECT id, email, name, phone, status, event_ms FROM attendee WHERE booking_id = ? "
                        "ORDER BY position"),
      delete_attendees_(database, "DELETE FROM attendee WHERE booking_id = ?"),
      insert_attendee_(database,
                       "INSERT INTO attendee (booking_id, position, id, email, name, phone, status, event_ms) "
                       "VALUES (?, ?, ?, ?, ?, ?, ?, ?)") {}

Store::Outcome Store::record(const Record &record, bool is_raw_kept) {
  Arrival arrival{record, text_of_ms(record.time_ms)};
  const bool is_applicable = record.about != Record::About::nothing && !record.is_test;
  Booking booking;
  if (is_applicable) booking = find(record.booking_id);

  // Older than what is shown: by time, and by the journal's order where two events give the same time. An attendee's
  // event is compared with the rows of the attendees instead.
  arrival.is_late = record.about == Record::About::booking && booking.is_there &&
                    std::pair(record.order_ms(), record.seq) < std::pair(booking.last_event_ms, booking.last_event_seq);
  if (!insert_event(arrival, is_raw_kept)) return Outcome::duplicate;
  if (!is_applicable) return Outcome::recorded;

  arrival.event_no = database_.last_row_number();
  count_event(arrival, booking);
  if (arrival.is_late) {
    write_booking(record.booking_id, booking);
  } else if (record.about == Record::About::booking) {
    apply_snapshot(arrival, std::move(booking));
  } else {
    apply_attendee(arrival, std::move(booking));
  }
  if (arrival.changes_count == 0) write_change(arrival, {}, std::nullopt, std::nullopt);
  return arrival.is_late ? Outcome::late : Outcome::applied;
}

Store::Booking Store::find(const std::string &booking_id) {
  Booking booking;
  const Resetting resetting(select_booking_);
  if (!select_booking_.bind(1, std::string_view(booking_id)).step()) return booking;
  booking.is_there = true;
  int column = 0;
  for (Value &value : booking.row) value = select_booking_.optional_text(column++);
  booking.canceled_time = select_booking_.optional_text(column++);
  booking.reschedule_count = select_booking_.integer(column++);
  booking.event_count = select_booking_.integer(column++);
  booking.first_event_seq = select_booking_.integer(column++);
  booking.first_event_time = select_booking_.text(column++);
  booking.last_event_seq = select_booking_.integer(column++);
  booking.last_event_time = select_booking_.text(column++);
  booking.last_event_ms = select_booking_.integer(column++);
  booking.updated_time = select_booking_.text(column);
  return booking;
}

bool Store::insert_event(const Arrival &arrival, bool is_raw_kept) {
  const Record &record = arrival.record;
  const std::string received = text_of_ms(record.received_ms);
  insert_event_.bind(1, record.id).bind(2, record.seq).bind(3, record.type).bind(4, record.subject);
  insert_event_.bind(5, std::string_view(arrival.time)).bind(6, record.time_ms);
  insert_event_.bind(7, std::string_view(received)).bind(8, record.received_ms);
  insert_event_.bind(9, std::int64_t{arrival.is_late}).bind(10, std::int64_t{record.is_test}).bind(11, record.json);
  if (is_raw_kept) {
    insert_event_.bind_blob(12, record.raw);
  } else {
    insert_event_.bind(12, nullptr);
  }
  insert_event_.run();
  return database_.changes() == 1;
}

// What is counted over all events about a booking, in whatever order they came: late ones as well.
void Store::count_event(const Arrival &arrival, Booking &booking) {
  const Record &record = arrival.record;
  ++booking.event_count;
  if (record.type == "booking.rescheduled") ++booking.reschedule_count;
  if (!booking.is_there || std::pair(std::string_view(arrival.time), record.seq) <
                               std::pair(std::string_view(booking.first_event_time), booking.first_event_seq)) {
    booking.first_event_time = arrival.time;
    booking.first_event_seq = record.seq;
  }
}

void Store::apply_snapshot(Arrival &arrival, Booking booking) {
  const Record &record = arrival.record;
  // An absent member was not said, which is not the same as taken away: the vendor's newer dialect sends less than the
  // older one. So the last word said stands.
  std::vector<std::pair<std::size_t, Value>> changed;  // column, value before
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Value &said = record.row[i];
    if (!said || said == booking.row[i]) continue;
    if (i == status_column && *said == "unknown" && booking.row[i]) continue;
    changed.emplace_back(i, std::exchange(booking.row[i], said));
  }
  if (!booking.row[status_column]) booking.row[status_column] = "unknown";
  if (booking.row[status_column] != "canceled") {
    booking.canceled_time.reset();
  } else if (!booking.canceled_time) {
    booking.canceled_time = arrival.time;
  }
  booking.last_event_seq = record.seq;
  booking.last_event_time = arrival.time;
  booking.last_event_ms = record.order_ms();
  booking.updated_time = text_of_ms(record.received_ms);
  write_booking(record.booking_id, booking);

  if (!booking.is_there) {
    write_change(arrival, "status", std::nullopt, booking.row[status_column]);
  } else {
    for (const auto &[i, before] : changed) {
      if (columns[i].kind != Column::Kind::epoch) write_change(arrival, columns[i].name, before, booking.row[i]);
    }
  }
  if (!record.answers.empty()) write_answers(arrival);
  if (!record.attendees.empty()) write_attendees(arrival);
}

// An event about one attendee says little about the booking: it fills in what is not known yet, and never the status.
void Store::apply_attendee(Arrival &arrival, Booking booking) {
  const Record &record = arrival.record;
  if (!booking.is_there) {
    booking.row[status_column] = "unknown";
    booking.last_event_time = arrival.time;
    booking.last_event_ms = never_ms;
    booking.updated_time = text_of_ms(record.received_ms);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!booking.row[i]) booking.row[i] = record.row[i];
  }
  write_booking(record.booking_id, booking);

  const std::vector<AttendeeRow> before = attendees_of(record.booking_id);
  std::vector<AttendeeRow> after = before;
  for (const AttendeeRow &said : record.attendees) {
    AttendeeRow *known = nullptr;
    for (AttendeeRow &attendee : after) {
      if (attendee.is_same_person(said)) known = &attendee;
    }
    if (!known) {
      after.push_back(said);
    } else if (known->event_ms <= said.event_ms) {
      *known = said;
    }
  }
  replace_attendees(arrival, before, after);
  if (!record.answers.empty() && answers_of(record.booking_id).empty()) write_answers(arrival);
}

void Store::write_booking(const std::string &booking_id, const Booking &booking) {
  int index = 1;
  write_booking_.bind(index++, std::string_view(booking_id));
  for (const Value &value : booking.row) write_booking_.bind(index++, value);
  write_booking_.bind(index++, booking.canceled_time);
  write_booking_.bind(index++, booking.reschedule_count);
  write_booking_.bind(index++, booking.event_count);
  write_booking_.bind(index++, booking.first_event_seq);
  write_booking_.bind(index++, std::string_view(booking.first_event_time));
  write_booking_.bind(index++, booking.last_event_seq);
  write_booking_.bind(index++, std::string_view(booking.last_event_time));
  write_booking_.bind(index++, booking.last_event_ms);
  write_booking_.bind(index, std::string_view(booking.updated_time));
  write_booking_.run();
}

void Store::write_answers(Arrival &arrival) {
  const Record &record = arrival.record;
  const std::vector<AnswerRow> before = answers_of(record.booking_id);
  if (before == record.answers) return;
  if (!before.empty()) delete_answers_.bind(1, std::string_view(record.booking_id)).run();
  for (std::size_t i = 0; i < record.answers.size(); ++i) {
    const AnswerRow &answer = record.answers[i];
    insert_answer_.bind(1, std::string_view(record.booking_id)).bind(2, static_cast<std::int64_t>(i));
    insert_answer_.bind(3, answer.slug).bind(4, answer.label).bind(5, answer.kind);
    insert_answer_.bind(6, std::string_view(answer.value_json)).bind(7, std::string_view(answer.text)).run();
  }
  if (before.empty()) return;  // the first answers are no change
  for (std::size_t i = 0; i < record.answers.size() || i < before.size(); ++i) {
    const AnswerRow *old = i < before.size() ? &before[i] : nullptr;
    const AnswerRow *now = i < record.answers.size() ? &record.answers[i] : nullptr;
    if (old && now && *old == *now) continue;
    write_change(arrival, field_of(now ? *now : *old, i), old ? Value(old->text) : Value(),
                 now ? Value(now->text) : Value());
  }
}

void Store::write_attendees(Arrival &arrival) {
  const std::vector<AttendeeRow> before = attendees_of(arrival.record.booking_id);
  std::vector<AttendeeRow> after = arrival.record.attendees;
  for (AttendeeRow &attendee : after) {
    for (const AttendeeRow &known : before) {
      if (attendee.is_same_person(known) && known.event_ms > attendee.event_ms) attendee = known;
    }
  }
  replace_attendees(arrival, before, after);
}

void Store::replace_attendees(Arrival &arrival, const std::vector<AttendeeRow> &before,
                              const std::vector<AttendeeRow> &after) {
  const std::string &booking_id = arrival.record.booking_id;
  if (!before.empty()) delete_attendees_.bind(1, std::string_view(booking_id)).run();
  std::int64_t position = 0;
  for (const AttendeeRow &attendee : after) {
    insert_attendee_.bind(1, std::string_view(booking_id)).bind(2, position++);
    insert_attendee_.bind(3, attendee.id).bind(4, attendee.email).bind(5, attendee.name);
    insert_attendee_.bind(6, attendee.phone).bind(7, attendee.status).bind(8, attendee.event_ms).run();
  }
  if (before != after && !before.empty()) write_change(arrival, "attendees", described(before), described(after));
}

void Store::write_change(Arrival &arrival, std::string_view field, const Value &before, const Value &after) {
  const Record &record = arrival.record;
  insert_change_.bind(1, arrival.event_no).bind(2, arrival.changes_count++);
  insert_change_.bind(3, std::string_view(record.booking_id)).bind(4, record.seq);
  insert_change_.bind(5, std::string_view(arrival.time)).bind(6, record.type);
  insert_change_.bind(7, std::int64_t{arrival.is_late});
  if (field.empty()) {
    insert_change_.bind(8, nullptr);
  } else {
    insert_change_.bind(8, field);
  }
  insert_change_.bind(9, before).bind(10, after).run();
}

std::vector<AnswerRow> Store::answers_of(const std::string &booking_id) {
  std::vector<AnswerRow> answers;
  const Resetting resetting(select_answers_);
  select_answers_.bind(1, std::string_view(booking_id));
  while (select_answers_.step()) {
    answers.push_back({select_answers_.optional_text(0), select_answers_.optional_text(1),
                       select_answers_.optional_text(2), std::string(select_answers_.text(3)),
                       std::string(select_answers_.text(4))});
  }
  return answers;
}

std::vector<AttendeeRow> Store::attendees_of(const std::string &booking_id) {
  std::vector<AttendeeRow> attendees;
  const Resetting resetting(select_attendees_);
  select_attendees_.bind(1, std::string_view(booking_id));
  while (select_attendees_.step()) {
    attendees.push_back({select_attendees_.optional_text(0), select_attendees_.optional_text(1),
                         select_attendees_.optional_text(2), select_attendees_.optional_text(3),
                         select_attendees_.optional_text(4), select_attendees_.integer(5)});
  }
  return attendees;
}

}  // namespace bellhop_sqlite
