// SPDX-License-Identifier: Apache-2.0
// Contain: the child locks itself up, for good, before it loads the plugin's library. Everything here is inherited by
// what it may start and cannot be undone by it. The parts: limits and capabilities (contain.cpp), files
// (program/landlock.hpp), system calls (program/syscall_filter.hpp).
#pragma once

#include <string>

#include "base/result.hpp"
#include "host/containment.hpp"

namespace bellhop::core {

// Call it with one thread, and without any privilege to gain (PR_SET_NO_NEW_PRIVS).
//   library     absolute path of the plugin, which may be read with its neighbours
//   state_dir   the instance's own directory, or "" when it has none: then there is nothing that it may write
//   errors      one sentence; the plugin must not be loaded then
// A kernel without Landlock is no error: the daemon has warned of it.
Result<void> contain(const Containment &containment, const std::string &library, const std::string &state_dir);

}  // namespace bellhop::core
