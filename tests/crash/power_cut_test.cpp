// SPDX-License-Identifier: Apache-2.0
// Power cuts: the state directory lies on an ext4 file system in a file of its own; EXT4_IOC_SHUTDOWN stops that file
// system without flushing anything, as if the power had gone. Events whose acknowledgement the client held before the
// cut began must be there after the next mount. The negative control (synchronous=NORMAL) must lose events in most
// cycles, else this test proves nothing. Needs root and loop devices; is skipped, visibly, without.
//
// Retention is on and eager, with an instance whose file lies on another disk: an event that the journal has removed is
// not lost if that instance had it before.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <set>

#include "support/daemon_process.hpp"
#include "support/loader.hpp"
#include "support/oracle.hpp"

namespace bellhop::test {
namespace {

namespace fs = std::filesystem;

const std::string config = R"(
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

[instance.recorder.settings]
file = ")";

// An ext4 file system in a file, mounted at a directory; its power can be cut.
class CuttableDisk {
 public:
  explicit CuttableDisk(const fs::path &directory) : image_(directory / "disk.img"), mount_(directory / "mount") {
    fs::create_directories(mount_);
    std::string why;
    is_usable_ = geteuid() == 0 && made() && mounted();
  }
  ~CuttableDisk() { unmounted(); }

  bool is_usable() const { return is_usable_; }
  const fs::path &path() const { return mount_; }
  const std::string &why() const { return why_; }

  // From here nothing reaches the disk any more, and nothing that was not flushed has.
  bool cut() {
    const int directory = open(mount_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::uint32_t without_flushing = 2;
    const bool is_cut = ioctl(directory, _IOR('X', 125, __u32), &without_flushing) == 0;
    if (!is_cut) why_ = "EXT4_IOC_SHUTDOWN is not possible here";
    close(directory);
    return is_cut;
  }
  // Power is back: the file system replays its journal.
  bool restore() { return unmounted() && mounted(); }

 private:
  bool made() {
    const int file = open(image_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const bool has_size = ftruncate(file, 512 << 20) == 0;
    close(file);
    const Ran ran = run({"mkfs.ext4", "-q", "-F", image_.string()});
    why_ = ran.output;
    return has_size && ran.status == 0;
  }
  bool mounted() {
    const Ran ran = run({"mount", "-o", "loop", image_.string(), mount_.string()});
    why_ = ran.output;
    return ran.status == 0;
  }
  bool unmounted() {
    return eventually([&] { return umount(mount_.c_str()) == 0 || errno == EINVAL; }, std::chrono::seconds(5));
  }

  fs::path image_, mount_;
  bool is_usable_ = false;
  std::string why_;
};

struct Cuts {
  int cycles = 0, cycles_with_loss = 0;
  std::int64_t acknowledged = 0, lost = 0, removed = 0;
};

// Of what was acknowledged since this state directory was made: what is neither stored nor removed after a delivery.
std::int64_t lost_count(const std::vector<Acknowledged> &acknowledged, const fs::path &journal,
                        const fs::path &recorded, std::int64_t &removed_count) {
  std::map<std::int64_t, std::string> stored;
  std::vector<Removed> removed;
  if (fs::exists(journal)) {
    for (const Stored &event : stored_events(journal)) stored[event.seq] = event.id;
    removed = removed_events(journal);
  }
  removed_count = count_of(removed);
  std::set<std::pair<std::int64_t, std::string>> delivered;
  for (const Seen &one : seen_by_recorder(recorded)) {
    if (one.verdict == "ok") delivered.emplace(one.seq, one.id);
  }
  std::int64_t lost = 0;
  for (const Acknowledged &ack : acknowledged) {
    const auto found = stored.find(ack.seq);
    const bool is_stored = found != stored.end() && found->second == ack.id;
    const bool is_removed = std::any_of(removed.begin(), removed.end(), [&](const Removed &range) {
      return ack.seq >= range.first && ack.seq <= range.last;
    });
    if (!is_stored && !(is_removed && delivered.count({ack.seq, ack.id}) != 0)) ++lost;
  }
  return lost;
}

// One cycle: run, load, cut, end, mount, compare. A cycle goes on with the journal of the last one.
void cut_power(int cycles, const std::map<std::string, std::string> &environment, Cuts &cuts) {
  const TemporaryDirectory directory("power");
  CuttableDisk disk(directory.path());
  if (!disk.is_usable()) GTEST_SKIP() << "needs root, mkfs.ext4 and a loop device: " << disk.why();

  const fs::path recorded = directory.path() / "recorder.log";
  std::vector<Acknowledged> before_cut;  // of this state directory, over the cuts
  for (int cycle = 0; cycle < cycles; ++cycle) {
    DaemonProcess daemon(directory.path(), config + recorded.string() + "\"\n", disk.path() / "state");
    ASSERT_TRUE(daemon.start(environment)) << "cycle " << cycle << "\n" << daemon.log();
    Loader loader(8, 50, 1 + cycle * 1'000'000LL);
    loader.start(daemon.port(), daemon.path());
    EXPECT_TRUE(eventually([&] { return loader.acknowledged_count() >= 200 + 37 * (cycle % 11); })) << daemon.log();
    const auto cut_began = std::chrono::steady_clock::now();
    if (!disk.cut()) GTEST_SKIP() << disk.why();
    daemon.kill(SIGKILL);
    daemon.wait();
    loader.stop();
    ASSERT_TRUE(disk.restore()) << disk.why();

    // The plain reader recovers the write-ahead log as a fresh daemon would, and sees what it would serve.
    std::int64_t count = 0;
    for (const Acknowledged &ack : loader.acknowledged()) {
      if (ack.at >= cut_began) continue;
      before_cut.push_back(ack);
      ++count;
    }
    std::int64_t removed = 0;
    const std::int64_t lost = lost_count(before_cut, daemon.state() / "journal.db", recorded, removed);
    ++cuts.cycles;
    cuts.acknowledged += count;
    cuts.removed = std::max(cuts.removed, removed);
    cuts.lost += lost;
    if (lost > 0) ++cuts.cycles_with_loss;
    // Afresh after a loss (only the control comes here with reason), and now and then: the disk is small, and a first
    // start is worth a cut too.
    if (lost > 0 || cycle % 10 == 9) {
      fs::remove_all(disk.path() / "state");
      fs::remove(recorded);
      before_cut.clear();
    }
  }
  std::printf("%d cuts, %lld acknowledged before a cut, %lld lost, in %d cuts; retention removed up to %lld\n",
              cuts.cycles, static_cast<long long>(cuts.acknowledged), static_cast<long long>(cuts.lost),
              cuts.cycles_with_loss, static_cast<long long>(cuts.removed));
}

void expect_nothing_lost(int cycles) {
  Cuts cuts;
  cut_power(cycles, {}, cuts);
  if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
  EXPECT_EQ(cuts.cycles, cycles);
  EXPECT_GT(cuts.acknowledged, cycles * 150);
  EXPECT_EQ(cuts.lost, 0);
}

void expect_control_loses(int cycles) {
  Cuts cuts;
  cut_power(cycles, {{"BELLHOP_TEST_SYNCHRONOUS", "NORMAL"}}, cuts);
  if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
  // A cut just after a checkpoint costs the control nothing, so "most cycles" is what can be asked of a few.
  EXPECT_GE(cuts.cycles_with_loss * 2, cuts.cycles) << "the control does not lose: the test is broken";
}

TEST(PowerCut, loses_no_acknowledged_event) { expect_nothing_lost(6); }
TEST(PowerCut, without_a_full_sync_events_are_lost) { expect_control_loses(12); }
TEST(PowerCut, loses_no_acknowledged_event_in_a_hundred_slow) { expect_nothing_lost(100); }
TEST(PowerCut, without_a_full_sync_events_are_lost_slow) { expect_control_loses(20); }

}  // namespace
}  // namespace bellhop::test
