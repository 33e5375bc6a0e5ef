// SPDX-License-Identifier: Apache-2.0
// Prepared: all that is known before a thread, a socket or a journal exists, and so before a fork: which config is in
// force, that it is sound, and what the plugins are.
#pragma once

#include <string>
#include <variant>

#include "config/config.hpp"
#include "daemon/arguments.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/plans.hpp"

namespace bellhop::core {

struct Prepared {
  Arguments arguments;  // with absolute paths
  Surroundings surroundings;
  Config config;
  Plans plans;
  std::vector<Finding> warnings;
};

// Chooses and reads the config (docs/decisions/0073-which-config-is-read.md), asks the plugins.
//   errors    daemon_config with every finding on a line of its own; daemon_cannot_create: no place for the embedded
//             default's token
std::variant<Prepared, Failure> prepare(Arguments arguments, Surroundings surroundings, PlanDepth depth);

}  // namespace bellhop::core
