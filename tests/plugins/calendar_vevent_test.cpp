// SPDX-License-Identifier: Apache-2.0
#include "vevent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "calendar_json.hpp"
#include "text.hpp"

namespace calendar {
namespace {

using testing::HasSubstr;
using testing::Not;

State a_state() {
  State state;
  state.uid = "0123456789abcdef0123456789abcdef@bellhop";
  state.name = "0123456789abcdef0123456789abcdef";
  state.status = Status::confirmed;
  state.start = 1'700'000'000;
  state.end = 1'700'001'800;
  state.changed = 1'699'999'000;
  state.texts = {"Consultation: John", "Attendee: John", "Room 1", "https://example.org/booking/7"};
  return state;
}

// The text's lines with folds undone: what may be at the beginning of one is a property and nothing else.
std::vector<std::string> lines_of(const std::string &text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find("\r\n", at);
    EXPECT_NE(end, std::string::npos) << "a line without its end";
    EXPECT_LE(end - at, 75U) << "a line is not folded";
    const std::string line = text.substr(at, end - at);
    if (!lines.empty() && !line.empty() && line.front() == ' ') {
      lines.back() += line.substr(1);
    } else {
      lines.push_back(line);
    }
    at = end + 2;
  }
  return lines;
}

TEST(CalendarVevent, is_what_calendars_expect_and_nothing_that_makes_a_server_send_mail) {
  const std::string text = calendar_of(a_state());

  EXPECT_THAT(text, HasSubstr("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:"));
  EXPECT_THAT(text, HasSubstr("DTSTART:20231114T221320Z\r\n"));
  EXPECT_THAT(text, HasSubstr("DTEND:20231114T224320Z\r\n"));
  EXPECT_THAT(text, HasSubstr("DTSTAMP:20231114T215640Z\r\n"));
  EXPECT_THAT(text, HasSubstr("SEQUENCE:0\r\n"));
  EXPECT_THAT(text, HasSubstr("STATUS:CONFIRMED\r\n"));
  for (const char *unwanted : {"METHOD", "TZID", "VTIMEZONE", "ATTENDEE", "ORGANIZER", "VALARM"}) {
    EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + unwanted)));
  }
}

TEST(CalendarVevent, without_an_end_it_has_none) {
  State state = a_state();
  state.end = std::nullopt;
  EXPECT_THAT(calendar_of(state), Not(HasSubstr("DTEND")));
}

TEST(CalendarVevent, the_busy_form_says_nothing_of_what) {
  const std::string text = vevent_of(a_state(), Detail::busy);

  EXPECT_THAT(text, HasSubstr("SUMMARY:Busy\r\n"));
  for (const char *private_text : {"John", "Room 1", "example.org", "0123456789abcdef0123456789abcdef"}) {
    EXPECT_THAT(text, Not(HasSubstr(private_text)));
  }
}

TEST(CalendarVevent, hostile_texts_stay_in_their_fields_and_are_read_back_as_they_were) {
  std::ifstream file(BELLHOP_TEST_DATA "/strings/blns.json");
  ParsedJson list(std::string{std::istreambuf_iterator<char>(file), {}});
  std::vector<std::string> hostile{"a\r\nATTENDEE:mailto:x@example.org",
                                   "a\nEND:VEVENT\nBEGIN:VEVENT\nUID:other",
                                   "../../etc/passwd",
                                   "\\n\\N\\,;:\"",
                                   "BEGIN:VALARM",
                                   std::string(5'000, '\xC3'),
                                   "\xF0\x9F\x98\x80",
                                   "a\xE2\x80\xA8"
                                   "ATTENDEE:x",
                                   "line\n ATTENDEE:folded",
                                   "\t\n\v\f\r",
                                   std::string(300, ';')};
  std::string smileys;
  for (int i = 0; i < 200; ++i) smileys += "\xF0\x9F\x98\x80";
  hostile.push_back(smileys);
  for (const bellhop::Json &text : list.root()) hostile.push_back(text.str());
  ASSERT_GT(hostile.size(), 400U);

  for (const std::string &text : hostile) {
    State state = a_state();
    state.texts.summary = cleaned_line(text, 400);
    state.texts.description = cleaned(text, 8'000);
    state.texts.location = cleaned_line(text, 400);
    state.texts.url = url_or_nothing(text);
    const std::string written = calendar_of(state);

    int properties = 0;
    for (const std::string &line : lines_of(written)) {
      const std::string name = line.substr(0, line.find_first_of(":;"));
      EXPECT_THAT(name,
                  testing::AnyOf("BEGIN", "END", "VERSION", "PRODID", "UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE",
                                 "STATUS", "TRANSP", "LAST-MODIFIED", "SUMMARY", "DESCRIPTION", "LOCATION", "URL"))
          << text;
      ++properties;
    }
    EXPECT_LE(properties, 18) << text;
    const auto read = read_calendar(written);
    ASSERT_TRUE(read && read->size() == 1) << text;
    EXPECT_EQ(read->front().texts, state.texts) << text;
    EXPECT_EQ(read->front().uid, state.uid);
  }
}

TEST(CalendarVevent, merging_keeps_what_others_added_and_the_higher_sequence) {
  State state = a_state();
  std::string theirs = calendar_of(state);
  theirs.replace(theirs.find("SEQUENCE:0"), 10, "SEQUENCE:4\r\nCATEGORIES:Sales\r\nX-COLOR:red");
  const std::string alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Soon\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n";
  theirs.insert(theirs.find("END:VEVENT"), alarm);
  state.start += 3'600;
  state.end = *state.end + 3'600;
  state.sequence = 1;
  state.texts.location = "";

  const auto both = merged(theirs, state);

  ASSERT_TRUE(both);
  EXPECT_EQ(both->sequence, 4);
  EXPECT_THAT(both->text, HasSubstr("CATEGORIES:Sales\r\n"));
  EXPECT_THAT(both->text, HasSubstr("X-COLOR:red\r\n"));
  EXPECT_THAT(both->text, HasSubstr("TRIGGER:-PT15M\r\n"));
  EXPECT_THAT(both->text, Not(HasSubstr("LOCATION")));
  const auto read = read_calendar(both->text);
  ASSERT_TRUE(read && read->size() == 1);
  EXPECT_EQ(read->front().start, state.start);
  EXPECT_EQ(read->front().sequence, 4);
}

TEST(CalendarVevent, what_is_not_this_booking_is_not_merged) {
  State other = a_state();
  other.uid = "other@example.org";
  EXPECT_FALSE(merged(calendar_of(other), a_state()));
  EXPECT_FALSE(merged("", a_state()));
  EXPECT_FALSE(merged("<html>busy</html>", a_state()));
  EXPECT_FALSE(merged(std::string("BEGIN:VCALENDAR\0", 16), a_state()));
}

TEST(CalendarVevent, a_feeds_head_names_it_and_says_when_to_come_again) {
  const std::string head = feed_head("Bookings\r\nX-EVIL:1", 60);

  EXPECT_THAT(head, HasSubstr("NAME:Bookings X-EVIL:1\r\n"));
  EXPECT_THAT(head, HasSubstr("X-WR-CALNAME:Bookings X-EVIL:1\r\n"));
  EXPECT_THAT(head, HasSubstr("REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n"));
  EXPECT_THAT(head, HasSubstr("X-PUBLISHED-TTL:PT60M\r\n"));
  EXPECT_TRUE(read_calendar(head + vevent_of(a_state()) + std::string(feed_tail)));
}

}  // namespace
}  // namespace calendar
