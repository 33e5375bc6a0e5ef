// SPDX-License-Identifier: Apache-2.0
// Metrics: what the daemon counts, and what its plugins count by the service metrics, as one page in Prometheus' text
// format. Things that happen are counted here when they happen; things that are (a backlog, a size) are read by the
// caller at the moment of a scrape and handed in as readings.
//
// Every label that comes from outside is bounded: an event type beyond the first 100 is "other", a plugin has
// plugin_series_max series and not one more. docs/operating.md lists the families; their names only grow.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "egress/http_call.hpp"
#include "host/desk.hpp"

namespace bellhop::core {

// Of one instance. A histogram counts as one series, though Prometheus stores one for each of its buckets.
inline constexpr std::size_t plugin_series_max = 200;

// One family of values that are read, not counted.
struct MetricReading {
  enum class What { counter, gauge };
  using Labels = std::vector<std::pair<std::string, std::string>>;
  struct Value {
    Labels labels;
    double value = 0;
  };
  std::string name, help;  // of ours: "bellhop_backlog_events", one sentence without line breaks
  What what = What::gauge;
  std::vector<Value> values;  // none: the family is left out
};

// One attempt, when its outcome is durable.
struct AttemptSample {
  std::string_view instance, verdict;  // "ok", "retry" …
  std::string_view outcome;            // "delivered", "skipped" or "dead"; "" = the delivery goes on waiting
  Milliseconds took_ms = 0;
  Milliseconds latency_ms = -1;  // from the event's receipt to this end; -1 = no end, a replay, or not known
};

class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();

  // A request to a webhook URL. `type` may be "". [any]
  void event(std::string_view source, std::string_view type, std::string_view outcome);
  void append(Milliseconds took_ms);                                                   // [any]
  void attempt(const AttemptSample &sample);                                           // [any]
  void http(std::string_view instance, const HttpReply &reply, Milliseconds took_ms);  // of a plugin. [any]
  void publication(std::string_view instance, int status);                             // [any]
  void service(std::string_view instance, std::string_view call, bool is_ok);          // kv and publish. [any]
  void sample(std::string_view instance, const MetricSample &sample);                  // the service metrics. [any]

  // The page: "text/plain; version=0.0.4". [any]
  std::string text(const std::vector<MetricReading> &readings) const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace bellhop::core
