// SPDX-License-Identifier: Apache-2.0
// Library: which .so a plugin's name means. Looks at directories only; nothing is loaded here.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace bellhop::core {

// The absolute path of `plugin`: itself when it is one, else the first directory's plugin.so.
//   errors    not_found: where it was looked for, what is there instead, the nearest name; invalid: no possible name
Result<std::string> find_library(const std::string &plugin, const std::vector<std::string> &dirs);

// Names of all plugins in the directories, sorted, each once.
std::vector<std::string> plugins_in(const std::vector<std::string> &dirs);

}  // namespace bellhop::core
