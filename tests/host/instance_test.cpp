// SPDX-License-Identifier: Apache-2.0
// What every plugin that keeps the contract may expect, run over a child and in this process, and over plugins built
// from today's headers and from frozen ones (tests/abi/0.2): one behaviour.
#include <bellhop/plugin.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "host/stage.hpp"

namespace bellhop::core {
namespace {

class Hosted : public testing::TestWithParam<Hosting> {
 protected:
  void SetUp() override {
    // What is loaded once stays open for ever (a descriptor of the test's own, a leaked clock): warm up first.
    {
      Stage warm(GetParam(), "host_obedient");
      warm.start();
    }
    descriptors_before_ = open_descriptors_count();
  }
  void TearDown() override { EXPECT_EQ(open_descriptors_count(), descriptors_before_); }

 private:
  std::size_t descriptors_before_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Instance, Hosted, every_hosting(), name_of);

struct Told {
  const char *what;
  std::int32_t code;
  Milliseconds retry_after_ms;
  const char *message;
};

TEST_P(Hosted, every_verdict_arrives_with_its_sentence_and_delay) {
  const Told table[] = {
      {"ok", BHP_OK, 0, ""},
      {"skip", BHP_SKIP, 0, "nothing to do"},
      {"retry", BHP_RETRY, 1500, "busy"},
      {"fail", BHP_FAIL, 0, "no such channel"},
      {"hold", BHP_HOLD, 60'000, "login revoked"},
      {"unknown", 77, 0, "a verdict from the future"},
      {"negative delay", BHP_RETRY, 0, "yesterday"},
      {"throw exception", BHP_RETRY, 0, "unexpected: disk on fire"},
      {"throw int", BHP_RETRY, 0, "unexpected: something was thrown that is no std::exception"},
      {"abort", BHP_HOLD, 10, "thrown verdict"},
  };
  Stage stage(GetParam(), "host_obedient");
  stage.start();

  for (const Told &told : table) {
    const PluginAnswer answer = stage.deliver(doing(told.what));

    EXPECT_EQ(answer.code, told.code) << told.what;
    EXPECT_EQ(answer.retry_after_ms, told.retry_after_ms) << told.what;
    EXPECT_EQ(answer.message, told.message) << told.what;
  }
}

TEST_P(Hosted, a_long_message_is_cut_between_characters) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();

  const std::string message = stage.deliver(doing("long message")).message;

  EXPECT_EQ(message.size(), 1023U);  // one byte and 511 characters of two; the next would be cut in half
  EXPECT_EQ(message.substr(1021), "\xC3\xBC");
}

TEST_P(Hosted, a_message_without_its_end_is_cut_at_the_buffer) {
  Stage stage(GetParam(), "host_odd_none");
  stage.start();

  EXPECT_EQ(stage.deliver("{}").message, std::string(1024, 'm'));
}

TEST_P(Hosted, every_field_of_the_event_arrives) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();
  Batch batch = Stage::batch({R"({"do":"describe","members":{"a":1.50,"b":[1, 2],"c":null,"d":"\u00fc"}})"});
  batch.parcels[0].flags = BHP_EV_TEST | BHP_EV_REPLAY | BHP_EV_REDELIVERY | BHP_EV_LATE | BHP_EV_DRYRUN;
  batch.parcels[0].attempt = 3;
  batch.parcels[0].body = std::string("raw\0body", 8);

  stage.instance().deliver(std::move(batch));
  const std::string message = stage.await(Report::What::answers).answers.at(0).message;

  EXPECT_EQ(message.substr(0, message.find('|')), "0123456789abcdef0123456789abcdef");
  // A message is a C string: the 0 in the body ends it. The body itself is compared in the test below.
  EXPECT_EQ(message, "0123456789abcdef0123456789abcdef|booking.confirmed|booking/1|raw");
}

TEST_P(Hosted, numbers_flags_and_json_of_the_event_arrive) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();
  Batch batch = Stage::batch({R"({"do":"describe","members":{"a":1.50,"b":[1, 2],"c":null,"d":"\u00fc"}})"});
  batch.parcels[0].flags = BHP_EV_TEST | BHP_EV_REPLAY | BHP_EV_REDELIVERY | BHP_EV_LATE | BHP_EV_DRYRUN;
  batch.parcels[0].attempt = 3;

  stage.instance().deliver(std::move(batch));

  EXPECT_EQ(
      stage.await(Report::What::answers).answers.at(0).message,
      "0123456789abcdef0123456789abcdef|booking.confirmed|booking/1|raw body|1388534400000|1388534401234|5000|7|3|20|"
      "test replay redelivery late dryrun |a=1.50;b=[1, 2];c=;d=\xC3\xBC;");
}

TEST_P(Hosted, a_large_event_arrives_whole) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();
  const std::string value(3 << 20, 'v');  // far more than a socket buffers

  const PluginAnswer answer = stage.deliver(R"({"do":"keep","key":"big","value":")" + value + "\"}");

  EXPECT_EQ(answer.message, "1 kept, " + std::to_string(value.size()) + " bytes");
}

TEST_P(Hosted, state_of_the_plugin_lives_from_event_to_event) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();

  for (int number = 1; number <= 200; ++number)
    EXPECT_EQ(stage.deliver(doing("count")).message, std::to_string(number));
  for (int number = 1; number <= 50; ++number) {
    stage.deliver(R"({"do":"keep","key":")" + std::to_string(number) + R"(","value":")" + std::string(100'000, 'x') +
                  "\"}");
  }

  EXPECT_EQ(stage.deliver(R"({"do":"keep","key":"1","value":""})").message, "50 kept, 4900000 bytes");
}

TEST_P(Hosted, the_plugin_knows_its_place) {
  Stage stage(GetParam(), "host_obedient");
  stage.spec().worker = 2;
  stage.start();

  EXPECT_EQ(stage.deliver(doing("where")).message, stage.spec().state_dir + " greeter 2");
  EXPECT_TRUE(std::filesystem::is_directory(stage.spec().state_dir));
}

TEST_P(Hosted, settings_reach_the_plugin) {
  Stage stage(GetParam(), "host_obedient", R"({"start":"ok"})");
  stage.start();

  EXPECT_EQ(stage.deliver(doing("settings")).message, "ok");
}

TEST_P(Hosted, log_lines_come_before_the_answer_in_their_order) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();

  stage.deliver(R"({"do":"log","count":50})");

  ASSERT_EQ(stage.lines().size(), 50U);
  for (std::size_t index = 0; index < 50; ++index) {
    EXPECT_EQ(stage.lines()[index].text, "line " + std::to_string(index + 1));
    EXPECT_EQ(stage.lines()[index].level, Level::warn);
  }
}

TEST_P(Hosted, a_thread_of_the_plugin_may_log) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();

  stage.deliver(R"({"do":"log from a thread","count":3})");

  ASSERT_EQ(stage.lines().size(), 3U);
  EXPECT_EQ(stage.lines()[2].text, "line 3");
  EXPECT_EQ(stage.lines()[2].level, Level::error);
}

TEST_P(Hosted, a_log_line_that_is_no_utf8_is_mended) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();

  stage.deliver(doing("log garbage"));

  ASSERT_EQ(stage.lines().size(), 1U);
  EXPECT_EQ(stage.lines()[0].text, "caf\xEF\xBF\xBD \xC3\xBC");
  EXPECT_EQ(stage.lines()[0].level, Level::error);  // an unknown level is the worst
}

TEST_P(Hosted, a_batch_gives_every_event_its_own_verdict) {
  Stage stage(GetParam(), "host_batching");
  stage.start();
  ASSERT_TRUE(stage.instance().is_batching());

  const Report report = stage.deliver(std::vector<std::string>{doing("ok"), doing("fail"), doing("ok")});

  EXPECT_EQ(report.batch_code, BHP_OK);
  ASSERT_EQ(report.answers.size(), 3U);
  EXPECT_EQ(report.answers[0].message, "booking/1 of 3, behind it 41");
  EXPECT_EQ(report.answers[1].code, BHP_FAIL);
  EXPECT_EQ(report.answers[1].message, "this one is wrong");
  EXPECT_EQ(report.answers[2].message, "booking/3 of 3, behind it 41");
}

TEST_P(Hosted, a_batch_that_throws_counts_for_none_of_its_events) {
  Stage stage(GetParam(), "host_batching");
  stage.start();

  const Report report = stage.deliver(std::vector<std::string>{doing("ok"), doing("spoil")});

  EXPECT_EQ(report.batch_code, BHP_RETRY);
  EXPECT_EQ(report.text, "unexpected: the transaction was rolled back");
  EXPECT_EQ(stage.deliver(doing("ok")).message, "booking/1 of 1, behind it 0");  // and one by one it goes on
  EXPECT_EQ(stage.deliver(doing("spoil")).code, BHP_RETRY);
}

TEST_P(Hosted, a_batch_with_a_verdict_too_few_counts_for_none_of_its_events) {
  Stage stage(GetParam(), "host_batching");
  stage.start();

  const Report report = stage.deliver(std::vector<std::string>{doing("ok"), doing("miscount")});

  EXPECT_EQ(report.batch_code, BHP_RETRY);
  EXPECT_EQ(report.text, "deliver_batch gave 1 verdicts for 2 events");
}

TEST_P(Hosted, an_event_that_a_batch_forgot_is_tried_again) {
  Stage stage(GetParam(), "host_odd_none");
  stage.start();

  const Report report = stage.deliver(std::vector<std::string>{"{}", "{}"});

  EXPECT_EQ(report.batch_code, BHP_OK);
  EXPECT_EQ(report.answers[0].code, BHP_SKIP);
  EXPECT_EQ(report.answers[1].code, BHP_RETRY);
  EXPECT_EQ(report.answers[1].message, "the plugin gave no verdict for this event of a batch");
}

TEST_P(Hosted, a_plugin_without_the_extension_is_not_batching) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();

  EXPECT_FALSE(stage.instance().is_batching());
}

TEST_P(Hosted, stop_ends_with_one_word) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();
  stage.deliver(doing("ok"));

  stage.instance().stop(10'000);
  const Report last = stage.await(Report::What::died);

  EXPECT_EQ(last.text, "stopped");
  EXPECT_FALSE(last.is_refusal);
}

TEST_P(Hosted, stop_is_seen_by_a_busy_plugin_and_waits_for_its_answer) {
  Stage stage(GetParam(), "host_obedient");
  stage.start();
  stage.instance().deliver(Stage::batch({doing("wait for stop")}));

  stage.instance().stop(10'000);

  EXPECT_EQ(stage.await(Report::What::answers).answers.at(0).message, "saw the stop");
  EXPECT_EQ(stage.death(), "stopped");
}

TEST_P(Hosted, stop_before_ready_is_taken_too) {
  Stage stage(GetParam(), "host_obedient");
  stage.raise_curtain();

  stage.instance().stop(10'000);

  EXPECT_EQ(stage.death(), "stopped");
}

TEST_P(Hosted, refused_settings_are_a_refusal_in_the_plugins_own_words) {
  Stage stage(GetParam(), "host_obedient", R"({"refuse":"webhook_url is not a URL"})");
  stage.raise_curtain();

  const Report last = stage.await(Report::What::died);

  EXPECT_EQ(last.text, "create: webhook_url is not a URL");
  EXPECT_TRUE(last.is_refusal);
}

TEST_P(Hosted, an_exception_in_the_constructor_is_a_refusal) {
  Stage stage(GetParam(), "host_obedient", R"({"refuse":"throw"})");
  stage.raise_curtain();

  const Report last = stage.await(Report::What::died);

  EXPECT_EQ(last.text, "create: unexpected: settings with a number too much");
  EXPECT_TRUE(last.is_refusal);
}

TEST_P(Hosted, a_start_that_may_work_later_is_no_refusal) {
  Stage stage(GetParam(), "host_obedient", R"({"start":"retry"})");
  stage.raise_curtain();

  const Report last = stage.await(Report::What::died);

  EXPECT_EQ(last.text, "start: the disk is not there yet");
  EXPECT_FALSE(last.is_refusal);
}

TEST_P(Hosted, a_start_that_fails_is_a_refusal) {
  Stage stage(GetParam(), "host_obedient", R"({"start":"fail"})");
  stage.raise_curtain();

  const Report last = stage.await(Report::What::died);

  EXPECT_EQ(last.text, "start: the table has the wrong shape");
  EXPECT_TRUE(last.is_refusal);
}

TEST_P(Hosted, a_state_directory_that_cannot_be_is_named) {
  Stage stage(GetParam(), "host_obedient");
  stage.spec().state_dir = "/proc/no/such/place";
  stage.raise_curtain();

  const Report last = stage.await(Report::What::died);

  EXPECT_EQ(last.text, "cannot use the state directory /proc/no/such/place: No such file or directory");
  EXPECT_FALSE(last.is_refusal);
}

TEST_P(Hosted, a_needed_service_that_is_missing_is_named_with_what_is_offered) {
  for (const auto &[library, sentence] :
       {std::pair("example_slack_cpp",
                  "plugin slack-notify needs bellhop.http/1, this host (0.1.0) offers bellhop.json/1"),
        std::pair("host_odd_needs", "plugin odd needs bellhop.teleport/7, this host (0.1.0) offers bellhop.json/1")}) {
    Stage stage(GetParam(), library);
    stage.raise_curtain();

    const Report last = stage.await(Report::What::died);

    EXPECT_EQ(last.text, sentence);
    EXPECT_TRUE(last.is_refusal);
  }
}

TEST_P(Hosted, a_number_that_the_library_does_not_hold_is_named) {
  Stage stage(GetParam(), "host_obedient");
  stage.spec().index = 3;
  stage.raise_curtain();

  EXPECT_EQ(stage.death(), stage.spec().library + ": holds 1 plugin(s), number 3 (from 0) was asked for");
}

TEST_P(Hosted, a_library_that_is_not_there_is_named) {
  Stage stage(GetParam(), "/no/such/plugin.so");
  stage.raise_curtain();

  const Report last = stage.await(Report::What::died);

  EXPECT_EQ(last.text, "/no/such/plugin.so: cannot open the plugin library: No such file or directory");
  EXPECT_TRUE(last.is_refusal);
}

TEST_P(Hosted, the_examples_of_the_sdk_work) {
  for (const char *example : {"example_hello_c", "example_hello_cpp"}) {
    Stage stage(GetParam(), example);
    stage.start();

    EXPECT_EQ(stage.deliver(R"({"data":{"booking":{"attendee":{"email":"ada@example.com"}}}})").code, BHP_OK);

    ASSERT_EQ(stage.lines().size(), 1U) << example;
    EXPECT_EQ(stage.lines()[0].text, "hello ada@example.com");
  }
}

// Of the hostile plugins (tests/hostile) those that a process survives behave alike wherever they live. They promise
// nothing, so there are none of an earlier day.
class Misdeeds : public Hosted {};
INSTANTIATE_TEST_SUITE_P(Instance, Misdeeds, testing::Values(Hosting(Where::child), Hosting(Where::here)), name_of);

TEST_P(Misdeeds, that_a_process_survives_become_verdicts) {
  struct Deed {
    const char *plugin;
    std::int32_t code;
    const char *message;
  };
  const Deed deeds[] = {
      {"hostile_verdict", 4711, ""},
      {"hostile_throw", BHP_RETRY, "unexpected: disk on fire"},
#ifndef BELLHOP_SANITIZED
      {"hostile_pointers", BHP_OK, ""},  // reads what is gone, which a sanitizer rightly ends
#endif
      {"hostile_flood", BHP_OK, ""},
  };
  for (const Deed &deed : deeds) {
    Stage stage(GetParam(), deed.plugin);
    stage.start();
    Batch batch = Stage::batch({"{}"});
    batch.parcels[0].subject = "booking/evil";

    stage.instance().deliver(std::move(batch));
    const PluginAnswer answer = stage.await(Report::What::answers).answers.at(0);

    EXPECT_EQ(answer.code, deed.code) << deed.plugin;
    EXPECT_EQ(answer.message, deed.message) << deed.plugin;
    EXPECT_EQ(stage.deliver("{}").code, BHP_OK) << deed.plugin << " goes on";
    if (GetParam().where == Where::child) {
      EXPECT_LE(stage.lines().size(), 201U) << deed.plugin << ": a flood is cut";
    }
  }
}

}  // namespace
}  // namespace bellhop::core
