// SPDX-License-Identifier: Apache-2.0
// Syscall filter: which system calls this process may make from now on (seccomp). A list of what is denied, not of what
// is allowed: plugins are other people's programs, and what they may need of the kernel is not ours to guess. Denied is
// what reaches other processes, other programs, the machine or the network.
#pragma once

#include "base/result.hpp"
#include "host/containment.hpp"

namespace bellhop::core {

// Like contain(). On a processor that it does not know (other than x86-64 and arm64) it does nothing.
Result<void> filter_syscalls(const Containment &containment);

}  // namespace bellhop::core
