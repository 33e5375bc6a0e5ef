// SPDX-License-Identifier: Apache-2.0
// The long kill loop: kill -9 under load, again and again, with three instances that behave differently, and retention
// and caps on. Nothing is lost, nothing overtakes; and an event that was offered again after its success must be one
// that was in flight at a kill: done by the plugin, and not yet settled in the journal that the kill left behind.
#include <gtest/gtest.h>

#include <csignal>
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
backlog_events_max = 100000
bytes_max = "256MiB"
retention_age = "1s"
retention_bytes = "1MiB"

[log]
level = "warn"

[source.appointlet]
tokens = ["0123456789abcdef0123456789abcdef"]

[instance.slow]
plugin = "recorder"
start = "beginning"
workers = 2
[instance.slow.settings]
file = "{state}/slow.log"
wait_ms = 20

[instance.flaky]
plugin = "recorder"
start = "beginning"
[instance.flaky.retry]
backoff_min = "10ms"
backoff_max = "50ms"
[instance.flaky.settings]
file = "{state}/flaky.log"
fail_every = 3

[instance.fine]
plugin = "recorder"
start = "beginning"
events = ["booking.confirmed"]
[instance.fine.settings]
file = "{state}/fine.log"
)";

// One instance as the test follows it from kill to kill.
struct Followed {
  std::string name;
  std::size_t lines_read = 0;
  std::map<std::int64_t, int> in_flight;  // seq → at how many kills it was done and not settled
};

class Endurance : public testing::Test {
 protected:
  std::filesystem::path journal() const { return daemon_.state() / "journal.db"; }
  std::vector<Seen> seen_by(const std::string &name) const {
    return seen_by_recorder(daemon_.state() / (name + ".log"));
  }

  void kill_under_load(int rounds);
  void kill_at_once();
  void note_in_flight();
  void settle_down();
  void compare();
  void compare_instance(const Followed &instance, const std::vector<Stored> &history);

  TemporaryDirectory directory_{"endurance"};
  DaemonProcess daemon_{directory_.path(), config};
  Loader loader_{4, 40};
  std::vector<Followed> instances_{{"slow", 0, {}}, {"flaky", 0, {}}, {"fine", 0, {}}};
};

// The kernel kills the children with the daemon; what they write until then belongs to this round.
void Endurance::kill_at_once() {
  const std::vector<pid_t> children = daemon_.children();
  daemon_.kill(SIGKILL);
  EXPECT_EQ(daemon_.wait(), -SIGKILL);
  for (const pid_t child : children) {
    EXPECT_TRUE(eventually([&] { return DaemonProcess::has_ended(child); })) << "a child outlived the daemon";
  }
}

void Endurance::note_in_flight() {
  for (Followed &instance : instances_) {
    const std::vector<Seen> seen = seen_by(instance.name);
    std::set<std::int64_t> done;
    for (; instance.lines_read < seen.size(); ++instance.lines_read) {
      const Seen &one = seen[instance.lines_read];
      if (one.verdict == "ok") done.insert(one.seq);
    }
    for (const std::int64_t seq : unsettled_of(journal(), instance.name, done)) ++instance.in_flight[seq];
  }
}

void Endurance::kill_under_load(int rounds) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  std::printf("seed %u\n", seed);
  loader_.mix_in("canceled", 5);  // which `fine` does not want
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(daemon_.start()) << "round " << round << "\n" << daemon_.log();
    const std::int64_t wanted = loader_.acknowledged_count() + 10 + static_cast<std::int64_t>(random() % 40);
    loader_.start(daemon_.port(), daemon_.path());
    EXPECT_TRUE(eventually([&] { return loader_.acknowledged_count() >= wanted; })) << daemon_.log();
    kill_at_once();
    loader_.stop();
    note_in_flight();
  }
}

void Endurance::settle_down() {
  ASSERT_TRUE(daemon_.start()) << daemon_.log();
  EXPECT_TRUE(eventually([&] { return unfinished_count(journal()) == 0; }, std::chrono::seconds(120))) << daemon_.log();
  daemon_.kill(SIGTERM);
  EXPECT_EQ(daemon_.wait(), 0) << daemon_.log();
}

void Endurance::compare_instance(const Followed &instance, const std::vector<Stored> &history) {
  std::vector<Stored> wanted;
  for (const Stored &event : history) {
    if (instance.name != "fine" || event.type == "booking.confirmed") wanted.push_back(event);
  }
  const std::vector<Seen> seen = seen_by(instance.name);
  for (const std::string &finding : compare_seen(wanted, seen)) ADD_FAILURE() << instance.name << ": " << finding;

  std::map<std::int64_t, int> oks;
  for (const Seen &one : seen) oks[one.seq] += one.verdict == "ok";
  long long in_flight_count = 0;
  for (const auto &[seq, count] : instance.in_flight) in_flight_count += count;
  for (const auto &[seq, count] : oks) {
    const auto kills = instance.in_flight.find(seq);
    const int explained = kills == instance.in_flight.end() ? 0 : kills->second;
    EXPECT_LE(count - 1, explained) << instance.name << ": seq " << seq << " succeeded " << count
                                    << " times and was in flight at " << explained << " kills";
  }
  std::printf("%-5s  wanted %zu, offered %zu, duplicates %lld, done and not settled at a kill %lld\n",
              instance.name.c_str(), wanted.size(), seen.size(), static_cast<long long>(duplicates_count(seen)),
              in_flight_count);
}

void Endurance::compare() {
  const std::vector<Acknowledged> acknowledged = loader_.acknowledged();
  const std::vector<Stored> stored = stored_events(journal());
  const std::vector<Removed> removed = removed_events(journal());
  for (const std::string &finding : compare_stored(acknowledged, stored, removed)) ADD_FAILURE() << finding;
  std::vector<std::vector<Seen>> seen;
  for (const Followed &instance : instances_) seen.push_back(seen_by(instance.name));
  std::vector<std::string> findings;
  const std::vector<Stored> history = whole_history(acknowledged, stored, removed, seen, findings);
  for (const std::string &finding : findings) ADD_FAILURE() << finding;
  std::printf("acknowledged %zu, stored %zu, removed by retention %lld\n", acknowledged.size(), stored.size(),
              static_cast<long long>(count_of(removed)));
  for (const Followed &instance : instances_) compare_instance(instance, history);
  EXPECT_EQ(loader_.refused_count(), 0);
}

TEST_F(Endurance, five_kills_lose_nothing_and_repeat_only_what_was_in_flight) {
  kill_under_load(5);
  settle_down();
  compare();
  EXPECT_GT(loader_.acknowledged_count(), 5 * 10);
}

TEST_F(Endurance, a_hundred_kills_lose_nothing_and_repeat_only_what_was_in_flight_slow) {
  kill_under_load(100);
  settle_down();
  compare();
  EXPECT_GT(loader_.acknowledged_count(), 100 * 10);
  EXPECT_GT(count_of(removed_events(journal())), 0) << "retention had nothing to do: this proves less than it says";
}

}  // namespace
}  // namespace bellhop::test
