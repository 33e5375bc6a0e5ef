// SPDX-License-Identifier: Apache-2.0
// The whole street: a real daemon, real sockets, the real sqlite plugin in its child process, the real command line.
#include <gtest/gtest.h>

#include <sqlite3.h>

#include <csignal>
#include <regex>
#include <set>

#include "support/daemon_process.hpp"
#include "support/loader.hpp"
#include "support/oracle.hpp"

namespace bellhop::test {
namespace {

namespace fs = std::filesystem;

constexpr const char *config = R"(
state_dir = "{state}"

[http]
listen = "127.0.0.1:0"

[source.appointlet]
kind = "appointlet"
tokens = ["0123456789abcdef0123456789abcdef", "another-token-for-rotation-0000"]

[instance.log]
plugin = "sqlite"
start = "beginning"
)";

std::string sample() { return contents(std::string(BELLHOP_TEST_DATA) + "/payloads/legacy_booking_confirmed.json"); }

// The first column of the first row, or "" while there is none (or no file yet).
std::string ask(const fs::path &file, const std::string &question) {
  sqlite3 *db = nullptr;
  std::string answer;
  if (sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK) {
    sqlite3_busy_timeout(db, 2000);
    sqlite3_stmt *statement = nullptr;
    if (sqlite3_prepare_v2(db, question.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != nullptr) {
      answer = reinterpret_cast<const char *>(sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
  }
  sqlite3_close(db);
  return answer;
}

class Flow : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(daemon_.start()) << daemon_.log(); }

  fs::path bookings() const { return daemon_.state() / "instances/log/bookings.db"; }
  fs::path journal() const { return daemon_.state() / "journal.db"; }
  Ran bellhop(std::vector<std::string> words) const {
    words.insert(words.begin(), program("bellhop"));
    return run(words, {{"BELLHOP_SOCKET", (daemon_.state() / "admin.sock").string()}});
  }
  bool answers(const std::string &question, const std::string &expected) const {
    return eventually([&] { return ask(bookings(), question) == expected; });
  }

  TemporaryDirectory directory_{"flow"};
  DaemonProcess daemon_{directory_.path(), config};
};

TEST_F(Flow, a_sample_becomes_a_row_with_its_answers_and_utm) {
  std::string body = sample();
  body.replace(body.find("\"utm_source\": null"), 18, "\"utm_source\": \"newsletter\"");
  HttpClient http(daemon_.port());

  const auto answer = http.post(daemon_.path(), body);

  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(number_in(answer.body, "seq"), 1);
  EXPECT_EQ(text_in(answer.body, "status"), "accepted");
  EXPECT_TRUE(answers("SELECT status FROM booking WHERE id = 'BOOKING_ID'", "confirmed")) << daemon_.log();
  EXPECT_EQ(ask(bookings(), "SELECT utm_source FROM booking"), "newsletter");
  EXPECT_EQ(ask(bookings(), "SELECT attendee_email FROM booking"), "webhooks+sample@appointlet.com");
  EXPECT_EQ(ask(bookings(), "SELECT text FROM answer WHERE slug = 'phone-number'"), "+1.888.555.1212");
}

TEST_F(Flow, the_same_bytes_twice_are_one_event) {
  HttpClient http(daemon_.port());

  const auto first = http.post(daemon_.path(), sample());
  const auto second = http.post(daemon_.path(), sample());

  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(text_in(second.body, "status"), "duplicate");
  EXPECT_EQ(text_in(second.body, "id"), text_in(first.body, "id"));
  EXPECT_EQ(number_in(second.body, "seq"), number_in(first.body, "seq"));
  EXPECT_EQ(stored_events(journal()).size(), 1U);
}

TEST_F(Flow, both_tokens_of_a_rotation_open_and_a_wrong_one_looks_like_no_such_page) {
  HttpClient http(daemon_.port());

  EXPECT_EQ(http.post("/hooks/appointlet/another-token-for-rotation-0000", sample()).status, 202);
  const auto wrong_token = http.post("/hooks/appointlet/0123456789abcdef0123456789abcdeX", sample());
  const auto wrong_path = http.post("/nothing/here", sample());
  const auto wrong_source = http.post("/hooks/calendly/0123456789abcdef0123456789abcdef", sample());

  EXPECT_EQ(wrong_token.status, 404);
  EXPECT_EQ(wrong_path.status, 404);
  EXPECT_EQ(wrong_token.body, wrong_path.body);
  EXPECT_EQ(wrong_token.body, wrong_source.body);
  EXPECT_EQ(stored_events(journal()).size(), 1U);
}

TEST_F(Flow, a_get_says_in_plain_words_what_the_url_is) {
  HttpClient http(daemon_.port());

  const auto answer = http.request("GET", daemon_.path(), "");

  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("webhook"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("POST"), std::string::npos) << answer.body;
}

TEST_F(Flow, text_pasted_from_the_help_page_is_refused_with_the_reason) {
  HttpClient http(daemon_.port());

  const auto answer = http.post(daemon_.path(), "{\n\xc2\xa0\xc2\xa0\"test\": true\n}");

  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(number_in(answer.body, "line"), 2);
  EXPECT_EQ(number_in(answer.body, "column"), 1);
  EXPECT_NE(answer.body.find("U+00A0"), std::string::npos) << answer.body;
  EXPECT_NE(answer.head.find("application/problem+json"), std::string::npos);
}

// One line of tests/data/events/index.json: file and what is demanded.
std::vector<std::pair<std::string, std::string>> demanded_events() {
  const std::string index = contents(std::string(BELLHOP_TEST_DATA) + "/events/index.json");
  static const std::regex entry(R"re("file": "([^"]+)",\s*"want": "([^"]+)")re");
  std::vector<std::pair<std::string, std::string>> demanded;
  for (std::sregex_iterator at(index.begin(), index.end(), entry), none; at != none; ++at) {
    demanded.emplace_back((*at)[1], (*at)[2]);
  }
  return demanded;
}

TEST_F(Flow, every_event_of_the_catalogue_ends_as_its_index_demands) {
  HttpClient http(daemon_.port());
  const auto demanded = demanded_events();
  ASSERT_GT(demanded.size(), 60U);

  for (const auto &[file, want] : demanded) {
    const std::string body = contents(std::string(BELLHOP_TEST_DATA) + "/events/" + file + ".json");
    const auto answer = http.post(daemon_.path(), body);
    const std::string status = text_in(answer.body, "status");
    const std::string got = answer.status == 400 ? "reject" : answer.status != 202 ? "other" : status;
    const std::string expected = want == "accept" ? "accepted" : want == "quarantine" ? "quarantined" : want;
    EXPECT_EQ(got, expected) << file << " " << answer.body;
  }
}

TEST_F(Flow, the_json_suite_neither_crashes_nor_hangs_it) {
  HttpClient http(daemon_.port());
  int invalid_count = 0, valid_count = 0;

  for (const auto &entry :
       fs::directory_iterator(std::string(BELLHOP_TEST_DATA) + "/json/JSONTestSuite/test_parsing")) {
    const std::string name = entry.path().filename().string();
    const auto answer = http.post(daemon_.path(), contents(entry.path()));
    if (name[0] == 'n') {
      ++invalid_count;
      EXPECT_EQ(answer.status, 400) << name;
      EXPECT_TRUE(number_in(answer.body, "line") >= 1 || fs::file_size(entry.path()) == 0) << name << answer.body;
    } else if (name[0] == 'y') {
      ++valid_count;
      EXPECT_EQ(answer.status, 202) << name << " " << answer.body;
    } else {
      EXPECT_TRUE(answer.status == 202 || answer.status == 400) << name << " " << answer.status;
    }
  }

  EXPECT_GT(invalid_count, 180);
  EXPECT_GT(valid_count, 90);
  EXPECT_TRUE(daemon_.is_running());
}

TEST_F(Flow, a_restart_delivers_what_was_owed_and_knows_the_duplicates) {
  HttpClient http(daemon_.port());
  ASSERT_EQ(http.post(daemon_.path(), sample_body("one", 1)).status, 202);

  daemon_.kill(SIGTERM);
  EXPECT_EQ(daemon_.wait(), 0) << daemon_.log();
  ASSERT_TRUE(daemon_.start()) << daemon_.log();
  HttpClient again(daemon_.port());

  EXPECT_EQ(text_in(again.post(daemon_.path(), sample_body("one", 1)).body, "status"), "duplicate");
  EXPECT_EQ(text_in(again.post(daemon_.path(), sample_body("two", 2)).body, "status"), "accepted");
  EXPECT_TRUE(answers("SELECT count(*) FROM booking", "2")) << daemon_.log();
}

TEST_F(Flow, the_plugins_child_may_die_without_costing_an_event) {
  HttpClient http(daemon_.port());
  ASSERT_EQ(http.post(daemon_.path(), sample_body("first", 1)).status, 202);
  ASSERT_TRUE(answers("SELECT count(*) FROM booking", "1")) << daemon_.log();

  const Ran children = run({"pgrep", "-P", std::to_string(daemon_.pid())});
  const int child = std::atoi(children.output.c_str());
  ASSERT_GT(child, 1) << children.output;
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(http.post(daemon_.path(), sample_body("second", 2)).status, 202);

  EXPECT_TRUE(answers("SELECT count(*) FROM booking", "2")) << daemon_.log();
  EXPECT_NE(daemon_.log().find("SIGKILL"), std::string::npos) << daemon_.log();
}

TEST_F(Flow, a_second_daemon_on_the_same_journal_is_refused_in_a_sentence) {
  const Ran second = run({program("bellhopd"), "--config", daemon_.config_file().string()});

  EXPECT_NE(second.status, 0);
  EXPECT_NE(second.output.find(std::to_string(daemon_.pid())), std::string::npos) << second.output;
  EXPECT_TRUE(daemon_.is_running());
}

TEST_F(Flow, the_command_line_shows_the_walk_of_an_event) {
  ASSERT_EQ(bellhop({"send", "booking.confirmed"}).status, 0);
  ASSERT_TRUE(answers("SELECT count(*) FROM booking", "1")) << daemon_.log();

  const Ran events = bellhop({"events"});
  const Ran show = bellhop({"show", "1"});
  const Ran json = bellhop({"--json", "show", "1"});
  const Ran instances = bellhop({"instances"});
  const Ran verify = bellhop({"verify"});

  EXPECT_NE(events.output.find("booking.confirmed"), std::string::npos) << events.output;
  EXPECT_NE(show.output.find("delivered"), std::string::npos) << show.output;
  EXPECT_EQ(json.output[0], '{') << json.output;
  EXPECT_NE(instances.output.find("running"), std::string::npos) << instances.output;
  EXPECT_EQ(verify.status, 0) << verify.output;
}

TEST_F(Flow, a_replay_is_delivered_again_and_changes_nothing) {
  ASSERT_EQ(bellhop({"send", "booking.confirmed"}).status, 0);
  ASSERT_TRUE(answers("SELECT count(*) FROM booking", "1")) << daemon_.log();

  const Ran replay = bellhop({"replay", "1"});

  EXPECT_EQ(replay.status, 0) << replay.output;
  EXPECT_TRUE(eventually([&] { return bellhop({"show", "1"}).output.find("replay") != std::string::npos; }));
  EXPECT_EQ(ask(bookings(), "SELECT count(*) FROM booking"), "1");
  EXPECT_EQ(ask(bookings(), "SELECT count(*) FROM event"), "1");
}

TEST(Embedded, without_a_config_a_daemon_makes_its_own_token_and_keeps_it) {
  const TemporaryDirectory directory("embedded");
  const std::string state = (directory.path() / "state").string();
  static const std::regex url(R"(http://127\.0\.0\.1:\d+/hooks/appointlet/([A-Za-z0-9_-]{32,}))");
  std::set<std::string> tokens;

  for (int round = 0; round < 2; ++round) {
    DaemonProcess daemon(directory.path(), "");
    ASSERT_TRUE(daemon.start_with({"--state-dir", state, "--listen", "127.0.0.1:0"})) << daemon.log();
    std::smatch match;
    const std::string log = daemon.log();
    ASSERT_TRUE(std::regex_search(log, match, url)) << log;
    tokens.insert(match[1]);
    const Ran sent = run({program("bellhop"), "--state-dir", state, "send", "booking.confirmed"});
    EXPECT_EQ(sent.status, 0) << sent.output;
    EXPECT_TRUE(eventually([&] {
      return ask(fs::path(state) / "instances/sqlite/bookings.db", "SELECT count(*) FROM booking") ==
             std::to_string(round + 1);
    })) << daemon.log();
    EXPECT_NE(daemon.log().find("bellhop"), std::string::npos);
    daemon.kill(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0);
  }

  EXPECT_EQ(tokens.size(), 1U);
}

}  // namespace
}  // namespace bellhop::test
