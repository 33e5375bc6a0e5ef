// SPDX-License-Identifier: Apache-2.0
#include "admin/admin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "admin/asking.hpp"

namespace bellhop::core {
namespace {

using rapidjson::Document;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Admin, status_tells_the_daemon_its_urls_and_its_instances) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");

  const Document status = parsed(get("/v1/status"));

  EXPECT_STREQ(status["version"].GetString(), "0.1.0");
  EXPECT_EQ(status["pid"].GetInt(), 4711);
  EXPECT_EQ(status["newest"].GetInt64(), 1);
  EXPECT_STREQ(status["now"].GetString(), "2026-01-01T00:00:00Z");
  EXPECT_STREQ(status["started"].GetString(), "2025-12-31T23:50:00Z");
  ASSERT_EQ(status["webhook_urls"].Size(), 1U);
  EXPECT_THAT(status["webhook_urls"][0].GetString(), HasSubstr("secret-token"));
  EXPECT_THAT(names_in(status["instances"], "name"), ElementsAre("crm", "slack"));
}

TEST_F(Admin, no_answer_but_status_tells_the_token) {
  const Seq seq = desk.add("booking.confirmed", "booking/1", "{\"a\":1}");

  for (const std::string target : {"/v1/events", "/v1/instances", "/v1/dead", "/v1/none"}) {
    EXPECT_THAT(get(target).body, Not(HasSubstr("secret-token"))) << target;
  }
  EXPECT_THAT(get("/v1/events/" + std::to_string(seq)).body, Not(HasSubstr("secret-token")));
  EXPECT_THAT(post("/v1/verify").body, Not(HasSubstr("secret-token")));
}

TEST_F(Admin, instances_join_config_and_journal) {
  const Seq first = desk.add("booking.canceled", "booking/1", "{\"a\":1}");
  desk.add("booking.canceled", "booking/2", "{\"a\":2}");
  desk.settle(desk.slack, first, DeliveryState::dead, Verdict::fail, "channel not found");

  const Document answer = parsed(get("/v1/instances"));

  const auto &slack = answer["instances"][1];
  EXPECT_STREQ(slack["state"].GetString(), "backing off");
  EXPECT_STREQ(slack["reason"].GetString(), "killed by SIGSEGV while delivering");
  EXPECT_STREQ(slack["events"][0].GetString(), "booking.canceled");
  EXPECT_EQ(slack["dead"].GetInt(), 1);
  EXPECT_EQ(slack["behind"].GetInt(), 2);
  EXPECT_EQ(slack["restarts"].GetInt(), 3);
  EXPECT_EQ(slack["workers"].GetInt(), 2);
}

TEST_F(Admin, an_instance_that_left_the_config_is_shown_as_parked) {
  ASSERT_TRUE(desk.journal.open_instance("old", Start::now).ok());
  ASSERT_TRUE(desk.journal.park_instances_except({"crm", "slack"}).ok());

  const Document answer = parsed(get("/v1/instances"));

  ASSERT_EQ(answer["instances"].Size(), 3U);
  EXPECT_STREQ(answer["instances"][2]["name"].GetString(), "old");
  EXPECT_STREQ(answer["instances"][2]["state"].GetString(), "parked");
}

TEST_F(Admin, events_come_newest_first_and_page_by_page) {
  for (int i = 1; i <= 5; ++i) desk.add("booking.confirmed", "booking/1", "{\"a\":" + std::to_string(i) + "}");

  const Document first = parsed(get("/v1/events?limit=2"));
  const Document second = parsed(get("/v1/events?limit=2&before=" + std::to_string(first["next"].GetInt64())));
  const Document last = parsed(get("/v1/events?limit=2&before=2"));

  EXPECT_EQ(first["events"][0]["seq"].GetInt(), 5);
  EXPECT_EQ(first["events"][1]["seq"].GetInt(), 4);
  EXPECT_EQ(second["events"][0]["seq"].GetInt(), 3);
  EXPECT_EQ(last["events"].Size(), 1U);
  EXPECT_TRUE(last["next"].IsNull());
}

TEST_F(Admin, events_are_filtered_by_type_position_and_quarantine) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  desk.add("member.created", "member/1", "{\"a\":2}");
  desk.add_quarantined("[1]", "an array is no event");

  EXPECT_THAT(names_in(parsed(get("/v1/events?type=booking.*"))["events"], "type"), ElementsAre("booking.confirmed"));
  EXPECT_THAT(names_in(parsed(get("/v1/events?type=m%65mber.%2A"))["events"], "type"), ElementsAre("member.created"));
  EXPECT_EQ(parsed(get("/v1/events?after=2"))["events"][0]["seq"].GetInt(), 3);
  const Document quarantined = parsed(get("/v1/events?quarantined=true"));
  ASSERT_EQ(quarantined["events"].Size(), 1U);
  EXPECT_STREQ(quarantined["events"][0]["reason"].GetString(), "an array is no event");
  EXPECT_TRUE(quarantined["events"][0]["type"].IsNull());
  EXPECT_TRUE(quarantined["events"][0]["time"].IsNull());
}

TEST_F(Admin, a_bad_query_is_refused_by_name) {
  EXPECT_THAT(detail(get("/v1/events?limt=3"), 400), HasSubstr("unknown parameter \"limt\"; known here: limit, type"));
  EXPECT_THAT(detail(get("/v1/events?limit=0"), 400), HasSubstr("from 1 to 1000"));
  EXPECT_THAT(detail(get("/v1/events?limit=1001"), 400), HasSubstr("from 1 to 1000"));
  EXPECT_THAT(detail(get("/v1/events?limit=9x"), 400), HasSubstr("limit is \"9x\""));
  EXPECT_THAT(detail(get("/v1/events?before=-1"), 400), HasSubstr("before is \"-1\""));
  EXPECT_THAT(detail(get("/v1/events?after="), 400), HasSubstr("after is \"\""));
  EXPECT_THAT(detail(get("/v1/events?quarantined=yes"), 400), HasSubstr("true or false"));
  EXPECT_THAT(detail(get("/v1/events?type=%zz"), 400), HasSubstr("badly encoded"));
  EXPECT_THAT(detail(get("/v1/events?limit=1&limit=2"), 400), HasSubstr("given twice"));
  EXPECT_THAT(detail(get("/v1/dead?tipe=x"), 400), HasSubstr("unknown parameter"));
  EXPECT_THAT(detail(get("/v1/status?verbose=1"), 400), HasSubstr("takes no parameters"));
  EXPECT_EQ(get("/v1/events?quarantined=0&&").status, 200);
}

TEST_F(Admin, an_event_is_shown_with_headers_body_document_and_deliveries) {
  const Seq seq = desk.add("booking.confirmed", "booking/1", "{\"a\": 1}");
  desk.settle(desk.crm, seq, DeliveryState::waiting, Verdict::retry, "503 from the CRM", desk.clock.steady_ms() + 5000);

  const HttpAnswer answer = get("/v1/events/1");
  const Document event = parsed(answer);

  EXPECT_STREQ(event["body"].GetString(), "{\"a\": 1}");
  EXPECT_STREQ(event["body_encoding"].GetString(), "utf-8");
  EXPECT_TRUE(event["intact"].GetBool());
  EXPECT_STREQ(event["headers"][1][0].GetString(), "X-Odd");
  EXPECT_STREQ(event["headers"][1][1].GetString(), "a\tb");
  EXPECT_THAT(answer.body, HasSubstr("\"data\":{\"duration\":1800.0,\"big\":123456789012345678901234567890}"));
  const auto &delivery = event["deliveries"][0];
  EXPECT_STREQ(delivery["instance"].GetString(), "crm");
  EXPECT_STREQ(delivery["state"].GetString(), "waiting");
  EXPECT_STREQ(delivery["verdict"].GetString(), "retry");
  EXPECT_EQ(delivery["attempts"].GetInt(), 2);
  EXPECT_STREQ(delivery["due"].GetString(), "2026-01-01T00:00:05Z");
  EXPECT_STREQ(delivery["message"].GetString(), "503 from the CRM");
}

TEST_F(Admin, a_due_time_follows_the_wall_clock_when_that_has_jumped) {
  const Seq seq = desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  desk.settle(desk.crm, seq, DeliveryState::waiting, Verdict::retry, "later", desk.clock.steady_ms() + 5000);
  desk.clock.jump_wall(3'600'000);

  const Document event = parsed(get("/v1/events/1"));

  EXPECT_STREQ(event["deliveries"][0]["due"].GetString(), "2026-01-01T01:00:05Z");
}

TEST_F(Admin, an_event_is_found_by_id_prefix_and_seq) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  const std::string id = EventId::of("appointlet", "{\"a\":1}").text();

  EXPECT_STREQ(parsed(get("/v1/events/" + id))["id"].GetString(), id.c_str());
  EXPECT_STREQ(parsed(get("/v1/events/" + id.substr(0, 8)))["id"].GetString(), id.c_str());
  EXPECT_THAT(detail(get("/v1/events/99"), 404), HasSubstr("99"));
  EXPECT_EQ(get("/v1/events/zz").status, 400);
  EXPECT_EQ(get("/v1/events/").status, 400);
}

TEST_F(Admin, a_body_that_is_not_utf8_comes_as_base64) {
  const std::string body("{\"a\":\"\xff\x00\"}", 10);
  desk.add_quarantined(body, "invalid UTF-8 inside a string");

  const Document event = parsed(get("/v1/events/1"));

  EXPECT_STREQ(event["body_encoding"].GetString(), "base64");
  EXPECT_STREQ(event["body"].GetString(), "eyJhIjoi/wAifQ==");
  EXPECT_TRUE(event["event"].IsNull());
  EXPECT_EQ(get("/v1/events/1/body").body, body);
}

TEST_F(Admin, a_nul_in_a_text_body_survives) {
  const std::string body("\"a\0b\"", 5);
  desk.add_quarantined(body, "a text alone");

  const Document event = parsed(get("/v1/events/1"));

  EXPECT_EQ(std::string(event["body"].GetString(), event["body"].GetStringLength()), body);
}

TEST_F(Admin, body_and_document_can_be_had_byte_for_byte) {
  desk.add("booking.confirmed", "booking/1", "{\"a\" : 1}");
  desk.add_quarantined("7", "a number alone");

  EXPECT_EQ(get("/v1/events/1/body").body, "{\"a\" : 1}");
  EXPECT_EQ(get("/v1/events/1/body").content_type, "application/octet-stream");
  EXPECT_THAT(get("/v1/events/1/event").body, HasSubstr("1800.0,\"big\":123456789012345678901234567890"));
  EXPECT_THAT(detail(get("/v1/events/2/event"), 404), HasSubstr("a number alone"));
  EXPECT_THAT(detail(get("/v1/events/1/tail"), 404), HasSubstr("GET /v1/status"));
}

TEST_F(Admin, a_damaged_event_is_flagged_and_its_document_not_embedded) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  desk.journal.corrupt(1);

  const Document event = parsed(get("/v1/events/1"));

  EXPECT_FALSE(event["intact"].GetBool());
  EXPECT_TRUE(event["event"].IsNull());
  EXPECT_THAT(detail(get("/v1/events/1/body"), 500), HasSubstr("damaged"));
  EXPECT_THAT(detail(post("/v1/replay", R"({"event":"1"})"), 409), HasSubstr("damaged"));
}

TEST_F(Admin, dead_letters_are_listed_newest_first) {
  for (int i = 1; i <= 3; ++i) {
    const Seq seq = desk.add("booking.canceled", "booking/" + std::to_string(i), "{\"a\":" + std::to_string(i) + "}");
    desk.clock.advance(1000);
    desk.settle(desk.slack, seq, DeliveryState::dead, Verdict::fail, "channel not found");
  }

  const Document answer = parsed(get("/v1/dead?limit=2"));

  ASSERT_EQ(answer["dead"].Size(), 2U);
  EXPECT_EQ(answer["dead"][0]["seq"].GetInt(), 3);
  EXPECT_STREQ(answer["dead"][0]["instance"].GetString(), "slack");
  EXPECT_STREQ(answer["dead"][0]["subject"].GetString(), "booking/3");
  EXPECT_STREQ(answer["dead"][0]["settled"].GetString(), "2026-01-01T00:00:03Z");
  EXPECT_TRUE(answer["dead"][0]["due"].IsNull());
}

TEST_F(Admin, a_replay_goes_to_the_instance_named_and_is_logged) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");

  const Document answer = parsed(post("/v1/replay", R"({"event":"1","instance":"slack"})"));

  ASSERT_EQ(answer["replays"].Size(), 1U);
  EXPECT_STREQ(answer["replays"][0]["instance"].GetString(), "slack");
  EXPECT_GT(answer["replays"][0]["replay"].GetInt64(), 0);
  const auto rows = desk.journal.deliveries_of(1);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->at(0).instance_name, "slack");
  ASSERT_EQ(desk.log_lines.size(), 1U);
  EXPECT_THAT(desk.log_lines[0], HasSubstr("to slack"));
}

TEST_F(Admin, a_replay_without_a_name_goes_to_those_that_were_offered_the_event) {
  desk.add("booking.canceled", "booking/1", "{\"a\":1}");
  desk.settle(desk.slack, 1, DeliveryState::dead, Verdict::fail, "channel not found");

  const Document answer = parsed(post("/v1/replay", R"({"event":1})"));

  EXPECT_THAT(names_in(answer["replays"], "instance"), ElementsAre("slack"));
}

TEST_F(Admin, a_replay_that_nobody_was_offered_goes_to_those_whose_filter_wants_it) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  desk.add("member.created", "member/1", "{\"a\":2}");

  EXPECT_THAT(names_in(parsed(post("/v1/replay", R"({"event":"1"})"))["replays"], "instance"), ElementsAre("crm"));
  EXPECT_THAT(detail(post("/v1/replay", R"({"event":"2"})"), 409), HasSubstr("configured: crm, slack"));
}

TEST_F(Admin, a_replay_to_nobody_says_who_there_is) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  ASSERT_TRUE(desk.journal.open_instance("old", Start::now).ok());

  EXPECT_THAT(detail(post("/v1/replay", R"({"event":"1","instance":"crn"})"), 404),
              HasSubstr("no instance \"crn\"; configured: crm, slack"));
  EXPECT_THAT(detail(post("/v1/replay", R"({"event":"1","instance":"old"})"), 409), HasSubstr("parked"));
  EXPECT_THAT(detail(post("/v1/replay", R"({"event":"77"})"), 404), HasSubstr("77"));
  desk.control.instances_.clear();
  EXPECT_THAT(detail(post("/v1/replay", R"({"event":"1"})"), 404), HasSubstr("no instance is configured"));
}

TEST_F(Admin, a_quarantined_event_is_not_replayed) {
  desk.add_quarantined("7", "a number alone");

  EXPECT_THAT(detail(post("/v1/replay", R"({"event":"1"})"), 409), HasSubstr("quarantined (a number alone)"));
}

TEST_F(Admin, a_bad_replay_body_is_refused_with_the_shape_wanted) {
  for (const char *body : {"", "[]", "{", R"({"event":true})", R"({"event":"1","instanse":"crm"})",
                           R"({"instance":"crm"})", R"({"event":"1","instance":3})"}) {
    EXPECT_THAT(detail(post("/v1/replay", body), 400), HasSubstr("{\"event\":\"ID, PREFIX OR SEQ\"")) << body;
  }
}

TEST_F(Admin, verify_reports_what_it_found) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  EXPECT_TRUE(parsed(post("/v1/verify"))["ok"].GetBool());
  desk.journal.corrupt(1);

  const Document report = parsed(post("/v1/verify"));

  EXPECT_FALSE(report["ok"].GetBool());
  EXPECT_EQ(report["events"].GetInt(), 1);
  EXPECT_STREQ(report["findings"][0].GetString(), "event 1 is not what was written");
  EXPECT_THAT(desk.log_lines.back(), HasSubstr("1 findings"));
}

TEST_F(Admin, other_methods_get_405_with_what_is_allowed) {
  for (const std::string path : {"/v1/status", "/v1/events", "/v1/events/1", "/v1/instances", "/v1/dead"}) {
    const HttpAnswer answer = post(path);
    EXPECT_THAT(detail(answer, 405), HasSubstr("wants GET"));
    EXPECT_THAT(answer.headers, testing::Contains(std::pair<std::string, std::string>("Allow", "GET")));
  }
  EXPECT_THAT(detail(get("/v1/replay"), 405), HasSubstr("wants POST"));
  EXPECT_THAT(detail(get("/v1/verify"), 405), HasSubstr("wants POST"));
}

TEST_F(Admin, an_unknown_path_says_what_there_is) {
  for (const char *path : {"/", "/v1", "/v2/status", "/v1/eventsx", "/v1/statuses"}) {
    EXPECT_THAT(detail(get(path), 404), HasSubstr("POST /v1/replay")) << path;
  }
}

TEST_F(Admin, a_journal_that_cannot_be_read_is_503_with_its_sentence) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");
  const std::vector<std::pair<std::string, std::vector<std::string>>> broken{
      {"instances", {"/v1/status", "/v1/instances"}},
      {"events", {"/v1/events"}},
      {"dead", {"/v1/dead"}},
      {"event", {"/v1/events/1"}},
      {"deliveries_of", {"/v1/events/1"}}};

  for (const auto &[function, targets] : broken) {
    desk.inspect.broken = function;
    for (const std::string &target : targets) EXPECT_THAT(detail(get(target), 503), HasSubstr("disk I/O error"));
    if (function == "events" || function == "dead") continue;
    EXPECT_THAT(detail(post("/v1/replay", R"({"event":"1"})"), 503), HasSubstr("disk I/O error"));
  }
  desk.inspect.broken = "verify";
  EXPECT_THAT(detail(post("/v1/verify"), 503), HasSubstr("disk I/O error"));
}

TEST_F(Admin, control_bytes_of_untrusted_text_are_escaped) {
  desk.add("booking.confirmed", "booking/\x1b[31m\"\n", "{\"a\":1}");

  const HttpAnswer answer = get("/v1/events");

  EXPECT_STREQ(parsed(answer)["events"][0]["subject"].GetString(), "booking/\x1b[31m\"\n");
  EXPECT_EQ(answer.body.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace bellhop::core
