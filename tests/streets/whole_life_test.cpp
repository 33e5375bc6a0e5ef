// SPDX-License-Identifier: Apache-2.0
// A booking's whole life through every built-in plugin at once: the real daemon, its children, its egress and its
// retries, against strict vendors on loopback that fail at random. What counts is what each of them has in the end. And
// the same with texts that mean ill.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <sqlite3.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>

#include "caldav_vendor.hpp"
#include "crm_vendor_hubspot.hpp"
#include "slack_vendor.hpp"
#include "support/daemon_process.hpp"
#include "support/loader.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int faults_percent = 30;
const std::vector<std::string> instances{"slack", "crm", "calendar", "forward", "bookings"};

// Takes what forward sends, and fails like the others. A receiver knows a delivery again by its id.
class ForwardVendor {
 public:
  ForwardVendor() {
    server_.serve([this](const core::RecordedRequest &request) {
      return with_fault(plan_ ? plan_() : Fault{}, [&] {
        bodies_[request.header("webhook-id")].insert(request.body);
        return http_answer(200, "");
      });
    });
  }
  std::string url() const { return server_.url("/in"); }
  void fail_by(FaultPlan plan) { plan_ = std::move(plan); }
  const std::map<std::string, std::set<std::string>> &bodies() const { return bodies_; }

 private:
  FaultPlan plan_;
  std::map<std::string, std::set<std::string>> bodies_;
  core::WaywardServer server_;
};

// Rows of a query, columns joined by '|'.
std::vector<std::string> rows_of(const std::filesystem::path &file, const std::string &query) {
  sqlite3 *database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK) << file;
  sqlite3_stmt *statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, query.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  std::vector<std::string> rows;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::string row;
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      if (column > 0) row += '|';
      const void *bytes = sqlite3_column_blob(statement, column);
      row.append(static_cast<const char *>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
    rows.push_back(row);
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return rows;
}

std::string legacy(int number, const std::string &action, const std::string &start, bool is_confirmed,
                   bool is_canceled) {
  const std::string day = start.substr(0, 10), of = std::to_string(number);
  return with_edits(payload_text("legacy_booking_full.assumed.json"),
                    {{"\"id\": 2,", "\"id\": " + std::to_string(9'000 + number) + ","},
                     {R"("action": "confirmed")", R"("action": ")" + action + "\""},
                     {"2017-07-01T09:30:00.250000Z", "2026-01-01T09:3" + of + ":00.250000Z"},
                     {"2017-07-03T16:00:00Z", start},
                     {"2017-07-03T16:30:00Z", day + "T23:30:00Z"},
                     {R"("confirmed": true)", is_confirmed ? R"("confirmed": true)" : R"("confirmed": false)"},
                     {R"("canceled": false)", is_canceled ? R"("canceled": true)" : R"("canceled": false)"}});
}

std::string v5(int number, const std::string &action, const std::string &start, bool is_approved, bool is_canceled) {
  const std::string day = start.substr(0, 10), of = std::to_string(number);
  return with_edits(payload_text("v5_meeting_full.assumed.json"),
                    {{"14224744", std::to_string(9'100 + number)},
                     {"Meeting.scheduled", "Meeting." + action},
                     {"2024-05-29T18:56:43.249804Z", "2026-01-01T09:3" + of + ":00.250000Z"},
                     {"2024-06-03T14:00:00Z", start},
                     {"2024-06-03T14:30:00Z", day + "T23:30:00Z"},
                     {R"("approved": null)", is_approved ? R"("approved": true)" : R"("approved": null)"},
                     {R"("confirmed": false)", is_approved ? R"("confirmed": true)" : R"("confirmed": false)"},
                     {R"("cancelled": false)", is_canceled ? R"("cancelled": true)" : R"("cancelled": false)"}});
}

class WholeLife : public testing::Test {
 protected:
  void start() {
    const std::string retry = "backoff_min = \"10ms\"\nbackoff_max = \"30ms\"\n";
    std::string config =
        "state_dir = \"{state}\"\n[http]\nlisten = \"127.0.0.1:0\"\n[source.appointlet]\n"
        "tokens = [\"0123456789abcdef0123456789abcdef\"]\n";
    const std::map<std::string, std::string> settings{
        {"slack", "token = \"xoxb-s3cr3t\"\nchannel = \"C0GENERAL\"\ndigest_above = 0\napi_url = \"" +
                      slack_.api_url() + "\"\n"},
        {"crm",
         "driver = \"hubspot\"\ntoken = \"pat-s3cr3t\"\nattendees = \"primary\"\nurl = \"" + crm_.url() + "\"\n"},
        {"calendar", "source = \"local\"\nfeed = false\ncaldav = [{ url = \"" + calendar_.url() +
                         "\", username = \"ann\", password = \"s3cr3t-word\" }]\n"},
        {"forward", "secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\nurl = \"" + forward_.url() + "\"\n"},
        {"bookings", "path = \"bookings.db\"\n"}};
    for (const std::string &name : instances) {
      config += "[instance." + name + "]\nplugin = \"" + (name == "bookings" ? "sqlite" : name) + "\"\n[instance." +
                name + ".retry]\n" + retry + "[instance." + name + ".breaker]\nfailures_percent = 0\n[instance." +
                name + ".settings]\n" + settings.at(name);
    }
    daemon_ = std::make_unique<DaemonProcess>(directory_.path(), config);
    ASSERT_TRUE(daemon_->start()) << daemon_->log();
    http_ = std::make_unique<HttpClient>(daemon_->port());
  }
  void fail_by(std::uint64_t seed) {
    // What Slack has posted and could not say is posted again: it has no key for that, so its answers are not lost
    // here.
    slack_.fail_by(random_faults(seed, faults_percent, false));
    crm_.fail_by(random_faults(seed + 1, faults_percent, true));
    calendar_.fail_by(random_faults(seed + 2, faults_percent, true));
    forward_.fail_by(random_faults(seed + 3, faults_percent, true));
  }
  void post(const std::string &body) {
    const HttpClient::Answer answer = http_->post(daemon_->path(), body);
    ASSERT_EQ(answer.status, 202) << answer.body;
    ++posted_count_;
  }
  std::string show(int seq) const {
    return run({program("bellhop"), "--state-dir", daemon_->state().string(), "show", std::to_string(seq)}).output;
  }
  bool is_delivered(int seq, const std::string &instance) const {
    const std::string shown = show(seq);
    const std::size_t at = shown.find("\n" + instance + " ");
    return at != std::string::npos &&
           shown.substr(at, shown.find('\n', at + 1) - at).find("delivered") != std::string::npos;
  }
  void expect_all_delivered() const {
    for (int seq = 1; seq <= posted_count_; ++seq) {
      for (const std::string &instance : instances) {
        ASSERT_TRUE(eventually([&] { return is_delivered(seq, instance); })) << instance << "\n"
                                                                             << show(seq) << daemon_->log();
      }
    }
  }
  // After it nobody asks the vendors any more.
  void stop() {
    daemon_->kill(SIGTERM);
    EXPECT_EQ(daemon_->wait(), 0);
  }
  std::vector<std::string> rows(const std::string &query) const {
    return rows_of(daemon_->state() / "instances" / "bookings" / "bookings.db", query);
  }
  void expect_no_complaints() const {
    EXPECT_THAT(slack_.complaints(), IsEmpty());
    EXPECT_THAT(crm_.complaints(), IsEmpty());
    EXPECT_THAT(calendar_.complaints(), IsEmpty());
  }
  // One thread, one contact with one canceled meeting, one canceled VEVENT, one row; each event forwarded, as one body.
  void expect_one_of_each(const std::string &email) const {
    expect_no_complaints();
    ASSERT_THAT(slack_.roots(), SizeIs(1));
    const SlackVendor::Message &root = slack_.messages().at(slack_.roots()[0]);
    EXPECT_EQ(root.updates_count, posted_count_ - 1);
    EXPECT_THAT(root.text, HasSubstr("Booking canceled"));
    EXPECT_THAT(slack_.replies_to(slack_.roots()[0]), SizeIs(posted_count_ - 1));

    ASSERT_THAT(crm_.contacts(), SizeIs(1));
    EXPECT_EQ(crm_.contacts().begin()->second.at("email"), email);
    ASSERT_THAT(crm_.meetings(), SizeIs(1));
    EXPECT_EQ(crm_.meetings().begin()->second.values.at("hs_meeting_outcome"), "CANCELED");
    EXPECT_THAT(crm_.meetings().begin()->second.contacts, SizeIs(1));

    ASSERT_THAT(calendar_.resources(), SizeIs(1));
    const std::string &event = calendar_.resources().begin()->second.body;
    EXPECT_EQ(property_of(event, "STATUS"), "CANCELLED");
    EXPECT_EQ(property_of(event, "SEQUENCE"), "3");
    EXPECT_EQ(property_of(event, "DTSTART"), "20300603T150000Z");

    EXPECT_THAT(rows("SELECT status, reschedule_count, start FROM booking"),
                testing::ElementsAre("canceled|2|2030-06-03T15:00:00Z"));
    EXPECT_THAT(rows("SELECT count(*) FROM event"), testing::ElementsAre(std::to_string(posted_count_)));

    EXPECT_THAT(forward_.bodies(), SizeIs(posted_count_));
    for (const auto &[id, bodies] : forward_.bodies()) EXPECT_THAT(bodies, SizeIs(1)) << id;
    EXPECT_THAT(daemon_->log(), Not(HasSubstr("s3cr3t")));
  }

  SlackVendor slack_;
  HubSpotVendor crm_;
  CalDavVendor calendar_;
  ForwardVendor forward_;
  TemporaryDirectory directory_{"whole-life"};
  std::unique_ptr<DaemonProcess> daemon_;
  std::unique_ptr<HttpClient> http_;
  int posted_count_ = 0;
};

// BELLHOP_TEST_SEED tries another one.
std::uint64_t seed_of_today() {
  const char *text = std::getenv("BELLHOP_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20'261'125;
}

TEST_F(WholeLife, of_a_booking_of_the_legacy_dialect_ends_right_everywhere_whatever_failed_on_the_way) {
  SCOPED_TRACE("BELLHOP_TEST_SEED=" + std::to_string(seed_of_today()));
  start();
  fail_by(seed_of_today());

  post(legacy(1, "requested", "2030-06-01T15:00:00Z", false, false));
  post(legacy(2, "confirmed", "2030-06-01T15:00:00Z", true, false));
  post(legacy(3, "rescheduled", "2030-06-02T15:00:00Z", true, false));
  post(legacy(4, "rescheduled", "2030-06-03T15:00:00Z", true, false));
  post(legacy(5, "canceled", "2030-06-03T15:00:00Z", true, true));

  expect_all_delivered();
  stop();
  expect_one_of_each("webhooks+sample@appointlet.com");
}

TEST_F(WholeLife, of_a_booking_of_the_v5_dialect_ends_right_everywhere_whatever_failed_on_the_way) {
  SCOPED_TRACE("BELLHOP_TEST_SEED=" + std::to_string(seed_of_today()));
  start();
  fail_by(seed_of_today() + 7);

  post(v5(1, "requested", "2030-06-01T15:00:00Z", false, false));
  post(v5(2, "approved", "2030-06-01T15:00:00Z", true, false));
  post(v5(3, "rescheduled", "2030-06-02T15:00:00Z", true, false));
  post(v5(4, "rescheduled", "2030-06-03T15:00:00Z", true, false));
  post(v5(5, "cancelled", "2030-06-03T15:00:00Z", true, true));

  expect_all_delivered();
  stop();
  expect_one_of_each("john@example.com");
}

// ---- what strangers write -------------------------------------------------------------------------------------------

// The naughty strings, and ours: mentions, line breaks that bring properties or headers, formulas, paths, and
// characters of four bytes at the vendors' limits.
std::vector<std::string> hostile_texts() {
  rapidjson::Document document;
  document.Parse(contents(BELLHOP_TEST_DATA "/strings/blns.json").c_str());
  std::vector<std::string> texts{"<!channel> <@U1>",
                                 "x\r\nX-INJECTED: 1\r\nATTENDEE:mailto:a@b.example",
                                 "x\nEND:VEVENT\nBEGIN:VEVENT",
                                 "=HYPERLINK(\"http://evil.example\",\"x\")",
                                 "+1+cmd|' /C calc'!A0",
                                 "../../etc/passwd",
                                 "\",\"channel\":\"C0DEMO\",\"x\":\"",
                                 "'; DROP TABLE booking; --"};
  for (const auto &text : document.GetArray()) texts.emplace_back(text.GetString(), text.GetStringLength());
  for (const std::size_t limit : {75, 150, 2'000, 3'000, 4'000}) {
    for (const std::size_t before : {limit - 2, limit - 1, limit}) {
      texts.push_back(std::string(before, 'x') + "\xF0\x9F\x98\x80\xF0\x9F\x98\x80");
    }
  }
  return texts;
}

TEST_F(WholeLife, of_bookings_full_of_hostile_texts_lets_nothing_out_of_its_field) {
  start();
  const std::vector<std::string> texts = hostile_texts();
  ASSERT_GT(texts.size(), 500u);

  for (std::size_t number = 0; number < texts.size(); ++number) {
    const std::string quoted = json_text(texts[number]), text = quoted.substr(1, quoted.size() - 2);
    post(with_edits(legacy(1, "confirmed", "2030-06-01T15:00:00Z", true, false),
                    {{"BOOKING_ID", "B" + std::to_string(number)},
                     {"webhooks+sample@", "guest" + std::to_string(number) + "@"},
                     {"Ada  King Lovelace", text},
                     {"newsletter\"", text + "\""},
                     {"\"Zoom\"", "\"" + text + "\""},
                     {"Meeting Type 1", text},
                     {"Member 1", text},
                     {"Half an hour with a person", text},
                     {"+44 20 7946 0000", text}}));
  }
  const std::string few = "SELECT name FROM instance WHERE delivered_count < " + std::to_string(texts.size());
  ASSERT_TRUE(
      eventually([&] { return rows_of(daemon_->state() / "journal.db", few).empty(); }, std::chrono::seconds(60)))
      << daemon_->log();
  stop();

  expect_no_complaints();
  EXPECT_THAT(slack_.roots(), SizeIs(texts.size()));
  EXPECT_THAT(crm_.contacts(), SizeIs(texts.size()));
  EXPECT_THAT(crm_.meetings(), SizeIs(texts.size()));
  EXPECT_THAT(calendar_.resources(), SizeIs(texts.size()));
  EXPECT_THAT(forward_.bodies(), SizeIs(texts.size()));
  EXPECT_THAT(rows("SELECT count(*) FROM booking"), testing::ElementsAre(std::to_string(texts.size())));
  const std::vector<std::string> kept =
      rows("SELECT text FROM answer WHERE slug = 'full_name' ORDER BY CAST(substr(booking_id, 2) AS INTEGER)");
  ASSERT_THAT(kept, SizeIs(texts.size()));
  for (std::size_t number = 0; number < texts.size(); ++number) EXPECT_EQ(kept[number], texts[number]) << number;
}

}  // namespace
}  // namespace bellhop::test
