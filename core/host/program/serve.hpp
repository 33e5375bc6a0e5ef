// SPDX-License-Identifier: Apache-2.0
// Serve: the child's side of the wire. One plugin, one thread, one socket; ends with the daemon.
#pragma once

#include "host/containment.hpp"

namespace bellhop::core {

// Reads `hello` from the socket, contains itself, loads, creates and starts the plugin, then delivers until `stop` or
// the end of the socket. Never returns: ends the program with status 0.
[[noreturn]] void serve(int socket, const Containment &containment);

}  // namespace bellhop::core
