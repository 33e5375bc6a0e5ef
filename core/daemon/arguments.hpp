// SPDX-License-Identifier: Apache-2.0
// Arguments: bellhopd's command line as a value. Read before anything else happens, and before a fork.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace bellhop::core {

struct Arguments {
  std::string config;     // --config FILE
  std::string state_dir;  // --state-dir DIR
  std::string listen;     // --listen ADDRESS
  std::string pidfile;    // --pidfile FILE
  bool is_daemon = false;
  bool is_check = false;
  bool is_help = false;
  bool is_version = false;
};

//   errors    invalid: an unknown option with the nearest one, a missing value, two options that exclude each other
Result<Arguments> parse_arguments(const std::vector<std::string> &words);

std::string help_text();

}  // namespace bellhop::core
