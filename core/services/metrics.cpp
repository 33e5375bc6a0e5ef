// SPDX-License-Identifier: Apache-2.0
#include "services/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/mutex.hpp"
#include "egress/redaction.hpp"
#include "services/plugin_metrics.hpp"

namespace bellhop::core {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::Registry;
using Bounds = Histogram::BucketBoundaries;
using Labels = prometheus::Labels;

constexpr std::size_t event_types_max = 100;
constexpr std::string_view other_type = "other";

double seconds(Milliseconds ms) { return static_cast<double>(ms) / 1'000; }

// One fsync takes one to ten milliseconds on a disk of today; what matters is the tail.
Bounds append_bounds() { return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5}; }
Bounds call_bounds() { return {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}; }
// From "at once" to "after a weekend of retries".
Bounds latency_bounds() {
  return {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3'600, 21'600, 86'400, 259'200};
}

Family<Counter> &counter(Registry &registry, const char *name, const char *help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Histogram> &histogram(Registry &registry, const char *name, const char *help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

std::string status_class(const HttpReply &reply) {
  if (reply.failure != HttpFailure::none) return std::string(failure_name(reply.failure));
  return reply.status >= 100 && reply.status < 600 ? std::to_string(reply.status / 100) + "xx" : "odd";
}

prometheus::MetricFamily family_of(const MetricReading &reading) {
  const bool is_counter = reading.what == MetricReading::What::counter;
  prometheus::MetricFamily family;
  family.name = reading.name;
  family.help = reading.help;
  family.type = is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const MetricReading::Value &value : reading.values) {
    prometheus::ClientMetric metric;
    for (const auto &[name, text] : value.labels) metric.label.push_back({name, text});
    (is_counter ? metric.counter.value : metric.gauge.value) = value.value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

struct Metrics::Families {
  explicit Families(std::string_view version) {
    prometheus::BuildGauge()
        .Name("bellhop_build_info")
        .Help("Always 1; the label tells the version.")
        .Register(registry)
        .Add({{"version", std::string(version)}})
        .Set(1);
  }

  // The type as a label. It comes from a sender that knows a token, and so is bounded in number all the same.
  std::string known_type(std::string_view type) {
    Lock lock(mutex);
    if (event_types.count(type) != 0) return std::string(type);
    if (event_types.size() >= event_types_max) return std::string(other_type);
    event_types.emplace(type);
    return std::string(type);
  }

  Registry registry;
  Family<Counter> &events = counter(registry, "bellhop_events_total",
                                    "Requests to a webhook URL by what became of them: accepted, duplicate, "
                                    "quarantined, rejected, unavailable.");
  Histogram &appends = histogram(registry, "bellhop_append_duration_seconds",
                                 "How long it took to put an event on stable storage, in whole milliseconds.")
                           .Add({}, append_bounds());
  Family<Counter> &attempts =
      counter(registry, "bellhop_attempts_total", "Calls of a plugin by its verdict: ok, skip, retry, fail, hold.");
  Family<Histogram> &attempt_times =
      histogram(registry, "bellhop_attempt_duration_seconds", "How long a plugin took over one attempt.");
  Family<Counter> &deliveries = counter(registry, "bellhop_deliveries_total",
                                        "Deliveries that have ended, by outcome: delivered, skipped, dead.");
  Family<Histogram> &latencies =
      histogram(registry, "bellhop_delivery_latency_seconds",
                "From the receipt of an event to the end of its delivery, retries included.");
  Family<Counter> &http_calls = counter(registry, "bellhop_egress_requests_total",
                                        "HTTP requests of plugins by status class, or by why there was no answer.");
  Family<Histogram> &http_times = histogram(registry, "bellhop_egress_request_duration_seconds",
                                            "How long HTTP requests of plugins took, failed ones included.");
  Family<Counter> &publications =
      counter(registry, "bellhop_publication_requests_total", "Requests for published documents by status.");
  Family<Counter> &calls = counter(registry, "bellhop_service_calls_total",
                                   "Calls of the services kv and publish, by call and whether they succeeded.");
  PluginMetrics plugins{registry};

  Mutex mutex;
  std::set<std::string, std::less<>> event_types GUARDED_BY(mutex);
};

Metrics::Metrics(std::string_view version) : families_(std::make_unique<Families>(version)) {}
Metrics::~Metrics() = default;

void Metrics::event(std::string_view source, std::string_view type, std::string_view outcome) {
  families_->events
      .Add({{"source", std::string(source)}, {"type", families_->known_type(type)}, {"outcome", std::string(outcome)}})
      .Increment();
}

void Metrics::append(Milliseconds took_ms) { families_->appends.Observe(seconds(took_ms)); }

void Metrics::attempt(const AttemptSample &sample) {
  const Labels instance{{"instance", std::string(sample.instance)}};
  families_->attempts.Add({{"instance", std::string(sample.instance)}, {"verdict", std::string(sample.verdict)}})
      .Increment();
  families_->attempt_times.Add(instance, call_bounds()).Observe(seconds(sample.took_ms));
  if (sample.outcome.empty()) return;
  families_->deliveries.Add({{"instance", std::string(sample.instance)}, {"outcome", std::string(sample.outcome)}})
      .Increment();
  if (sample.latency_ms >= 0) families_->latencies.Add(instance, latency_bounds()).Observe(seconds(sample.latency_ms));
}

void Metrics::http(std::string_view instance, const HttpReply &reply, Milliseconds took_ms) {
  families_->http_calls.Add({{"instance", std::string(instance)}, {"status", status_class(reply)}}).Increment();
  families_->http_times.Add({{"instance", std::string(instance)}}, call_bounds()).Observe(seconds(took_ms));
}

void Metrics::publication(std::string_view instance, int status) {
  families_->publications.Add({{"instance", std::string(instance)}, {"status", std::to_string(status)}}).Increment();
}

void Metrics::service(std::string_view instance, std::string_view call, bool is_ok) {
  families_->calls
      .Add({{"instance", std::string(instance)}, {"call", std::string(call)}, {"result", is_ok ? "ok" : "error"}})
      .Increment();
}

void Metrics::sample(std::string_view instance, const MetricSample &sample) {
  families_->plugins.add(instance, sample);
}

std::string Metrics::text(const std::vector<MetricReading> &readings) const {
  std::vector<prometheus::MetricFamily> all = families_->registry.Collect();
  for (const MetricReading &reading : readings) all.push_back(family_of(reading));
  all.erase(std::remove_if(all.begin(), all.end(), [](const auto &family) { return family.metric.empty(); }),
            all.end());
  std::sort(all.begin(), all.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return out.str();
}

}  // namespace bellhop::core
