// SPDX-License-Identifier: Apache-2.0
// More than there is room for, over the whole street: a real daemon with a small cap on what may wait. Webhooks beyond
// it are answered 503 with Retry-After, the log says so without a line for each, and when the backlog drains they are
// taken again. What was accepted is delivered, all of it; what was refused never is.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <set>

#include "support/daemon_process.hpp"
#include "support/loader.hpp"
#include "support/oracle.hpp"

namespace bellhop::test {
namespace {

std::string config_with(int backlog_events_max, const std::string &settings) {
  return R"(
state_dir = "{state}"
plugin_dirs = ["{plugins}"]
[http]
listen = "127.0.0.1:0"
[journal]
backlog_events_max = )" +
         std::to_string(backlog_events_max) + R"(
[source.appointlet]
tokens = ["0123456789abcdef0123456789abcdef"]
[instance.recorder]
plugin = "recorder"
start = "beginning"
[instance.recorder.breaker]
pause_min = "10ms"
pause_max = "50ms"
[instance.recorder.settings]
file = "{state}/recorder.log"
)" + settings;
}

std::size_t lines_with(const std::string &log, const std::string &words) {
  std::size_t count = 0;
  for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + words.size())) ++count;
  return count;
}

constexpr const char *begins = "events are refused until there is room";
constexpr const char *goes_on = "events were refused so far";
constexpr const char *ends = "there is room again: events are taken";

// A cap of 20, and an instance that holds while a file is there.
class CapFlow : public testing::Test {
 protected:
  void SetUp() override {
    write_file(hold_file(), "");
    ASSERT_TRUE(daemon_.start()) << daemon_.log();
    http_ = std::make_unique<HttpClient>(daemon_.port());
  }
  std::filesystem::path hold_file() const { return daemon_.state() / "hold"; }
  HttpClient::Answer post() {
    ++number_;
    HttpClient::Answer answer = http_->post(daemon_.path(), sample_body("B" + std::to_string(number_ % 7), number_));
    if (answer.status == 202) accepted_.insert(number_in(answer.body, "seq"));
    return answer;
  }
  std::set<std::int64_t> delivered() const {
    std::set<std::int64_t> seqs;
    for (const Seen &one : seen_by_recorder(daemon_.state() / "recorder.log")) seqs.insert(one.seq);
    return seqs;
  }

  TemporaryDirectory directory_{"cap"};
  DaemonProcess daemon_{directory_.path(), config_with(20, "hold_while = \"{state}/hold\"\n")};
  std::unique_ptr<HttpClient> http_;
  std::int64_t number_ = 0;
  std::set<std::int64_t> accepted_;
};

TEST_F(CapFlow, beyond_the_cap_a_webhook_is_told_to_come_again_and_when_the_backlog_drains_it_is_taken) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(post().status, 202) << i << daemon_.log();

  const HttpClient::Answer refused = post();

  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_NE(refused.head.find("Retry-After: 30"), std::string::npos) << refused.head;
  EXPECT_NE(refused.head.find("application/problem+json"), std::string::npos) << refused.head;
  EXPECT_EQ(post().status, 503);
  EXPECT_EQ(stored_events(daemon_.state() / "journal.db").size(), 20U);
  const std::string log = daemon_.log();
  EXPECT_EQ(lines_with(log, begins), 1U) << log;
  EXPECT_NE(log.find("20 events wait for instance \"recorder\""), std::string::npos) << log;
  EXPECT_NE(log.find("20 is the most (backlog_events_max in [journal])"), std::string::npos) << log;
  EXPECT_TRUE(delivered().empty());

  std::filesystem::remove(hold_file());

  EXPECT_TRUE(eventually([&] { return post().status == 202; })) << daemon_.log();
  EXPECT_TRUE(eventually([&] { return delivered() == accepted_; })) << daemon_.log();
}

// It takes two times ten seconds, which are the alarm's own.
TEST_F(CapFlow, refusals_are_told_by_a_line_at_the_beginning_every_ten_seconds_and_at_the_end_slow) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(post().status, 202) << i << daemon_.log();
  EXPECT_TRUE(eventually([&] { return post().status == 503 && lines_with(daemon_.log(), goes_on) == 1; },
                         std::chrono::seconds(30)))
      << daemon_.log();
  EXPECT_EQ(lines_with(daemon_.log(), begins), 1U) << daemon_.log();

  std::filesystem::remove(hold_file());

  EXPECT_TRUE(eventually([&] { return unfinished_count(daemon_.state() / "journal.db") == 0; })) << daemon_.log();
  EXPECT_TRUE(eventually(
      [&] {
        if (unfinished_count(daemon_.state() / "journal.db") == 0) post();
        return lines_with(daemon_.log(), ends) == 1;
      },
      std::chrono::seconds(30)))
      << daemon_.log();
  EXPECT_EQ(lines_with(daemon_.log(), begins), 1U) << daemon_.log();
  EXPECT_TRUE(eventually([&] { return delivered() == accepted_; })) << daemon_.log();
}

long memory_kib(pid_t pid, const std::string &field) {
  const std::string status = contents("/proc/" + std::to_string(pid) + "/status");
  const auto at = status.find(field + ":");
  return at == std::string::npos ? 0 : std::strtol(status.c_str() + at + field.size() + 1, nullptr, 10);
}

// One that takes 10 events in a second is offered as many as sixteen senders can, until ten times of what it did was
// offered. Counts only: how quick an answer is depends on the machine, and 100 in a second are few for any.
TEST(Overload, takes_what_it_can_keep_and_refuses_the_rest_without_growing) {
  constexpr std::int64_t backlog_max = 40;
  const TemporaryDirectory directory("overload");
  DaemonProcess daemon(directory.path(), config_with(backlog_max, "wait_ms = 100\n"));
  ASSERT_TRUE(daemon.start()) << daemon.log();
  const long before_kib = memory_kib(daemon.pid(), "VmRSS");
  const auto delivered_count = [&] {
    return static_cast<std::int64_t>(seen_by_recorder(daemon.state() / "recorder.log").size());
  };
  Loader loader(16, 40);

  loader.start(daemon.port(), daemon.path());
  EXPECT_TRUE(eventually(
      [&] {
        const std::int64_t done = delivered_count();
        return done >= 20 && loader.acknowledged_count() + loader.refused_count() >= 10 * (done + backlog_max);
      },
      std::chrono::seconds(40)))
      << loader.acknowledged_count() << " " << loader.refused_count() << " " << delivered_count();
  loader.stop();
  const std::int64_t accepted = loader.acknowledged_count();

  EXPECT_LE(accepted, delivered_count() + backlog_max);
  EXPECT_GE(accepted, backlog_max);
  EXPECT_GT(loader.refused_count(), 0);
  EXPECT_EQ(loader.odd_count(), 0) << "an answer was neither 202 nor 503";
  EXPECT_TRUE(daemon.is_running());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(memory_kib(daemon.pid(), "VmHWM") - before_kib, 64 * 1024);
#endif
  EXPECT_TRUE(eventually([&] { return delivered_count() >= accepted; })) << daemon.log();
  std::set<std::int64_t> seen, acknowledged;
  for (const Seen &one : seen_by_recorder(daemon.state() / "recorder.log")) seen.insert(one.seq);
  for (const Acknowledged &one : loader.acknowledged()) acknowledged.insert(one.seq);
  EXPECT_EQ(seen, acknowledged);
  std::printf("accepted %lld, refused %lld, most memory %ld KiB over %ld KiB\n", static_cast<long long>(accepted),
              static_cast<long long>(loader.refused_count()), memory_kib(daemon.pid(), "VmHWM") - before_kib,
              before_kib);
  daemon.kill(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

}  // namespace
}  // namespace bellhop::test
