// SPDX-License-Identifier: Apache-2.0
// bellhop/booking.hpp: one reading of an event for all plugins, whatever the event leaves out.
#include <gtest/gtest.h>
#include <bellhop/booking.hpp>
#include <bellhop/testing.hpp>

#include <string>
#include <utility>

namespace {

using bellhop::Booking;
using bellhop::unix_ms;
using bellhop::utc_text;
using bellhop::testing::Document;
using bellhop::testing::Sample;

Booking booking_of(const Sample &sample) {
  const Document document(sample.json());
  return Booking::of({&Document::service(), document.root()});
}

TEST(BookingTime, of_every_form_of_the_schema_is_read) {
  constexpr std::int64_t start = 1'388'592'000'000;  // 2014-01-01T16:00:00Z
  for (const auto &[text, ms] : {std::pair<const char *, std::int64_t>{"2014-01-01T16:00:00Z", start},
                                 {"2014-01-01t16:00:00z", start},
                                 {"2014-01-01T18:00:00+02:00", start},
                                 {"2014-01-01T08:00:00-08:00", start},
                                 {"2014-01-02T01:45:00.5+09:45", start + 500},
                                 {"2014-01-01T16:00:00.123456789Z", start + 123},
                                 {"2014-01-01T15:59:60Z", start},
                                 {"1969-12-31T23:59:59.999Z", -1},
                                 {"2024-02-29T00:00:00Z", 1'709'164'800'000},
                                 {"0001-01-01T00:00:00Z", -62'135'596'800'000},
                                 {"9999-12-31T23:59:59Z", 253'402'300'799'000}}) {
    EXPECT_EQ(unix_ms(text), ms) << text;
  }
}

TEST(BookingTime, that_is_none_is_not_guessed) {
  for (const char *text : {"",
                           "2014-01-01",
                           "2014-01-01T16:00:00",
                           "2014-02-29T16:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2014-13-01T16:00:00Z",
                           "2014-00-01T16:00:00Z",
                           "2014-01-00T16:00:00Z",
                           "2014-01-01T24:00:00Z",
                           "2014-01-01T16:60:00Z",
                           "2014-01-01T16:00:61Z",
                           "2014-01-01 16:00:00Z",
                           "20x4-01-01T16:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "2014-01-01T16:00:00.Z",
                           "2014-01-01T16:00:00+0200",
                           "2014-01-01T16:00:00+24:00",
                           "2014-01-01T16:00:00ZZ",
                           " 2014-01-01T16:00:00Z",
                           "2014-01-01T16:00:00Z "}) {
    EXPECT_EQ(unix_ms(text), std::nullopt) << text;
  }
}

// Every day of two turns of the calendar, and the ends of what can be written.
TEST(BookingTime, is_written_as_it_is_read) {
  for (std::int64_t day = -146'097; day <= 146'097; ++day) {
    const std::int64_t ms = day * 86'400'000 + 12'345'000;
    ASSERT_EQ(unix_ms(utc_text(ms)), ms) << utc_text(ms);
  }
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(utc_text(-62'135'596'800'000), "0001-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(253'402'300'799'999), "9999-12-31T23:59:59Z");
  EXPECT_EQ(utc_text(253'402'300'800'000), "");
  EXPECT_EQ(utc_text(-62'135'596'800'001), "");
}

TEST(Booking, is_read_from_an_event) {
  const Booking booking = booking_of(Sample()
                                         .set("/data/booking/links/google", "https://api.example/google")
                                         .set("/data/booking/links/cancel", "https://api.example/cancel")
                                         .set("/data/booking/start", "2026-03-02T18:00:00.25+01:00")
                                         .set("/data/booking/meeting_type/price/amount", "25.00")
                                         .set("/data/booking/meeting_type/price/currency", "EUR"));

  EXPECT_EQ(booking.id, "1");
  EXPECT_EQ(booking.status, "confirmed");
  EXPECT_EQ(booking.organization, "Organization 1");
  EXPECT_EQ(booking.attendee.label(), "John Doe");
  EXPECT_EQ(booking.host.label(), "Ann Host");
  EXPECT_EQ(booking.meeting_type.slug, "demo");
  EXPECT_EQ(booking.price, "25.00 EUR");
  EXPECT_EQ(booking.start_ms, unix_ms("2026-03-02T17:00:00.250Z"));
  EXPECT_EQ(booking.end_ms, unix_ms("2026-03-02T17:30:00Z"));
  EXPECT_EQ(booking.google_link, "https://api.example/google");
  ASSERT_EQ(booking.answers.size(), 1U);
  EXPECT_EQ(booking.answers[0].label, "Company");
  ASSERT_EQ(booking.utm.size(), 2U);
  EXPECT_EQ(booking.utm[0].first, "source");
}

TEST(Booking, of_an_event_that_says_nothing_is_empty) {
  for (const Sample &sample : {Sample("ping"), Sample("member.created"), Sample().set_json("/data", "null"),
                               Sample().set_json("/data/booking", R"({"attendees":{},"answers":7,"utm":[]})")}) {
    const Booking booking = booking_of(sample);
    EXPECT_EQ(booking.field("name") + booking.field("host") + booking.field("start") + booking.price, "");
    EXPECT_TRUE(booking.others.empty() && booking.answers.empty() && booking.utm.empty());
    EXPECT_FALSE(booking.start_ms || booking.end_ms);
  }
}

TEST(Booking, falls_back_to_what_is_nearest) {
  const Booking booking = booking_of(Sample()
                                         .remove("/data/booking/attendee/name")
                                         .remove("/data/booking/host/name")
                                         .remove("/data/booking/meeting_type/name")
                                         .set("/data/booking/meeting_type/location", "Main Street 1")
                                         .set("/data/booking/meeting_type/price/amount", "0.00")
                                         .remove("/data/booking/answers/0/label"));

  EXPECT_EQ(booking.field("name"), "John Doe") << "of the first and the last name";
  EXPECT_EQ(booking.field("host"), "ann@example.org");
  EXPECT_EQ(booking.field("meeting_type"), "demo");
  EXPECT_EQ(booking.field("location"), "Main Street 1");
  EXPECT_EQ(booking.field("price"), "") << "free";
  EXPECT_EQ(booking.answers.at(0).label, "company");
}

TEST(Booking, splits_a_name_that_came_whole) {
  const auto named = [](const char *name) {
    return booking_of(Sample()
                          .set("/data/booking/attendee/name", name)
                          .remove("/data/booking/attendee/first_name")
                          .remove("/data/booking/attendee/last_name"))
        .attendee;
  };
  EXPECT_EQ(named("Ada King Lovelace").first_name, "Ada King");
  EXPECT_EQ(named("Ada King Lovelace").last_name, "Lovelace");
  EXPECT_EQ(named("Plato").first_name, "Plato");
  EXPECT_EQ(named("Plato").last_name, "");
}

TEST(Booking, tells_who_of_a_group_has_left_by_the_vendors_words) {
  const Booking booking = booking_of(Sample().set_json("/data/booking/attendees", R"([{"email":"ann@example.org",
    "status":"cancelled"},{"email":"bob@example.org","status":"Declined"},{"email":"cy@example.org",
    "status":"scheduled"},{"email":"di@example.org"},{"email":"ed@example.org","status":"canceled"}])"));

  ASSERT_EQ(booking.others.size(), 5U);
  std::string left;
  for (const bellhop::Person &person : booking.others) left += person.has_left() ? person.label().substr(0, 3) : "";
  EXPECT_EQ(left, "annbobed@");
  EXPECT_FALSE(booking.attendee.has_left());
}

TEST(Booking, names_the_others_of_a_group_once_and_the_primary_attendee_not_again) {
  const Booking booking = booking_of(Sample().set_json("/data/booking/attendees", R"([{"email":"JOHN@example.org"},
      {"name":"John Doe"},{"id":"9"},{"email":"ann@example.org","name":"Ann"},{"email":"Ann@Example.org"},
      {"name":"Bob","phone":"+1 555"}])"));

  ASSERT_EQ(booking.others.size(), 2U);
  EXPECT_EQ(booking.others[0].label(), "Ann");
  EXPECT_EQ(booking.others[1].label(), "Bob");
  EXPECT_EQ(booking.field("email", booking.others[0]), "ann@example.org");
  EXPECT_EQ(booking.field("host", booking.others[0]), "Ann Host");
  EXPECT_EQ(booking.field("answer.company", booking.others[0]), "") << "the answers are the primary attendee's words";
  EXPECT_EQ(booking.field("answer.company", booking.attendee), "Acme");
}

TEST(BookingField, is_known_or_refused_and_every_name_of_the_sentence_is_known) {
  for (const char *name : {"name", "host_email", "end", "utm.source", "utm.content", "answer.company"}) {
    EXPECT_TRUE(Booking::is_field(name)) << name;
  }
  for (const char *name : {"", "nmae", "utm.", "utm.foo", "utm", "answer.", "cancel", "Name"}) {
    EXPECT_FALSE(Booking::is_field(name)) << name;
    EXPECT_EQ(booking_of(Sample()).field(name), "") << name;
  }
  std::string names = Booking::field_names() + ", ";
  int count = 0;
  for (std::size_t comma; (comma = names.find(", ")) != std::string::npos; names.erase(0, comma + 2), ++count) {
    EXPECT_TRUE(Booking::is_field(names.substr(0, comma))) << names.substr(0, comma);
  }
  EXPECT_EQ(count, 23);
}

TEST(BookingPattern, puts_values_in_once_and_leaves_other_braces_alone) {
  const Booking booking = booking_of(Sample().set("/data/booking/attendee/name", "{{email}}"));
  const auto filled = [&](std::string_view pattern) {
    return bellhop::fill_pattern(pattern, [&](std::string_view name) { return booking.field(name); });
  };
  EXPECT_EQ(filled("{{name}} / {{ answer.company }} / {{utm.source}}{{phone}}"), "{{email}} / Acme / newsletter");
  EXPECT_EQ(filled("{{start}}"), "2026-03-02T17:00:00Z");
  EXPECT_EQ(filled("{name} {{name"), "{name} {{name");
  EXPECT_EQ(filled("}}{{}}{{ }}"), "}}");
}

}  // namespace
