// SPDX-License-Identifier: Apache-2.0
// Telemetry: what the daemon tells machines about itself. It turns arrivals and attempts into counts as they happen,
// and what was gathered at the moment of a scrape into readings and a verdict on the daemon's health. No room knows it;
// the daemon hands it what the rooms say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "control/control.hpp"
#include "delivery/delivery.hpp"
#include "http/server.hpp"
#include "intake/intake.hpp"
#include "journal/inspect.hpp"
#include "services/metrics.hpp"

namespace bellhop::core {

// What is looked up for one scrape.
struct Gathered {
  struct Instance {
    std::string name;
    InstanceStatus status;
    InstanceRow row;
    KeptBytes kept;
    Milliseconds oldest_received_ms = 0;  // wall, of the oldest event that is owed; 0 = none
  };
  std::vector<Instance> instances;
  Seq newest = 0;
  std::int64_t journal_bytes = 0;     // database and write-ahead log
  std::int64_t disk_free_bytes = -1;  // -1: cannot be told
  std::int64_t disk_reserve_bytes = 0;
  Milliseconds started_ms = 0, now_ms = 0;                              // wall
  std::vector<std::pair<std::string, HttpServer::Counters>> listeners;  // "webhooks", "admin", "metrics"
};

class Telemetry {
 public:
  explicit Telemetry(Metrics &metrics, const Clock &clock) : metrics_(metrics), clock_(clock) {}

  void arrival(const Arrival &arrival);  // [any]
  void attempt(const Attempt &attempt);  // [any]
  // Pure but for what arrivals told: a daemon that could not store the newest webhook is not ready, for a minute: then
  // another one shall have its chance, or a balancer in front would never send one again.
  HealthControl health(const Gathered &gathered) const;  // [any]
  static std::vector<MetricReading> readings(const Gathered &gathered);

 private:
  Metrics &metrics_;
  const Clock &clock_;
  mutable Mutex mutex_;
  std::string unavailable_ GUARDED_BY(mutex_);          // why the newest webhook was not stored; "" = it was
  Milliseconds unavailable_ms_ GUARDED_BY(mutex_) = 0;  // steady
};

}  // namespace bellhop::core
