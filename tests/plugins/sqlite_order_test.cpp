// SPDX-License-Identifier: Apache-2.0
// The rule of order: what a booking shows comes from its newest event, however the events arrive.
#include <algorithm>

#include "plugins/sqlite_fixture.hpp"

namespace bellhop::test {
namespace {

// requested, confirmed, rescheduled twice, canceled.
std::vector<core::Parcel> legacy_life(const std::string &booking_id = "BOOKING_ID") {
  const std::string first = "2014-02-01T10:00:00Z", second = "2014-02-02T10:00:00Z", third = "2014-02-03T10:00:00Z";
  std::vector<core::Parcel> life;
  core::Seq seq = 0;
  for (const auto &[action, day, start] : {std::tuple{"requested", 1, first},
                                           {"confirmed", 2, first},
                                           {"rescheduled", 3, second},
                                           {"rescheduled", 4, third},
                                           {"canceled", 5, third}}) {
    std::string body = legacy_body({.action = action,
                                    .time = "2014-01-0" + std::to_string(day) + "T00:00:00Z",
                                    .start = start,
                                    .booking_id = booking_id});
    if (std::string(action) == "canceled") body = edited(body, {{R"("canceled": false)", R"("canceled": true)"}});
    if (std::string(action) == "requested") body = edited(body, {{R"("confirmed": true)", R"("confirmed": false)"}});
    life.push_back(parcel_of(body, ++seq));
  }
  return life;
}

const char *const state_sql =
    "SELECT status, start, canceled, reschedule_count, event_count, first_event_seq, first_event_time, "
    "last_event_seq, last_event_time FROM booking";
const char *const canceled_state =
    "canceled|2014-02-03T10:00:00Z|2014-01-05T00:00:00.000Z|2|5|1|2014-01-01T00:00:00.000Z|5|2014-01-05T00:00:00.000Z";

TEST_F(SqlitePlugin, follows_the_life_of_a_legacy_booking) {
  for (const core::Parcel &parcel : legacy_life()) ASSERT_EQ(host().deliver(parcel).code, BHP_OK);

  EXPECT_EQ(ask(state_sql), canceled_state);
  EXPECT_EQ(ask("SELECT type, field, old, new FROM change WHERE field IN ('status', 'start') "
                "ORDER BY event_no, position"),
            "booking.requested|status|-|requested\n"
            "booking.confirmed|status|requested|confirmed\n"
            "booking.rescheduled|start|2014-02-01T10:00:00Z|2014-02-02T10:00:00Z\n"
            "booking.rescheduled|start|2014-02-02T10:00:00Z|2014-02-03T10:00:00Z\n"
            "booking.canceled|status|confirmed|canceled");
}

TEST_F(SqlitePlugin, follows_the_life_of_a_v5_booking) {
  const std::string first = "2024-06-03T14:00:00Z", second = "2024-06-04T14:00:00Z", third = "2024-06-05T14:00:00Z";
  const std::string requested = edited(v5_body("Meeting.scheduled", "2024-05-01T00:00:00Z", first),
                                       {{R"("approved": null)", R"("approved": false)"}});
  const std::string canceled = edited(v5_body("Meeting.cancelled", "2024-05-05T00:00:00Z", third),
                                      {{R"("cancelled": false)", R"("cancelled": true)"}});

  host().deliver(parcel_of(requested, 1));
  EXPECT_EQ(ask("SELECT status FROM booking"), "requested");
  host().deliver(parcel_of(v5_body("Meeting.approved", "2024-05-02T00:00:00Z", first), 2));
  EXPECT_EQ(ask("SELECT status FROM booking"), "confirmed");
  host().deliver(parcel_of(v5_body("Meeting.rescheduled", "2024-05-03T00:00:00Z", second), 3));
  host().deliver(parcel_of(v5_body("Meeting.rescheduled", "2024-05-04T00:00:00Z", third), 4));
  host().deliver(parcel_of(canceled, 5));

  EXPECT_EQ(ask(state_sql),
            "canceled|2024-06-05T14:00:00Z|2024-05-05T00:00:00.000Z|2|5|1|2024-05-01T00:00:00.000Z|5|"
            "2024-05-05T00:00:00.000Z");
}

TEST_F(SqlitePlugin, ends_in_the_same_state_in_every_order_of_arrival) {
  std::vector<std::size_t> order{0, 1, 2, 3, 4};
  std::vector<core::Parcel> arrivals;
  do {
    const std::vector<core::Parcel> life = legacy_life("B" + std::to_string(arrivals.size()));
    // The flag `late` as the journal sets it: something newer was accepted before.
    std::int64_t newest_ms = 0;
    for (const std::size_t index : order) {
      arrivals.push_back(life[index]);
      if (life[index].occurred_ms < newest_ms) arrivals.back().flags |= BHP_EV_LATE;
      newest_ms = std::max(newest_ms, life[index].occurred_ms);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  ASSERT_EQ(arrivals.size(), 120u * 5);

  for (const core::PluginAnswer &answer : host().deliver_batch(arrivals)) ASSERT_EQ(answer.code, BHP_OK);

  EXPECT_EQ(ask("SELECT DISTINCT " + std::string(state_sql).substr(7)), canceled_state);
  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "120");
  EXPECT_EQ(ask("SELECT count(*) FROM event"), "600");
}

TEST_F(SqlitePlugin, records_a_late_event_and_leaves_the_booking) {
  const std::vector<core::Parcel> life = legacy_life();
  host().deliver(life[4]);

  const core::PluginAnswer answer = host().deliver(life[2]);

  EXPECT_EQ(answer.code, BHP_OK);
  EXPECT_EQ(answer.message, "recorded; the booking shows a newer event already");
  EXPECT_EQ(ask("SELECT status, last_event_seq FROM booking"), "canceled|5");
  EXPECT_EQ(ask("SELECT seq, late FROM event ORDER BY no"), "5|0\n3|1");
  EXPECT_EQ(ask("SELECT seq, late, field FROM change WHERE late"), "3|1|-");
}

TEST_F(SqlitePlugin, lets_the_journal_decide_between_events_of_the_same_time) {
  const core::Parcel older = parcel_of(legacy_body({.start = "2014-02-01T10:00:00Z"}), 1);
  const core::Parcel newer = parcel_of(legacy_body({.start = "2014-02-09T10:00:00Z"}), 2);

  host().deliver(newer);
  host().deliver(older);

  EXPECT_EQ(ask("SELECT start FROM booking"), "2014-02-09T10:00:00Z");
}

TEST_F(SqlitePlugin, does_not_let_a_forged_future_shut_out_what_follows) {
  const core::Parcel forged =
      parcel_of(legacy_body({.action = "canceled", .time = "9999-01-01T00:00:00Z"}), 1, 1'000'000);
  const core::Parcel honest =
      parcel_of(legacy_body({.action = "confirmed", .time = "1970-01-01T00:16:41Z"}), 2, 1'002'000);

  host().deliver(forged);
  host().deliver(honest);

  EXPECT_EQ(ask("SELECT status, last_event_seq, canceled FROM booking"), "confirmed|2|-");
}

TEST_F(SqlitePlugin, skips_what_it_has_recorded_already) {
  core::Parcel parcel = parcel_of(legacy_body({}), 1);
  ASSERT_EQ(host().deliver(parcel).code, BHP_OK);
  const std::string before = ask("SELECT * FROM booking") + ask("SELECT * FROM change") + ask("SELECT * FROM event");

  for (const std::uint32_t flag : {BHP_EV_REDELIVERY, BHP_EV_REPLAY, BHP_EV_REPLAY | BHP_EV_LATE}) {
    parcel.flags = flag;
    const core::PluginAnswer answer = host().deliver(parcel);
    EXPECT_EQ(answer.code, BHP_SKIP);
    EXPECT_EQ(answer.message, "already recorded");
  }
  restart();
  EXPECT_EQ(host().deliver(parcel).code, BHP_SKIP);

  EXPECT_EQ(ask("SELECT * FROM booking") + ask("SELECT * FROM change") + ask("SELECT * FROM event"), before);
}

TEST_F(SqlitePlugin, keeps_what_a_newer_event_does_not_mention) {
  host().deliver(parcel_of(legacy_body({.utm_source = "news"}), 1));
  const std::string less = edited(legacy_body({.action = "canceled", .time = "2014-01-02T00:00:00Z"}),
                                  {{R"("email": "webhooks+sample@appointlet.com")", R"("email": null)"},
                                   {R"("value": "John")", R"("value": "Joan")"}});

  host().deliver(parcel_of(less, 2));

  EXPECT_EQ(ask("SELECT status, utm_source, attendee_email, attendee_name FROM booking"),
            "canceled|news|webhooks+sample@appointlet.com|Joan Smith");
  EXPECT_EQ(ask("SELECT old, new FROM change WHERE field = 'answer/first-name'"), "John|Joan");
  EXPECT_EQ(ask("SELECT count(*) FROM answer"), "3");
}

// Attendee events of v5 are assumed: nobody has published one.
std::string attendee_body(const std::string &action, const std::string &time, const std::string &email) {
  return R"({"id":1,"type":"Activity","created_at":")" + time + R"(","action":"Attendee.)" + action +
         R"(","entity":{"id":"of )" + email + R"(","type":"Attendee","email":")" + email + R"(","meeting":2751918}})";
}

TEST_F(SqlitePlugin, keeps_every_attendee_of_a_group_whatever_comes_first) {
  host().deliver(parcel_of(attendee_body("scheduled", "2024-05-29T18:56:43.1Z", "a@example.org"), 1));
  EXPECT_EQ(ask("SELECT id, status, attendee_email FROM booking"), "2751918|unknown|a@example.org");
  host().deliver(parcel_of(payload("v5_meeting_scheduled.partial.json"), 2));
  host().deliver(parcel_of(attendee_body("scheduled", "2024-05-30T00:00:00Z", "b@example.org"), 3));
  host().deliver(parcel_of(attendee_body("scheduled", "2024-05-31T00:00:00Z", "b@example.org"), 4));

  EXPECT_EQ(ask("SELECT position, email FROM attendee ORDER BY position"), "0|a@example.org\n1|b@example.org");
  EXPECT_EQ(ask("SELECT status, event_count, last_event_seq, start FROM booking"),
            "confirmed|4|2|2024-06-03T14:00:00Z");
}

}  // namespace
}  // namespace bellhop::test
