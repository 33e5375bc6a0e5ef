// SPDX-License-Identifier: Apache-2.0
#include "services/metrics.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "support/exposition.hpp"

namespace bellhop::core {
namespace {

using test::Exposition;
using What = MetricSample::What;

Exposition page(const Metrics &metrics, const std::vector<MetricReading> &readings = {}) {
  return Exposition(metrics.text(readings));
}

TEST(Metrics, a_fresh_daemon_shows_its_version_and_a_valid_page) {
  const Metrics metrics("1.2.3");

  const Exposition seen = page(metrics);

  EXPECT_EQ(seen.faults_text(), "");
  EXPECT_EQ(seen.value("bellhop_build_info", {{"version", "1.2.3"}}), 1);
}

TEST(Metrics, counts_arrivals_by_source_type_and_outcome) {
  Metrics metrics("1");

  metrics.event("appointlet", "booking.confirmed", "accepted");
  metrics.event("appointlet", "booking.confirmed", "accepted");
  metrics.event("appointlet", "booking.confirmed", "duplicate");
  metrics.append(7);

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.faults_text(), "");
  const std::string name = "bellhop_events_total";
  EXPECT_EQ(seen.value(name, {{"source", "appointlet"}, {"type", "booking.confirmed"}, {"outcome", "accepted"}}), 2);
  EXPECT_EQ(seen.value(name, {{"source", "appointlet"}, {"type", "booking.confirmed"}, {"outcome", "duplicate"}}), 1);
  EXPECT_EQ(seen.value("bellhop_append_duration_seconds_bucket", {{"le", "0.005"}}), 0);
  EXPECT_EQ(seen.value("bellhop_append_duration_seconds_bucket", {{"le", "0.01"}}), 1);
  EXPECT_DOUBLE_EQ(seen.value("bellhop_append_duration_seconds_sum"), 0.007);
}

TEST(Metrics, a_sender_cannot_make_series_without_end) {
  Metrics metrics("1");

  for (int i = 0; i < 5'000; ++i) metrics.event("appointlet", "booking.n" + std::to_string(i), "accepted");

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.count_of("bellhop_events_total"), 101U);
  EXPECT_EQ(seen.value("bellhop_events_total", {{"source", "appointlet"}, {"type", "other"}, {"outcome", "accepted"}}),
            4'900);
}

TEST(Metrics, an_attempt_that_waits_is_no_delivery_and_has_no_latency) {
  Metrics metrics("1");

  metrics.attempt({"slack", "retry", "", 20, -1});
  metrics.attempt({"slack", "ok", "delivered", 30, 61'000});

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.faults_text(), "");
  EXPECT_EQ(seen.value("bellhop_attempts_total", {{"instance", "slack"}, {"verdict", "retry"}}), 1);
  EXPECT_EQ(seen.value("bellhop_attempts_total", {{"instance", "slack"}, {"verdict", "ok"}}), 1);
  EXPECT_EQ(seen.value("bellhop_deliveries_total", {{"instance", "slack"}, {"outcome", "delivered"}}), 1);
  EXPECT_EQ(seen.count_of("bellhop_deliveries_total"), 1U);
  EXPECT_EQ(seen.value("bellhop_attempt_duration_seconds_count", {{"instance", "slack"}}), 2);
  EXPECT_EQ(seen.value("bellhop_delivery_latency_seconds_count", {{"instance", "slack"}}), 1);
  EXPECT_EQ(seen.value("bellhop_delivery_latency_seconds_bucket", {{"instance", "slack"}, {"le", "60"}}), 0);
}

TEST(Metrics, http_calls_are_counted_by_class_or_by_why_there_was_no_answer) {
  Metrics metrics("1");
  HttpReply answered, failed;
  answered.status = 429;
  failed.failure = HttpFailure::tls;

  metrics.http("crm", answered, 80);
  metrics.http("crm", failed, 90);

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.value("bellhop_egress_requests_total", {{"instance", "crm"}, {"status", "4xx"}}), 1);
  EXPECT_EQ(seen.value("bellhop_egress_requests_total", {{"instance", "crm"}, {"status", "tls"}}), 1);
  EXPECT_EQ(seen.value("bellhop_egress_request_duration_seconds_count", {{"instance", "crm"}}), 2);
}

TEST(Metrics, readings_stand_beside_what_was_counted_in_one_valid_page) {
  Metrics metrics("1");
  metrics.event("appointlet", "ping", "accepted");

  const Exposition seen = page(
      metrics, {{"bellhop_backlog_events", "Events behind.", MetricReading::What::gauge, {{{{"instance", "a"}}, 3}}},
                {"bellhop_restarts_total", "Deaths.", MetricReading::What::counter, {{{}, 4}}},
                {"bellhop_nothing", "Left out.", MetricReading::What::gauge, {}}});

  EXPECT_EQ(seen.faults_text(), "");
  EXPECT_EQ(seen.value("bellhop_backlog_events", {{"instance", "a"}}), 3);
  EXPECT_EQ(seen.type_of("bellhop_restarts_total"), "counter");
  EXPECT_FALSE(seen.has("bellhop_nothing"));
}

TEST(PluginMetrics, samples_of_a_plugin_carry_its_instance_and_the_prefix) {
  Metrics metrics("1");

  metrics.sample("slack", {What::count, "messages_sent", {{"channel", "#sales \"east\"\\n"}}, 2});
  metrics.sample("slack", {What::count, "messages_sent", {{"channel", "#sales \"east\"\\n"}}, 1});
  metrics.sample("crm", {What::gauge, "contacts", {}, -4.5});
  metrics.sample("crm", {What::observe, "sync_seconds", {}, 0.2});

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.faults_text(), "");
  EXPECT_EQ(
      seen.value("bellhop_plugin_messages_sent_total", {{"instance", "slack"}, {"channel", "#sales \"east\"\\n"}}), 3);
  EXPECT_EQ(seen.value("bellhop_plugin_contacts", {{"instance", "crm"}}), -4.5);
  EXPECT_EQ(seen.value("bellhop_plugin_sync_seconds_bucket", {{"instance", "crm"}, {"le", "0.25"}}), 1);
}

TEST(PluginMetrics, a_sample_that_does_not_fit_is_dropped_and_counted) {
  Metrics metrics("1");
  const std::vector<MetricSample> odd{
      {What::count, "", {}, 1},
      {What::count, "Sent", {}, 1},
      {What::count, "sent\n# TYPE evil counter", {}, 1},
      {What::count, std::string(65, 'a'), {}, 1},
      {What::count, "sent", {}, -1},
      {What::gauge, "level", {}, std::numeric_limits<double>::quiet_NaN()},
      {What::observe, "took_sum", {}, 1},
      {What::count, "sent", {{"instance", "another"}}, 1},
      {What::count, "sent", {{"le", "1"}}, 1},
      {What::count, "sent", {{"a", "1"}, {"a", "2"}}, 1},
      {What::count, "sent", {{"a", std::string(129, 'x')}}, 1},
      {What::count, "sent", {{"a", "\xff"}}, 1},
  };

  for (const MetricSample &sample : odd) metrics.sample("slack", sample);

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.faults_text(), "");
  EXPECT_EQ(seen.value("bellhop_plugin_samples_dropped_total", {{"instance", "slack"}, {"reason", "invalid"}}),
            static_cast<double>(odd.size()));
  EXPECT_FALSE(seen.has("bellhop_plugin_sent_total"));
}

TEST(PluginMetrics, the_first_use_of_a_name_decides_what_it_is) {
  Metrics metrics("1");

  metrics.sample("slack", {What::gauge, "open", {}, 1});
  metrics.sample("crm", {What::observe, "open", {}, 1});
  metrics.sample("crm", {What::count, "sent_total", {}, 1});
  metrics.sample("slack", {What::count, "sent", {}, 1});
  metrics.sample("slack", {What::gauge, "sent_total", {}, 1});

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.type_of("bellhop_plugin_open"), "gauge");
  EXPECT_EQ(seen.value("bellhop_plugin_samples_dropped_total", {{"instance", "crm"}, {"reason", "another_type"}}), 1);
  EXPECT_EQ(seen.value("bellhop_plugin_samples_dropped_total", {{"instance", "slack"}, {"reason", "another_type"}}), 1);
  EXPECT_EQ(seen.count_of("bellhop_plugin_sent_total"), 2U);
}

TEST(PluginMetrics, a_plugin_has_two_hundred_series_and_its_neighbour_has_its_own) {
  Metrics metrics("1");

  for (int i = 0; i < 1'000; ++i) metrics.sample("slack", {What::count, "sent", {{"user", std::to_string(i)}}, 1});
  metrics.sample("slack", {What::count, "sent", {{"user", "7"}}, 1});
  metrics.sample("crm", {What::count, "sent", {{"user", "x"}}, 1});

  const Exposition seen = page(metrics);
  EXPECT_EQ(seen.count_of("bellhop_plugin_sent_total"), plugin_series_max + 1);
  EXPECT_EQ(seen.value("bellhop_plugin_sent_total", {{"instance", "slack"}, {"user", "7"}}), 2);
  EXPECT_EQ(seen.value("bellhop_plugin_sent_total", {{"instance", "crm"}, {"user", "x"}}), 1);
  EXPECT_EQ(seen.value("bellhop_plugin_samples_dropped_total", {{"instance", "slack"}, {"reason", "too_many_series"}}),
            800);
}

TEST(Metrics, many_threads_may_count_while_the_page_is_read) {
  Metrics metrics("1");
  std::vector<std::thread> threads;

  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics, t] {
      for (int i = 0; i < 500; ++i) {
        metrics.event("appointlet", "booking.confirmed", "accepted");
        metrics.sample("i" + std::to_string(t), {What::observe, "took", {{"n", std::to_string(i % 5)}}, 0.1});
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(page(metrics).faults_text(), "");
  for (std::thread &thread : threads) thread.join();

  EXPECT_EQ(page(metrics).value("bellhop_events_total",
                                {{"source", "appointlet"}, {"type", "booking.confirmed"}, {"outcome", "accepted"}}),
            2'000);
}

}  // namespace
}  // namespace bellhop::core
