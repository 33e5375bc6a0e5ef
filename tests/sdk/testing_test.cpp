// SPDX-License-Identifier: Apache-2.0
// bellhop/testing.hpp: the fake host keeps the rules of the contract, so that a plugin that passes its author's tests
// meets no surprise in the real one. The plugin is that of tests/host/plugins/serving.cpp: it does the steps that its
// event names. This program links nothing of core, as an author's would not.
#include <gtest/gtest.h>
#include <bellhop/testing.hpp>

#include <string>

namespace {

using bellhop::testing::FakeHost;
using bellhop::testing::Outcome;
using bellhop::testing::Reader;
using bellhop::testing::Sample;
using bellhop::testing::Value;

const std::string plugins = BELLHOP_BINARY_DIR "/tests/plugins/";

class Testing : public testing::Test {
 protected:
  Outcome say(const std::string &steps, const std::string &verdict = "ok") {
    return host.deliver(Sample().set_json("/steps", "[" + steps + "]").set("/verdict", verdict));
  }
  FakeHost host{(plugins + "host_serving.so").c_str()};
};

TEST_F(Testing, writes_are_staged_seen_and_kept_with_ok_and_skip) {
  EXPECT_EQ(say(R"(["put","a","1"],["get","a"])").message, "0 =1");
  EXPECT_EQ(host.kv.at("a"), "1");
  say(R"(["put","b","2"])", "skip");
  EXPECT_EQ(host.kv.at("b"), "2");
}

TEST_F(Testing, staged_writes_are_forgotten_with_any_other_verdict_and_now_survives) {
  say(R"(["put","a","1"],["now","b","2"],["publish","x.ics","body"])", "retry");
  say(R"(["put","c","1"])", "fail");

  EXPECT_EQ(host.kv, (std::map<std::string, std::string>{{"b", "2"}}));
  EXPECT_TRUE(host.documents.empty());
}

TEST_F(Testing, limits_and_forms_are_those_of_the_header) {
  EXPECT_EQ(say(R"(["put","","1"],["put","k*513","1"],["put","k","v*262145"],["put","k*512","v*262144"])").message,
            "-1 -1 -9 0");
  EXPECT_EQ(
      say(R"(["publish","/x","b"],["publish","a/../b","b"],["publish","a//b","b"],["publish","a/b.ics","b"])").message,
      "-1 -1 -1 0");
  EXPECT_EQ(host.documents.at("a/b.ics").body, "b");
}

TEST_F(Testing, create_may_do_no_io) {
  host.settings(R"({"create":"[\"put\",\"a\",\"1\"]"})");

  const Outcome refused = host.start();

  EXPECT_TRUE(refused.is_fail());
  EXPECT_EQ(refused.message, "-1");
}

TEST_F(Testing, a_new_instance_finds_what_was_durable) {
  say(R"(["put","a","1"])");
  host.stop();

  EXPECT_EQ(say(R"(["get","a"],["get","b"])").message, "=1 -2");
}

TEST_F(Testing, settings_get_their_defaults_and_are_checked) {
  EXPECT_TRUE(host.settings(R"({"strat":"[]"})").start().is_fail());
  EXPECT_EQ(host.start().message, "unknown key \"strat\"");
  EXPECT_TRUE(host.settings("{}").start().is_ok());
}

TEST_F(Testing, a_host_that_lacks_a_need_refuses_with_its_name) {
  host.withheld = {BHP_SVC_KV};

  const Outcome refused = host.start();

  EXPECT_TRUE(refused.is_fail());
  EXPECT_EQ(refused.message, "plugin serving needs bellhop.kv/1, which this host does not offer");
}

TEST_F(Testing, ticks_commands_and_health_answer) {
  host.http.on("GET", "http://health.example/").answer(503).answer(200);
  std::string output;

  EXPECT_EQ(host.tick(), 1500);
  EXPECT_TRUE(host.check_health().is_retry());
  EXPECT_TRUE(host.check_health().is_ok());
  EXPECT_TRUE(host.run("export", R"({"prefix":"t"})", &output).is_ok());
  EXPECT_EQ(output, "ticks=1\n");
  EXPECT_EQ(host.run("fail").message, "as it was told");
}

TEST_F(Testing, pages_of_kv_meet_in_the_middle) {
  for (int number = 1000; number < 1250; ++number) host.kv["t/" + std::to_string(number)] = "x";
  std::string output;

  host.run("export", R"({"prefix":"t/"})", &output);

  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 250);
}

// ---- http, with the Slack example of the documentation ----

class Slack : public testing::Test {
 protected:
  void SetUp() override { host.settings(R"({"webhook_url":"https://hooks.example.org/T1"})"); }
  FakeHost host{(plugins + "example_slack_cpp.so").c_str()};
};

TEST_F(Slack, gets_the_scripted_answers_in_their_order) {
  host.http.on("POST", "https://hooks.example.org/*").answer(429, "slow", {{"Retry-After", "30"}}).answer(200, "ok");

  const Outcome first = host.deliver("booking.confirmed"), second = host.deliver("booking.confirmed");

  EXPECT_TRUE(first.is_retry());
  EXPECT_EQ(first.retry_after_ms, 30'000);
  EXPECT_TRUE(second.is_ok()) << second.message;
  ASSERT_EQ(host.http.requests().size(), 2U);
  EXPECT_EQ(host.http.requests()[1].body, R"({"text":"john@example.org booked 2026-03-02T17:00:00Z"})");
  EXPECT_EQ(host.http.requests()[1].header("Content-Type"), "application/json");
}

TEST_F(Slack, what_no_rule_allows_is_denied_and_held) { EXPECT_TRUE(host.deliver().is_hold()); }

TEST_F(Slack, failures_have_their_numbers_and_time_goes_on) {
  host.http.on("*", "*").fails(BHP_E_CONNECT).takes(5'000).answer(200);
  const int64_t before = host.now_ms;

  EXPECT_TRUE(host.deliver().is_retry());
  EXPECT_EQ(host.now_ms - before, 5'000);
  EXPECT_TRUE(host.deliver().is_ok());
}

TEST(Harness, delivers_batches) {
  FakeHost host((plugins + "host_batching.so").c_str());
  Outcome whole;

  const auto outcomes = host.deliver_batch({Sample("booking.confirmed", 1), Sample("booking.confirmed", 2)}, &whole);

  EXPECT_TRUE(whole.is_ok()) << whole.message;
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST(Harness, carries_plugins_in_c) {
  FakeHost host((plugins + "example_hello_c.so").c_str());

  EXPECT_TRUE(host.deliver(Sample().set("/data/booking/attendee/email", "ann@example.org")).is_ok());
  EXPECT_TRUE(host.has_logged("hello ann@example.org"));
}

// ---- json ----

std::string round_trip(const std::string &text) {
  Value value;
  return Reader::read(text, value) ? value.str() : "refused";
}

TEST(Json, reads_what_is_json_and_nothing_else) {
  EXPECT_EQ(round_trip(R"( {"a" : [1, -0.5e+3, true, null, "\u00e4\ud83d\ude00\n"] } )"),
            "{\"a\":[1,-0.5e+3,true,null,\"\u00e4\U0001F600\\n\"]}");
  for (const char *wrong : {"", "{", "[1,]", "{\"a\"}", "01", "1.", "-", "tru", "\"\\x\"", "\"\n\"", "\"\\ud800\"",
                            "[1] 2", "{\"a\":1,}", "\"abc", "+1", ".5", "nul"}) {
    EXPECT_EQ(round_trip(wrong), "refused") << wrong;
  }
}

TEST(Json, depth_has_an_end) { EXPECT_EQ(round_trip(std::string(100'000, '[')), "refused"); }

TEST(Samples, change_member_by_member) {
  Sample sample("booking.canceled", 7);
  sample.set("/data/booking/attendee/email", "x").remove("/data/booking/attendee/name").flags(BHP_EV_LATE);
  Value json = sample.json();

  EXPECT_EQ(json.child("subject").text, "booking/7");
  EXPECT_EQ(json.child("data").child("booking").child("status").text, "canceled");
  EXPECT_EQ(json.child("late").text, "true");
  EXPECT_EQ(json.child("data").child("booking").child("attendee").find_child("name"), nullptr);
  EXPECT_EQ(Sample("booking.canceled", 7).id(), sample.id());
  EXPECT_NE(Sample("booking.canceled", 8).id(), sample.id());
}

}  // namespace
