// SPDX-License-Identifier: Apache-2.0
// The engine: routes inputs to the flows, gathers what they decided into one settle per step.
#include "delivery/engine.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.hpp"

namespace bellhop::core {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

Engine::Engine(Journal &journal, std::vector<DeliveryPlan> plans, Random random, const LaneLimits &limits)
    : random_(random) {
  const Seq newest_at_start = journal.newest();
  for (DeliveryPlan &plan : plans) {
    CHECK(plan.workers >= 1 && plan.batch_max >= 1);
    const InstanceId id = plan.id;
    const bool is_new =
        flows_.emplace(id, std::make_unique<Flow>(journal, std::move(plan), limits, random_, newest_at_start)).second;
    CHECK(is_new);
  }
}

Flow *Engine::flow_of(InstanceId instance) {
  const auto found = flows_.find(instance);
  CHECK(found != flows_.end());
  return found->second.get();
}

std::vector<Action> Engine::step(Milliseconds now, const Input &input) {
  CHECK(now >= now_);
  now_ = now;
  Outbox out;
  on(now, input, out);
  for (auto &[id, flow] : flows_) flow->advance(now, out);
  flush(now, out);
  return std::move(out.actions);
}

void Engine::on(Milliseconds now, const Input &input, Outbox &out) {
  std::visit(Overloaded{
                 [&](const Committed &) {
                   for (auto &[id, flow] : flows_) flow->committed();
                 },
                 [](const Timer &) {},  // advance() looks at the time
                 [&](const Stop &) {
                   for (auto &[id, flow] : flows_) flow->stop();
                 },
                 [&](const Ready &ready) { flow_of(ready.instance)->ready(now, ready); },
                 [&](const Asked &asked) { flow_of(asked.instance)->asked(now, asked, out); },
                 [&](const Told &told) { flow_of(told.instance)->told(now, told, out); },
                 [&](const Answered &answered) { flow_of(answered.instance)->answered(now, answered, out); },
                 [&](const Died &died) { flow_of(died.instance)->died(now, died, out); },
                 [&](const NotSent &not_sent) { flow_of(not_sent.instance)->not_sent(now, not_sent, out); },
                 [&](const Settled &settled) { on_settled(now, settled, out); },
             },
             input);
}

void Engine::on_settled(Milliseconds now, const Settled &input, Outbox &out) {
  auto found = pending_.extract(input.ticket);
  CHECK(!found.empty());
  Pending &pending = found.mapped();
  for (const CursorMove &move : pending.cursors) {
    flow_of(move.instance)->cursor_settled(now, move.cursor, input.result.ok());
  }
  if (!input.result.ok()) {
    if (objects_to_staged(now, pending, input.result.error(), out)) return;
    if (settle_failures_count_ == 0) {
      out.actions.push_back(Alarm{0, Level::error,
                                  "what was delivered cannot be written down and will be tried until it can: " +
                                      input.result.error().sentence});
    }
    refused_until_ms_ = now + doubled_ms(settle_pause_ms_min, settle_failures_count_++, settle_pause_ms_max);
    std::move(pending.decided.begin(), pending.decided.end(), std::back_inserter(refused_));
    return;
  }
  if (settle_failures_count_ > 0 && refused_.empty() && !pending.decided.empty()) {
    settle_failures_count_ = 0;
    out.actions.push_back(Alarm{0, Level::info, "what was delivered can be written down again"});
  }
  for (const Decided &decided : pending.decided) flow_of(decided.settlement.key.instance)->settled(now, decided, out);
}

// The journal writes all of a batch or nothing. So first each alone, at once; then the one that is refused again is the
// one that does not fit, and the others have not waited for it.
bool Engine::objects_to_staged(Milliseconds now, Pending &pending, const Error &error, Outbox &out) {
  const auto has_staged = [](const Decided &decided) { return !decided.settlement.staged.empty(); };
  if (error.kind != Kind::invalid && error.kind != Kind::too_large) return false;
  if (std::none_of(pending.decided.begin(), pending.decided.end(), has_staged)) return false;
  if (pending.decided.size() == 1) {
    const Decided &decided = pending.decided.front();
    flow_of(decided.settlement.key.instance)->unfit(now, decided, error.sentence, out);
    return true;
  }
  for (Decided &decided : pending.decided) {
    Pending alone;
    alone.decided.push_back(std::move(decided));
    settle(std::move(alone), out);
  }
  return true;
}

void Engine::flush(Milliseconds now, Outbox &out) {
  if (!refused_.empty() && now >= refused_until_ms_) {
    // Each in a batch of its own: should the journal object to one of them, it may not keep the others from the disk.
    for (Decided &decided : std::exchange(refused_, {})) {
      Pending alone;
      alone.decided.push_back(std::move(decided));
      settle(std::move(alone), out);
    }
  }
  if (out.decided.empty() && out.cursors.empty()) return;
  settle({std::exchange(out.decided, {}), std::exchange(out.cursors, {})}, out);
}

void Engine::settle(Pending pending, Outbox &out) {
  SettleDeliveries action;
  action.ticket = ++last_ticket_;
  action.batch.cursors = pending.cursors;
  for (const Decided &decided : pending.decided) action.batch.settlements.push_back(decided.settlement);
  pending_.emplace(action.ticket, std::move(pending));
  out.actions.push_back(std::move(action));
}

std::optional<Milliseconds> Engine::next_timer() const {
  std::optional<Milliseconds> next;
  if (!refused_.empty()) next = refused_until_ms_;
  for (const auto &[id, flow] : flows_) {
    const std::optional<Milliseconds> at = flow->next_timer(now_);
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

std::vector<InstanceStatus> Engine::status() const {
  std::vector<InstanceStatus> all;
  for (const auto &[id, flow] : flows_) all.push_back(flow->status());
  return all;
}

std::int64_t Engine::in_flight_count() const {
  std::int64_t count = 0;
  for (const auto &[id, flow] : flows_) count += flow->in_flight_count();
  return count;
}

bool Engine::is_stopped() const {
  return pending_.empty() && refused_.empty() &&
         std::all_of(flows_.begin(), flows_.end(), [](const auto &entry) { return entry.second->is_stopped(); });
}

}  // namespace bellhop::core
