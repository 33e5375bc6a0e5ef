// SPDX-License-Identifier: Apache-2.0
// The rules of a metric sample, for the guest and for the daemon, which does not believe the guest.
#include <algorithm>
#include <cmath>

#include "host/desk.hpp"
#include "host/sentence.hpp"
#include "host/service_call.hpp"

namespace bellhop::core {

namespace {

bool is_metric_name(std::string_view name) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= metric_name_bytes_max && is_small(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_small(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

bool is_sound(const MetricSample &sample) {
  if (!is_metric_name(sample.name) || sample.labels.size() > metric_labels_count_max) return false;
  if (!std::isfinite(sample.value) || (sample.what == MetricSample::What::count && sample.value < 0)) return false;
  return std::all_of(sample.labels.begin(), sample.labels.end(), [](const auto &label) {
    return is_metric_name(label.first) && label.second.size() <= metric_label_value_bytes_max &&
           clean_utf8(label.second, metric_label_value_bytes_max) == label.second;
  });
}

}  // namespace bellhop::core
