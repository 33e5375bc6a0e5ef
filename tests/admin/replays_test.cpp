// SPDX-License-Identifier: Apache-2.0
// Ranges of events replayed: what is chosen, what is skipped and why, page by page.
#include <gmock/gmock.h>

#include "admin/asking.hpp"

namespace bellhop::core {
namespace {

using rapidjson::Document;
using testing::ElementsAre;
using testing::HasSubstr;

class Replays : public Admin {
 protected:
  Seq add(const std::string &type = "booking.confirmed") {
    const std::string subject = "booking/" + std::to_string(++bodies_ % 7);
    return desk.add(type, subject, "{\"a\":" + std::to_string(bodies_) + "}");
  }
  Document range(const std::string &body) { return parsed(post("/v1/replay", body)); }
  static const rapidjson::Value &named(const Document &answer, const std::string &name) {
    for (const auto &one : answer["instances"].GetArray()) {
      if (one["instance"].GetString() == name) return one;
    }
    ADD_FAILURE() << "no instance " << name;
    return answer["instances"][0];
  }
  std::vector<Seq> replayed(InstanceId instance) {
    std::vector<Seq> seqs;
    for (Seq seq = 1; seq <= desk.journal.newest(); ++seq) {
      for (const DeliveryRow &row : desk.journal.deliveries_of(seq).value()) {
        if (row.key.instance == instance && row.key.replay != 0) seqs.push_back(seq);
      }
    }
    return seqs;
  }

 private:
  int bodies_ = 0;
};

TEST_F(Replays, a_range_of_seqs_goes_to_each_whose_filter_wants_it) {
  for (const char *type : {"booking.confirmed", "booking.canceled", "member.created", "booking.canceled"}) add(type);

  const Document answer = range(R"({"from":2,"to":4})");

  EXPECT_EQ(named(answer, "crm")["replays"].GetInt(), 2);
  EXPECT_EQ(named(answer, "crm")["unwanted"].GetInt(), 1);
  EXPECT_EQ(named(answer, "slack")["replays"].GetInt(), 2);
  EXPECT_TRUE(answer["next"].IsNull());
  EXPECT_EQ(answer["newest"].GetInt(), 4);
  EXPECT_THAT(replayed(desk.crm), ElementsAre(2, 4));
  EXPECT_THAT(desk.log_lines, ElementsAre(HasSubstr("replay of 2 events to crm"), HasSubstr("of 2 events to slack")));
}

TEST_F(Replays, a_range_of_times_is_by_receipt) {
  add();
  desk.clock.advance(3'600'000);
  add();
  desk.clock.advance(3'600'000);
  add();

  range(R"({"from":"2026-01-01T00:30:00Z","to":"2026-01-01T03:00:00+01:00","instance":"crm"})");
  EXPECT_THAT(replayed(desk.crm), ElementsAre(2));
  range(R"({"from":"2026-01-01T02:00:00.000Z","instance":"crm"})");
  EXPECT_THAT(replayed(desk.crm), ElementsAre(2, 3));
  EXPECT_EQ(named(range(R"({"from":"2026-01-02","instance":"crm"})"), "crm")["events"].GetInt(), 0);
}

TEST_F(Replays, a_type_narrows_and_a_waiting_replay_is_not_made_twice) {
  add();
  add("booking.canceled");

  const Document first = range(R"({"type":"*.canceled"})"), second = range(R"({"from":1,"instance":"crm"})");

  EXPECT_EQ(named(first, "slack")["replays"].GetInt(), 1);
  EXPECT_EQ(named(second, "crm")["events"].GetInt(), 2);
  EXPECT_EQ(named(second, "crm")["replays"].GetInt(), 1);
  EXPECT_EQ(named(second, "crm")["waiting"].GetInt(), 1);
  EXPECT_THAT(replayed(desk.crm), ElementsAre(1, 2));
}

TEST_F(Replays, only_dead_letters_each_to_the_instance_that_gave_it_up) {
  for (int i = 0; i < 4; ++i) add("booking.canceled");
  desk.settle(desk.crm, 2, DeliveryState::dead, Verdict::fail, "422");
  desk.settle(desk.slack, 3, DeliveryState::dead, Verdict::fail, "404");
  desk.settle(desk.slack, 4, DeliveryState::delivered, Verdict::ok, "");

  const Document answer = range(R"({"only_dead":true})");

  EXPECT_EQ(named(answer, "crm")["replays"].GetInt(), 1);
  EXPECT_EQ(named(answer, "slack")["replays"].GetInt(), 1);
  EXPECT_THAT(replayed(desk.crm), ElementsAre(2));
  EXPECT_THAT(replayed(desk.slack), ElementsAre(3));
}

TEST_F(Replays, one_event_only_where_it_is_dead) {
  add("booking.canceled");
  desk.settle(desk.crm, 1, DeliveryState::delivered, Verdict::ok, "");

  EXPECT_THAT(detail(post("/v1/replay", R"({"event":1,"only_dead":true})"), 409), HasSubstr("no dead letter of any"));
  EXPECT_THAT(detail(post("/v1/replay", R"({"event":1,"only_dead":true,"instance":"crm"})"), 409),
              HasSubstr("is no dead letter of crm"));
  desk.settle(desk.slack, 1, DeliveryState::dead, Verdict::fail, "404");
  EXPECT_THAT(names_in(range(R"({"event":1,"only_dead":true})")["replays"], "instance"), ElementsAre("slack"));
}

TEST_F(Replays, a_preview_lists_and_writes_nothing) {
  add();
  add("member.created");
  add();

  const Document answer = range(R"({"from":1,"preview":true})");

  EXPECT_TRUE(answer["preview"].GetBool());
  EXPECT_EQ(named(answer, "crm")["replays"].GetInt(), 2);
  ASSERT_EQ(answer["events"].Size(), 3U);
  EXPECT_EQ(answer["events"][0]["seq"].GetInt(), 1);
  EXPECT_STREQ(answer["events"][1]["type"].GetString(), "member.created");
  EXPECT_THAT(replayed(desk.crm), ElementsAre());
  EXPECT_TRUE(desk.log_lines.empty());
}

TEST_F(Replays, more_than_one_request_may_do_is_continued) {
  constexpr int events_count = 10'500;
  for (int i = 0; i < events_count; ++i) add();

  const Document first = range(R"({"from":1,"instance":"crm"})");
  ASSERT_TRUE(first["next"].IsInt64());
  const std::string after = std::to_string(first["next"].GetInt64());
  const Document second = range(R"({"from":1,"instance":"crm","after":)" + after + "}");

  EXPECT_EQ(named(first, "crm")["replays"].GetInt(), 10'000);
  EXPECT_EQ(named(second, "crm")["replays"].GetInt(), 500);
  EXPECT_TRUE(second["next"].IsNull());
}

TEST_F(Replays, dead_letters_of_uneven_lists_come_once_each) {
  for (int i = 0; i < 2'600; ++i) {
    const Seq seq = add("booking.canceled");
    desk.settle(desk.crm, seq, DeliveryState::dead, Verdict::fail, "422");
    if (i % 5 == 0) desk.settle(desk.slack, seq, DeliveryState::dead, Verdict::fail, "422");
  }

  const Document answer = range(R"({"only_dead":true})");

  EXPECT_EQ(named(answer, "crm")["replays"].GetInt(), 2'600);
  EXPECT_EQ(named(answer, "crm")["waiting"].GetInt(), 0);
  EXPECT_EQ(named(answer, "slack")["replays"].GetInt(), 520);
  EXPECT_EQ(named(answer, "slack")["waiting"].GetInt(), 0);
}

TEST_F(Replays, a_forgotten_event_is_not_replayed) {
  desk.add("booking.confirmed", "booking/9", "{\"email\":\"ann@example.com\"}");
  ASSERT_TRUE(desk.journal.forget("ann@example.com").ok());

  EXPECT_THAT(detail(post("/v1/replay", R"({"event":1})"), 409), HasSubstr("forgotten on request"));
}

TEST_F(Replays, a_bad_range_is_refused_by_pointer) {
  add();
  const auto refused = [this](const std::string &body) { return detail(post("/v1/replay", body), 400); };

  EXPECT_THAT(refused("{}"), HasSubstr("/event is missing"));
  EXPECT_THAT(refused(R"({"from":"yesterday"})"), HasSubstr("/from is \"yesterday\", neither a seq nor an RFC 3339"));
  EXPECT_THAT(refused(R"({"to":"2026-13-01"})"), HasSubstr("/to is \"2026-13-01\""));
  EXPECT_THAT(refused(R"({"to":"2026-01-01T10:00"})"), HasSubstr("/to is"));
  EXPECT_THAT(refused(R"({"from":true})"), HasSubstr("/from is neither a string nor a whole number"));
  EXPECT_THAT(refused(R"({"from":1,"type":2})"), HasSubstr("/type is no string"));
  EXPECT_THAT(refused(R"({"from":1,"after":"x"})"), HasSubstr("/after is not the `next`"));
  EXPECT_THAT(refused(R"({"event":1,"from":1})"), HasSubstr("/from is of a range"));
  EXPECT_THAT(refused(R"({"event":1,"preview":true})"), HasSubstr("/preview is of a range"));
  EXPECT_THAT(refused(R"({"instance":"crm"})"), HasSubstr("/event is missing"));
  EXPECT_THAT(detail(post("/v1/replay", R"({"from":1,"instance":"cmr"})"), 404), HasSubstr("configured: crm, slack"));
  for (const char *function : {"instances", "select_seqs", "events"}) {
    desk.inspect.broken = function;
    EXPECT_THAT(detail(post("/v1/replay", R"({"from":1})"), 503), HasSubstr("disk I/O error")) << function;
  }
  desk.inspect.broken.clear();
  desk.control.instances_.clear();
  EXPECT_THAT(detail(post("/v1/replay", R"({"from":1})"), 404), HasSubstr("no instance is configured"));
}

}  // namespace
}  // namespace bellhop::core
