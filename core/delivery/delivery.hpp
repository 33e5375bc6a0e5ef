// SPDX-License-Identifier: Apache-2.0
// Delivery: the shell around the engine (delivery/engine.hpp). One thread, `delivery`: waits on the instances'
// descriptors, a wake-up descriptor and the engine's next timer, feeds the engine and carries out its actions. All
// decisions are the engine's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "delivery/policy.hpp"
#include "event/filter.hpp"
#include "host/instance.hpp"
#include "journal/journal.hpp"

namespace bellhop::core {

// One configured instance as delivery sees it.
struct DeliveryPlan {
  InstanceId id = 0;  // from Journal::open_instance
  Seq cursor = 0;     // from Journal::open_instance
  std::string name;
  Filter filter;
  Policy policy;
  int workers = 1;
  int batch_max = 64;  // events in one call of a plugin that has the batch extension
  InstanceSpec spec;   // worker is filled in by delivery
};

// What the operator's console shows, one per attempt.
struct Attempt {
  std::string instance, type, subject;
  EventId id;
  Seq seq = 0;
  int attempt = 1;
  bool is_replay = false;
  Verdict verdict = Verdict::ok;
  DeliveryState state = DeliveryState::delivered;
  Milliseconds took_ms = 0;
  Milliseconds retry_in_ms = 0;  // when waiting
  std::string message;
};

struct InstanceStatus {
  std::string name;
  std::string state;  // starting | running | held | backing off | refused | stopped
  std::string reason; // one sentence when not running
  int workers = 0;
  std::int64_t in_flight_count = 0;
  std::int64_t restarts_count = 0;
};

class Delivery {
 public:
  using Observer = std::function<void(const Attempt &)>;  // on the delivery thread; must not block

  Delivery(Journal &journal, const Clock &clock, const Log &log, std::vector<DeliveryPlan> plans, Spawn spawn,
           Observer observer, std::uint64_t random_seed);
  ~Delivery();  // stop(0)

  void start();
  // Offers nothing new, lets what is in flight finish within budget, stops the children, joins. [one]
  //   returns   true when everything in flight was settled
  bool stop(Milliseconds budget_ms);
  void wake();                                 // something was committed. [any]
  std::vector<InstanceStatus> status() const;  // [any]

 private:
  struct Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace bellhop::core
