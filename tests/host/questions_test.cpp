// SPDX-License-Identifier: Apache-2.0
// Extensions, the examples of the SDK over services, and what only a child can contain of services.
#include "host/describe.hpp"
#include "host/served.hpp"

namespace bellhop::core {
namespace {

class Questions : public Served {};

INSTANTIATE_TEST_SUITE_P(Instance, Questions, every_hosting(), name_of);

// ---- extensions -----------------------------------------------------------------------------------------------------

TEST_P(Questions, health_is_asked_and_told) {
  begin();

  const Report told = stage().ask(asking(Question::What::health));

  EXPECT_EQ(told.asked, Question::What::health);
  EXPECT_EQ(told.answers.at(0).code, BHP_OK);
  EXPECT_EQ(told.answers.at(0).message, "GET http://health.example/: 200");
  EXPECT_EQ(told.exchanges.size(), 1U);
}

TEST_P(Questions, ticks_write_at_once_and_say_when_the_next_is_due) {
  begin();
  ASSERT_TRUE(stage().instance().is_ticking());

  EXPECT_EQ(stage().ask(asking(Question::What::tick)).next_tick_ms, 1500);
  EXPECT_EQ(desk_.kv()["ticks"], "1");
  stage().ask(asking(Question::What::tick));
  const Report third = stage().ask(asking(Question::What::tick));
  EXPECT_EQ(third.answers.at(0).code, BHP_RETRY);
  EXPECT_EQ(third.answers.at(0).message, "the third tick fails");
  EXPECT_EQ(third.next_tick_ms, 60'000);
  EXPECT_EQ(stage().ask(asking(Question::What::tick)).answers.at(0).code, BHP_OK);
  EXPECT_EQ(stage().ask(asking(Question::What::tick)).next_tick_ms, -1);
  EXPECT_EQ(say(R"(["get","ticks"])"), "=5") << "and it delivers as before";
}

TEST_P(Questions, a_command_gets_its_arguments_and_its_output_comes_before_its_verdict) {
  desk_.apply({{{"a/1", "x"}, {"a/2", "y"}, {"b", "z"}}, {}});
  begin();

  stage().instance().ask(asking(Question::What::command, "export", R"({"prefix":"a/","padding":200000})"));
  std::string output;
  while (output.size() < 200'012) {
    const Report piece = stage().await(Report::What::output);
    ASSERT_EQ(piece.what, Report::What::output);
    output += piece.text;
  }
  const Report told = stage().await(Report::What::told);

  EXPECT_EQ(output.substr(0, 14), "a/1=x\na/2=y\n..");
  EXPECT_EQ(output.size(), 200'012U);
  EXPECT_EQ(told.asked, Question::What::command);
  EXPECT_EQ(told.answers.at(0).message, "done");
  EXPECT_EQ(stage().ask(asking(Question::What::command, "fail")).answers.at(0).code, BHP_FAIL);
}

TEST_P(Questions, a_plugin_without_the_extension_says_so) {
  begin("{}", "host_obedient");
  EXPECT_FALSE(stage().instance().is_ticking());

  const Report health = stage().ask(asking(Question::What::health));
  const Report tick = stage().ask(asking(Question::What::tick));
  const Report command = stage().ask(asking(Question::What::command, "export"));

  EXPECT_EQ(health.answers.at(0).message, "the plugin does not have bellhop.health/1");
  EXPECT_EQ(tick.answers.at(0).message, "the plugin does not have bellhop.tick/1");
  EXPECT_EQ(tick.next_tick_ms, -1);
  EXPECT_EQ(command.answers.at(0).code, BHP_FAIL);
  EXPECT_EQ(stage().deliver(doing("ok")).code, BHP_OK);
}

// ---- authors' examples ----------------------------------------------------------------------------------------------

TEST_P(Questions, the_slack_example_posts_a_booking) {
  begin(R"({"webhook_url":"https://hooks.slack.example/T/B/x","text":"{{/data/booking/attendee/email}} booked"})",
        "example_slack_cpp");

  const PluginAnswer answer = stage().deliver(R"({"data":{"booking":{"attendee":{"email":"ada@example.com"}}}})");

  EXPECT_EQ(answer.code, BHP_OK);
  ASSERT_EQ(desk_.requests().size(), 1U);
  EXPECT_EQ(desk_.requests()[0].url, "https://hooks.slack.example/T/B/x");
  EXPECT_EQ(desk_.requests()[0].body, R"({"text":"ada@example.com booked"})");
}

TEST_P(Questions, the_usual_mapping_holds_what_is_denied_and_retries_what_is_busy) {
  begin(R"({"webhook_url":"https://hooks.slack.example/","text":"x"})", "example_slack_cpp");
  struct Told {
    HttpFailure failure;
    int status;
    std::int32_t code;
  };
  for (const Told &told : {Told{HttpFailure::denied, 0, BHP_HOLD}, Told{HttpFailure::connect, 0, BHP_RETRY},
                           Told{HttpFailure::none, 429, BHP_RETRY}, Told{HttpFailure::none, 401, BHP_HOLD},
                           Told{HttpFailure::none, 400, BHP_FAIL}, Told{HttpFailure::none, 503, BHP_RETRY}}) {
    desk_.answer = [&told](const HttpCall &) {
      HttpReply reply;
      reply.failure = told.failure;
      reply.status = told.status;
      reply.retry_after_ms = told.status == 429 ? 7000 : 0;
      reply.sentence = "POST hooks.slack.example: " + std::to_string(told.status);
      return reply;
    };

    const PluginAnswer answer = stage().deliver("{}");

    EXPECT_EQ(answer.code, told.code) << told.status;
    EXPECT_EQ(answer.retry_after_ms, told.status == 429 ? 7000 : 0);
    EXPECT_EQ(answer.message, "POST hooks.slack.example: " + std::to_string(told.status));
  }
}

TEST_P(Questions, a_plugin_in_c_posts_and_remembers) {
  begin("{}", "host_c_services");
  desk_.answer = [](const HttpCall &call) {
    HttpReply reply;
    reply.status = call.body == "{\"n\":0}" ? 500 : 200;
    reply.body = "id-77";
    reply.sentence = "POST relay.example: " + std::to_string(reply.status);
    return reply;
  };

  const Report busy = hear("{\"n\":0}");
  const Report first = hear("{\"n\":1}");
  desk_.apply(first.staged);
  const PluginAnswer again = stage().deliver("{\"n\":1}");

  EXPECT_EQ(busy.answers[0].code, BHP_RETRY);
  EXPECT_TRUE(busy.staged.empty());
  EXPECT_EQ(first.answers[0].code, BHP_OK);
  EXPECT_EQ(first.answers[0].message, "POST relay.example: 200");
  EXPECT_EQ(again.code, BHP_SKIP);
  EXPECT_EQ(again.message, "posted before: id-77");
}

// ---- what only a child can contain ----------------------------------------------------------------------------------

class ServedChild : public testing::Test {
 protected:
  void begin(const std::string &library = "host_serving") {
    stage_.emplace(Where::child, library);
    stage_->desk = &desk_;
    stage_->start();
  }
  ScriptedDesk desk_;
  std::optional<Stage> stage_;
};

TEST_F(ServedChild, a_death_while_a_call_is_under_way_cancels_it_and_a_late_reply_is_dropped) {
  begin();
  const std::size_t descriptors_count = open_descriptors_count();
  desk_.hold();
  desk_.is_stubborn = true;
  stage_->instance().deliver(Stage::batch({steps(R"(["now","a","1"])")}));
  while (!desk_.has_kept(1)) stage_->poll();

  stage_->instance().kill("test");

  EXPECT_EQ(stage_->death().rfind("killed while delivering", 0), 0U);
  EXPECT_EQ(desk_.cancels_count(), 1);
  stage_->drop();
  EXPECT_EQ(desk_.release(), 1U);  // `done` of a child that is no more
  EXPECT_LT(open_descriptors_count(), descriptors_count);
}

TEST_F(ServedChild, the_exchanges_before_a_death_are_told_with_it) {
  begin();
  stage_->instance().deliver(Stage::batch({steps(R"(["post","https://a.example/","b"],["die"])")}));

  const Report died = stage_->await(Report::What::died);

  EXPECT_EQ(died.exchanges, std::vector<std::string>{R"({"url":"https://a.example/"})"});
  EXPECT_TRUE(died.staged.empty());
}

TEST_F(ServedChild, a_death_in_a_question_names_it) {
  begin();
  desk_.hold();
  stage_->instance().ask(asking(Question::What::tick));
  while (!desk_.has_kept(1)) stage_->poll();

  stage_->instance().kill("no answer within 5000 ms");

  EXPECT_EQ(stage_->death(), "killed while in a tick: no answer within 5000 ms");
}

TEST_F(ServedChild, a_forged_frame_of_a_service_is_a_death) {
  for (const auto &[how, sentence] : {std::pair("malformed call", "sent a malformed call of a service"),
                                      std::pair("output", "sent output of no command"),
                                      std::pair("result", "sent a frame of a type that only the daemon sends")}) {
    begin("host_hostile");
    stage_->instance().deliver(Stage::batch({doing(how)}));

    EXPECT_EQ(stage_->death(),
              std::string(sentence) + " while delivering event 0123456789abcdef0123456789abcdef (booking.confirmed)");
  }
}

TEST_F(ServedChild, a_description_names_commands_and_extensions) {
  const auto manifests = describe_plugin(plugin_dir + "host_serving.so", host_program);

  ASSERT_TRUE(manifests.ok());
  const PluginManifest &manifest = (*manifests)[0];
  EXPECT_TRUE(manifest.is_ticking);
  EXPECT_TRUE(manifest.has_health);
  EXPECT_TRUE(manifest.needs_missing.empty());
  ASSERT_EQ(manifest.commands.size(), 2U);
  EXPECT_EQ(manifest.commands[0].name, "export");
  EXPECT_EQ(manifest.commands[0].arguments_schema, R"({"type":"object"})");
  EXPECT_EQ(manifest.commands[1].summary, "Fails");
}

}  // namespace
}  // namespace bellhop::core
