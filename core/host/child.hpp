// SPDX-License-Identifier: Apache-2.0
// Child: a plugin in a process of its own, `bellhop-host`, on the other end of a socketpair (host/wire.hpp). The
// default way to host. Whatever the plugin does (crash, hang, exit, close or scribble over every descriptor) ends its
// process and becomes one sentence here; the daemon never loads the plugin's code.
//
// The child locks itself up before it loads the plugin (host/program/contain.hpp): no other program, no network, no
// file but its own unless the config grants it. It runs under the same user all the same: docs/containment.md.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "host/desk.hpp"
#include "host/instance.hpp"

namespace bellhop::core {

struct ChildOptions {
  std::string host_program;      // absolute path of bellhop-host
  const Clock *clock = nullptr;  // for the limit on log lines; must outlive the instance
  int log_lines_per_second_max = 100;
  // Where calls of services go; must outlive the instance. nullptr: json alone is offered, and a plugin that needs more
  // is refused.
  Desk *desk = nullptr;
};

// Starts the child; never fails: what goes wrong is reported as `died`. PDEATHSIG ties the child to the calling thread,
// which must live as long as the daemon wants the child to. [one: the owner's thread]
std::unique_ptr<Instance> spawn_child(const InstanceSpec &spec, const ChildOptions &options);

}  // namespace bellhop::core
