// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry.hpp"

#include <gtest/gtest.h>

#include "support/exposition.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {
namespace {

using test::Exposition;

struct Observed {
  FakeClock clock;
  Metrics metrics{"1"};
  Telemetry telemetry{metrics, clock};
  Exposition page(const Gathered &gathered = {}) const {
    return Exposition(metrics.text(Telemetry::readings(gathered)));
  }
};

Arrival arrival(Arrival::What what, Milliseconds append_ms = 3) {
  Arrival out;
  out.what = what;
  out.source_name = "appointlet";
  out.type = "booking.confirmed";
  out.append_ms = append_ms;
  return out;
}

Gathered two_instances() {
  Gathered gathered;
  gathered.newest = 10;
  gathered.now_ms = 100'000;
  gathered.journal_bytes = 4'096;
  gathered.disk_free_bytes = 1'000'000;
  gathered.disk_reserve_bytes = 1'000;
  Gathered::Instance slack, crm;
  slack.name = "slack";
  slack.status.state = "running";
  slack.row.cursor = 10;
  crm.name = "crm";
  crm.status.state = "held";
  crm.status.reason = "the login was revoked";
  crm.status.restarts_count = 2;
  crm.row.cursor = 4;
  crm.status.backlog_count = 4;
  crm.row.waiting_count = 2;
  crm.row.dead_count = 1;
  crm.kept.kv = 77;
  crm.oldest_received_ms = 40'000;
  gathered.instances = {slack, crm};
  HttpServer::Counters counters;
  counters.connections = 5;
  gathered.listeners.emplace_back("webhooks", counters);
  return gathered;
}

TEST(Telemetry, what_was_gathered_becomes_a_valid_page) {
  const Observed daemon;

  const Exposition seen = daemon.page(two_instances());

  EXPECT_EQ(seen.faults_text(), "");
  EXPECT_EQ(seen.value("bellhop_backlog_events", {{"instance", "slack"}}), 0);
  EXPECT_EQ(seen.value("bellhop_backlog_events", {{"instance", "crm"}}), 6);
  EXPECT_EQ(seen.value("bellhop_oldest_waiting_seconds", {{"instance", "crm"}}), 60);
  EXPECT_EQ(seen.value("bellhop_oldest_waiting_seconds", {{"instance", "slack"}}), 0);
  EXPECT_EQ(seen.value("bellhop_dead_letters", {{"instance", "crm"}}), 1);
  EXPECT_EQ(seen.value("bellhop_instance_restarts_total", {{"instance", "crm"}}), 2);
  EXPECT_EQ(seen.value("bellhop_instance_running", {{"instance", "slack"}}), 1);
  EXPECT_EQ(seen.value("bellhop_instance_held", {{"instance", "crm"}}), 1);
  EXPECT_EQ(seen.value("bellhop_kv_bytes", {{"instance", "crm"}}), 77);
  EXPECT_EQ(seen.value("bellhop_journal_bytes"), 4'096);
  EXPECT_EQ(seen.value("bellhop_journal_full"), 0);
  EXPECT_EQ(seen.value("bellhop_http_connections_total", {{"listener", "webhooks"}}), 5);
}

TEST(Telemetry, a_rejected_body_is_counted_and_was_never_appended) {
  Observed daemon;

  daemon.telemetry.arrival(arrival(Arrival::What::accepted));
  daemon.telemetry.arrival(arrival(Arrival::What::rejected, -1));

  const Exposition seen = daemon.page();
  EXPECT_EQ(seen.value("bellhop_append_duration_seconds_count"), 1);
  EXPECT_EQ(seen.value("bellhop_events_total",
                       {{"source", "appointlet"}, {"type", "booking.confirmed"}, {"outcome", "rejected"}}),
            1);
}

TEST(Telemetry, latency_runs_from_receipt_to_the_end_and_not_for_replays) {
  Observed daemon;
  Attempt attempt;
  attempt.instance = "slack";
  attempt.received_ms = daemon.clock.wall_ms() - 2'000;

  daemon.telemetry.attempt(attempt);
  attempt.is_replay = true;
  daemon.telemetry.attempt(attempt);
  attempt.is_replay = false;
  attempt.state = DeliveryState::waiting;
  attempt.verdict = Verdict::hold;
  daemon.telemetry.attempt(attempt);

  const Exposition seen = daemon.page();
  EXPECT_EQ(seen.value("bellhop_delivery_latency_seconds_count", {{"instance", "slack"}}), 1);
  EXPECT_EQ(seen.value("bellhop_delivery_latency_seconds_sum", {{"instance", "slack"}}), 2);
  EXPECT_EQ(seen.value("bellhop_deliveries_total", {{"instance", "slack"}, {"outcome", "delivered"}}), 2);
  EXPECT_EQ(seen.value("bellhop_attempts_total", {{"instance", "slack"}, {"verdict", "hold"}}), 1);
}

TEST(Telemetry, a_held_instance_is_a_reason_and_no_cause_to_stop_sending_webhooks) {
  const Observed daemon;

  const HealthControl health = daemon.telemetry.health(two_instances());

  EXPECT_TRUE(health.is_ready);
  EXPECT_EQ(health.reasons, std::vector<std::string>{"instance crm is held: the login was revoked"});
}

TEST(Telemetry, a_webhook_that_was_not_stored_makes_the_daemon_not_ready_until_one_is_or_a_minute_has_gone) {
  Observed daemon;
  Arrival lost = arrival(Arrival::What::unavailable);
  lost.reason = "disk I/O error";

  daemon.telemetry.arrival(lost);
  EXPECT_FALSE(daemon.telemetry.health({}).is_ready);
  daemon.telemetry.arrival(arrival(Arrival::What::accepted));
  EXPECT_TRUE(daemon.telemetry.health({}).is_ready);

  daemon.telemetry.arrival(lost);
  daemon.clock.advance(59'999);
  EXPECT_EQ(daemon.telemetry.health({}).reasons,
            std::vector<std::string>{"the last webhook could not be stored: disk I/O error"});
  daemon.clock.advance(1);
  EXPECT_TRUE(daemon.telemetry.health({}).is_ready);
}

TEST(Telemetry, a_disk_below_its_reserve_is_full) {
  const Observed daemon;
  Gathered gathered = two_instances();
  gathered.disk_free_bytes = 999;

  EXPECT_FALSE(daemon.telemetry.health(gathered).is_ready);
  EXPECT_EQ(daemon.page(gathered).value("bellhop_journal_full"), 1);
}

}  // namespace
}  // namespace bellhop::core
