// SPDX-License-Identifier: Apache-2.0
// Services as a plugin sees them, over a child and in this process, by plugins of today's headers and of frozen ones:
// one behaviour.
#include "host/served.hpp"

namespace bellhop::core {
namespace {

class Services : public Served {};

INSTANTIATE_TEST_SUITE_P(Instance, Services, every_hosting(), name_of);

// ---- kv -------------------------------------------------------------------------------------------------------------

TEST_P(Services, what_was_put_is_there_after_an_ok) {
  begin();

  EXPECT_EQ(say(R"(["put","a","1"],["get","a"])"), "0 =1");

  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_EQ(say(R"(["get","a"],["get","b"])"), "=1 -2");
}

TEST_P(Services, a_skip_keeps_what_was_put_and_other_verdicts_do_not) {
  begin();

  EXPECT_EQ(say(R"(["put","a","1"])", "skip"), "0");
  EXPECT_EQ(say(R"(["put","b","1"],["get","b"])", "retry"), "0 =1");
  EXPECT_EQ(say(R"(["put","c","1"])", "fail"), "0");

  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_EQ(say(R"(["get","b"])"), "-2") << "staged writes of one delivery are not seen in the next";
}

TEST_P(Services, nothing_is_written_before_the_verdict_but_what_must_be_now) {
  begin();

  const Report report = hear(steps(R"(["put","a","1"],["now","b","2"],["publish","c.txt","3"])", "ok"));

  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"b", "2"}}));
  ASSERT_EQ(report.staged.kv.size(), 1U);
  EXPECT_EQ(report.staged.kv[0].key, "a");
  EXPECT_EQ(report.staged.kv[0].value, "1");
  ASSERT_EQ(report.staged.documents.size(), 1U);
  EXPECT_EQ(report.staged.documents[0].path, "c.txt");
  EXPECT_EQ(report.staged.documents[0].content_type, "text/plain");
  EXPECT_EQ(report.staged.documents[0].body, "3");
}

TEST_P(Services, what_was_put_now_survives_a_retry) {
  begin();

  EXPECT_EQ(say(R"(["put","a","old"],["now","a","new"],["get","a"])", "retry"), "0 0 =new");

  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"a", "new"}}));
}

TEST_P(Services, a_write_now_wins_over_an_earlier_staged_one) {
  begin();

  say(R"(["put","a","old"],["now","a","new"],["remove","b"],["now","b","new"],["put","c","x"],["remove now","c"])");

  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"a", "new"}, {"b", "new"}}));
}

TEST_P(Services, the_last_write_of_a_key_counts) {
  begin();
  say(R"(["put","a","1"],["put","b","1"])");

  EXPECT_EQ(say(R"(["put","a","2"],["remove","a"],["get","a"],["remove","b"],["put","b","2"],["get","b"])"),
            "0 0 -2 0 0 =2");

  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"b", "2"}}));
}

TEST_P(Services, a_list_is_in_order_by_pages_and_sees_staged_writes) {
  desk_.apply({{{"a/1", "1"}, {"a/2", "2"}, {"a/3", "3"}, {"b/1", "x"}}, {}});
  begin();

  EXPECT_EQ(say(R"(["list","a/","",2],["list","a/","a/2",2],["list","","",0],["list","c","",5])"),
            "[a/1=1,a/2=2…] [a/3=3] [a/1=1,a/2=2,a/3=3,b/1=x] []");
  EXPECT_EQ(say(R"(["remove","a/2"],["put","a/25","n"],["put","a/3","m"],["put","0","z"],["list","a/","",0],)"
                R"(["list","a/","a/1",1],["list","a/","a/25",9],["list","","",2])",
                "retry"),
            "0 0 0 0 [a/1=1,a/25=n,a/3=m] [a/25=n…] [a/3=m] [0=z,a/1=1…]");
}

TEST_P(Services, a_page_whose_entries_were_all_removed_is_stepped_over) {
  Staged entries;
  for (char c = 'a'; c <= 'h'; ++c) entries.kv.push_back({std::string(1, c), std::string("v")});
  desk_.apply(entries);
  begin();

  EXPECT_EQ(say(R"(["remove","a"],["remove","b"],["remove","c"],["remove","d"],["list","","",2])", "retry"),
            "0 0 0 0 [e=v,f=v…]");
}

TEST_P(Services, keys_and_values_are_taken_up_to_their_limits) {
  begin();

  EXPECT_EQ(
      say(R"(["put","k*512","v"],["put","k*513","v"],["put","","v"],["get",""],["get","k*513"],["odd flags","k","v"])"),
      "0 -1 -1 -1 -1 -1");
  EXPECT_EQ(
      say(R"(["put","a","v*262144"],["get","a"],["put","b","v*262145"],["now","b","v*262144"],["now","c","v*262145"])"),
      "0 =262144-bytes -9 0 -9");
  EXPECT_EQ(say(R"(["get","b"])"), "=262144-bytes");
}

TEST_P(Services, a_delivery_may_stage_so_much_and_no_more) {
  begin();
  std::string list;
  // 47 values of 256 KiB with their keys and what each counts leave less than one more value.
  for (int number = 10; number < 57; ++number) list += R"(["put","k)" + std::to_string(number) + R"(","v*262144"],)";

  const std::string said = say(list + R"(["put","last","v*262144"],["put","k10","small"],["put","last","v*262000"])");

  EXPECT_EQ(said.substr(0, 6), "0 0 0 ");
  EXPECT_EQ(said.substr(said.size() - 8), " -10 0 0") << said;
  EXPECT_EQ(desk_.kv().size(), 48U);
}

TEST_P(Services, a_daemon_that_cannot_write_is_told_in_a_number) {
  begin();
  desk_.refusal = Error{Kind::full, "the disk is full"};
  EXPECT_EQ(say(R"(["now","a","1"],["get","a"],["list","","",1],["publish now","a.txt","x"])"), "-10 -10 -10 -10");
  desk_.refusal = Error{Kind::unavailable, "later"};
  EXPECT_EQ(say(R"(["now","a","1"],["get","a"])"), "-11 -11");
  desk_.refusal = Error{Kind::corrupt, "damaged"};
  EXPECT_EQ(say(R"(["get","a"])"), "-11");
}

TEST_P(Services, writes_outside_of_a_delivery_are_durable_at_once) {
  begin(R"({"start":"[[\"put\",\"from start\",\"1\"],[\"publish\",\"s.txt\",\"x\"]]"})");

  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"from start", "1"}}));
  EXPECT_EQ(desk_.documents().count("s.txt"), 1U);
}

TEST_P(Services, the_constructor_has_no_services_to_use) {
  for (const char *step : {R"([\"put\",\"a\",\"1\"])", R"([\"get\",\"a\"])", R"([\"list\",\"\",\"\",1])"}) {
    Stage refused(GetParam(), "host_serving", std::string(R"({"create":")") + step + "\"}");
    refused.desk = &desk_;
    refused.raise_curtain();

    EXPECT_EQ(refused.death(), "create: -1");
  }
  EXPECT_TRUE(desk_.kv().empty());
}

// ---- threads of the plugin ------------------------------------------------------------------------------------------

TEST_P(Services, threads_of_the_plugin_call_at_the_same_time_as_the_delivery) {
  begin();

  const std::string document =
      R"({"threads":8,"steps":[["now","a","1"],["get","a"],["post","https://a.example/","b"]],)"
      R"("own":[["now","b","2"],["get","b"],["post","https://b.example/","cc"]]})";
  for (int round = 0; round < 20; ++round) EXPECT_EQ(stage().deliver(document).message, "0 =1 200:1 0 =2 200:2");

  EXPECT_EQ(desk_.requests().size(), 180U);
}

TEST_P(Services, a_write_of_a_thread_is_not_staged_and_does_not_see_what_is) {
  begin();

  const Report report =
      hear(R"({"threads":1,"steps":[["put","t","1"],["get","own"]],"own":[["put","own","2"]],"verdict":"retry"})");

  EXPECT_EQ(report.answers[0].message, "0 -2 0");
  EXPECT_EQ(desk_.kv(), (std::map<std::string, std::string>{{"t", "1"}}));
}

// ---- http -----------------------------------------------------------------------------------------------------------

TEST_P(Services, a_request_and_its_answer_arrive_whole) {
  desk_.answer = [](const HttpCall &call) {
    HttpReply reply;
    reply.status = 201;
    reply.headers = {{"X-Echo", call.headers.at(0).first + call.headers.at(0).second}};
    reply.body = std::string(3 << 20, 'r');
    return reply;
  };
  begin();

  Batch batch = Stage::batch(
      {steps(R"(["post","https://a.example/x","b*8388608",1500],["post","https://a.example/y","b*8388609"])")});
  batch.budget_ms = 60'000;  // of which a loaded machine must not take so much that 1500 are not left
  stage().instance().deliver(std::move(batch));
  EXPECT_EQ(stage().await(Report::What::answers).answers.at(0).message,
            "201:3145728X-Test1 -9:the body of the request has 8388609 bytes, the maximum is 8388608");

  const auto requests = desk_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].url, "https://a.example/x");
  EXPECT_EQ(requests[0].body.size(), 8388608U);
  EXPECT_EQ(requests[0].timeout_ms, 1500);
}

TEST_P(Services, every_failure_of_a_request_has_its_number_and_its_sentence) {
  begin();
  for (const auto failure : {HttpFailure::invalid, HttpFailure::timeout, HttpFailure::connect, HttpFailure::tls,
                             HttpFailure::denied, HttpFailure::cancelled, HttpFailure::too_large}) {
    desk_.answer = [failure](const HttpCall &) {
      HttpReply reply;
      reply.failure = failure;
      reply.sentence = "what came back";
      return reply;
    };

    EXPECT_EQ(say(R"(["post","https://a.example/","b"])"),
              std::to_string(static_cast<int>(failure)) + ":what came back");
  }
}

TEST_P(Services, a_request_has_no_more_time_than_its_delivery) {
  begin();

  say(R"(["post","https://a.example/","b"],["post","https://a.example/","b",60000])");

  for (const HttpCall &request : desk_.requests()) {
    EXPECT_GT(request.timeout_ms, 0);
    EXPECT_LE(request.timeout_ms, 4500) << "the plugin must have time to say that nobody answered";
  }
}

TEST_P(Services, the_exchanges_of_a_delivery_come_with_its_answer) {
  begin();

  const Report first = hear(steps(R"(["post","https://a.example/","b"],["post","https://b.example/","b"])"));
  const Report second = hear(steps(R"(["get","a"])"));

  EXPECT_EQ(first.exchanges,
            (std::vector<std::string>{R"({"url":"https://a.example/"})", R"({"url":"https://b.example/"})"}));
  EXPECT_TRUE(second.exchanges.empty());
}

TEST_P(Services, the_newest_exchanges_are_kept_of_very_many) {
  begin();
  std::string list;
  for (int number = 0; number < 70; ++number) {
    list +=
        (number == 0 ? "" : ",") + std::string(R"(["post","https://)") + std::to_string(number) + R"(.example/",""])";
  }

  const Report report = hear(steps(list));

  ASSERT_EQ(report.exchanges.size(), 64U);
  EXPECT_EQ(report.exchanges[63], R"({"url":"https://69.example/"})");
}

TEST_P(Services, a_stop_ends_a_request_under_way) {
  begin();
  desk_.hold();
  stage().instance().deliver(
      Stage::batch({steps(R"(["post","https://slow.example/","b"],["post","https://b.example/","b"])")}));
  while (!desk_.has_kept(1)) stage().poll();

  stage().instance().stop(10'000);

  EXPECT_EQ(stage().await(Report::What::answers).answers.at(0).message,
            "-8:POST https://slow.example/: cancelled -8:the request was not sent: the instance is being stopped");
  EXPECT_EQ(stage().death(), "stopped");
  EXPECT_EQ(desk_.requests().size(), 1U);
}

// ---- publish --------------------------------------------------------------------------------------------------------

TEST_P(Services, documents_are_published_with_the_verdict) {
  begin();

  EXPECT_EQ(say(R"(["publish","members/7.ics","BEGIN","text/calendar; charset=utf-8"],["publish now","now.txt","x"])"),
            "0 0");
  EXPECT_EQ(say(R"(["publish","lost.txt","x"])", "retry"), "0");

  ASSERT_EQ(desk_.documents().size(), 2U);
  EXPECT_EQ(desk_.documents()["members/7.ics"].content_type, "text/calendar; charset=utf-8");
  EXPECT_EQ(say(R"(["unpublish","now.txt"],["unpublish","never.txt"])"), "0 0");
  EXPECT_EQ(desk_.documents().size(), 1U);
}

TEST_P(Services, a_path_that_could_mean_another_place_is_refused) {
  begin();

  EXPECT_EQ(say(R"(["publish","../a","x"],["publish","a/./b","x"],["publish","/a","x"],["publish","a//b","x"],)"
                R"(["publish","a/","x"],["publish","a b","x"],["publish","","x"],["publish","p*512","x"],)"
                R"(["publish","p*513","x"],["publish","..a","x"],["unpublish","../a"],["publish","a","x","a\nb"])"),
            "-1 -1 -1 -1 -1 -1 -1 0 -1 0 -1 -1");
}

TEST_P(Services, a_document_is_taken_up_to_its_limit) {
  begin();

  EXPECT_EQ(say(R"(["publish","a","x*8388608"],["publish","b","x*8388609"],["publish","c","x*4194304"])"), "0 -9 -10");

  EXPECT_EQ(desk_.documents()["a"].body->size(), 8388608U);
}

TEST_P(Services, a_document_has_a_url_when_any_is_served) {
  begin();
  EXPECT_EQ(say(R"(["url","feed.ics"],["url","../x"])"), "-2 -1");
  desk_.base_url = "https://book.example/pub/token/";
  begin();
  EXPECT_EQ(say(R"(["url","feed.ics"],["url",""])"),
            "https://book.example/pub/token/feed.ics https://book.example/pub/token/");
}

// ---- metrics --------------------------------------------------------------------------------------------------------

TEST_P(Services, figures_arrive_and_odd_ones_are_refused) {
  begin();

  EXPECT_EQ(
      say(R"(["count","posts_total","channel","general",2],["count","Posts"],["count","9posts"],["count","m*65"],)"
          R"(["count","m*64"],["count","posts","Label","x"],["count","posts","label","v*129"],)"
          R"(["count","posts","","",-1])"),
      "0 -1 -1 -1 0 -1 -1 -1");

  ASSERT_TRUE(desk_.wait_for_metrics(2));
  const MetricSample first = desk_.metrics()[0];
  EXPECT_EQ(first.name, "posts_total");
  EXPECT_EQ(first.labels, (std::vector<std::pair<std::string, std::string>>{{"channel", "general"}}));
  EXPECT_EQ(first.value, 2);
  EXPECT_EQ(first.what, MetricSample::What::count);
}

TEST_P(Services, series_over_the_cap_are_dropped) {
  begin();

  EXPECT_EQ(say(R"(["series",512],["series",513],["series",512])"), "0 -10 0");
}

}  // namespace
}  // namespace bellhop::core
