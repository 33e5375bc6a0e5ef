// SPDX-License-Identifier: Apache-2.0
// The whole life of a booking, in both dialects, through all plugins at once in the real daemon, with real ends where
// the machine has them: Radicale as calendar, Tryton as CRM, SQLite. Relays before them fail at random.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calendar_ends.hpp"
#include "faulty_relay.hpp"
#include "running_tryton.hpp"
#include "streets/life.hpp"
#include "streets/whole_house.hpp"

namespace bellhop::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int faults_percent = 25;

std::size_t count_of(const std::string &text, const std::string &part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

TEST(WholeLifeEnds, have_one_of_each_whatever_fails_on_the_way) {
  if (!interop::has_module("radicale")) GTEST_SKIP() << "radicale is not installed";
  if (!RunningTryton::is_installed()) GTEST_SKIP() << RunningTryton::why_not;
  const std::uint64_t seed = seed_of_this_run();
  SCOPED_TRACE("BELLHOP_TEST_SEED=" + std::to_string(seed));
  const interop::RunningServer calendar(interop::radicale);
  const RunningTryton tryton;
  FaultyRelay calendar_relay(calendar.port(), random_faults(seed + 4, faults_percent));
  FaultyRelay tryton_relay(tryton.port(), random_faults(seed + 5, faults_percent));
  WholeHouse house({"driver = \"tryton\"\nurl = \"" + tryton_relay.url("") +
                        "\"\ntryton = { database = \"bell\", user = \"admin\", password = \"" +
                        RunningTryton::password + "\" }",
                    calendar_relay.url("/ann/bookings/")});
  ASSERT_TRUE(house.start()) << house.log();
  house.fail_by(seed);

  for (std::size_t step = 0; step < life_steps_count; ++step) {
    ASSERT_EQ(house.post(legacy_step(step)), 202) << house.log();
    ASSERT_EQ(house.post(v5_step(step)), 202) << house.log();
  }

  ASSERT_EQ(house.wait_until_delivered(10), "") << house.log();
  EXPECT_EQ(house.bellhop({"run", "log", "check"}).status, 0);
  EXPECT_EQ(house.stop(), 0);

  EXPECT_GT(calendar_relay.requests_count(), 10U) << "nothing failed: ten events, a PUT each";
  const std::string events = calendar.everything();
  EXPECT_EQ(count_of(events, "BEGIN:VEVENT"), 2U) << events;
  EXPECT_EQ(count_of(events, "STATUS:CANCELLED"), 2U) << events;
  EXPECT_EQ(count_of(events, "SEQUENCE:3"), 2U) << events;
  EXPECT_THAT(tryton.rows("SELECT value FROM party_contact_mechanism WHERE type = 'email' ORDER BY value"),
              ElementsAre("john@example.com", "webhooks+sample@appointlet.com"));
  EXPECT_THAT(tryton.rows("SELECT message FROM ir_note"),
              ElementsAre(HasSubstr("Canceled: "), HasSubstr("Canceled: ")));
  EXPECT_THAT(tryton.rows("SELECT id FROM party_party"), testing::SizeIs(2));
  EXPECT_EQ(house.ask("SELECT id, status, reschedule_count, event_count FROM booking ORDER BY 1"),
            "2751918|canceled|2|5\nBOOKING_ID|canceled|2|5");
  EXPECT_EQ(house.slack.roots().size(), 2U);
  EXPECT_THAT(house.slack.complaints(), testing::IsEmpty());
  EXPECT_EQ(house.receiver.received().size(), 10U);
}

}  // namespace
}  // namespace bellhop::test
