// SPDX-License-Identifier: Apache-2.0
// A range of events replayed: counted first, asked for when it is much, then carried out page by page.
#pragma once

#include "cli/change_commands.hpp"

namespace bellhop::core {

int run_replay_range(const ReplayOptions &options, const Surroundings &surroundings, const Screen &screen);

}  // namespace bellhop::core
