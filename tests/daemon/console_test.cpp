// SPDX-License-Identifier: Apache-2.0
#include "daemon/console.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fake_clock.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Arrival sample_arrival() {
  Arrival arrival;
  arrival.source_name = "appointlet";
  arrival.type = "booking.confirmed";
  arrival.subject = "booking/1";
  arrival.seq = 7;
  arrival.took_ms = 2;
  return arrival;
}

Attempt sample_attempt() {
  Attempt attempt;
  attempt.instance = "log";
  attempt.type = "booking.confirmed";
  attempt.subject = "booking/1";
  attempt.seq = 7;
  attempt.took_ms = 5;
  return attempt;
}

TEST(ConsoleLine, tells_what_arrived) {
  EXPECT_EQ(arrival_text(sample_arrival()), "arrived     #7  booking.confirmed  booking/1  from appointlet, 2 ms");
}

TEST(ConsoleLine, tells_tests_and_late_events_apart) {
  Arrival arrival = sample_arrival();
  arrival.is_test = true;
  arrival.is_late = true;

  EXPECT_THAT(arrival_text(arrival), HasSubstr("from appointlet, test, late, 2 ms"));
}

TEST(ConsoleLine, shows_duplicates_quarantine_and_refusals_with_their_reason) {
  Arrival arrival = sample_arrival();
  arrival.what = Arrival::What::duplicate;
  EXPECT_THAT(arrival_text(arrival), StartsWith("duplicate   #7  "));

  arrival.what = Arrival::What::quarantined;
  arrival.type.clear();
  arrival.subject.clear();
  arrival.reason = "JSON of no known family";
  EXPECT_EQ(arrival_text(arrival), "quarantine  #7  from appointlet, 2 ms: JSON of no known family");

  arrival.what = Arrival::What::rejected;
  arrival.seq = 0;
  EXPECT_THAT(arrival_text(arrival), StartsWith("rejected    from appointlet"));

  arrival.what = Arrival::What::unavailable;
  EXPECT_THAT(arrival_text(arrival), StartsWith("refused     from appointlet"));
}

TEST(ConsoleLine, tells_what_was_delivered) {
  EXPECT_EQ(attempt_text(sample_attempt()), "delivered   #7  booking.confirmed  booking/1  to log: ok, 5 ms");
}

TEST(ConsoleLine, tells_when_the_next_attempt_is) {
  Attempt attempt = sample_attempt();
  attempt.state = DeliveryState::waiting;
  attempt.verdict = Verdict::retry;
  attempt.retry_in_ms = 1'234;
  attempt.message = "HTTP 503";
  EXPECT_EQ(attempt_text(attempt),
            "waiting     #7  booking.confirmed  booking/1  to log: retry, 5 ms, attempt 1, again in 1.2 s: HTTP 503");

  attempt.verdict = Verdict::hold;
  attempt.retry_in_ms = 600'000;
  EXPECT_THAT(attempt_text(attempt), HasSubstr("to log: hold, 5 ms, attempt 1, again in 10.0 min"));
}

TEST(ConsoleLine, tells_dead_letters_and_replays) {
  Attempt attempt = sample_attempt();
  attempt.state = DeliveryState::dead;
  attempt.verdict = Verdict::fail;
  attempt.attempt = 20;
  attempt.is_replay = true;

  EXPECT_EQ(attempt_text(attempt),
            "dead        #7  booking.confirmed  booking/1  to log: fail, 5 ms, replay, attempt 20");
}

TEST(ConsoleLine, escapes_what_would_drive_a_terminal) {
  Arrival arrival = sample_arrival();
  arrival.subject = "booking/\033[2J\nfake line";
  Attempt attempt = sample_attempt();
  attempt.message = "\033]0;x\a";

  EXPECT_THAT(arrival_text(arrival), HasSubstr("booking/\\x1b[2J\\x0afake line"));
  EXPECT_THAT(attempt_text(attempt), HasSubstr("\\x1b]0;x\\x07"));
}

// A console that writes into two pipes.
class ConsoleOutput : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe2(out_, O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(err_, O_CLOEXEC), 0);
    style_.out = out_[1];
    style_.err = err_[1];
  }
  void TearDown() override {
    for (const int fd : {out_[0], out_[1], err_[0], err_[1]}) close(fd);
  }
  static std::string read_all(int fd) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    std::string text;
    char buffer[65536];
    for (ssize_t size = 0; (size = read(fd, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(size));
    return text;
  }
  std::string out() const { return read_all(out_[0]); }
  std::string err() const { return read_all(err_[0]); }

  FakeClock clock_;
  ConsoleStyle style_;
  int out_[2] = {-1, -1}, err_[2] = {-1, -1};
};

Welcome sample_welcome() {
  return {"1.2.3",
          {"http://127.0.0.1:1/hooks/a/secret-token"},
          "bellhop send booking.confirmed",
          "curl http://127.0.0.1:1/hooks/a/secret-token",
          "/state",
          {"log (sqlite)"}};
}

TEST_F(ConsoleOutput, is_plain_lines_with_a_time_and_no_colour_off_a_terminal) {
  { Console(style_, clock_).arrival(sample_arrival()); }

  EXPECT_THAT(out(), testing::MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.000  arrived     #7  booking.confirmed  "
                                           "booking/1  from appointlet, 2 ms\n"));
  EXPECT_EQ(err(), "");
}

TEST_F(ConsoleOutput, at_level_warn_tells_only_what_needs_a_person) {
  style_.threshold = Level::warn;
  Arrival refused = sample_arrival();
  refused.what = Arrival::What::unavailable;
  Attempt dead = sample_attempt();
  dead.state = DeliveryState::dead;
  {
    Console console(style_, clock_);
    console.arrival(sample_arrival());
    console.attempt(sample_attempt());
    console.arrival(refused);
    console.attempt(dead);
  }

  const std::string text = out();
  EXPECT_THAT(text, testing::Not(HasSubstr("arrived")));
  EXPECT_THAT(text, testing::Not(HasSubstr("delivered")));
  EXPECT_THAT(text, HasSubstr("refused"));
  EXPECT_THAT(text, HasSubstr("dead"));
}

TEST_F(ConsoleOutput, has_colour_when_asked_to) {
  style_.has_colour = true;
  { Console(style_, clock_).attempt(sample_attempt()); }

  EXPECT_THAT(out(), HasSubstr("\033[32mdelivered"));
}

TEST_F(ConsoleOutput, sends_the_log_to_standard_error) {
  {
    Console console(style_, clock_);
    Log(console.sink()).warn("journal", "disk is nearly full");
  }

  EXPECT_THAT(err(), HasSubstr("journal: disk is nearly full\n"));
  EXPECT_EQ(out(), "");
}

TEST_F(ConsoleOutput, welcomes_with_the_url_and_what_to_paste) {
  { Console(style_, clock_).ready(sample_welcome()); }

  EXPECT_EQ(out(),
            "bellhopd 1.2.3 is ready\n"
            "  webhook URL  http://127.0.0.1:1/hooks/a/secret-token\n"
            "  delivers to  log (sqlite)\n"
            "  state        /state\n"
            "  try it       bellhop send booking.confirmed\n"
            "  or           curl http://127.0.0.1:1/hooks/a/secret-token\n");
}

TEST_F(ConsoleOutput, has_written_its_welcome_when_ready_returns) {
  Console console(style_, clock_);
  console.arrival(sample_arrival());

  console.ready(sample_welcome());

  EXPECT_THAT(out(), HasSubstr("  webhook URL  http://127.0.0.1:1/hooks/a/secret-token\n"));
}

TEST_F(ConsoleOutput, gives_journald_priorities_and_no_token) {
  style_.form = ConsoleStyle::Form::journald;
  {
    Console console(style_, clock_);
    console.ready(sample_welcome());
    console.arrival(sample_arrival());
    Attempt dead = sample_attempt();
    dead.state = DeliveryState::dead;
    console.attempt(dead);
    Log(console.sink()).error("journal", "gone");
  }
  const std::string text = err();

  EXPECT_EQ(out(), "");
  EXPECT_THAT(text, StartsWith("<6>bellhopd 1.2.3 is ready; instances: log (sqlite)\n<6>arrived "));
  EXPECT_THAT(text, HasSubstr("\n<4>dead "));
  EXPECT_THAT(text, HasSubstr("\n<3>journal: gone\n"));
  EXPECT_THAT(text, Not(HasSubstr("secret-token")));
}

TEST_F(ConsoleOutput, that_nobody_reads_holds_up_nothing_and_counts_what_is_lost) {
  std::string text;
  {
    Console console(style_, clock_);
    for (int i = 0; i < 20'000; ++i)
      console.arrival(sample_arrival());  // 1.5 MB; the pipe holds 64 KB, the queue 10,000

    // Somebody looks after all.
    const std::string lost = "lines were dropped, the output is too slow";
    fcntl(err_[0], F_SETFL, O_NONBLOCK);
    for (int round = 0; round < 1'000'000 && text.find(lost) == std::string::npos; ++round) {
      read_all(out_[0]);
      text += read_all(err_[0]);
    }
  }

  EXPECT_THAT(text, HasSubstr("lines were dropped, the output is too slow"));
}

TEST_F(ConsoleOutput, gives_up_on_a_reader_that_stands_still_when_it_closes) {
  {
    Console console(style_, clock_);
    for (int i = 0; i < 5'000; ++i) console.arrival(sample_arrival());
  }  // returns

  EXPECT_THAT(out(), HasSubstr("arrived"));
}

TEST(ConsoleStyle, follows_the_config_and_what_standard_error_is) {
  struct stat status {};
  ASSERT_EQ(fstat(STDERR_FILENO, &status), 0);
  const std::string own = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);

  EXPECT_EQ(console_style("auto", false, own, false).form, ConsoleStyle::Form::journald);
  EXPECT_EQ(console_style("auto", false, "1:1", false).form, ConsoleStyle::Form::plain);
  EXPECT_EQ(console_style("auto", false, "", false).form, ConsoleStyle::Form::plain);
  EXPECT_EQ(console_style("plain", false, own, false).form, ConsoleStyle::Form::plain);
  EXPECT_EQ(console_style("journald", false, "", false).form, ConsoleStyle::Form::journald);
  EXPECT_EQ(console_style("plain", true, "", false).form, ConsoleStyle::Form::syslog);
  EXPECT_FALSE(console_style("auto", false, "", true).has_colour);
}

}  // namespace
}  // namespace bellhop::core
