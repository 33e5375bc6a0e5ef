// SPDX-License-Identifier: Apache-2.0
// Trial: one plugin, one event, no daemon. The real child with the real wire; the desk behind it is the caller's
// (cli/trial_desk.hpp), so what a plugin asks for is done, made up or only written down. Everything that happens is
// told in the order in which it happened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "host/desk.hpp"
#include "host/instance.hpp"

namespace bellhop::core {

// One thing that happened, for people and for programs.
struct Happening {
  std::string what;  // "log", "http", "kv", "document", "metric"
  std::string line;  // one line
  std::string more;  // what belongs beneath it, "" = nothing
  std::string json;  // an object
};

// Written by the desk on any thread and by the trial.
class Transcript {
 public:
  void add(Happening happening) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    happenings_.push_back(std::move(happening));
  }
  std::vector<Happening> take() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return std::exchange(happenings_, {});
  }

 private:
  Mutex mutex_;
  std::vector<Happening> happenings_ GUARDED_BY(mutex_);
};

struct TrialOptions {
  std::string host_program;
  Milliseconds start_ms_max = 15'000;  // until it is ready
  Milliseconds budget_ms = 30'000;     // for each delivery
  Milliseconds stop_ms_max = 5'000;
};

struct Trial {
  bool is_ready = false;              // create and start were OK
  bool is_refused = false;            // they said no: the plugin or its settings
  std::vector<PluginAnswer> answers;  // one a parcel, as far as it came
  std::vector<Staged> staged;         // the same: what was kept of each, empty unless OK or SKIP
  std::string died;                   // "" = it ended as it was told
  std::string crash;                  // what is known beyond that
  Milliseconds ready_ms = 0, took_ms = 0, stopped_ms = 0;
  bool is_killed = false;  // it was over its time: `died` says where
};

// Starts the instance, delivers the parcels one after the other, stops it. Blocks. What each delivery staged is given
// to `settle` before the next.
Trial run_trial(const InstanceSpec &spec, const std::vector<Parcel> &parcels, const TrialOptions &options, Desk &desk,
                Transcript &transcript, const std::function<void(const Staged &)> &settle);

// "ok", "skip", "retry", "fail", "hold"; "retry (17 is no verdict)" for what is not known.
std::string verdict_name(std::int32_t code);

}  // namespace bellhop::core
