// SPDX-License-Identifier: Apache-2.0
// Control: what admin may ask of the running daemon beyond the journal's records. The daemon implements it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"

namespace bellhop::core {

struct InstanceControl {
  std::string name, plugin, library, state, reason;  // state: see InstanceStatus
  std::vector<std::string> events;                   // the globs in force
  int workers = 1;
  std::int64_t in_flight_count = 0, restarts_count = 0;
  std::string held_by, breaker = "closed", last_error;  // see InstanceStatus
  Milliseconds held_since_ms = 0, next_probe_ms = 0;    // steady, which is Unix time but for the clock's jumps; 0: none
  Milliseconds oldest_since_ms = 0;
  std::int64_t oldest = 0;  // seq
};

struct DaemonControl {
  std::string version, config_file, state_dir;
  std::vector<std::string> webhook_urls;  // with their tokens: only for the owner of the admin socket
  Milliseconds started_ms = 0;            // wall
  int pid = 0;
};

// Is it well? Ready: webhooks are stored. A reason is one sentence for the operator each.
struct HealthControl {
  bool is_ready = true;
  std::vector<std::string> reasons;  // empty and ready: all is well
};

class Control {
 public:
  virtual ~Control() = default;
  virtual DaemonControl daemon() const = 0;                    // [any]
  virtual std::vector<InstanceControl> instances() const = 0;  // [any]
  virtual std::string metrics() const = 0;                     // Prometheus' text format 0.0.4. [any]
  virtual HealthControl health() const = 0;                    // [any]
};

}  // namespace bellhop::core
