// SPDX-License-Identifier: Apache-2.0
#include "services/plugin_metrics.hpp"

#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <cmath>

#include "event/utf8.hpp"
#include "services/metrics.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t names_max = 500;  // over all instances
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t labels_max = 8;
constexpr std::size_t label_bytes_max = 128;
constexpr std::string_view total = "_total";
// Seconds as a rule; a plugin that observes something else still sees its order of magnitude.
const prometheus::Histogram::BucketBoundaries plugin_bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,  1,
                                                            2.5,   5,    10,    25,   60,  250,  1'000};

bool is_name(std::string_view name) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= name_bytes_max && is_lower(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// `instance` is the daemon's to say; `le` and `quantile` are Prometheus' own.
bool is_label_name(std::string_view name) {
  return is_name(name) && name != "instance" && name != "le" && name != "quantile";
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Sequence sequence = utf8_sequence(text, at);
    if (!sequence.is_valid) return false;
    at += sequence.size;
  }
  return true;
}

bool has_good_labels(const MetricSample &sample) {
  if (sample.labels.size() > labels_max) return false;
  std::set<std::string_view> names;
  for (const auto &[name, value] : sample.labels) {
    if (!is_label_name(name) || value.size() > label_bytes_max || !is_utf8(value)) return false;
    if (!names.insert(name).second) return false;
  }
  return true;
}

// By Prometheus' convention a counter ends in _total.
std::string family_name(const MetricSample &sample) {
  std::string name = "bellhop_plugin_" + sample.name;
  const bool has_total =
      name.size() > total.size() && name.compare(name.size() - total.size(), total.size(), total) == 0;
  const bool is_count = sample.what == MetricSample::What::count;
  if (is_count && !has_total) name += total;
  return name;
}

bool has_reserved_end(std::string_view name) {
  for (const std::string_view end : {"_bucket", "_sum", "_count"}) {
    if (name.size() >= end.size() && name.substr(name.size() - end.size()) == end) return true;
  }
  return false;
}

std::string series_of(const MetricSample &sample) {
  std::map<std::string_view, std::string_view> sorted(sample.labels.begin(), sample.labels.end());
  std::string key = sample.name;
  for (const auto &[name, value] : sorted) key.append(1, '\0').append(name).append(1, '=').append(value);
  return key;
}

}  // namespace

PluginMetrics::PluginMetrics(prometheus::Registry &registry)
    : registry_(registry),
      dropped_(prometheus::BuildCounter()
                   .Name("bellhop_plugin_samples_dropped_total")
                   .Help("Samples of plugins that were not taken: invalid, another_type, too_many_series.")
                   .Register(registry)) {}

const char *PluginMetrics::fault_of(std::string_view instance, const MetricSample &sample) {
  const bool is_count = sample.what == MetricSample::What::count;
  if (!is_name(sample.name) || has_reserved_end(sample.name) || !has_good_labels(sample)) return "invalid";
  if (!std::isfinite(sample.value) || (is_count && sample.value < 0)) return "invalid";
  const std::string name = family_name(sample);
  const auto known = names_.find(name);
  if (known != names_.end() && known->second != sample.what) return "another_type";
  auto owner = series_.find(instance);
  if (owner == series_.end()) owner = series_.emplace(instance, std::set<std::string>()).first;
  const std::string series = series_of(sample);
  if (owner->second.count(series) == 0) {
    if (owner->second.size() >= plugin_series_max || (known == names_.end() && names_.size() >= names_max)) {
      return "too_many_series";
    }
    owner->second.insert(series);
  }
  if (known == names_.end()) names_.emplace(name, sample.what);
  return nullptr;
}

// untrusted: a plugin says all of it
void PluginMetrics::add(std::string_view instance, const MetricSample &sample) {
  Lock lock(mutex_);
  if (const char *fault = fault_of(instance, sample)) {
    dropped_.Add({{"instance", std::string(instance)}, {"reason", fault}}).Increment();
    return;
  }
  prometheus::Labels labels(sample.labels.begin(), sample.labels.end());
  labels["instance"] = instance;
  const std::string name = family_name(sample);
  const std::string help = "Of plugins: " + sample.name + ".";
  switch (sample.what) {
    case MetricSample::What::count:
      prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels).Increment(sample.value);
      break;
    case MetricSample::What::gauge:
      prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels).Set(sample.value);
      break;
    case MetricSample::What::observe:
      prometheus::BuildHistogram()
          .Name(name)
          .Help(help)
          .Register(registry_)
          .Add(labels, plugin_bounds)
          .Observe(sample.value);
      break;
  }
}

}  // namespace bellhop::core
