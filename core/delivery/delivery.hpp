// SPDX-License-Identifier: Apache-2.0
// Delivery: the shell around the engine (delivery/engine.hpp). One thread, `delivery`: waits on the instances'
// descriptors, a wake-up descriptor and the engine's next timer, feeds the engine and carries out its actions. All
// decisions are the engine's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "delivery/plan.hpp"
#include "host/instance.hpp"
#include "journal/journal.hpp"

namespace bellhop::core {

class Delivery {
 public:
  using Observer = std::function<void(const Attempt &)>;     // on the delivery thread; must not block
  using Answer = std::function<void(Result<PluginAnswer>)>;  // the same; called exactly once
  using Output = std::function<void(std::string_view)>;      // the same; bytes of a command's output, before the answer

  Delivery(Journal &journal, const Clock &clock, const Log &log, std::vector<DeliveryPlan> plans, Spawn spawn,
           Observer observer, std::uint64_t random_seed);
  ~Delivery();  // stop(0)

  void start();
  // Offers nothing new, lets what is in flight finish within budget, stops the children, joins. [one]
  //   returns   true when everything in flight was settled
  bool stop(Milliseconds budget_ms);
  void wake();                                 // something was committed. [any]
  std::vector<InstanceStatus> status() const;  // [any]

  // ---- questions to a plugin, put to one of its idle workers; between events, so never while one is delivered [any]
  // ---
  //   errors    not_found: no such instance; timeout: no worker was idle in time; unavailable: it died over the
  //   question,
  //             or delivery stops
  void check(std::string instance, Answer done);
  void run(std::string instance, std::string command, std::string arguments_json, Output output, Answer done);

 private:
  struct Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace bellhop::core
