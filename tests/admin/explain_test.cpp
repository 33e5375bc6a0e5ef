// SPDX-License-Identifier: Apache-2.0
// Why an instance ran for an event, or did not, and when it does next.
#include <gmock/gmock.h>

#include "admin/asking.hpp"

namespace bellhop::core {
namespace {

using rapidjson::Document;
using testing::AllOf;
using testing::HasSubstr;

class Explain : public Admin {
 protected:
  Document of(Seq seq) { return parsed(get("/v1/explain/" + std::to_string(seq))); }
  static const rapidjson::Value &named(const Document &event, const std::string &name) {
    for (const auto &one : event["instances"].GetArray()) {
      if (one["name"].GetString() == name) return one;
    }
    ADD_FAILURE() << "no instance " << name;
    return event["instances"][0];
  }
  static std::string state(const Document &event, const std::string &name) {
    return named(event, name)["state"].GetString();
  }
  static std::string why(const Document &event, const std::string &name) {
    return named(event, name)["why"].GetString();
  }
  static const rapidjson::Value &next(const Document &event, const std::string &name) {
    return named(event, name)["deliveries"][0]["next"];
  }
  Seq booking() { return desk.add("booking.confirmed", "booking/1", "{\"a\":" + std::to_string(++bodies_) + "}"); }

 private:
  int bodies_ = 0;
};

TEST_F(Explain, tells_every_attempt_with_its_times_and_requests) {
  const Seq seq = booking();
  desk.attempt(desk.crm, seq, 1, DeliveryState::waiting, Verdict::retry, "503 from the CRM", 1'000,
               R"([{"method":"POST","url":"https://crm.example/…","status":503,"took_ms":11}])");
  desk.clock.advance(1'500);
  desk.attempt(desk.crm, seq, 2, DeliveryState::delivered, Verdict::ok, "contact 4711", 0,
               R"([{"method":"POST","url":"https://crm.example/…","status":201,"took_ms":9}])");

  const Document event = of(seq);

  EXPECT_EQ(state(event, "crm"), "delivered");
  EXPECT_EQ(why(event, "crm"), "wanted by booking.*");
  const auto &delivery = named(event, "crm")["deliveries"][0];
  EXPECT_TRUE(delivery["next"].IsNull());
  ASSERT_EQ(delivery["tries"].Size(), 2U);
  const auto &first = delivery["tries"][0], &second = delivery["tries"][1];
  EXPECT_EQ(first["number"].GetInt(), 1);
  EXPECT_STREQ(first["verdict"].GetString(), "retry");
  EXPECT_STREQ(first["message"].GetString(), "503 from the CRM");
  EXPECT_STREQ(first["began"].GetString(), "2025-12-31T23:59:59.988Z");
  EXPECT_STREQ(first["settled"].GetString(), "2026-01-01T00:00:00Z");
  EXPECT_STREQ(first["due"].GetString(), "2026-01-01T00:00:01Z");
  EXPECT_EQ(first["exchanges"][0]["status"].GetInt(), 503);
  EXPECT_STREQ(second["state"].GetString(), "delivered");
  EXPECT_STREQ(second["settled"].GetString(), "2026-01-01T00:00:01.500Z");
  EXPECT_TRUE(second["due"].IsNull());
  EXPECT_EQ(second["exchanges"][0]["status"].GetInt(), 201);
}

TEST_F(Explain, names_the_glob_that_decided) {
  const Seq confirmed = booking(), ping = desk.add("ping", "ping", "{\"p\":1}");
  desk.control_of("crm").events = {"booking.*", "!booking.confirmed"};
  desk.control_of("slack").events = {};
  desk.control_of("slack").state = "running";
  desk.control_of("slack").in_flight_count = 0;

  const Document booked = of(confirmed), pinged = of(ping);

  EXPECT_EQ(state(booked, "crm"), "not wanted");
  EXPECT_EQ(why(booked, "crm"),
            "booking.confirmed is taken away by !booking.confirmed (events = booking.* !booking.confirmed)");
  EXPECT_FALSE(named(booked, "crm")["filter"]["wants"].GetBool());
  EXPECT_STREQ(named(booked, "crm")["filter"]["glob"].GetString(), "!booking.confirmed");
  EXPECT_EQ(why(booked, "slack"), "its filter wants everything but ping; it is next");
  EXPECT_EQ(why(pinged, "crm"), "ping must be named, and is not in booking.* !booking.confirmed");
  EXPECT_EQ(why(pinged, "slack"), "ping must be named, and is not in everything but ping");
  desk.control_of("slack").events = {"booking.canceled"};
  EXPECT_EQ(why(of(confirmed), "slack"), "booking.confirmed matches none of booking.canceled");
}

TEST_F(Explain, a_filter_that_changed_meanwhile_is_said) {
  const Seq seq = booking();
  desk.attempt(desk.crm, seq, 1, DeliveryState::delivered, Verdict::ok, "", 0);
  desk.control_of("crm").events = {"member.*"};

  EXPECT_EQ(why(of(seq), "crm"), "its filter does not want it any more: booking.confirmed matches none of member.*");
}

TEST_F(Explain, one_that_began_after_the_event_has_passed_it) {
  const Seq seq = booking();
  desk.move_cursor(desk.crm, seq);

  const Document event = of(seq);

  EXPECT_EQ(state(event, "crm"), "passed");
  EXPECT_THAT(why(event, "crm"), AllOf(HasSubstr("its cursor stands at 1"), HasSubstr("the instance began after it")));
  EXPECT_EQ(named(event, "crm")["cursor"].GetInt(), 1);
}

TEST_F(Explain, a_parked_instance_says_on_which_side_its_cursor_stands) {
  const Seq seq = booking();
  ASSERT_TRUE(desk.journal.open_instance("old", Start::beginning).ok());
  ASSERT_TRUE(desk.journal.park_instances_except({"crm", "slack"}).ok());

  const Document event = of(seq);

  EXPECT_EQ(state(event, "old"), "parked");
  EXPECT_THAT(why(event, "old"), HasSubstr("its cursor stands at 0, before this event, which it is offered when"));
  EXPECT_TRUE(named(event, "old")["filter"].IsNull());
}

TEST_F(Explain, quarantine_damage_and_forgetting_are_reasons_of_all) {
  const Seq strange = desk.add_quarantined("[1]", "an array is no event");
  const Seq damaged = booking(), person = desk.add("booking.confirmed", "booking/9", "{\"email\":\"ann@example.com\"}");
  desk.journal.corrupt(damaged);
  ASSERT_TRUE(desk.journal.forget("ann@example.com").ok());

  EXPECT_EQ(state(of(strange), "crm"), "quarantined");
  EXPECT_THAT(why(of(strange), "slack"), HasSubstr("an array is no event"));
  EXPECT_EQ(state(of(damaged), "crm"), "damaged");
  EXPECT_FALSE(of(damaged)["intact"].GetBool());
  EXPECT_EQ(state(of(person), "crm"), "forgotten");
  EXPECT_TRUE(of(person)["forgotten"].GetBool());
}

TEST_F(Explain, what_is_owed_says_what_it_waits_for) {
  const Seq first = booking(), second = booking();
  const auto crm = [&]() -> InstanceControl & { return desk.control_of("crm"); };

  EXPECT_EQ(state(of(second), "crm"), "owed");
  EXPECT_EQ(why(of(second), "crm"), "wanted by booking.*; it is next");
  crm().in_flight_count = 1;
  EXPECT_THAT(why(of(second), "crm"), HasSubstr("it is with the plugin now, or next"));
  desk.attempt(desk.crm, first, 1, DeliveryState::waiting, Verdict::retry, "later", 60'000);
  EXPECT_THAT(why(of(second), "crm"), HasSubstr("an earlier event of booking/1 has to come again first"));
  crm().state = "refused";
  crm().reason = "create: webhook_url is not a URL";
  EXPECT_THAT(why(of(second), "crm"), HasSubstr("its plugin is refused: create: webhook_url is not a URL"));
  crm().state = "held";
  crm().held_by = "breaker";
  crm().breaker = "open";
  crm().reason = "9 of the last 10 attempts failed";
  crm().held_since_ms = desk.clock.steady_ms() - 60'000;
  crm().next_probe_ms = desk.clock.steady_ms() + 5'000;
  EXPECT_THAT(why(of(second), "crm"),
              HasSubstr("not offered yet: the breaker is open since 2025-12-31T23:59:00Z (9 of the last 10 attempts "
                        "failed); one event probes at 2026-01-01T00:00:05Z"));
}

TEST_F(Explain, the_next_attempt_has_a_time_and_a_reason) {
  const Seq seq = booking();
  InstanceControl &crm = desk.control_of("crm");
  crm.retry = {20, 259'200'000, 1'000, 3'600'000};
  desk.attempt(desk.crm, seq, 1, DeliveryState::waiting, Verdict::retry, "503", 800);
  desk.clock.advance(800);
  desk.attempt(desk.crm, seq, 2, DeliveryState::waiting, Verdict::retry, "503", 1'640);

  Document event = of(seq);

  EXPECT_EQ(state(event, "crm"), "waiting");
  EXPECT_STREQ(next(event, "crm")["at"].GetString(), "2026-01-01T00:00:02.440Z");
  EXPECT_STREQ(next(event, "crm")["why"].GetString(), "backoff");
  EXPECT_STREQ(next(event, "crm")["sentence"].GetString(),
               "back-off 2 of 19: 1.6 s, drawn from at most 2 s; given up 72 h after the first attempt");

  desk.attempt(desk.crm, seq, 3, DeliveryState::waiting, Verdict::retry, "429", 60'000);
  event = of(seq);
  EXPECT_STREQ(next(event, "crm")["why"].GetString(), "retry_after");
  EXPECT_STREQ(next(event, "crm")["sentence"].GetString(), "the destination asked for 60 s (Retry-After)");

  desk.attempt(desk.crm, seq, 3, DeliveryState::waiting, Verdict::hold, "the login was revoked", 5'000);
  event = of(seq);
  EXPECT_STREQ(next(event, "crm")["why"].GetString(), "hold");

  desk.clock.advance(5'000);
  event = of(seq);
  EXPECT_STREQ(next(event, "crm")["why"].GetString(), "turn");

  crm.state = "backing off";
  crm.reason = "killed by SIGSEGV while delivering";
  event = of(seq);
  EXPECT_STREQ(next(event, "crm")["sentence"].GetString(),
               "its plugin is backing off: killed by SIGSEGV while delivering");

  crm.state = "held";
  crm.held_by = "plugin";
  crm.reason = "the login was revoked";
  crm.held_since_ms = desk.clock.steady_ms();
  crm.next_probe_ms = desk.clock.steady_ms() + 30'000;
  event = of(seq);
  EXPECT_STREQ(next(event, "crm")["why"].GetString(), "held");
  EXPECT_STREQ(next(event, "crm")["at"].GetString(), "2026-01-01T00:00:35.800Z");
  EXPECT_THAT(next(event, "crm")["sentence"].GetString(),
              HasSubstr("held by the plugin since 2026-01-01T00:00:05.800Z (the login was revoked)"));
}

TEST_F(Explain, a_replay_stands_beside_the_live_delivery) {
  const Seq seq = booking();
  desk.attempt(desk.crm, seq, 1, DeliveryState::dead, Verdict::fail, "422", 0);
  ASSERT_TRUE(desk.journal.replay(desk.crm, seq).ok());

  const Document event = of(seq);

  EXPECT_EQ(state(event, "crm"), "dead");
  const auto &deliveries = named(event, "crm")["deliveries"];
  ASSERT_EQ(deliveries.Size(), 2U);
  EXPECT_EQ(deliveries[1]["replay"].GetInt(), 1);
  EXPECT_EQ(deliveries[1]["tries"].Size(), 0U);
  EXPECT_STREQ(deliveries[1]["next"]["sentence"].GetString(), "asked for, and not offered yet");
}

TEST_F(Explain, refusals_say_what_is_wrong) {
  booking();

  EXPECT_THAT(detail(get("/v1/explain/77"), 404), HasSubstr("77"));
  EXPECT_EQ(get("/v1/explain/").status, 400);
  EXPECT_THAT(detail(get("/v1/explain/1?x=1"), 400), HasSubstr("takes no parameters"));
  EXPECT_THAT(detail(post("/v1/explain/1"), 405), HasSubstr("wants GET"));
  for (const char *function : {"event", "attempts_of", "deliveries_of", "instances"}) {
    desk.inspect.broken = function;
    EXPECT_THAT(detail(get("/v1/explain/1"), 503), HasSubstr("disk I/O error")) << function;
  }
}

}  // namespace
}  // namespace bellhop::core
