// SPDX-License-Identifier: Apache-2.0
// What `bellhop-host --describe` and `--check` print: JSON on one line, for host/describe.cpp to read.
#pragma once

#include <bellhop/plugin.h>

#include <string>
#include <vector>

#include "host/guest.hpp"

namespace bellhop::core {

std::string manifest_json(const std::vector<const bhp_plugin *> &plugins);  // {"plugins":[…]}
std::string error_json(const std::string &sentence);                        // {"error":"…"}
std::string outcome_json(const Outcome &outcome);                           // {"code":0,"message":"…"}

}  // namespace bellhop::core
