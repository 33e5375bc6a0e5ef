// SPDX-License-Identifier: Apache-2.0
// Dead letters: filtered, paged, dropped.
#include <gmock/gmock.h>

#include "admin/asking.hpp"

namespace bellhop::core {
namespace {

using rapidjson::Document;
using testing::ElementsAre;
using testing::HasSubstr;

class Dead : public Admin {
 protected:
  Seq bury(InstanceId instance, const std::string &type = "booking.canceled") {
    const Seq seq = desk.add(type, "booking/1", "{\"a\":" + std::to_string(++bodies_) + "}");
    desk.clock.advance(1'000);
    desk.settle(instance, seq, DeliveryState::dead, Verdict::fail, "422");
    return seq;
  }
  static std::vector<int> seqs_in(const Document &answer) {
    std::vector<int> seqs;
    for (const auto &row : answer["dead"].GetArray()) seqs.push_back(row["seq"].GetInt());
    return seqs;
  }
  DeliveryState state_of(InstanceId instance, Seq seq) {
    for (const DeliveryRow &row : desk.journal.deliveries_of(seq).value()) {
      if (row.key.instance == instance) return row.state;
    }
    return DeliveryState::waiting;
  }

 private:
  int bodies_ = 0;
};

TEST_F(Dead, are_filtered_by_instance_and_type) {
  bury(desk.slack);
  bury(desk.crm);
  bury(desk.crm, "member.created");

  EXPECT_THAT(seqs_in(parsed(get("/v1/dead"))), ElementsAre(3, 2, 1));
  EXPECT_THAT(seqs_in(parsed(get("/v1/dead?instance=crm"))), ElementsAre(3, 2));
  EXPECT_THAT(seqs_in(parsed(get("/v1/dead?instance=crm&type=booking.*"))), ElementsAre(2));
  EXPECT_THAT(detail(get("/v1/dead?instance=cmr"), 404), HasSubstr("no instance \"cmr\"; there are: crm, slack"));
}

TEST_F(Dead, page_by_page_each_comes_once) {
  for (int i = 0; i < 5; ++i) bury(desk.slack);

  const Document first = parsed(get("/v1/dead?limit=2"));
  const Document second = parsed(get("/v1/dead?limit=2&before=" + std::string(first["next"].GetString())));
  const Document third = parsed(get("/v1/dead?limit=2&before=" + std::string(second["next"].GetString())));

  EXPECT_THAT(seqs_in(first), ElementsAre(5, 4));
  EXPECT_THAT(seqs_in(second), ElementsAre(3, 2));
  EXPECT_THAT(seqs_in(third), ElementsAre(1));
  EXPECT_TRUE(third["next"].IsNull());
  for (const char *place : {"5", "1-2", "1-2-3-4", "a-b-c", "1--2"}) {
    EXPECT_THAT(detail(get(std::string("/v1/dead?before=") + place), 400), HasSubstr("the `next` of the page before"));
  }
}

TEST_F(Dead, one_is_dropped_where_it_is_dead_and_that_is_logged) {
  const Seq seq = bury(desk.slack);
  desk.settle(desk.crm, seq, DeliveryState::dead, Verdict::fail, "422");

  const Document named = parsed(post("/v1/dead/drop", R"({"event":"1","instance":"crm"})"));

  EXPECT_EQ(named["dropped"].GetInt(), 1);
  EXPECT_STREQ(named["instances"][0]["instance"].GetString(), "crm");
  EXPECT_EQ(state_of(desk.crm, seq), DeliveryState::dropped);
  EXPECT_EQ(state_of(desk.slack, seq), DeliveryState::dead);
  EXPECT_THAT(desk.log_lines.back(), HasSubstr("dropped 1 dead letter of crm: event 1"));
  EXPECT_EQ(parsed(post("/v1/dead/drop", R"({"event":1})"))["dropped"].GetInt(), 1);
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"event":1})"), 404), HasSubstr("is no dead letter"));
}

TEST_F(Dead, all_that_fit_are_dropped) {
  bury(desk.slack);
  bury(desk.crm);
  bury(desk.crm, "member.created");

  const Document some = parsed(post("/v1/dead/drop", R"({"all":true,"instance":"crm","type":"booking.*"})"));
  const Document rest = parsed(post("/v1/dead/drop", R"({"all":true})"));

  EXPECT_EQ(some["dropped"].GetInt(), 1);
  EXPECT_EQ(rest["dropped"].GetInt(), 2);
  EXPECT_FALSE(rest["more"].GetBool());
  EXPECT_EQ(parsed(get("/v1/dead"))["dead"].Size(), 0U);
}

TEST_F(Dead, a_drop_of_very_many_says_that_there_are_more) {
  for (int i = 0; i < 1'001; ++i) bury(desk.slack);

  const Document first = parsed(post("/v1/dead/drop", R"({"all":true})"));
  const Document second = parsed(post("/v1/dead/drop", R"({"all":true})"));

  EXPECT_EQ(first["dropped"].GetInt(), 1'000);
  EXPECT_TRUE(first["more"].GetBool());
  EXPECT_EQ(second["dropped"].GetInt(), 1);
  EXPECT_FALSE(second["more"].GetBool());
}

TEST_F(Dead, a_bad_drop_is_refused_by_pointer) {
  bury(desk.slack);

  EXPECT_THAT(detail(post("/v1/dead/drop", "{}"), 400), HasSubstr("/event is missing; the body is"));
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"all":true,"event":"1"})"), 400), HasSubstr("/all excludes /event"));
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"all":"yes"})"), 400), HasSubstr("/all is neither true nor false"));
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"event":"1","type":"x"})"), 400), HasSubstr("/type belongs to /all"));
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"event":"1","instanse":"x"})"), 400), HasSubstr("/instanse is unknown"));
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"event":"1","instance":"x"})"), 404), HasSubstr("there are: crm"));
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"event":"77"})"), 404), HasSubstr("77"));
  EXPECT_THAT(detail(get("/v1/dead/drop"), 405), HasSubstr("wants POST"));
  desk.inspect.broken = "dead";
  EXPECT_THAT(detail(post("/v1/dead/drop", R"({"all":true})"), 503), HasSubstr("disk I/O error"));
}

}  // namespace
}  // namespace bellhop::core
