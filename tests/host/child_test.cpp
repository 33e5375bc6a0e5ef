// SPDX-License-Identifier: Apache-2.0
// What only a child can contain. For every way to die: one sentence, no zombie, no descriptor left.
#include "host/child.hpp"

#include <bellhop/plugin.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "host/stage.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {
namespace {

// By somebody else's reader of ELF files; binutils are among the packages of ./dev test.
std::string build_id_by_readelf(const std::string &library) {
  const std::string mark = "Build ID: ";
  std::string output, id;
  FILE *pipe = ::popen(("readelf -n '" + library + "'").c_str(), "r");
  if (pipe == nullptr) return "";
  char piece[512];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, pipe)) != 0;) output.append(piece, got);
  ::pclose(pipe);
  const std::size_t at = output.find(mark);
  if (at != std::string::npos) id = output.substr(at + mark.size(), output.find('\n', at) - at - mark.size());
  return id;
}

const std::string event_text = "event 0123456789abcdef0123456789abcdef (booking.confirmed)";

class Child : public testing::Test {
 protected:
  void SetUp() override { descriptors_before_ = open_descriptors_count(); }
  void TearDown() override { EXPECT_EQ(open_descriptors_count(), descriptors_before_); }

  static std::string death_of(const std::string &what) {
    Stage stage(Where::child, "host_hostile");
    stage.start();
    stage.instance().deliver(Stage::batch({doing(what)}));
    return stage.death();
  }
  static std::string death_at(const std::string &when, const std::string &how) {
    Stage stage(Where::child, "host_hostile", R"({"when":")" + when + R"(","how":")" + how + "\"}");
    stage.raise_curtain();
    const Report last = stage.await(Report::What::died);
    EXPECT_FALSE(last.is_refusal) << "a crash may be an accident: it is tried again";
    return last.text;
  }

 private:
  std::size_t descriptors_before_ = 0;
};

TEST_F(Child, a_crash_tells_which_build_it_was_and_where) {
  Stage stage(Where::child, "host_hostile");
  stage.start();
  stage.instance().deliver(Stage::batch({doing("abort")}));
  const Report last = stage.await(Report::What::died);
  EXPECT_FALSE(last.is_unread);
  const std::string id = build_id_by_readelf(plugin_dir + "host_hostile.so");
  ASSERT_EQ(id.size(), 40u) << id;
  EXPECT_EQ(last.crash.substr(0, 54), "build id " + id + ", at ");
  EXPECT_NE(last.crash.find("host_hostile.so+0x"), std::string::npos) << last.crash;
  EXPECT_LE(last.crash.size(), 600u);
}

TEST_F(Child, an_end_before_the_call_was_read_is_told_as_one) {
  Stage stage(Where::child, "host_hostile");
  stage.start();
  stage.instance().kill("the test wants it");  // it ends before it can read
  stage.instance().deliver(Stage::batch({doing("segfault")}));
  const Report last = stage.await(Report::What::died);
  EXPECT_TRUE(last.is_unread) << last.text;
}

TEST_F(Child, a_crash_while_delivering_names_the_signal_and_the_event) {
  EXPECT_EQ(death_of("segfault"), "killed by SIGSEGV while delivering " + event_text);
  EXPECT_EQ(death_of("abort"), "killed by SIGABRT while delivering " + event_text);
  EXPECT_EQ(death_of("overflow"), "killed by SIGSEGV while delivering " + event_text);
}

TEST_F(Child, an_exit_while_delivering_is_a_death_whatever_its_status) {
  EXPECT_EQ(death_of("exit 0"), "exited with status 0 in the middle of delivering " + event_text);
  EXPECT_EQ(death_of("exit 3"), "exited with status 3 in the middle of delivering " + event_text);
  EXPECT_EQ(death_of("exit in a thread"), "exited with status 5 in the middle of delivering " + event_text);
}

TEST_F(Child, somebody_elses_kill_is_not_taken_for_ours) {
  EXPECT_EQ(death_of("kill myself"),
            "killed by SIGKILL while delivering " + event_text + ", not by Bellhop (out of memory?)");
}

TEST_F(Child, closing_every_descriptor_is_a_death) {
  EXPECT_EQ(death_of("close everything"), "closed its connection while delivering " + event_text);
}

TEST_F(Child, garbage_on_every_descriptor_is_a_death_that_names_the_size) {
  EXPECT_EQ(death_of("garbage"),
            "sent a frame of 2779096485 bytes, the maximum is 16777216 while delivering " + event_text);  // 0xa5a5a5a5
}

TEST_F(Child, a_frame_that_does_not_belong_there_is_a_death) {
  EXPECT_EQ(death_of("unknown frame"), "sent a frame of the unknown type 99 while delivering " + event_text);
  EXPECT_EQ(death_of("early answer"), "sent 0 answers to 1 events while delivering " + event_text);
}

TEST_F(Child, a_hang_ends_when_it_is_killed_with_the_reason) {
  Stage stage(Where::child, "host_hostile");
  stage.start();
  stage.instance().deliver(Stage::batch({doing("hang")}));
  for (int round = 0; stage.lines().empty() && round < 20'000; ++round) stage.poll();  // until it says that it does

  stage.instance().kill("no answer within 30000 ms");

  EXPECT_EQ(stage.death(), "killed while delivering " + event_text + ": no answer within 30000 ms");
}

TEST_F(Child, a_hang_in_stop_ends_with_the_budget) {
  Stage stage(Where::child, "host_hostile", R"({"when":"stop","how":"hang"})");
  stage.start();

  stage.instance().stop(20);

  EXPECT_EQ(stage.death(), "killed while stopping: it did not stop in time");
}

// As on a machine that does not let it run: it has no chance to read that it should stop.
TEST_F(Child, one_that_has_not_read_that_it_should_stop_is_killed_while_stopping) {
  Stage stage(Where::child, "host_obedient");
  stage.start();
  pid_t pid = 0;
  ASSERT_TRUE(std::ifstream("/proc/thread-self/children") >> pid);
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);

  stage.instance().stop(20);

  EXPECT_EQ(stage.death(), "killed while stopping: it did not stop in time");
}

TEST_F(Child, a_death_in_a_batch_counts_its_events) {
  Stage stage(Where::child, "host_batching");
  stage.start();
  stage.instance().deliver(Stage::batch({doing("ok"), doing("ok")}));

  stage.instance().kill("test");

  const std::string sentence = stage.death();
  // The answers may have come first; then it was idle.
  EXPECT_TRUE(sentence == "killed while delivering a batch of 2 events: test" || sentence == "killed while idle: test")
      << sentence;
}

TEST_F(Child, a_crash_before_ready_names_the_call) {
  EXPECT_EQ(death_at("create", "abort"), "killed by SIGABRT while creating the plugin from its settings");
  EXPECT_EQ(death_at("start", "segfault"), "killed by SIGSEGV while starting the plugin");
  EXPECT_EQ(death_at("start", "exit 0"), "exited with status 0 in the middle of starting the plugin");
  Stage stage(Where::child, "host_load_throws");
  stage.raise_curtain();
  EXPECT_EQ(stage.death(), "killed by SIGABRT while loading the library");
}

TEST_F(Child, a_crash_in_stop_is_told) {
  Stage stage(Where::child, "host_hostile", R"({"when":"stop","how":"segfault"})");
  stage.start();

  stage.instance().stop(10'000);

  EXPECT_EQ(stage.death(), "killed by SIGSEGV while stopping");
}

TEST_F(Child, a_signal_to_the_whole_service_does_not_end_a_delivery) {
  Stage stage(Where::child, "host_hostile");
  stage.start();

  EXPECT_EQ(stage.deliver(doing("terminate")).code, BHP_OK);
}

TEST_F(Child, what_the_plugin_started_ends_with_it) {
  Stage stage(Where::child, "host_hostile");
  stage.spec().containment.may_exec = true;  // else it could not start anything
  stage.start();
  stage.instance().deliver(Stage::batch({doing("leave a child behind")}));

  EXPECT_EQ(stage.death(), "exited with status 0 in the middle of delivering " + event_text);
}

TEST_F(Child, dropping_the_instance_ends_a_plugin_that_hangs) {
  Stage stage(Where::child, "host_hostile");
  stage.start();
  stage.instance().deliver(Stage::batch({doing("hang")}));

  stage.drop();  // the stage then looks for zombies
}

TEST_F(Child, a_host_program_that_is_not_there_is_a_death_in_one_sentence) {
  static const SystemClock clock;
  const auto instance = spawn_child({"greeter", plugin_dir + "host_obedient.so", 0, "{}", "/tmp", 0, {}},
                                    {"/no/such/bellhop-host", &clock});

  const std::vector<Report> reports = instance->poll();

  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].what, Report::What::died);
  EXPECT_EQ(reports[0].text, "cannot start /no/such/bellhop-host: No such file or directory");
  EXPECT_FALSE(reports[0].is_refusal);
  instance->stop(10);
  instance->kill("late");
  EXPECT_TRUE(instance->poll().empty());
}

TEST_F(Child, what_the_plugin_prints_is_logged) {
  Stage stage(Where::child, "host_obedient");
  stage.start();
  stage.deliver(R"({"do":"print","count":3})");

  stage.instance().stop(10'000);
  stage.death();  // by then all that was printed has been read

  ASSERT_EQ(stage.lines().size(), 3U);
  EXPECT_EQ(stage.lines()[0].text, "line 1");
  EXPECT_EQ(stage.lines()[2].text, "line 3");
  EXPECT_EQ(stage.lines()[2].level, Level::info);
}

TEST_F(Child, a_flood_of_log_lines_is_limited_and_counted) {
  FakeClock clock;  // stands still: all lines fall into one second
  Stage stage(Where::child, "host_obedient");
  stage.clock = &clock;
  stage.log_lines_per_second_max = 10;
  stage.start();

  stage.deliver(R"({"do":"log","count":5000})");

  ASSERT_EQ(stage.lines().size(), 10U);
  EXPECT_EQ(stage.lines()[9].text, "line 10");
  clock.advance(1000);
  stage.deliver(R"({"do":"log","count":1})");
  ASSERT_EQ(stage.lines().size(), 12U);
  EXPECT_EQ(stage.lines()[10].text, "4990 more log lines were dropped (at most 10 a second are kept)");
  EXPECT_EQ(stage.lines()[11].text, "line 1");
}

TEST_F(Child, dropped_lines_are_told_at_the_end_too) {
  FakeClock clock;
  Stage stage(Where::child, "host_obedient");
  stage.clock = &clock;
  stage.log_lines_per_second_max = 0;
  stage.start();
  stage.deliver(R"({"do":"log","count":7})");

  stage.instance().stop(10'000);
  stage.death();

  ASSERT_EQ(stage.lines().size(), 1U);
  EXPECT_EQ(stage.lines()[0].text, "7 more log lines were dropped (at most 0 a second are kept)");
}

TEST_F(Child, has_no_descriptor_no_secret_and_no_dump_of_ours) {
  ::setenv("BELLHOP_TEST_SECRET", "token-of-somebody-else", 1);
  Stage stage(Where::child, "host_obedient");
  stage.start();
  ::unsetenv("BELLHOP_TEST_SECRET");

  EXPECT_EQ(stage.deliver(doing("look around")).message,
            "descriptors 0 1 2 3, core 0, dumpable 0, no new privileges 1, secret unknown, path unknown");
}

TEST_F(Child, a_hundred_children_leave_nothing_behind) {
  for (int round = 0; round < 100; ++round) {
    Stage stage(Where::child, "host_hostile");
    stage.start();
    stage.instance().deliver(Stage::batch({doing("exit 0")}));
    // The end of the socket and the end of the process race; the sentence must not depend on it.
    ASSERT_EQ(stage.death(), "exited with status 0 in the middle of delivering " + event_text) << "round " << round;
  }
}

}  // namespace
}  // namespace bellhop::core
