// SPDX-License-Identifier: Apache-2.0
#include "event/filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bellhop::core {
namespace {

Filter filter_of(const std::vector<std::string> &globs) { return Filter::parse(globs).value(); }

std::string fault_of(const std::vector<std::string> &globs) {
  const Result<Filter> filter = Filter::parse(globs);
  return filter.ok() ? "" : filter.error().sentence;
}

TEST(Filter, takes_one_type) {
  const Filter filter = filter_of({"booking.confirmed"});

  EXPECT_TRUE(filter.matches("booking.confirmed"));
  EXPECT_FALSE(filter.matches("booking.confirmed2"));
  EXPECT_FALSE(filter.matches("booking.confirme"));
  EXPECT_FALSE(filter.matches("booking.canceled"));
}

TEST(Filter, takes_every_type_of_a_noun) {
  const Filter filter = filter_of({"booking.*"});

  EXPECT_TRUE(filter.matches("booking.confirmed"));
  EXPECT_TRUE(filter.matches("booking.unknown"));
  EXPECT_FALSE(filter.matches("attendee.confirmed"));
  EXPECT_FALSE(filter.matches("bookings.confirmed"));
}

TEST(Filter, takes_every_type_but_ping_with_a_star) {
  const Filter filter = filter_of({"*"});

  EXPECT_TRUE(filter.matches("booking.confirmed"));
  EXPECT_TRUE(filter.matches("unknown.unknown"));
  EXPECT_FALSE(filter.matches("ping"));
}

TEST(Filter, takes_every_type_but_ping_when_it_is_empty) {
  const Filter filter = filter_of({});

  EXPECT_TRUE(filter.matches("booking.confirmed"));
  EXPECT_FALSE(filter.matches("ping"));
  EXPECT_EQ(filter.deciding_glob("booking.confirmed"), "");
}

TEST(Filter, takes_ping_only_by_its_name) {
  EXPECT_TRUE(filter_of({"ping"}).matches("ping"));
  EXPECT_TRUE(filter_of({"*", "ping"}).matches("ping"));
  EXPECT_TRUE(filter_of({"ping", "*"}).matches("ping"));
  EXPECT_FALSE(filter_of({"*.*"}).matches("ping"));
  EXPECT_FALSE(filter_of({"ping", "!ping"}).matches("ping"));
}

TEST(Filter, does_not_let_a_star_take_ping_away) { EXPECT_TRUE(filter_of({"ping", "!*"}).matches("ping")); }

TEST(Filter, takes_away_what_an_earlier_glob_gave) {
  const Filter filter = filter_of({"booking.*", "!booking.tagged"});

  EXPECT_TRUE(filter.matches("booking.confirmed"));
  EXPECT_FALSE(filter.matches("booking.tagged"));
}

TEST(Filter, lets_the_last_glob_that_matches_decide) {
  const Filter filter = filter_of({"*", "!booking.*", "booking.tagged"});

  EXPECT_TRUE(filter.matches("booking.tagged"));
  EXPECT_FALSE(filter.matches("booking.confirmed"));
  EXPECT_TRUE(filter.matches("member.created"));
}

TEST(Filter, names_the_glob_that_decided) {
  const Filter filter = filter_of({"booking.*", "!booking.tagged"});

  EXPECT_EQ(filter.deciding_glob("booking.confirmed"), "booking.*");
  EXPECT_EQ(filter.deciding_glob("booking.tagged"), "!booking.tagged");
  EXPECT_EQ(filter.deciding_glob("member.created"), "");
}

TEST(Filter, allows_stars_within_a_word_but_not_over_the_dot) {
  EXPECT_TRUE(filter_of({"booking.re*"}).matches("booking.rescheduled"));
  EXPECT_TRUE(filter_of({"*.canceled"}).matches("attendee.canceled"));
  EXPECT_TRUE(filter_of({"b*g.c*e*d"}).matches("booking.canceled"));
  EXPECT_FALSE(filter_of({"b*.canceled"}).matches("attendee.canceled"));
  EXPECT_FALSE(filter_of({"*.re*"}).matches("re.canceled"));
}

TEST(Filter, matches_hostile_globs_quickly) {
  std::string glob, type(64, 'a');
  for (int i = 0; i < 60; ++i) glob += "a*";

  EXPECT_FALSE(filter_of({glob + "b." + "x"}).matches(type + ".x"));
}

TEST(Filter, refuses_globs_that_can_never_match) {
  EXPECT_THAT(fault_of({"booking"}), testing::HasSubstr("\"booking\" has no dot"));
  for (const std::string glob : {"", "Booking.confirmed", "booking.", ".confirmed", "booking.confirmed.twice",
                                 "boo king.x", "booking/confirmed", "pin*", "?", "booking.confirmed "}) {
    EXPECT_THAT(fault_of({glob}), testing::HasSubstr("allowed are")) << glob;
  }
  EXPECT_NE(fault_of({std::string(65, 'a') + ".x"}), "");
  EXPECT_EQ(fault_of({std::string(64, 'a') + ".x"}), "");
}

TEST(Filter, refuses_a_list_that_begins_by_taking_away) {
  EXPECT_THAT(fault_of({"!booking.tagged"}), testing::HasSubstr("takes away from nothing"));
  EXPECT_THAT(fault_of({"*", "!"}), testing::HasSubstr("\"!\""));
}

TEST(Filter, points_out_the_spelling_that_no_event_has) {
  EXPECT_THAT(fault_of({"booking.cancelled"}), testing::HasSubstr("it is spelled canceled"));
}

}  // namespace
}  // namespace bellhop::core
