// SPDX-License-Identifier: Apache-2.0
// What a plugin does through the daemon, over the whole street: a real daemon, a plugin in its child process that uses
// every service, and a destination on loopback that remembers what it was told.
#include <gtest/gtest.h>

#include <csignal>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "http/server.hpp"
#include "support/daemon_process.hpp"
#include "support/exposition.hpp"
#include "support/loader.hpp"
#include "support/raw_http.hpp"

namespace bellhop::test {
namespace {

using core::RawAnswer;
using core::RawHttp;

// The foreign service: answers 200, when it is let, and keeps what was posted.
class Destination {
 public:
  Destination() {
    server_ = core::HttpServer::open(
                  "127.0.0.1:0", {}, [](const core::HttpRequest &) { return std::nullopt; },
                  [this](const core::HttpRequest &request) {
                    core::Lock lock(mutex_);
                    bodies_.push_back(request.body);
                    while (is_held_) changed_.wait(mutex_);
                    return core::HttpAnswer();
                  },
                  clock_, log_)
                  .value();
    server_->start();
  }
  ~Destination() { hold(false); }
  void hold(bool is_held) {
    core::Lock lock(mutex_);
    is_held_ = is_held;
    changed_.notify_all();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/told"; }
  std::vector<std::string> bodies() {
    core::Lock lock(mutex_);
    return bodies_;
  }

 private:
  core::SystemClock clock_;
  core::Log log_{[](core::Level, std::string_view) {}};
  core::Mutex mutex_;
  core::CondVar changed_;
  std::vector<std::string> bodies_ GUARDED_BY(mutex_);
  bool is_held_ GUARDED_BY(mutex_) = false;
  std::unique_ptr<core::HttpServer> server_;
};

class ServicesFlow : public testing::Test {
 protected:
  // The daemon on the same state directory, with the plugin behaving so.
  void start(const std::string &behave) {
    const std::string config = R"(
state_dir = "{state}"
stop_max = "8s"
plugin_dirs = ["{plugins}"]
[http]
listen = "127.0.0.1:0"
[metrics]
listen = "unix:{state}/metrics.sock"
[source.appointlet]
tokens = ["0123456789abcdef0123456789abcdef"]
[instance.clerk]
plugin = "clerk"
start = "beginning"
[instance.clerk.retry]
attempts_max = 0
backoff_min = "10ms"
backoff_max = "20ms"
[instance.clerk.settings]
behave = ")" + behave + R"("
url = ")" + destination_.url() +
                               "\"\n";
    daemon_ = std::make_unique<DaemonProcess>(directory_.path(), config);
    ASSERT_TRUE(daemon_->start()) << daemon_->log();
  }
  RawAnswer ask(const std::string &path, const std::string &fields = "", const std::string &method = "GET") {
    RawHttp http(daemon_->port());
    return answer_of(http, path, fields, method);
  }
  RawAnswer ask_socket(const std::string &name, const std::string &path) {
    RawHttp http((daemon_->state() / name).string());
    return answer_of(http, path, "", "GET");
  }
  static RawAnswer answer_of(RawHttp &http, const std::string &path, const std::string &fields,
                             const std::string &method) {
    EXPECT_TRUE(http.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"));
    return http.read_answer(RawHttp::patience, method == "HEAD").value_or(RawAnswer{});
  }
  // What the destination was told last: the ledger's public URL. As a path.
  std::string ledger() {
    const std::vector<std::string> bodies = destination_.bodies();
    return bodies.empty() ? "" : bodies.back().substr(bodies.back().find("/pub/"));
  }

  TemporaryDirectory directory_{"services"};
  Destination destination_;
  std::unique_ptr<DaemonProcess> daemon_;
};

TEST_F(ServicesFlow, a_booking_is_told_to_the_destination_and_published) {
  start("ok");
  HttpClient http(daemon_->port());

  ASSERT_EQ(http.post(daemon_->path(), sample_body("one", 1)).status, 202);

  ASSERT_TRUE(eventually([&] { return destination_.bodies().size() == 1; })) << daemon_->log();
  EXPECT_EQ(destination_.bodies()[0].rfind("http://127.0.0.1:" + std::to_string(daemon_->port()) + "/pub/", 0), 0U)
      << destination_.bodies()[0];
  ASSERT_TRUE(eventually([&] { return ask(ledger()).status == 200; })) << daemon_->log();
  const RawAnswer document = ask(ledger());
  EXPECT_EQ(document.body, "ledger\n");
  EXPECT_EQ(document.header("Content-Type"), "text/plain; charset=utf-8");
  const RawAnswer head = ask(ledger(), "", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "7");
  EXPECT_EQ(ask(ledger(), "If-None-Match: " + document.header("ETag") + "\r\n").status, 304);
  EXPECT_EQ(ask(ledger(), "Content-Length: 0\r\n", "POST").status, 405);
}

TEST_F(ServicesFlow, a_stranger_learns_nothing_under_pub) {
  start("ok");
  HttpClient http(daemon_->port());
  ASSERT_EQ(http.post(daemon_->path(), sample_body("one", 1)).status, 202);
  ASSERT_TRUE(eventually([&] { return !ledger().empty() && ask(ledger()).status == 200; })) << daemon_->log();

  const RawAnswer wrong_token = ask("/pub/00000000000000000000000000000000/ledger.txt");
  const RawAnswer wrong_path = ask(ledger() + "x");
  const RawAnswer elsewhere = ask("/nothing/here");

  EXPECT_EQ(wrong_token.status, 404);
  EXPECT_EQ(wrong_token.body, elsewhere.body);
  EXPECT_EQ(wrong_path.body, elsewhere.body);
  EXPECT_EQ(wrong_token.headers.size(), elsewhere.headers.size());
  EXPECT_EQ(wrong_path.headers.size(), elsewhere.headers.size());
}

TEST_F(ServicesFlow, a_kill_costs_what_a_retry_staged_and_nothing_that_was_written_at_once) {
  start("retry");
  {
    HttpClient http(daemon_->port());
    ASSERT_EQ(http.post(daemon_->path(), sample_body("one", 1)).status, 202);
  }
  ASSERT_TRUE(eventually([&] { return daemon_->log().find("as asked by behave") != std::string::npos; }))
      << daemon_->log();
  EXPECT_EQ(ask(ledger()).status, 404);  // published, but the verdict was RETRY

  daemon_->kill(SIGKILL);
  daemon_->wait();
  start("ok");

  ASSERT_TRUE(eventually([&] { return ask(ledger()).status == 200; })) << daemon_->log();
  EXPECT_EQ(ask(ledger()).body.rfind("ledger\nnow/1=", 0), 0U) << ask(ledger()).body;
  EXPECT_EQ(ask(ledger()).body.find("staged/1"), std::string::npos) << ask(ledger()).body;

  HttpClient http(daemon_->port());
  ASSERT_EQ(http.post(daemon_->path(), sample_body("two", 2)).status, 202);
  EXPECT_TRUE(eventually([&] { return ask(ledger()).body.find("staged/1=") != std::string::npos; }))
      << ask(ledger()).body;
}

TEST_F(ServicesFlow, the_public_url_stays_the_same_over_restarts) {
  start("ok");
  {
    HttpClient http(daemon_->port());
    ASSERT_EQ(http.post(daemon_->path(), sample_body("one", 1)).status, 202);
  }
  ASSERT_TRUE(eventually([&] { return !ledger().empty() && ask(ledger()).status == 200; })) << daemon_->log();
  const std::string path = ledger(), etag = ask(path).header("ETag");

  daemon_->kill(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
  start("ok");

  EXPECT_EQ(ask(path).status, 200);
  EXPECT_EQ(ask(path).header("ETag"), etag);
}

TEST_F(ServicesFlow, a_slow_sender_does_not_use_up_the_time_that_deliveries_have_to_finish) {
  start("ok");
  destination_.hold(true);
  HttpClient http(daemon_->port());
  ASSERT_EQ(http.post(daemon_->path(), sample_body("one", 1)).status, 202);
  ASSERT_TRUE(eventually([&] { return !destination_.bodies().empty(); })) << daemon_->log();
  RawHttp slow(daemon_->port());
  ASSERT_TRUE(slow.send("POST " + daemon_->path() +
                        " HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_TRUE(slow.has_interim_within()) << "the daemon waits for the body";
  ASSERT_TRUE(slow.send("half"));

  daemon_->kill(SIGTERM);
  EXPECT_TRUE(slow.is_closed_within()) << "the listener has waited long enough";
  destination_.hold(false);

  EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
  EXPECT_EQ(daemon_->log().find("deliveries cut off"), std::string::npos) << daemon_->log();
}

TEST_F(ServicesFlow, the_metrics_tell_of_all_of_it) {
  start("ok");
  HttpClient http(daemon_->port());
  ASSERT_EQ(http.post(daemon_->path(), sample_body("one", 1)).status, 202);
  ASSERT_EQ(http.post(daemon_->path(), sample_body("one", 1)).status, 202);
  ASSERT_TRUE(eventually([&] { return !ledger().empty() && ask(ledger()).status == 200; })) << daemon_->log();
  const std::map<std::string, std::string> clerk{{"instance", "clerk"}};
  const auto page = [&] { return Exposition(ask_socket("metrics.sock", "/metrics").body); };

  ASSERT_TRUE(eventually([&] {
    return page().value("bellhop_delivery_latency_seconds_count", clerk) == 1;  // which is counted last
  })) << ask_socket("metrics.sock", "/metrics").body;

  const Exposition seen = page();
  EXPECT_EQ(seen.faults_text(), "");
  const std::string events = "bellhop_events_total";
  EXPECT_EQ(seen.value(events, {{"source", "appointlet"}, {"type", "booking.confirmed"}, {"outcome", "accepted"}}), 1);
  EXPECT_EQ(seen.value(events, {{"source", "appointlet"}, {"type", "booking.confirmed"}, {"outcome", "duplicate"}}), 1);
  EXPECT_EQ(seen.value("bellhop_append_duration_seconds_count"), 2);
  EXPECT_EQ(seen.value("bellhop_deliveries_total", {{"instance", "clerk"}, {"outcome", "delivered"}}), 1);
  EXPECT_EQ(seen.value("bellhop_egress_requests_total", {{"instance", "clerk"}, {"status", "2xx"}}), 1);
  EXPECT_EQ(seen.value("bellhop_plugin_visits_total", {{"instance", "clerk"}, {"type", "booking.confirmed"}}), 1);
  EXPECT_EQ(seen.value("bellhop_backlog_events", clerk), 0);
  EXPECT_GT(seen.value("bellhop_kv_bytes", clerk), 0);
  EXPECT_GT(seen.value("bellhop_documents_bytes", clerk), 0);
  EXPECT_GT(seen.value("bellhop_journal_bytes"), 0);
  EXPECT_EQ(seen.value("bellhop_http_requests_total", {{"listener", "webhooks"}}), 2);
  EXPECT_EQ(Exposition(ask_socket("admin.sock", "/metrics").body).faults_text(), "");
  EXPECT_EQ(ask_socket("metrics.sock", "/health").body,
            "{\"status\":\"ok\",\"live\":true,\"ready\":true,\"reasons\":[]}\n");
  EXPECT_EQ(ask_socket("metrics.sock", "/v1/status").status, 404);
}

}  // namespace
}  // namespace bellhop::test
