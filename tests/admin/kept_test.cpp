// SPDX-License-Identifier: Apache-2.0
// What instances keep, what is asked of their plugins, and forgetting a person.
#include <gmock/gmock.h>

#include "admin/asking.hpp"

namespace bellhop::core {
namespace {

using rapidjson::Document;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Kept : public Admin {};

TEST_F(Kept, status_tells_how_large_the_journal_is) {
  desk.add("booking.confirmed", "booking/1", "{\"a\":1}");

  const Document status = parsed(get("/v1/status"));

  const auto &journal = status["journal"];
  EXPECT_EQ(journal["events"].GetInt(), 1);
  EXPECT_EQ(journal["backlog_events"].GetInt(), 1);
  EXPECT_STREQ(journal["furthest_behind"].GetString(), "crm");
  EXPECT_FALSE(journal["full"].GetBool());
  EXPECT_TRUE(journal["why_full"].IsNull());
  EXPECT_TRUE(journal["free_disk_bytes"].IsNull());
}

TEST_F(Kept, keys_are_listed_with_sizes_and_never_with_values) {
  desk.keep(desk.crm, {{{"contact/1", "secret value"}, {"contact/2", "x"}, {std::string("\xff\x00", 2), "yy"}}, {}});

  const Document first = parsed(get("/v1/instances/crm/kv?limit=2"));
  const Document second = parsed(get("/v1/instances/crm/kv?after=" + std::string(first["next"].GetString())));

  EXPECT_THAT(names_in(first["kv"], "key"), ElementsAre("contact/1", "contact/2"));
  EXPECT_EQ(first["kv"][0]["bytes"].GetInt(), 12);
  EXPECT_EQ(first["bytes"].GetInt(), 9 + 12 + 9 + 1 + 2 + 2);
  EXPECT_EQ(second["kv"].Size(), 1U);
  EXPECT_TRUE(second["next"].IsNull());
  EXPECT_THAT(get("/v1/instances/crm/kv").body, Not(HasSubstr("secret value")));
  EXPECT_EQ(parsed(get("/v1/instances/slack/kv"))["kv"].Size(), 0U);
}

TEST_F(Kept, documents_are_listed_with_their_urls) {
  desk.keep(desk.crm,
            {{}, {{"feed.ics", "text/calendar", "BEGIN:VCALENDAR"}, {"members/7.ics", "text/calendar", "x"}}});
  desk.control_of("crm").public_url = "https://hooks.example.org/pub/0011/";

  const Document all = parsed(get("/v1/instances/crm/documents"));
  const Document first = parsed(get("/v1/instances/crm/documents?limit=1"));
  const Document second = parsed(get("/v1/instances/crm/documents?after=" + std::string(first["next"].GetString())));

  ASSERT_EQ(all["documents"].Size(), 2U);
  EXPECT_STREQ(all["documents"][0]["url"].GetString(), "https://hooks.example.org/pub/0011/feed.ics");
  EXPECT_STREQ(all["documents"][0]["content_type"].GetString(), "text/calendar");
  EXPECT_EQ(all["documents"][0]["bytes"].GetInt(), 15);
  EXPECT_STREQ(all["documents"][0]["modified"].GetString(), "2026-01-01T00:00:00Z");
  EXPECT_THAT(names_in(second["documents"], "path"), ElementsAre("members/7.ics"));
  EXPECT_THAT(get("/v1/instances").body, Not(HasSubstr("/pub/")));
  ASSERT_TRUE(desk.journal.open_instance("old", Start::now).ok());
  EXPECT_EQ(parsed(get("/v1/instances/old/documents"))["documents"].Size(), 0U);
}

TEST_F(Kept, a_bad_question_about_an_instance_is_refused) {
  EXPECT_THAT(detail(get("/v1/instances/cmr/kv"), 404), HasSubstr("no instance \"cmr\"; there are: crm, slack"));
  EXPECT_THAT(detail(get("/v1/instances/crm/kv?after=xy"), 400), HasSubstr("the `next` of the page before"));
  EXPECT_THAT(detail(get("/v1/instances/crm/kv?after=abc"), 400), HasSubstr("after is \"abc\""));
  EXPECT_THAT(detail(get("/v1/instances/crm/documents?limit=0"), 400), HasSubstr("from 1 to 1000"));
  EXPECT_THAT(detail(get("/v1/instances/crm/kv?prefix=a"), 400), HasSubstr("known here: after, limit"));
  EXPECT_THAT(detail(post("/v1/instances/crm/kv"), 405), HasSubstr("wants GET"));
  EXPECT_THAT(detail(get("/v1/instances/crm/health"), 405), HasSubstr("wants POST"));
  for (const char *path : {"/v1/instances/", "/v1/instances/crm", "/v1/instances//kv", "/v1/instances/crm/values"}) {
    EXPECT_THAT(detail(get(path), 404), HasSubstr("/v1/instances/NAME/kv")) << path;
  }
  for (const char *function : {"kv_of", "documents_of", "instances"}) {
    desk.inspect.broken = function;
    const std::string what = std::string(function) == "documents_of" ? "documents" : "kv";
    EXPECT_THAT(detail(get("/v1/instances/crm/" + what), 503), HasSubstr("disk I/O error")) << function;
  }
}

// ---- questions ------------------------------------------------------------------------------------------------------

TEST_F(Kept, health_is_what_the_plugin_says) {
  const Document well = parsed(post("/v1/instances/crm/health"));
  desk.control.answer_ = AnswerControl{false, "hold", "401 from the CRM", "", false};
  const Document ill = parsed(post("/v1/instances/crm/health", "{}"));

  EXPECT_TRUE(well["ok"].GetBool());
  EXPECT_STREQ(well["message"].GetString(), "as it should be");
  EXPECT_FALSE(ill["ok"].GetBool());
  EXPECT_STREQ(ill["verdict"].GetString(), "hold");
  EXPECT_THAT(desk.control.asked_, ElementsAre("crm", "crm"));
  desk.control.answer_ = Error{Kind::timeout, "crm had no worker that could answer: it is held"};
  EXPECT_THAT(detail(post("/v1/instances/crm/health"), 503), HasSubstr("no worker that could answer"));
  EXPECT_THAT(detail(post("/v1/instances/crm/health", R"({"deep":true})"), 400), HasSubstr("/deep is unknown"));
}

TEST_F(Kept, a_command_gets_its_arguments_and_is_logged_without_them) {
  desk.control.answer_ = AnswerControl{true, "ok", "done", std::string("a,b\n\xff", 5), true};

  const Document ran =
      parsed(post("/v1/instances/crm/run", R"({"command":"export","arguments":{"key":"secret","year":2026}})"));

  EXPECT_STREQ(ran["output"].GetString(), "a,b\n\xef\xbf\xbd");
  EXPECT_FALSE(ran["output_is_text"].GetBool());
  EXPECT_TRUE(ran["output_cut"].GetBool());
  EXPECT_THAT(desk.control.asked_, ElementsAre(R"(crm export {"key":"secret","year":2026})"));
  EXPECT_THAT(desk.log_lines.back(), AllOf(HasSubstr("ran export of crm: ok"), Not(HasSubstr("secret"))));
  EXPECT_THAT(detail(post("/v1/instances/crm/run", "{}"), 400), HasSubstr("/command is missing"));
  EXPECT_THAT(detail(post("/v1/instances/crm/run", R"({"command":"x","arguments":[]})"), 400),
              HasSubstr("/arguments is no object"));
  desk.control.answer_ = Error{Kind::not_found, "instance crm has no command \"exprot\"; did you mean export?"};
  EXPECT_THAT(detail(post("/v1/instances/crm/run", R"({"command":"exprot"})"), 404), HasSubstr("did you mean export?"));
}

// Each runs the next inside itself, so that all are under way at once.
TEST_F(Kept, what_takes_long_is_refused_when_too_many_are_under_way) {
  int depth = 1;
  HttpAnswer last;
  desk.control.while_running_ = [&] {
    ++depth;
    last = post("/v1/instances/crm/run", R"({"command":"slow"})");
  };

  post("/v1/instances/crm/run", R"({"command":"slow"})");

  EXPECT_EQ(depth, AdminApi::slow_max + 1);
  desk.control.while_running_ = nullptr;
  EXPECT_EQ(post("/v1/instances/crm/run", R"({"command":"slow"})").status, 200) << "all have ended";
}

TEST_F(Kept, the_one_too_many_says_so) {
  int under_way = 1;
  std::string refused;
  desk.control.while_running_ = [&] {
    if (++under_way <= AdminApi::slow_max) {
      post("/v1/instances/crm/run", R"({"command":"slow"})");
    } else {
      refused = detail(post("/v1/verify"), 503);
    }
  };

  post("/v1/instances/crm/run", R"({"command":"slow"})");

  EXPECT_THAT(refused, HasSubstr("/v1/verify: 4 requests that take long are under way already"));
  EXPECT_EQ(parsed(get("/v1/status"))["pid"].GetInt(), 4711);
}

// ---- forgetting -----------------------------------------------------------------------------------------------------

TEST_F(Kept, a_person_is_forgotten_and_the_log_does_not_say_who) {
  desk.add("booking.confirmed", "booking/1", "{\"email\":\"ann@example.com\"}");
  desk.add("booking.confirmed", "booking/2", "{\"email\":\"bob@example.com\"}");
  desk.keep(desk.crm, {{{"contact/ann@example.com", "1"}}, {{"list.txt", "text/plain", "ann@example.com"}}});

  const Document answer = parsed(post("/v1/forget", R"({"email":"Ann@Example.com"})"));

  EXPECT_EQ(answer["events"].GetInt(), 1);
  EXPECT_EQ(answer["entries"].GetInt(), 1);
  EXPECT_EQ(answer["documents"].GetInt(), 1);
  EXPECT_TRUE(answer["log_cut"].GetBool());
  EXPECT_THAT(desk.log_lines.back(),
              AllOf(HasSubstr("forgot a person: 1 events, 1 kept entries"), Not(HasSubstr("xample"))));
  EXPECT_THAT(get("/v1/events/1").body, Not(HasSubstr("ann@")));
  EXPECT_THAT(detail(get("/v1/events/1/event"), 404), HasSubstr("was forgotten on request"));
  EXPECT_THAT(get("/v1/events/2/body").body, HasSubstr("bob@"));
}

TEST_F(Kept, who_is_no_address_is_not_forgotten) {
  EXPECT_EQ(post("/v1/forget", R"({"email":"ann"})").status, 400);
  EXPECT_THAT(detail(post("/v1/forget", "{}"), 400), HasSubstr("/email is missing"));
  EXPECT_THAT(detail(post("/v1/forget", R"({"email":7})"), 400), HasSubstr("/email is no string"));
  EXPECT_THAT(detail(get("/v1/forget"), 405), HasSubstr("wants POST"));
  desk.journal.fail_appends({Kind::unavailable, "disk I/O error"});
  EXPECT_THAT(detail(post("/v1/forget", R"({"email":"ann@example.com"})"), 503), HasSubstr("disk I/O error"));
}

}  // namespace
}  // namespace bellhop::core
