// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry.hpp"

#include <algorithm>

namespace bellhop::core {
namespace {

constexpr Milliseconds unavailable_ms_max = 60'000;

std::string_view outcome_of(Arrival::What what) {
  switch (what) {
    case Arrival::What::accepted:
      return "accepted";
    case Arrival::What::duplicate:
      return "duplicate";
    case Arrival::What::quarantined:
      return "quarantined";
    case Arrival::What::rejected:
      return "rejected";
    case Arrival::What::unavailable:
      return "unavailable";
  }
  return "rejected";
}

// "" while the delivery goes on.
std::string_view outcome_of(const Attempt &attempt) {
  switch (attempt.state) {
    case DeliveryState::waiting:
      return "";
    case DeliveryState::delivered:
      return attempt.verdict == Verdict::skip ? "skipped" : "delivered";
    case DeliveryState::dead:
    case DeliveryState::dropped:
      return "dead";
  }
  return "";
}

double seconds(Milliseconds ms) { return static_cast<double>(ms) / 1'000; }

// One family with a value per instance.
template <class Value>
MetricReading per_instance(const Gathered &gathered, const char *name, const char *help, MetricReading::What what,
                           Value value) {
  MetricReading reading{name, help, what, {}};
  for (const Gathered::Instance &instance : gathered.instances) {
    reading.values.push_back({{{"instance", instance.name}}, static_cast<double>(value(instance))});
  }
  return reading;
}

template <class Value>
MetricReading per_listener(const Gathered &gathered, const char *name, const char *help, Value value) {
  MetricReading reading{name, help, MetricReading::What::counter, {}};
  for (const auto &[listener, counters] : gathered.listeners) {
    reading.values.push_back({{{"listener", listener}}, static_cast<double>(value(counters))});
  }
  return reading;
}

MetricReading single(const char *name, const char *help, double value) {
  return {name, help, MetricReading::What::gauge, {{{}, value}}};
}

bool is_full(const Gathered &gathered) {
  return gathered.disk_free_bytes >= 0 && gathered.disk_free_bytes < gathered.disk_reserve_bytes;
}

void add_instances(const Gathered &gathered, std::vector<MetricReading> &readings) {
  using Instance = Gathered::Instance;
  constexpr auto gauge = MetricReading::What::gauge, counter = MetricReading::What::counter;
  readings.push_back(per_instance(gathered, "bellhop_backlog_events",
                                  "Events owed to the instance and not with it now, about: not sent yet, or waiting "
                                  "for a retry.",
                                  gauge,
                                  [](const Instance &i) { return i.status.backlog_count + i.row.waiting_count; }));
  readings.push_back(per_instance(
      gathered, "bellhop_oldest_waiting_seconds", "Age of the oldest event that is still owed; 0 when nothing is.",
      gauge, [&](const Instance &i) {
        return i.oldest_received_ms == 0 ? 0
                                         : seconds(std::max<Milliseconds>(0, gathered.now_ms - i.oldest_received_ms));
      }));
  readings.push_back(per_instance(gathered, "bellhop_waiting_deliveries",
                                  "Deliveries that wait for their next attempt.", gauge,
                                  [](const Instance &i) { return i.row.waiting_count; }));
  readings.push_back(per_instance(gathered, "bellhop_waiting_replays", "Replays that a person asked for and that wait.",
                                  gauge, [](const Instance &i) { return i.row.replays_waiting_count; }));
  readings.push_back(per_instance(gathered, "bellhop_dead_letters", "Dead letters that nobody has handled yet.", gauge,
                                  [](const Instance &i) { return i.row.dead_count; }));
  readings.push_back(per_instance(gathered, "bellhop_in_flight_deliveries", "Deliveries that are with the plugin now.",
                                  gauge, [](const Instance &i) { return i.status.in_flight_count; }));
  readings.push_back(
      per_instance(gathered, "bellhop_instance_running",
                   "1 while the instance takes events, 0 while it is starting, held, backing off or refused.", gauge,
                   [](const Instance &i) { return i.status.state == "running" ? 1 : 0; }));
  readings.push_back(per_instance(gathered, "bellhop_instance_held", "1 while the instance is on hold.", gauge,
                                  [](const Instance &i) { return i.status.state == "held" ? 1 : 0; }));
  readings.push_back(per_instance(gathered, "bellhop_instance_restarts_total",
                                  "Children of the instance that died and were replaced.", counter,
                                  [](const Instance &i) { return i.status.restarts_count; }));
  readings.push_back(per_instance(gathered, "bellhop_kv_bytes", "What the plugin keeps by the service kv.", gauge,
                                  [](const Instance &i) { return i.kept.kv; }));
  readings.push_back(per_instance(gathered, "bellhop_documents_bytes", "What the plugin has published.", gauge,
                                  [](const Instance &i) { return i.kept.documents; }));
}

void add_listeners(const Gathered &gathered, std::vector<MetricReading> &readings) {
  using Counters = HttpServer::Counters;
  readings.push_back(per_listener(gathered, "bellhop_http_connections_total", "Connections that were accepted.",
                                  [](const Counters &c) { return c.connections; }));
  readings.push_back(per_listener(gathered, "bellhop_http_requests_total", "Whole requests that reached a handler.",
                                  [](const Counters &c) { return c.requests; }));
  readings.push_back(per_listener(gathered, "bellhop_http_refused_frames_total",
                                  "Requests that were refused because of their form.",
                                  [](const Counters &c) { return c.refused_frames; }));
  readings.push_back(per_listener(gathered, "bellhop_http_refused_addresses_total",
                                  "Connections that were refused by the cap per address.",
                                  [](const Counters &c) { return c.refused_addresses; }));
  readings.push_back(per_listener(gathered, "bellhop_http_timeouts_total", "Connections that missed a deadline.",
                                  [](const Counters &c) { return c.timeouts; }));
}

}  // namespace

void Telemetry::arrival(const Arrival &arrival) {
  metrics_.event(arrival.source_name, arrival.type, outcome_of(arrival.what));
  if (arrival.append_ms < 0) return;
  metrics_.append(arrival.append_ms);
  Lock lock(mutex_);
  unavailable_ = arrival.what == Arrival::What::unavailable ? arrival.reason : "";
  unavailable_ms_ = clock_.steady_ms();
}

void Telemetry::attempt(const Attempt &attempt) {
  AttemptSample sample;
  sample.instance = attempt.instance;
  sample.verdict = text_of(attempt.verdict);
  sample.outcome = outcome_of(attempt);
  sample.took_ms = attempt.took_ms;
  const bool is_end = !sample.outcome.empty() && !attempt.is_replay && attempt.received_ms > 0;
  if (is_end) sample.latency_ms = std::max<Milliseconds>(0, clock_.wall_ms() - attempt.received_ms);
  metrics_.attempt(sample);
}

HealthControl Telemetry::health(const Gathered &gathered) const {
  HealthControl health;
  {
    Lock lock(mutex_);
    if (!unavailable_.empty() && clock_.steady_ms() - unavailable_ms_ < unavailable_ms_max) {
      health.is_ready = false;
      health.reasons.push_back("the last webhook could not be stored: " + unavailable_);
    }
  }
  if (is_full(gathered)) {
    health.is_ready = false;
    health.reasons.push_back("the disk has less free space than journal.disk_reserve_bytes; webhooks are answered 503");
  }
  for (const Gathered::Instance &instance : gathered.instances) {
    const std::string &state = instance.status.state;
    if (state != "held" && state != "backing off" && state != "refused") continue;
    health.reasons.push_back("instance " + instance.name + " is " + state +
                             (instance.status.reason.empty() ? "" : ": " + instance.status.reason));
  }
  return health;
}

std::vector<MetricReading> Telemetry::readings(const Gathered &gathered) {
  std::vector<MetricReading> readings;
  readings.push_back(
      single("bellhop_start_time_seconds", "When the daemon was started, Unix time.", seconds(gathered.started_ms)));
  readings.push_back(single("bellhop_journal_newest_seq", "Position of the newest event in the journal.",
                            static_cast<double>(gathered.newest)));
  readings.push_back(single("bellhop_journal_bytes", "Size of the journal's files, write-ahead log included.",
                            static_cast<double>(gathered.journal_bytes)));
  if (gathered.disk_free_bytes >= 0) {
    readings.push_back(single("bellhop_disk_free_bytes", "Free space of the journal's file system.",
                              static_cast<double>(gathered.disk_free_bytes)));
  }
  readings.push_back(single("bellhop_journal_full",
                            "1 while webhooks are answered 503 because there is no room, else 0.",
                            is_full(gathered) ? 1 : 0));
  add_instances(gathered, readings);
  add_listeners(gathered, readings);
  return readings;
}

}  // namespace bellhop::core
