// SPDX-License-Identifier: Apache-2.0
// The whole life of a booking through all plugins at once: requested, confirmed, moved twice, canceled, in both of the
// vendor's dialects side by side, while every other end fails at random. In the end each has exactly what it should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "life.hpp"
#include "whole_house.hpp"

namespace bellhop::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string email = "webhooks+sample@appointlet.com";
void expect_one_thread_each(const SlackVendor &slack) {
  EXPECT_THAT(slack.complaints(), IsEmpty());
  EXPECT_EQ(slack.roots().size(), 2U) << "a message for each booking";
  EXPECT_EQ(slack.messages().size(), 10U);
  for (const std::string &root : slack.roots()) {
    EXPECT_EQ(slack.replies_to(root).size(), 4U) << "one for each event after the first";
    EXPECT_THAT(slack.messages().at(root).text, HasSubstr("Booking canceled"));
    EXPECT_GE(slack.messages().at(root).updates_count, 4) << "one whose answer was lost is made again";
  }
}

void expect_one_meeting_each(const HubSpotVendor &hubspot) {
  EXPECT_THAT(hubspot.complaints(), IsEmpty());
  EXPECT_EQ(hubspot.contacts().size(), 2U);
  EXPECT_EQ(hubspot.meetings().size(), 2U);
  for (const auto &[id, meeting] : hubspot.meetings()) {
    EXPECT_EQ(meeting.values.at("hs_meeting_outcome"), "CANCELED") << id;
    EXPECT_EQ(meeting.values.at("hs_meeting_start_time"), "2030-02-03T12:00:00Z") << id;
    EXPECT_EQ(meeting.contacts.size(), 1U) << id;
  }
}

void expect_canceled(const std::string &calendar) {
  EXPECT_EQ(property_of(calendar, "STATUS"), "CANCELLED") << calendar;
  EXPECT_EQ(property_of(calendar, "SEQUENCE"), "3") << calendar;
  EXPECT_EQ(property_of(calendar, "DTSTART"), "20300203T120000Z") << calendar;
}

void expect_one_event_each(const WholeHouse &house) {
  EXPECT_THAT(house.caldav.complaints(), IsEmpty());
  EXPECT_EQ(house.caldav.resources().size(), 2U);
  for (const auto &[path, resource] : house.caldav.resources()) expect_canceled(resource.body);
  std::size_t files_count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(house.file_of("calendar", "ics"))) {
    expect_canceled(contents(entry.path()));
    ++files_count;
  }
  EXPECT_EQ(files_count, 2U);
}

// The daemon is asked, so before it stops.
void expect_both_canceled_in_the_feed(const WholeHouse &house) {
  std::string feed;
  EXPECT_TRUE(eventually([&] {
    const std::string urls = house.bellhop({"run", "calendar", "urls"}).output;
    const std::size_t name = urls.find("/feed.ics");
    feed = name == std::string::npos ? "" : house.published(urls.substr(0, name) + "/feed.ics");
    std::size_t canceled = 0;
    for (std::size_t at = 0; (at = feed.find("STATUS:CANCELLED", at)) != std::string::npos; ++at) ++canceled;
    return canceled == 2;
  })) << feed;
}

void expect_each_event_once_and_in_order(const WholeHouse &house) {
  EXPECT_THAT(house.receiver.complaints(), IsEmpty());
  std::map<std::string, std::string> types;  // by subject, in the order of arrival
  for (const auto &[id, body] : house.receiver.received()) {
    rapidjson::Document event;
    event.Parse(body.data(), body.size());
    types[event["subject"].GetString()] += std::string(event["type"].GetString()).substr(8) + " ";
    EXPECT_EQ(house.ask("SELECT json FROM event WHERE id = ?1", id), body);
  }
  const std::string life = "requested confirmed rescheduled rescheduled canceled ";
  EXPECT_EQ(types, (std::map<std::string, std::string>{{"booking/2751918", life}, {"booking/BOOKING_ID", life}}));
}

void expect_one_row_each(const WholeHouse &house) {
  EXPECT_EQ(
      house.ask("SELECT id, status, start, reschedule_count, event_count, attendee_email FROM booking ORDER BY 1"),
      "2751918|canceled|2030-02-03T12:00:00Z|2|5|john@example.com\n"
      "BOOKING_ID|canceled|2030-02-03T12:00:00Z|2|5|" +
          email);
  EXPECT_EQ(house.ask("SELECT count(*), count(DISTINCT id), sum(late) FROM event"), "10|10|0");
}

void expect_a_sound_database(const WholeHouse &house) {
  const Ran check = house.bellhop({"run", "log", "check"});
  EXPECT_EQ(check.status, 0) << check.output;
}

// Two bookings, ten events.
void expect_the_end_of_both(WholeHouse &house) {
  ASSERT_EQ(house.wait_until_delivered(10), "") << house.log();
  expect_both_canceled_in_the_feed(house);
  expect_a_sound_database(house);
  EXPECT_EQ(house.stop(), 0);
  expect_one_thread_each(house.slack);
  expect_one_meeting_each(house.hubspot);
  expect_one_event_each(house);
  expect_each_event_once_and_in_order(house);
  expect_one_row_each(house);
  EXPECT_EQ(house.log().find("s3cr3t"), std::string::npos);
}

TEST(WholeLife, ends_right_everywhere_whatever_fails_on_the_way) {
  const std::uint64_t seed = seed_of_this_run();
  SCOPED_TRACE("BELLHOP_TEST_SEED=" + std::to_string(seed));
  WholeHouse house;
  ASSERT_TRUE(house.start()) << house.log();
  house.fail_by(seed);

  for (std::size_t step = 0; step < life_steps_count; ++step) {
    ASSERT_EQ(house.post(legacy_step(step)), 202) << house.log();
    ASSERT_EQ(house.post(v5_step(step)), 202) << house.log();
  }

  expect_the_end_of_both(house);
  EXPECT_GT(house.slack.requests_count(), 18U) << "nothing failed: two messages, eight updates, eight replies";
}

TEST(WholeLife, repeats_of_every_event_change_nothing_anywhere) {
  WholeHouse house;
  ASSERT_TRUE(house.start()) << house.log();
  for (std::size_t step = 0; step < life_steps_count; ++step) {
    for (int times = 0; times < 2; ++times) {
      ASSERT_EQ(house.post(legacy_step(step)), 202) << house.log();
      ASSERT_EQ(house.post(v5_step(step)), 202) << house.log();
    }
  }

  expect_the_end_of_both(house);
}

TEST(WholeLife, a_person_who_is_forgotten_is_in_neither_the_journal_nor_the_bookings) {
  WholeHouse house;
  ASSERT_TRUE(house.start()) << house.log();
  ASSERT_EQ(house.post(legacy_step(1)), 202);
  ASSERT_EQ(house.post(v5_step(1)), 202);
  ASSERT_EQ(house.wait_until_delivered(2), "") << house.log();
  ASSERT_NE(contents(house.file_of("log", "bookings.db")) + contents(house.file_of("log", "bookings.db-wal")), "");

  const Ran done = house.bellhop({"forget", "--email", email, "--yes"});

  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("log: 1 bookings, 1 events, "));
  EXPECT_EQ(house.ask("SELECT id FROM booking"), "2751918");
  const std::filesystem::path bookings = house.file_of("log", "bookings.db"),
                              journal = house.file_of("..", "journal.db");
  for (const std::filesystem::path &file : {bookings, journal}) {
    ASSERT_NE(contents(file), "") << file;
    for (const char *suffix : {"", "-wal"}) {
      EXPECT_EQ(contents(file.string() + suffix).find(email), std::string::npos) << file << suffix;
    }
  }
}

}  // namespace
}  // namespace bellhop::test
