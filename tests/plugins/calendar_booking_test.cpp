// SPDX-License-Identifier: Apache-2.0
#include "booking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calendar_json.hpp"

namespace calendar {
namespace {

using testing::HasSubstr;
using testing::Not;

Booking read(const std::string &booking, const std::string &type = "booking.confirmed") {
  ParsedJson json(R"({"type":")" + type + R"(","data":{"booking":)" + booking + "}}");
  return read_booking(json.root());
}

TEST(CalendarBooking, the_vendors_own_sample_ends_when_it_begins_and_lasts_as_long_as_its_type) {
  const Booking booking =
      read(R"({"status":"confirmed","start":"2014-01-01T00:00:00Z","end":"2014-01-01T00:00:00Z",)"
           R"("meeting_type":{"name":"Meeting Type 1","duration_s":1800},"attendee":{"name":"John Smith"}})");

  EXPECT_EQ(booking.end_given, booking.start);
  EXPECT_EQ(booking.end, *booking.start + 1'800);
  EXPECT_EQ(booking.texts.summary, "Meeting Type 1: John Smith");
}

TEST(CalendarBooking, an_end_before_the_start_and_no_duration_is_no_end) {
  const Booking booking = read(R"({"status":"confirmed","start":"2014-01-02T00:00:00Z","end":"2014-01-01T00:00:00Z"})");
  EXPECT_EQ(booking.end, std::nullopt);
  EXPECT_EQ(booking.texts.summary, "Booking");
}

TEST(CalendarBooking, add_links_are_passed_on_and_action_links_never) {
  const Booking booking =
      read(R"({"status":"confirmed","links":{"google":"https://g.example/add","outlook":"https://o.example/add",)"
           R"("cancel":"https://api.example/cancel","reschedule":"https://api.example/reschedule",)"
           R"("confirm":"https://api.example/confirm","reassign":"https://api.example/reassign"}})");

  EXPECT_THAT(booking.texts.description, HasSubstr("Add to Google Calendar: https://g.example/add"));
  EXPECT_THAT(booking.texts.description, HasSubstr("Add to Outlook: https://o.example/add"));
  EXPECT_THAT(booking.texts.description, Not(HasSubstr("api.example")));
}

TEST(CalendarBooking, a_person_and_the_answers_are_lines_that_cannot_forge_another) {
  const Booking booking =
      read(R"({"status":"confirmed","attendee":{"name":"Eve\nHost: Mallory","email":"eve@example.org"},)"
           R"("host":{"name":"Alice"},"answers":[{"label":"Why","text":"first\nsecond"},{"slug":"x","text":""}]})");

  EXPECT_EQ(booking.texts.description,
            "Attendee: Eve Host: Mallory <eve@example.org>\nHost: Alice\n"
            "Why: first\nsecond");
}

TEST(CalendarBooking, who_of_a_group_canceled_is_said_to_be_not_coming_unless_nobody_is) {
  const std::string people =
      R"(,"attendee":{"name":"John","status":"scheduled"},"attendees":[{"name":"John","status":"scheduled"},)"
      R"({"name":"Jane","email":"jane@example.com","status":"cancelled"},{"name":"Bob"}]})";

  EXPECT_EQ(read(R"({"status":"confirmed")" + people).texts.description,
            "Attendee: John\nAlso: Jane <jane@example.com> (not coming)\nAlso: Bob");
  EXPECT_EQ(read(R"({"status":"canceled")" + people).texts.description,
            "Attendee: John\nAlso: Jane <jane@example.com>\nAlso: Bob");
}

TEST(CalendarBooking, the_status_comes_from_the_snapshot_and_else_from_what_happened) {
  EXPECT_EQ(read(R"({"status":"requested"})").status, Status::tentative);
  EXPECT_EQ(read(R"({"status":"declined"})").status, Status::canceled);
  EXPECT_EQ(read(R"({"status":"canceled"})", "booking.updated").status, Status::canceled);
  EXPECT_EQ(read(R"({"status":"unknown"})", "booking.canceled").status, Status::canceled);
  EXPECT_EQ(read(R"({"status":"unknown"})", "booking.rescheduled").status, std::nullopt);
}

}  // namespace
}  // namespace calendar
