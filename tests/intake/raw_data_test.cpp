// SPDX-License-Identifier: Apache-2.0
// tests/data/http: raw requests with a demanded outcome, each sent to a real server; and JSONTestSuite over HTTP. After
// each of them the journal is asked what was stored, whatever the answer said.
#include <dirent.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include "intake/webhook_server.hpp"
#include "support/fake_clock.hpp"
#include "support/server_view.hpp"

namespace bellhop::core {
namespace {

const std::string data = BELLHOP_TEST_DATA;

std::string read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Case {
  std::string file, want;
};

std::vector<Case> cases() {
  const std::string index = read_file(data + "/http/index.json");
  const std::regex entry("\"file\": \"([^\"]+)\",\\s*\"want\": \"([^\"]+)\"");
  std::vector<Case> found;
  for (auto it = std::sregex_iterator(index.begin(), index.end(), entry); it != std::sregex_iterator(); ++it)
    found.push_back({(*it)[1], (*it)[2]});
  return found;
}

// "/h" as a whole target, and the host's "/h" of an absolute form, become the real path; nothing else changes.
std::string aim(std::string bytes) {
  for (const std::string mark : {" /h ", "\t/h\t", " /h\r\n", ".254/h ", " /h%00"}) {
    for (std::size_t at = bytes.find(mark); at != std::string::npos; at = bytes.find(mark, at + webhook_path.size()))
      bytes.replace(at + mark.find("/h"), 2, webhook_path);
  }
  return bytes;
}

constexpr Milliseconds any_deadline_ms = 60'001;  // longer than every deadline of the server

// The clock goes on, because a worker may have set a new deadline just before it was moved.
bool is_closed_in_the_end(RawHttp &client, FakeClock &clock) {
  const auto end = std::chrono::steady_clock::now() + RawHttp::patience;
  while (!client.is_closed_within(RawHttp::Deadline(5))) {
    if (std::chrono::steady_clock::now() > end) return false;
    clock.advance(any_deadline_ms);
  }
  return true;
}

// What a sender is told that falls silent: after all that it has sent was read, time passes until the server closes.
std::optional<RawAnswer> late_answer(RawHttp &client, const WebhookServer &server, FakeClock &clock) {
  EXPECT_TRUE(ServerView(server.port()).has_read_all());
  EXPECT_TRUE(is_closed_in_the_end(client, clock));
  return client.read_answer();
}

TEST(RawData, every_raw_request_has_its_demanded_outcome) {
  const std::vector<Case> all = cases();
  ASSERT_GE(all.size(), 60U);
  for (const Case &one : all) {
    SCOPED_TRACE(one.file);
    FakeClock clock;
    WebhookServer server({}, &clock);
    RawHttp client(server.port());

    client.send(aim(read_file(data + "/http/" + one.file + ".bin")));
    const bool is_short = one.want == "timeout";
    const std::optional<RawAnswer> first = is_short ? late_answer(client, server, clock) : client.read_answer();

    const Seq stored = server.journal().newest();
    if (one.want == "ok") {
      ASSERT_TRUE(first);
      EXPECT_EQ(first->status, 202) << first->body;
      if (one.file == "ok-pipelined") {
        const std::optional<RawAnswer> second = client.read_answer();
        ASSERT_TRUE(second);
        EXPECT_EQ(second->status, 202);
      }
      EXPECT_GE(server.journal().newest(), 1);
      continue;
    }
    if (one.want == "reject") {
      ASSERT_TRUE(first);
      EXPECT_GE(first->status, 400) << first->body;
      EXPECT_LT(first->status, 600);
      EXPECT_EQ(first->header("Content-Type"), "application/problem+json");
      EXPECT_NE(first->body.find("\"detail\":\""), std::string::npos);
    } else if (one.want == "timeout") {
      EXPECT_EQ(first.has_value(), one.file != "garbage-nothing");
      EXPECT_EQ(first.value_or(RawAnswer{408, {}, {}}).status, 408);
    } else {
      ASSERT_EQ(one.want, "one");
      ASSERT_TRUE(first);
    }
    EXPECT_TRUE(is_closed_in_the_end(client, clock));
    EXPECT_EQ(client.received(), "") << "one answer only";
    EXPECT_EQ(stored, 0);
    EXPECT_EQ(server.journal().newest(), 0);
  }
}

TEST(RawData, refusals_have_the_status_that_tells_the_cause) {
  FakeClock clock;
  WebhookServer server({}, &clock);
  const std::vector<std::pair<const char *, int>> wanted = {
      {"cl-1tb", 413},        {"line-long-uri", 414},     {"line-options-star", 405}, {"line-long-method", 501},
      {"ct-form", 415},       {"ct-multipart", 415},      {"post-no-length", 411},    {"chunk-trailer-flood", 431},
      {"cl-short-body", 408}, {"chunk-notend", 408},      {"te-http10", 400},         {"line-absolute", 400},
      {"hdr-fold", 400},      {"garbage-tls-hello", 400}, {"garbage-ssh", 400},       {"chunk-lf", 400},
      {"empty-body", 400},    {"get-with-body", 200},     {"te-odd-02", 400},         {"hdr-dup-signature", 400}};
  for (const auto &[file, status] : wanted) {
    RawHttp client(server.port());
    client.send(aim(read_file(data + "/http/" + file + ".bin")));
    const std::optional<RawAnswer> answer = status == 408 ? late_answer(client, server, clock) : client.read_answer();
    ASSERT_TRUE(answer) << file;
    EXPECT_EQ(answer->status, status) << file << ": " << answer->body;
  }
}

TEST(RawData, what_is_not_json_is_refused_with_its_place) {
  WebhookServer server;
  const std::string folder = data + "/json/JSONTestSuite/test_parsing";
  DIR *listing = ::opendir(folder.c_str());
  ASSERT_NE(listing, nullptr);
  std::vector<std::string> files;
  while (const dirent *entry = ::readdir(listing)) files.emplace_back(entry->d_name);
  ::closedir(listing);
  std::sort(files.begin(), files.end());
  int invalid_count = 0, valid_count = 0;
  Seq stored = 0;
  for (const std::string &file : files) {
    if (file.size() < 2 || file[1] != '_') continue;
    const RawAnswer answer = server.post(read_file(folder + "/" + file));
    if (file[0] == 'n') {
      ++invalid_count;
      EXPECT_EQ(answer.status, 400) << file;
      EXPECT_NE(answer.body.find("\"line\":"), std::string::npos) << file;
      EXPECT_NE(answer.body.find("\"column\":"), std::string::npos) << file;
      EXPECT_EQ(server.journal().newest(), stored) << file;
    } else if (file[0] == 'y') {
      ++valid_count;
      EXPECT_EQ(answer.status, 202) << file << ": " << answer.body;
    } else {
      EXPECT_TRUE(answer.status == 202 || answer.status == 400) << file;
    }
    stored = server.journal().newest();
  }
  EXPECT_GE(invalid_count, 180);
  EXPECT_GE(valid_count, 90);
}

}  // namespace
}  // namespace bellhop::core
