// SPDX-License-Identifier: Apache-2.0
// Control: what admin may ask of the running daemon beyond the journal's records. The daemon implements it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace bellhop::core {

// How an instance tries again, for who explains when the next attempt comes.
struct RetryControl {
  int attempts_max = 0;         // 0 = unlimited
  Milliseconds age_ms_max = 0;  // 0 = unlimited
  Milliseconds backoff_ms_min = 1'000, backoff_ms_max = 3'600'000;
};

struct CommandControl {
  std::string name, summary;
};

struct InstanceControl {
  std::string name, plugin, library, state, reason;  // state: see InstanceStatus
  std::vector<std::string> events;                   // the globs in force
  int workers = 1;
  std::int64_t in_flight_count = 0, restarts_count = 0;
  std::string held_by = "", breaker = "closed", last_error = "";  // see InstanceStatus
  Milliseconds held_since_ms = 0, next_probe_ms = 0;  // steady, which is Unix time but for the clock's jumps; 0: none
  Milliseconds oldest_since_ms = 0;
  std::int64_t oldest = 0;  // seq
  RetryControl retry = {};
  bool has_health = false;                    // can be asked for its health
  std::vector<CommandControl> commands = {};  // that it can run
  std::string public_url = {};                // under which its documents are served, a secret; "" = nowhere
};

// What a plugin said to a question.
struct AnswerControl {
  bool is_ok = false;
  std::string verdict;  // "ok" …
  std::string message;
  std::string output;  // of a command; bytes, whatever they are
  bool is_output_cut = false;
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

  // Questions to the plugin of an instance, which has its turn when a worker is idle: they block until it has answered,
  // at most for as long as an attempt may take and 10 s more. [any]
  //   errors    not_found: no such instance, or no such command, with what there is; invalid: the arguments do not fit;
  //             timeout: no worker was idle; unavailable: it died over the question, or the daemon is stopping
  virtual Result<AnswerControl> check(const std::string &instance) const = 0;
  // arguments_json: an object. Of the output the first output_bytes_max bytes are kept.
  virtual Result<AnswerControl> run(const std::string &instance, const std::string &command,
                                    const std::string &arguments_json) const = 0;
  static constexpr std::size_t output_bytes_max = 1 << 20;
};

}  // namespace bellhop::core
