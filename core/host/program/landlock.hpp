// SPDX-License-Identifier: Apache-2.0
// Landlock: which files this process may open from now on. Whatever is open already stays usable.
//
//   source  the kernel's Documentation/userspace-api/landlock.rst; rights that a kernel does not know are left out
#pragma once

#include <string>

#include "base/result.hpp"
#include "host/containment.hpp"

namespace bellhop::core {

// Like contain(). Does nothing where the kernel has no Landlock.
Result<void> restrict_files(const Containment &containment, const std::string &library, const std::string &state_dir);

}  // namespace bellhop::core
