// SPDX-License-Identifier: Apache-2.0
// Desk: what the daemon does for plugins that call a service. The host room carries the calls here from a child or from
// a plugin in this process; it knows neither the journal nor the network. The daemon's implementation is in
// core/services; tests have their own.
//
// Every function may be called from any thread and must not block; `done` is called exactly once, at once or later, on
// any thread, even when the instance has died meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "egress/http_call.hpp"
#include "event/staged.hpp"

namespace bellhop::core {

struct Caller {
  std::string instance;  // name in the config
  int worker = 0;
};

// One sample of the service metrics. The host adds the instance as a label.
struct MetricSample {
  enum class What { count, gauge, observe };  // add to a counter, set a gauge, observe in a histogram
  What what = What::count;
  std::string name;  // [a-z][a-z0-9_]{0,63}
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

using KvEntries = std::vector<std::pair<std::string, std::string>>;

class Desk {
 public:
  virtual ~Desk() = default;

  virtual void http(const Caller &caller, HttpCall call, std::function<void(HttpReply)> done) = 0;
  // The instance has been told to stop or its child has died: its calls under way end with `cancelled` soon.
  virtual void cancel(const Caller &caller) = 0;
  virtual void kv_get(const Caller &caller, std::string key,
                      std::function<void(Result<std::optional<std::string>>)> done) = 0;
  // Entries with that prefix and a key > after, in the order of their keys' bytes, at most count_max of them.
  virtual void kv_list(const Caller &caller, std::string prefix, std::string after, int count_max,
                       std::function<void(Result<KvEntries>)> done) = 0;
  // Durable when done is called.
  virtual void write(const Caller &caller, Staged staged, std::function<void(Result<void>)> done) = 0;
  virtual void metric(const Caller &caller, MetricSample sample) = 0;
  // "https://…/pub/<token>/" under which this instance's documents are served, "" when nothing is.
  virtual std::string public_url(const Caller &caller) = 0;
};

}  // namespace bellhop::core
