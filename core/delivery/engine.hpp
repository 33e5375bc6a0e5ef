// SPDX-License-Identifier: Apache-2.0
// Engine: delivery as a single-threaded, deterministic state machine: step(now, input) → actions. The same inputs give
// the same actions; it has no thread, clock, socket or randomness of its own, and touches the disk only by the
// journal's read functions, inside step(). Whoever carries out the actions (the shell, a simulation) decides nothing.
//
// One Flow per instance holds all that concerns that instance alone. The engine adds what they share: one
// SettleDeliveries per step, and patience when the journal refuses one. What was decided is decided: a settle that
// failed is written again and again, its lane waits, and nothing of it is sent a second time. The one exception: what a
// plugin staged may be refused for good (a quota); that delivery has failed after all.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "delivery/flow.hpp"
#include "delivery/messages.hpp"

namespace bellhop::core {

class Engine {
 public:
  static constexpr Milliseconds settle_pause_ms_min = 1'000, settle_pause_ms_max = 30'000;

  // `plans` have distinct ids; workers and batch_max are at least 1. The first step may be any; Timer starts the
  // workers.
  Engine(Journal &journal, std::vector<DeliveryPlan> plans, Random random, const LaneLimits &limits = {});

  std::vector<Action> step(Milliseconds now, const Input &input);
  // When Timer must come at the latest; may be in the past, which means at once. nullopt: only another input matters.
  std::optional<Milliseconds> next_timer() const;

  std::vector<InstanceStatus> status() const;
  // Sent or decided, and not yet durable.
  std::int64_t in_flight_count() const;
  // After Stop: every worker has gone and all that was decided is durable.
  bool is_stopped() const;
  const Flow &flow(InstanceId instance) const { return *flows_.at(instance); }

 private:
  struct Pending {
    std::vector<Decided> decided;
    std::vector<CursorMove> cursors;
  };

  void on(Milliseconds now, const Input &input, Outbox &out);
  void on_settled(Milliseconds now, const Settled &input, Outbox &out);
  bool objects_to_staged(Milliseconds now, Pending &pending, const Error &error, Outbox &out);
  void flush(Milliseconds now, Outbox &out);
  void settle(Pending pending, Outbox &out);
  Flow *flow_of(InstanceId instance);

  Random random_;
  std::map<InstanceId, std::unique_ptr<Flow>> flows_;  // unique_ptr: a Flow refers to its own plan and cannot move
  std::map<SettleTicket, Pending> pending_;            // handed out, not yet answered
  SettleTicket last_ticket_ = 0;
  std::vector<Decided> refused_;  // by the journal; written again at refused_until_ms_
  Milliseconds refused_until_ms_ = 0;
  int settle_failures_count_ = 0;  // in a row
  Milliseconds now_ = 0;           // of the last step
};

}  // namespace bellhop::core
