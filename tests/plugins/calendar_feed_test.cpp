// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "text.hpp"
#include "vevent.hpp"

namespace calendar {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t now = 1'700'000'000, day = 86'400;

State a_state(int number, std::int64_t start, const std::string &host_id = "1") {
  State state;
  state.uid = digest(std::to_string(number)) + "@bellhop";
  state.status = Status::confirmed;
  state.start = start;
  state.end = start + 1'800;
  state.changed = now;
  state.texts.summary = "Booking " + std::to_string(number);
  state.host_id = host_id;
  state.host_name = "Member " + host_id;
  return state;
}

std::string text_of(const std::vector<Feed> &feeds, const std::string &path) {
  for (const Feed &feed : feeds) {
    if (feed.path == path) return feed.text;
  }
  return "no " + path;
}

std::size_t events_count(const std::string &text) {
  const auto events = read_calendar(text);
  EXPECT_TRUE(events) << text.substr(0, 200);
  return events ? events->size() : 0;
}

TEST(CalendarFeed, shows_what_is_within_its_window) {
  FeedOptions options;
  options.past_days = 2;
  options.future_days = 10;
  const std::vector<State> states{a_state(1, now - 3 * day), a_state(2, now - day), a_state(3, now + day),
                                  a_state(4, now + 11 * day)};

  const std::string feed = text_of(feeds_of(states, options, now), "feed.ics");

  EXPECT_EQ(events_count(feed), 2U);
  EXPECT_THAT(feed, HasSubstr("SUMMARY:Booking 2"));
  EXPECT_THAT(feed, HasSubstr("SUMMARY:Booking 3"));
}

TEST(CalendarFeed, a_canceled_booking_stays_as_canceled_and_makes_nobody_busy) {
  State canceled = a_state(1, now);
  canceled.status = Status::canceled;
  State never_shown = canceled;
  never_shown.is_shown = false;
  never_shown.texts.summary = "Never shown";

  const auto feeds = feeds_of({canceled, never_shown, a_state(2, now)}, {}, now);

  EXPECT_EQ(events_count(text_of(feeds, "feed.ics")), 2U);
  EXPECT_THAT(text_of(feeds, "feed.ics"), HasSubstr("STATUS:CANCELLED"));
  EXPECT_THAT(text_of(feeds, "feed.ics"), Not(HasSubstr("Never shown")));
  EXPECT_EQ(events_count(text_of(feeds, "busy.ics")), 1U);
  EXPECT_THAT(text_of(feeds, "busy.ics"), Not(HasSubstr("SUMMARY:Booking")));
}

TEST(CalendarFeed, each_member_has_a_feed_and_a_hostile_id_gets_no_path_of_its_own_making) {
  const auto feeds = feeds_of({a_state(1, now, "7"), a_state(2, now, "../../x")}, {}, now);

  EXPECT_EQ(events_count(text_of(feeds, "members/7.ics")), 1U);
  EXPECT_THAT(text_of(feeds, "members/7.ics"), HasSubstr("X-WR-CALNAME:Bookings: Member 7"));
  ASSERT_EQ(feeds.size(), 4U);
  for (const Feed &feed : feeds) EXPECT_EQ(feed.path.find(".."), std::string::npos) << feed.path;
}

TEST(CalendarFeed, the_same_states_give_the_same_bytes_whatever_their_order_and_the_hour) {
  std::vector<State> states;
  for (int number = 0; number < 20; ++number) states.push_back(a_state(number, now + (number % 5) * day));
  const std::string first = text_of(feeds_of(states, {}, now), "feed.ics");
  std::reverse(states.begin(), states.end());

  EXPECT_EQ(text_of(feeds_of(states, {}, now + 3 * 3'600), "feed.ics"), first);
}

TEST(CalendarFeed, is_bounded_by_events_bytes_and_members_and_the_nearest_win) {
  std::vector<State> states;
  for (int number = 0; number < 50; ++number) {
    states.push_back(a_state(number, now + number * day, std::to_string(number)));
  }
  FeedOptions few, small;
  few.events_max = 3;
  few.members_max = 2;
  small.bytes_max = 2'000;

  const auto bounded = feeds_of(states, few, now);

  EXPECT_EQ(events_count(text_of(bounded, "feed.ics")), 3U);
  EXPECT_THAT(text_of(bounded, "feed.ics"), HasSubstr("SUMMARY:Booking 2"));
  EXPECT_EQ(bounded.size(), 4U);
  EXPECT_LE(text_of(feeds_of(states, small, now), "feed.ics").size(), 2'000U);
}

}  // namespace
}  // namespace calendar
