// SPDX-License-Identifier: Apache-2.0
// `bellhop plugin`: the tools of those who write plugins. new makes a project, inspect shows what a library says of
// itself, validate holds it against the contract check by check, try delivers one event and shows all that happened.
// None of them needs a daemon, and the code of a plugin runs in children only.
#pragma once

#include "cli/trial_desk.hpp"
#include "cli/trial_plan.hpp"

namespace bellhop::core {

struct NewOptions {
  std::string name, directory;  // "" = ./NAME
};

struct InspectOptions {
  std::string library;
  bool is_json = false;
};

struct ValidateOptions {
  PluginChoice plugin;
  bool is_json = false;
  Milliseconds budget_ms = 10'000;
};

struct TryOptions {
  PluginChoice plugin;
  EventChoice event;
  std::string http = "stub", answers_file, kv_file;
  Milliseconds budget_ms = 30'000;
  int times = 1;  // how often the event is delivered, as after a crash: from the second on as a redelivery
  bool is_json = false, is_watching = false;
};

int run_plugin_new(const NewOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_plugin_inspect(const InspectOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_plugin_validate(const ValidateOptions &options, const Surroundings &surroundings, const Screen &screen,
                        Random &random);
int run_plugin_try(const TryOptions &options, const Surroundings &surroundings, const Screen &screen, Random &random);
// `bellhop replay REF --instance NAME --config FILE --dry-run`: what that instance would do with that event.
int run_dry_replay(const TryOptions &options, const Surroundings &surroundings, const Screen &screen, Random &random);

}  // namespace bellhop::core
