// SPDX-License-Identifier: Apache-2.0
// Inproc: the Instance interface over a plugin in this very process, on a thread of its own. For tests, the debugger
// and plugins that the operator trusts like the daemon itself: a crash of the plugin is a crash of the daemon, and a
// call that never returns cannot be ended, only given up (the destructor then waits for it).
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "host/desk.hpp"
#include "host/instance.hpp"

namespace bellhop::core {

// Never fails: what goes wrong is reported as `died`. `clock` and `desk` must outlive the instance; without a desk json
// is the only service.
std::unique_ptr<Instance> start_inproc(const InstanceSpec &spec, const Clock &clock, Desk *desk = nullptr);

}  // namespace bellhop::core
