// SPDX-License-Identifier: Apache-2.0
// What an operator does when something went wrong, over the whole street: a real daemon, a plugin in its child, a
// destination on loopback that fails to order, and the real command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "support/daemon_process.hpp"
#include "support/loader.hpp"
#include "support/oracle.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

constexpr std::uint32_t is_replay = 1u << 1;  // BHP_EV_REPLAY

constexpr const char *recorder = R"(
[instance.fresh]
plugin = "recorder"
start = "now"
[instance.fresh.settings]
file = "seen.txt"
)";

std::size_t count_of(const std::string &text, const std::string &part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// The files below a directory that hold the text, in whatever case.
std::vector<std::string> files_with(const fs::path &directory, std::string text) {
  const auto small = [](std::string &of) { std::transform(of.begin(), of.end(), of.begin(), ::tolower); };
  small(text);
  std::vector<std::string> found;
  for (const auto &entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = contents(entry.path());
    small(bytes);
    if (bytes.find(text) != std::string::npos) found.push_back(entry.path().filename().string());
  }
  return found;
}

class OperateFlow : public testing::Test {
 protected:
  // The daemon on the same state directory.
  void start(const std::string &more = "", const std::string &type = "booking.*") {
    const std::string config = R"(
state_dir = "{state}"
plugin_dirs = ["{plugins}"]
[http]
listen = "127.0.0.1:0"
[source.appointlet]
tokens = ["0123456789abcdef0123456789abcdef"]
[instance.clerk]
plugin = "clerk"
start = "beginning"
events = [")" + type + R"("]
[instance.clerk.retry]
backoff_min = "10ms"
backoff_max = "20ms"
[instance.clerk.settings]
behave = "ok"
url = ")" + destination_.url("/told") +
                               "\"\n" + more;
    daemon_ = std::make_unique<DaemonProcess>(directory_.path(), config);
    ASSERT_TRUE(daemon_->start()) << daemon_->log();
  }
  void stop() {
    daemon_->kill(SIGTERM);
    EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
  }
  Ran bellhop(std::vector<std::string> words) const {
    words.insert(words.begin(), program("bellhop"));
    return run(words, {{"BELLHOP_SOCKET", (daemon_->state() / "admin.sock").string()}});
  }
  void post(const std::string &booking, std::int64_t number) {
    HttpClient http(daemon_->port());
    ASSERT_EQ(http.post(daemon_->path(), sample_body(booking, number)).status, 202) << daemon_->log();
  }
  // What explain says, once it says this.
  std::string explained(const std::string &reference, const std::string &part) {
    std::string output;
    EXPECT_TRUE(eventually([&] {
      output = bellhop({"explain", reference}).output;
      return output.find(part) != std::string::npos;
    })) << output
        << daemon_->log();
    return output;
  }

  TemporaryDirectory directory_{"operate"};
  core::WaywardServer destination_;
  std::unique_ptr<DaemonProcess> daemon_;
};

TEST_F(OperateFlow, explain_tells_of_three_attempts_and_their_requests) {
  destination_.answer(503);
  destination_.answer(503);
  start();
  post("one", 1);

  const std::string output = explained("1", "clerk  delivered");

  EXPECT_THAT(output, HasSubstr("wanted by booking.*"));
  EXPECT_EQ(count_of(output, ": 503 in "), 2U) << output;
  EXPECT_EQ(count_of(output, ": 200 in "), 1U) << output;
  EXPECT_EQ(count_of(output, "  retry  "), 2U) << output;
  EXPECT_EQ(count_of(output, "  ok   "), 1U) << output;
  EXPECT_THAT(output, HasSubstr("POST http://127.0.0.1:"));
  EXPECT_THAT(bellhop({"explain", "1", "--json"}).output, HasSubstr("\"number\":3"));
}

TEST_F(OperateFlow, a_dead_letter_is_listed_shown_replayed_and_delivered) {
  destination_.answer(422);
  start();
  post("one", 1);
  explained("1", "clerk  dead");

  EXPECT_THAT(bellhop({"dead"}).output, HasSubstr("booking.confirmed"));
  EXPECT_THAT(bellhop({"dead", "show", "1"}).output, AllOf(HasSubstr("clerk  dead"), HasSubstr(": 422 in ")));
  EXPECT_THAT(bellhop({"dead", "replay", "1"}).output, HasSubstr("goes to clerk once more, as replay 1"));

  const std::string output = explained("1", "replay 1  delivered");
  EXPECT_THAT(output, HasSubstr("clerk  delivered")) << "it is no dead letter any more";
  EXPECT_THAT(bellhop({"dead"}).output, HasSubstr("no dead letters"));
  EXPECT_EQ(bellhop({"dead", "drop", "1"}).status, 1);
}

TEST_F(OperateFlow, a_new_instance_gets_the_past_marked_and_its_own_events_in_order) {
  constexpr int past_count = 30, live_count = 30;
  start();
  for (int number = 1; number <= past_count; ++number) post("B" + std::to_string(number % 3), number);
  stop();
  start(recorder);
  EXPECT_THAT(bellhop({"explain", "1"}).output, HasSubstr("fresh  passed"));
  EXPECT_EQ(bellhop({"replay", "--from-seq", "1", "--instance", "fresh"}).status, 64) << "30 are asked for";

  const Ran ran = bellhop({"replay", "--from-seq", "1", "--instance", "fresh", "--yes"});
  for (int number = past_count + 1; number <= past_count + live_count; ++number) {
    post("B" + std::to_string(number % 3), number);
  }

  EXPECT_THAT(ran.output, HasSubstr("fresh: 30 events go once more"));
  const fs::path file = daemon_->state() / "instances/fresh/seen.txt";
  ASSERT_TRUE(eventually([&] { return seen_by_recorder(file).size() == past_count + live_count; }))
      << contents(file) << daemon_->log();
  std::map<std::string, std::int64_t> newest_live;
  std::size_t replays_count = 0;
  for (const Seen &seen : seen_by_recorder(file)) {
    const bool is_marked = (seen.flags & is_replay) != 0;
    EXPECT_EQ(is_marked, seen.seq <= past_count) << seen.seq;
    replays_count += is_marked ? 1 : 0;
    if (is_marked) continue;
    EXPECT_GT(seen.seq, newest_live[seen.subject]) << "live traffic of " << seen.subject << " was reordered";
    newest_live[seen.subject] = seen.seq;
  }
  EXPECT_EQ(replays_count, static_cast<std::size_t>(past_count));
  explained("1", "replay 1  delivered, because a person asked");  // when that is settled, too
}

TEST_F(OperateFlow, forgetting_leaves_no_byte_of_the_address) {
  const std::string address = "webhooks+sample@appointlet.com";
  start();
  post("one", 1);
  explained("1", "clerk  delivered");
  ASSERT_FALSE(files_with(daemon_->state(), address).empty());

  const Ran ran = bellhop({"forget", "--email", address, "--yes"});

  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("1 event erased"));
  EXPECT_THAT(files_with(daemon_->state(), address), testing::IsEmpty());
  EXPECT_THAT(bellhop({"explain", "1"}).output, HasSubstr("forgotten on request"));
  EXPECT_THAT(daemon_->log(), Not(HasSubstr(address)));
  stop();
  EXPECT_THAT(files_with(daemon_->state(), address), testing::IsEmpty());
}

TEST_F(OperateFlow, a_plugin_is_asked_for_its_health_and_runs_its_commands) {
  start();
  post("one", 1);
  explained("1", "clerk  delivered");

  const Ran well = bellhop({"health"});
  destination_.answer(401);
  const Ran ill = bellhop({"health", "clerk"});
  const Ran listed = bellhop({"run", "clerk"}), ran = bellhop({"run", "clerk", "entries"});

  EXPECT_EQ(well.status, 0) << well.output;
  EXPECT_THAT(well.output, HasSubstr("clerk: ok"));
  EXPECT_EQ(ill.status, 1) << ill.output;
  EXPECT_THAT(ill.output, HasSubstr("clerk: hold"));
  EXPECT_EQ(listed.output, "entries  Lists what is kept\n");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("now/1=1\n")) << "the default of the schema";
  EXPECT_THAT(bellhop({"run", "clerk", "entries", "prefix=staged/"}).output, HasSubstr("staged/1=1\n"));
  EXPECT_THAT(bellhop({"run", "clerk", "entries", "prefix=7"}).output, HasSubstr("do not fit: /prefix"));
  EXPECT_THAT(bellhop({"run", "clerk", "entreis"}).output, HasSubstr("did you mean entries?"));
  EXPECT_THAT(bellhop({"health", "clark"}).output, HasSubstr("did you mean clerk?"));
  EXPECT_THAT(bellhop({"kv", "clerk"}).output, HasSubstr("staged/1"));
  EXPECT_THAT(bellhop({"documents", "clerk"}).output, HasSubstr("/ledger.txt"));
}

}  // namespace
}  // namespace bellhop::test
