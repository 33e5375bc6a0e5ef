// SPDX-License-Identifier: Apache-2.0
// What a trial needs to know before it begins: which library with which settings (as the daemon would plan it, through
// the daemon's own plans), and which event.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "cli/asking.hpp"
#include "cli/screen.hpp"
#include "config/config.hpp"
#include "daemon/plans.hpp"
#include "egress/egress_options.hpp"
#include "host/describe.hpp"

namespace bellhop::core {

struct PluginChoice {
  std::string library;              // path of the .so; "" with config and instance: the one that they name
  std::string config, instance;     // settings of [instance.NAME.settings] of a config file
  std::string settings_file;        // or of a file: a JSON object
  std::vector<std::string> sets;    // key=value or /pointer=value; the value is JSON, else a string
  std::vector<std::string> allow;   // as [instance.NAME.http] allow
  std::vector<std::string> grants;  // network, unix_sockets, exec, read=PATH, write=PATH
  bool is_filling = false;          // makes up what is required and not given
};

struct TrialPlan {
  InstancePlan instance;
  PluginManifest manifest;
  EgressOptions egress;
  std::string host_program;
  std::string settings_shown;        // for people: defaults filled in, secrets as "(secret)"
  std::vector<std::string> made_up;  // keys of settings that nobody gave
};

// The plan of one instance whose state directories lie under `state_dir` (with a config: under the config's own).
//   errors    invalid: all findings, a line each; not_found: no such instance
Result<TrialPlan> plan_trial(const PluginChoice &choice, const std::string &state_dir, const Surroundings &surroundings,
                             const Screen &screen);

// Absolute, without . and ..; relative to the working directory.
std::string absolute_path(const std::string &path);

// A library's plugins as they describe themselves, the child host of this installation asking.
Result<std::vector<PluginManifest>> describe_here(const std::string &library, const Surroundings &surroundings);

struct EventChoice {
  std::string what;  // a file (a webhook's body, or a document of schema version 1), a type, or a REF of the journal
  std::string dialect = "legacy";
  std::vector<std::string> sets;  // of a webhook's body
  AskOptions ask;                 // where the journal is
};

//   errors    invalid: no type, no file, no REF, or not what it should be; those of DaemonClient
Result<Parcel> find_event(const EventChoice &choice, const Surroundings &surroundings, const Screen &screen,
                          Random &random);

// One booking's event of a type, as the daemon would make it of the vendor's sample.
Result<Parcel> sample_parcel(const std::string &type, const std::string &dialect, const std::vector<std::string> &sets,
                             Milliseconds now_ms, Random &random);
// A plugin's view of a stored or given document.
Result<Parcel> parcel_of_document(const std::string &json, const std::string &name);

}  // namespace bellhop::core
