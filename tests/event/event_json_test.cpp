// SPDX-License-Identifier: Apache-2.0
#include "event/event_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace bellhop::core {
namespace {

using testing::HasSubstr;

constexpr Milliseconds received_ms = 1'767'225'600'123;

Facts smallest() {
  Facts facts;
  facts.vendor.name = "appointlet";
  facts.vendor.dialect = "legacy";
  facts.type = "booking.confirmed";
  facts.subject = "booking/1";
  return facts;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(MakeEvent, writes_only_what_is_there) {
  const Event event = make_event(smallest(), EventId{}, received_ms);

  EXPECT_EQ(event.json,
            R"({"specversion":"1.0","id":"00000000000000000000000000000000","source":"appointlet",)"
            R"("type":"booking.confirmed",)"
            R"("subject":"booking/1","time":"2026-01-01T00:00:00.123Z","datacontenttype":"application/json",)"
            R"("dataschema":"urn:bellhop:event:1","data":{"vendor":{"name":"appointlet","dialect":"legacy"}}})");
}

TEST(MakeEvent, puts_the_same_attributes_beside_the_document) {
  Facts facts = smallest();
  facts.time_ms = 1'388'534'400'000;
  facts.is_test = true;

  const Event event = make_event(facts, EventId::of("web", "body"), received_ms);

  EXPECT_EQ(event.type, "booking.confirmed");
  EXPECT_EQ(event.subject, "booking/1");
  EXPECT_EQ(event.time_ms, 1'388'534'400'000);
  EXPECT_EQ(event.received_ms, received_ms);
  EXPECT_TRUE(event.is_test);
  EXPECT_THAT(event.json, HasSubstr(event.id.text()));
  EXPECT_THAT(event.json, HasSubstr(R"("time":"2014-01-01T00:00:00Z")"));
  EXPECT_THAT(event.json, HasSubstr(R"("test":true,"data")"));
}

TEST(MakeEvent, falls_back_to_the_time_of_receipt) {
  EXPECT_EQ(make_event(smallest(), EventId{}, received_ms).time_ms, received_ms);
}

TEST(MakeEvent, writes_the_source_as_a_uri_reference) {
  Facts facts = smallest();
  facts.organization.id = "a b/\"é";

  const Event event = make_event(facts, EventId{}, received_ms);

  EXPECT_THAT(event.json, HasSubstr(R"("source":"appointlet/organization/a%20b%2F%22%C3%A9")"));
  EXPECT_THAT(event.json, HasSubstr(R"("organization":{"id":"a b/\"é"})"));
}

TEST(MakeEvent, writes_a_booking_with_all_it_can_have) {
  Facts facts = smallest();
  Booking &booking = facts.booking.emplace();
  booking.id = "1";
  booking.status = "confirmed";
  booking.start = "2014-01-01T00:00:00Z";
  booking.conference_json = R"({"url":"x"})";
  booking.attendee.emplace().email = "a@example.com";
  booking.attendees.resize(2);
  booking.attendees[1].name = "B";
  booking.host.emplace().name = "Member 1";
  booking.meeting_type.emplace().duration_s = 1800;
  booking.meeting_type->price = Money{"0.00", "USD"};
  booking.answers.push_back({"slug", "Label", "Kind", "[1]", "1"});
  booking.answers.push_back({});
  booking.utm.term = "t";
  booking.payment.emplace().refunded = Money{"1.50", std::nullopt};
  booking.links.ics = "https://x/ics";
  facts.problems.push_back({"/object/start", "is odd"});

  const Event event = make_event(facts, EventId{}, received_ms);

  EXPECT_THAT(
      event.json,
      HasSubstr(R"("booking":{"id":"1","status":"confirmed","start":"2014-01-01T00:00:00Z","conference":{"url":"x"},)"
                R"("attendee":{"email":"a@example.com"},"attendees":[{},{"name":"B"}],"host":{"name":"Member 1"},)"
                R"("meeting_type":{"duration_s":1800,"price":{"amount":"0.00","currency":"USD"}},)"
                R"("answers":[{"slug":"slug","label":"Label","kind":"Kind","value":[1],"text":"1"},)"
                R"({"value":null,"text":""}],)"
                R"("utm":{"term":"t"},"payment":{"refunded":{"amount":"1.50"}},"links":{"ics":"https://x/ics"}},)"
                R"("problems":[{"pointer":"/object/start","sentence":"is odd"}]}})"));
}

TEST(MakeEvent, leaves_empty_groups_out) {
  Facts facts = smallest();
  facts.booking.emplace().status = "unknown";

  const Event event = make_event(facts, EventId{}, received_ms);

  EXPECT_THAT(event.json, HasSubstr(R"("booking":{"status":"unknown"}}})"));
}

TEST(MakeEventDeathTest, refuses_an_event_without_a_subject) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Facts facts = smallest();
  facts.subject.clear();

  EXPECT_DEATH(static_cast<void>(make_event(facts, EventId{}, received_ms)), "subject");
}

TEST(WithLate, adds_the_attribute_only_when_late) {
  const std::string json = make_event(smallest(), EventId{}, received_ms).json;

  EXPECT_EQ(with_late(json, false), json);
  EXPECT_EQ(with_late(json, true), json.substr(0, json.size() - 1) + R"(,"late":true})");
  EXPECT_EQ(with_late("{}", true), R"({"late":true})");
}

TEST(JsonString, escapes_what_json_demands_and_nothing_else) {
  EXPECT_EQ(json_string("plain"), R"("plain")");
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_string("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(json_string("\u2028\u2029 é 😀"), "\"\u2028\u2029 é 😀\"");
}

TEST(JsonString, finds_specials_at_every_place_of_a_word_of_memory) {
  for (std::size_t place = 0; place < 40; ++place) {
    for (const char special : {'"', '\\', '\n', '\x1f', '\0'}) {
      std::string text(40, 'x');
      text[place] = special;
      const std::string json = json_string(text);
      EXPECT_GT(json.size(), text.size() + 2) << place;
      EXPECT_EQ(json.substr(1, place), text.substr(0, place));
    }
  }
}

TEST(JsonString, always_writes_valid_utf8) {
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            "\"a\uFFFDb\"");
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");  // half of a surrogate pair, as three bytes
  EXPECT_EQ(json_string("long enough for words \xc3"), "\"long enough for words \uFFFD\"");
  EXPECT_EQ(json_string("\xf0\x9f\x98\"after"), "\"\uFFFD\\\"after\"");
}

TEST(FormatTime, writes_rfc_3339_with_milliseconds_only_when_there_are_any) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(1'388'534'400'123), "2014-01-01T00:00:00.123Z");
  EXPECT_EQ(format_time(1'388'534'400'007), "2014-01-01T00:00:00.007Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(951'782'400'000), "2000-02-29T00:00:00Z");
}

TEST(FormatTime, stays_within_four_digits_of_a_year) {
  EXPECT_EQ(format_time(253'402'300'799'999), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(INT64_MAX), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(INT64_MIN), "0000-01-01T00:00:00Z");
}

}  // namespace
}  // namespace bellhop::core
