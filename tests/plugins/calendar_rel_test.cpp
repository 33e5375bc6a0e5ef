// SPDX-License-Identifier: Apache-2.0
#include "rel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vevent.hpp"

namespace calendar {
namespace {

using testing::HasSubstr;

const std::vector<std::string> origins{"https://api.appointlet.com"};

Booking a_booking(const std::string &url, const std::string &id = "BOOKING_ID") {
  Booking booking;
  booking.id = id;
  booking.ics_url = url;
  booking.start = booking.end_given = 1'388'534'400;
  booking.end = *booking.start + 1'800;
  booking.texts.summary = "Local";
  return booking;
}

std::string file(const std::string &start, const std::string &end, const std::string &more = "") {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:vendor\r\nDTSTAMP:20140101T000000Z\r\n"
         "DTSTART:" +
         start + "\r\n" + (end.empty() ? "" : "DTEND:" + end + "\r\n") +
         "SUMMARY:From the vendor\r\nSEQUENCE:99\r\nSTATUS:CANCELLED\r\n" + more + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

TEST(CalendarRel, the_vendors_own_link_may_be_fetched) {
  EXPECT_EQ(refusal_of(a_booking("https://api.appointlet.com/bookings/BOOKING_ID/ics"), origins), "");
  EXPECT_EQ(refusal_of(a_booking("https://api.appointlet.com/bookings/BOOKING_ID/ics?format=ics&v=1.2"), origins), "");
}

TEST(CalendarRel, a_forged_link_is_never_fetched) {
  for (const char *url : {
           "",
           "http://api.appointlet.com/bookings/BOOKING_ID/ics",
           "https://api.appointlet.com",
           "https://api.appointlet.com.evil.example/bookings/BOOKING_ID/ics",
           "https://api.appointlet.com:8443/bookings/BOOKING_ID/ics",
           "https://api.appointlet.com@evil.example/bookings/BOOKING_ID/ics",
           "https://evil@api.appointlet.com/bookings/BOOKING_ID/ics",
           "https://evil.example/bookings/BOOKING_ID/ics",
           "https://127.0.0.1/bookings/BOOKING_ID/ics",
           "https://[::1]/bookings/BOOKING_ID/ics",
           "https://169.254.169.254/latest/BOOKING_ID",
           "HTTPS://API.APPOINTLET.COM/bookings/BOOKING_ID/ics",
           "https://api.appointlet.com/bookings/OTHER/ics",
           "https://api.appointlet.com/bookings/BOOKING_IDX/ics",
           "https://api.appointlet.com/bookings/BOOKING_ID/../../OTHER/ics",
           "https://api.appointlet.com/bookings/BOOKING_ID/%2e%2e/OTHER",
           "https://api.appointlet.com//evil.example/BOOKING_ID",
           "https://api.appointlet.com/bookings/OTHER/ics?x=/BOOKING_ID/",
           "https://api.appointlet.com/bookings/OTHER/ics#/BOOKING_ID/",
           "https://api.appointlet.com\\@evil.example/BOOKING_ID",
           "https://api.appointlet.com/bookings/BOOKING_ID/ics\r\nHost: evil.example",
           "file:///etc/passwd",
       }) {
    EXPECT_NE(refusal_of(a_booking(url), origins), "") << url;
  }
  EXPECT_NE(refusal_of(a_booking("https://api.appointlet.com/" + std::string(1'000, 'a') + "/BOOKING_ID"), origins),
            "");
  EXPECT_NE(refusal_of(a_booking("https://api.appointlet.com/bookings/ics", ""), origins), "");
}

TEST(CalendarRel, a_file_that_agrees_gives_its_texts_and_nothing_else) {
  const Booking booking = a_booking("");
  for (const char *end : {"20140101T000000Z", "20140101T003000Z", ""}) {  // as given, as understood, none
    const auto read = texts_of_rel(booking, "text/calendar; charset=utf-8", file("20140101T000000Z", end));
    ASSERT_TRUE(std::holds_alternative<Texts>(read)) << std::get<std::string>(read) << end;
    EXPECT_EQ(std::get<Texts>(read).summary, "From the vendor");
  }
}

TEST(CalendarRel, a_file_that_does_not_agree_is_not_believed) {
  const Booking booking = a_booking("");
  const std::string good = file("20140101T000000Z", "20140101T003000Z");
  const auto reason = [&](const char *type, const std::string &body) {
    const auto read = texts_of_rel(booking, type, body);
    return std::holds_alternative<std::string>(read) ? std::get<std::string>(read) : "believed";
  };
  const std::string event =
      good.substr(good.find("BEGIN:VEVENT"), good.find("END:VCALENDAR") - good.find("BEGIN:VEVENT"));
  std::string two = good, none = good;
  two.insert(two.find("END:VCALENDAR"), event);
  none.erase(none.find(event), event.size());

  EXPECT_THAT(reason("text/html", good), HasSubstr("not text/calendar"));
  EXPECT_THAT(reason("", good), HasSubstr("not text/calendar"));
  EXPECT_THAT(reason("text/calendar", "<html>login</html>"), HasSubstr("no calendar"));
  EXPECT_THAT(reason("text/calendar", ""), HasSubstr("no calendar"));
  EXPECT_THAT(reason("text/calendar", std::string("BEGIN:VCALENDAR\0END:VCALENDAR", 29)), HasSubstr("no calendar"));
  EXPECT_THAT(reason("text/calendar", two), HasSubstr("2 events"));
  EXPECT_THAT(reason("text/calendar", none), HasSubstr("0 events"));
  EXPECT_THAT(reason("text/calendar", std::string(rel_bytes_max + 1, ' ')), HasSubstr("256 KiB"));
  EXPECT_THAT(reason("text/calendar", file("20140101T010000Z", "20140101T013000Z")), HasSubstr("another time"));
  EXPECT_THAT(reason("text/calendar", file("20140101T000000Z", "20140101T090000Z")), HasSubstr("another time"));
  EXPECT_EQ(reason("Text/Calendar ;charset=utf-8", good), "believed");
}

TEST(CalendarRel, what_the_file_says_is_cleaned_like_any_strangers_word) {
  const auto read = texts_of_rel(a_booking(""), "text/calendar",
                                 file("20140101T000000Z", "20140101T003000Z",
                                      "DESCRIPTION:a\\nATTENDEE:x\r\nURL:javascript:alert(1)\r\nLOCATION:a\\nb\r\n"));
  ASSERT_TRUE(std::holds_alternative<Texts>(read)) << std::get<std::string>(read);
  EXPECT_EQ(std::get<Texts>(read).description, "a\nATTENDEE:x");
  EXPECT_EQ(std::get<Texts>(read).location, "a b");
  EXPECT_EQ(std::get<Texts>(read).url, "");
}

}  // namespace
}  // namespace calendar
