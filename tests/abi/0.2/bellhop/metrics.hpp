// SPDX-License-Identifier: Apache-2.0
// bellhop/metrics.hpp -- figures for the operator's graphs: Metrics metrics(context()); metrics.count("posts_total").
// Never throws, and does nothing where the host does not offer it: name BHP_SVC_METRICS in wants().
#pragma once

#include <array>
#include <initializer_list>
#include <string_view>

#include "plugin.hpp"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

struct Label {
  std::string_view name, value;
};

// Cheap to make; may be used by any thread of the plugin.
class Metrics {
 public:
  explicit Metrics(const Context &context)
      : host_(context.host), api_(static_cast<const bhp_metrics_v1 *>(host_->service(host_, BHP_SVC_METRICS))) {}
  explicit operator bool() const { return api_ != nullptr; }  // does this host offer it?

  void count(std::string_view name, double delta = 1, std::initializer_list<Label> labels = {}) const noexcept {
    if (api_ != nullptr) tell(api_->count, name, delta, labels);
  }
  void gauge(std::string_view name, double value, std::initializer_list<Label> labels = {}) const noexcept {
    if (api_ != nullptr) tell(api_->gauge, name, value, labels);
  }
  void observe(std::string_view name, double value, std::initializer_list<Label> labels = {}) const noexcept {
    if (api_ != nullptr) tell(api_->observe, name, value, labels);
  }

 private:
  using Tell = decltype(bhp_metrics_v1::count);
  static constexpr size_t labels_count_max = 8;

  void tell(Tell what, std::string_view name, double value, std::initializer_list<Label> labels) const noexcept {
    std::array<bhp_pair, labels_count_max> pairs{};
    if (labels.size() > pairs.size()) return;
    size_t count = 0;
    for (const Label &label : labels) {
      pairs[count++] = {{label.name.data(), label.name.size()}, {label.value.data(), label.value.size()}};
    }
    what(host_, name.data(), name.size(), pairs.data(), count, value);
  }
  const bhp_host *host_;
  const bhp_metrics_v1 *api_;
};

}  // namespace bellhop

#pragma GCC visibility pop
