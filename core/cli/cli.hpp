// SPDX-License-Identifier: Apache-2.0
// The command line of `bellhop`: words → options → one command. All text that a person may look up with --help is here.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "cli/screen.hpp"
#include "config/config.hpp"

namespace bellhop::core {

// Runs one command and returns the exit code (cli/exit_code.hpp).
//   given   the arguments, without the program's name
int run_cli(const std::vector<std::string> &given, const Surroundings &surroundings, const Screen &screen,
            Random &random);

}  // namespace bellhop::core
