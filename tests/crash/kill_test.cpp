// SPDX-License-Identifier: Apache-2.0
// kill -9, at every named point and at random under load: what was acknowledged is in the journal and reaches the
// plugin, in order per booking. Retention is on and eager: it must not cost what is unfinished either. (A kill loop
// alone proves nothing about fsync: see power_cut_test. With three instances: endurance_test.)
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <random>

#include "support/daemon_process.hpp"
#include "support/loader.hpp"
#include "support/oracle.hpp"

namespace bellhop::test {
namespace {

constexpr const char *config = R"(
state_dir = "{state}"
plugin_dirs = ["{plugins}"]

[http]
listen = "127.0.0.1:0"

[journal]
retention_age = "1s"
retention_bytes = "1MiB"

[source.appointlet]
kind = "appointlet"
tokens = ["0123456789abcdef0123456789abcdef"]

[instance.recorder]
plugin = "recorder"
start = "beginning"

[instance.recorder.retry]
backoff_min = "10ms"
backoff_max = "50ms"

[instance.recorder.settings]
file = "{state}/recorder.log"
fail_every = 7
)";

void expect_no_findings(const DaemonProcess &daemon, const std::vector<Acknowledged> &acknowledged) {
  const auto stored = stored_events(daemon.state() / "journal.db");
  const auto removed = removed_events(daemon.state() / "journal.db");
  for (const std::string &finding : compare_stored(acknowledged, stored, removed)) ADD_FAILURE() << finding;
  const auto seen = seen_by_recorder(daemon.state() / "recorder.log");
  std::vector<std::string> findings;
  const auto history = whole_history(acknowledged, stored, removed, {seen}, findings);
  for (const std::string &finding : findings) ADD_FAILURE() << finding;
  for (const std::string &finding : compare_seen(history, seen)) ADD_FAILURE() << finding;
  std::printf("acknowledged %zu, stored %zu, removed %lld, offered %zu, offered again after success %lld\n",
              acknowledged.size(), stored.size(), static_cast<long long>(count_of(removed)), seen.size(),
              static_cast<long long>(duplicates_count(seen)));
}

// Starts it without a kill switch, waits until everything is delivered, stops it.
void settle_down(DaemonProcess &daemon) {
  ASSERT_TRUE(daemon.start()) << daemon.log();
  EXPECT_TRUE(
      eventually([&] { return unfinished_count(daemon.state() / "journal.db") == 0; }, std::chrono::seconds(60)))
      << daemon.log();
  daemon.kill(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.log();
}

void kill_under_load(int rounds) {
  const TemporaryDirectory directory("kill");
  DaemonProcess daemon(directory.path(), config);
  Loader loader(8, 40);
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  std::printf("seed %u\n", seed);

  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(daemon.start()) << "round " << round << "\n" << daemon.log();
    const std::int64_t before = loader.acknowledged_count();
    const std::int64_t wanted = before + 20 + static_cast<std::int64_t>(random() % 180);
    loader.start(daemon.port(), daemon.path());
    EXPECT_TRUE(eventually([&] { return loader.acknowledged_count() >= wanted; })) << daemon.log();
    daemon.kill(SIGKILL);
    EXPECT_EQ(daemon.wait(), -SIGKILL);
    loader.stop();
  }

  settle_down(daemon);
  EXPECT_GT(loader.acknowledged_count(), rounds * 20);
  expect_no_findings(daemon, loader.acknowledged());
}

TEST(Kill, under_load_loses_nothing_and_keeps_the_order) { kill_under_load(8); }
TEST(Kill, under_load_fifty_rounds_slow) { kill_under_load(50); }

class KillPoint : public testing::TestWithParam<const char *> {};

TEST_P(KillPoint, loses_nothing_and_keeps_the_order) {
  const TemporaryDirectory directory("point");
  DaemonProcess daemon(directory.path(), config);
  Loader loader(4, 5);

  for (const int pass : {1, 2, 17}) {
    const std::string point = std::string(GetParam()) + ":" + std::to_string(pass);
    ASSERT_TRUE(daemon.spawn({{"BELLHOP_CRASH_POINT", point}}));
    // It may die before it is ready, when deliveries of the round before are still owed.
    if (daemon.wait_until_ready()) {
      loader.start(daemon.port(), daemon.path());
    }
    EXPECT_EQ(daemon.wait(), -SIGKILL) << point << " was never passed\n" << daemon.log();
    loader.stop();
  }

  settle_down(daemon);
  expect_no_findings(daemon, loader.acknowledged());
}

INSTANTIATE_TEST_SUITE_P(Every, KillPoint,
                         testing::Values("journal.after_insert", "journal.before_commit", "journal.after_commit",
                                         "journal.before_settle_commit", "delivery.before_send",
                                         "delivery.after_answer", "delivery.after_settle", "intake.before_answer",
                                         "journal.before_answer", "journal.before_removal_commit"),
                         [](const auto &given) {
                           std::string name = given.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

}  // namespace
}  // namespace bellhop::test
