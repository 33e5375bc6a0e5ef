// SPDX-License-Identifier: Apache-2.0
// `bellhop check`: reads the config and asks the plugins as bellhopd would, and says everything that is wrong at once.
// It needs no daemon and changes nothing; plugins are loaded in children only.
#pragma once

#include <string>

#include "cli/screen.hpp"
#include "config/config.hpp"

namespace bellhop::core {

// Returns 0 when bellhopd would start with it, 78 when it would refuse.
int run_check(const std::string &file, bool is_json, const Surroundings &surroundings, const Screen &screen);

}  // namespace bellhop::core
