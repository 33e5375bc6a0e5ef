// SPDX-License-Identifier: Apache-2.0
// Welcome: what a person who started the daemon can paste next.
#pragma once

#include <string>
#include <vector>

#include "daemon/console.hpp"
#include "daemon/prepared.hpp"

namespace bellhop::core {

// `urls`: the webhook URLs with their tokens. `instances` come from the plans.
Welcome make_welcome(const Config &config, const std::vector<std::string> &urls,
                     const std::vector<std::string> &instances, const Surroundings &surroundings);

// The word as a shell takes it: as it is, or in single quotes.
std::string shell_word(const std::string &word);

}  // namespace bellhop::core
