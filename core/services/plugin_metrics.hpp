// SPDX-License-Identifier: Apache-2.0
// PluginMetrics: the families that plugins make up. "sent" of the instance slack becomes
// bellhop_plugin_sent_total{instance="slack"}: the prefix keeps them apart from the daemon's own, the first use of a
// name decides what it is, for every instance. A sample that does not fit is dropped and counted with the reason; a
// plugin's slip must not cost a delivery.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/mutex.hpp"
#include "host/desk.hpp"

namespace bellhop::core {

class PluginMetrics {
 public:
  explicit PluginMetrics(prometheus::Registry &registry);
  void add(std::string_view instance, const MetricSample &sample);  // [any]

 private:
  // Why a sample is not taken, nullptr: it is.
  const char *fault_of(std::string_view instance, const MetricSample &sample) REQUIRES(mutex_);

  prometheus::Registry &registry_;
  prometheus::Family<prometheus::Counter> &dropped_;
  Mutex mutex_;
  std::map<std::string, MetricSample::What, std::less<>> names_ GUARDED_BY(mutex_);
  // By instance: every series as "name{label=value,…}".
  std::map<std::string, std::set<std::string>, std::less<>> series_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::core
