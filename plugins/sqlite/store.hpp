// SPDX-License-Identifier: Apache-2.0
// Store: writes records into the tables, inside a transaction that the caller holds. Its one rule: what a booking shows
// comes from the newest event about it that this file has seen, whatever order they came in and however often.
#pragma once

#include <vector>

#include "database.hpp"
#include "record.hpp"

namespace bellhop_sqlite {

class Store {
 public:
  explicit Store(Database &database);

  enum class Outcome { recorded, applied, late, duplicate };
  // Writes the event row and, unless it is a duplicate or a test, what it says about its booking.
  //   is_raw_kept   the body is kept beside the event
  //   throws        DatabaseError; the transaction must then be rolled back
  Outcome record(const Record &record, bool is_raw_kept);

 private:
  // The row of booking as it is, or as it shall be.
  struct Booking {
    bool is_there = false;
    Row row;
    Value canceled_time;
    std::int64_t reschedule_count = 0, event_count = 0;
    std::int64_t first_event_seq = 0;
    std::string first_event_time;
    std::int64_t last_event_seq = 0;
    std::string last_event_time;
    std::int64_t last_event_ms = 0;
    std::string updated_time;
  };

  // One event on its way in.
  struct Arrival {
    const Record &record;
    std::string time;  // as the tables show it
    std::int64_t event_no = 0;
    bool is_late = false;
    std::int64_t changes_count = 0;
  };

  Booking find(const std::string &booking_id);
  bool insert_event(const Arrival &arrival, bool is_raw_kept);
  void count_event(const Arrival &arrival, Booking &booking);
  void apply_snapshot(Arrival &arrival, Booking booking);
  void apply_attendee(Arrival &arrival, Booking booking);
  void write_booking(const std::string &booking_id, const Booking &booking);
  void write_answers(Arrival &arrival);
  void write_attendees(Arrival &arrival);
  void replace_attendees(Arrival &arrival, const std::vector<AttendeeRow> &before,
                         const std::vector<AttendeeRow> &after);
  void write_change(Arrival &arrival, std::string_view field, const Value &before, const Value &after);
  std::vector<AnswerRow> answers_of(const std::string &booking_id);
  std::vector<AttendeeRow> attendees_of(const std::string &booking_id);

  Database &database_;
  Statement insert_event_, select_booking_, write_booking_, insert_change_;
  Statement select_answers_, delete_answers_, insert_answer_;
  Statement select_attendees_, delete_attendees_, insert_attendee_;
};

}  // namespace bellhop_sqlite
