// SPDX-License-Identifier: Apache-2.0
// Run: the life of a daemon in this process, from open() to its exit status: who is told what, and what signals do.
#pragma once

#include "daemon/launch.hpp"
#include "daemon/prepared.hpp"

namespace bellhop::core {

// Blocks the signals that run_daemon waits for, in this thread and all that it starts. First thing in main, before a
// library starts a thread. SIGHUP is one of them: left alone it would end the process.
void block_signals();

// Threads start in here and have ended when it returns; call it after the last fork. Returns the exit status.
int run_daemon(Prepared &prepared, Launch &launch);

}  // namespace bellhop::core
