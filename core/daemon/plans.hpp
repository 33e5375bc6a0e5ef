// SPDX-License-Identifier: Apache-2.0
// Plans: from the config and from what the plugins say of themselves to what intake and delivery are built with. Loads
// no plugin here: children describe them. Everything that can be wrong before a file is touched is found here, all at
// once.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "delivery/delivery.hpp"
#include "egress/destination.hpp"
#include "host/describe.hpp"
#include "intake/intake.hpp"
#include "journal/journal.hpp"

namespace bellhop::core {

struct InstancePlan {
  DeliveryPlan delivery;  // id and cursor are the journal's to give
  Start start = Start::now;
  bool is_inproc = false;
  EgressPolicy egress;              // where its plugin may send HTTP requests
  std::string plugin;               // as the config names it
  std::vector<std::string> events;  // the globs in force
  bool has_health = false;          // its plugin can be asked for its health
  std::vector<CommandManifest> commands;
};

struct Plans {
  std::vector<IntakeSource> sources;
  std::vector<InstancePlan> instances;  // the enabled ones
  std::vector<Finding> errors, warnings;
};

enum class PlanDepth {
  start,  // what the daemon needs: describe, check settings against the schema
  check,  // and let every plugin look at its settings itself. Not at start: a plugin that minds something of today must
          // not keep webhooks from being stored; delivery reports it and the backlog waits
};

// The child host that belongs to this program: in the build tree and the install tree alike.
std::string host_program_of(const Surroundings &surroundings);

Plans make_plans(const Config &config, const Surroundings &surroundings, PlanDepth depth);

}  // namespace bellhop::core
