// SPDX-License-Identifier: Apache-2.0
// The commands about one instance: health and run ask its plugin, kv and documents list what it keeps.
#pragma once

#include <string>
#include <vector>

#include "cli/asking.hpp"

namespace bellhop::core {

struct HealthOptions {
  AskOptions ask;
  std::string instance;  // "" = all that can be asked
};

struct CommandOptions {
  AskOptions ask;
  std::string instance, command;       // command "": list them
  std::string arguments_json;          // an object; or
  std::vector<std::string> arguments;  // key=value
};

struct KeptOptions {
  AskOptions ask;
  std::string instance, after;
  int limit = 1000;
};

int run_health(const HealthOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_command(const CommandOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_kv(const KeptOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_documents(const KeptOptions &options, const Surroundings &surroundings, const Screen &screen);

}  // namespace bellhop::core
