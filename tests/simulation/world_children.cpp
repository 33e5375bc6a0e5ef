// SPDX-License-Identifier: Apache-2.0
// World: the children, and what the engine's actions do to them.
#include <algorithm>

#include "bellhop/plugin.h"
#include "simulation/world.hpp"

namespace bellhop::core {

// What a child did becomes known to the oracle when it becomes known to the engine.
void World::tell_oracle(const Input &input) {
  if (std::holds_alternative<Committed>(input)) is_hint_under_way_ = false;
  if (std::holds_alternative<Stop>(input)) oracle.stopping();
  if (const auto *ready = std::get_if<Ready>(&input)) children_[{ready->instance, ready->worker}].is_ready = true;
  if (const auto *not_sent = std::get_if<NotSent>(&input)) {
    line("not sent " + std::to_string(not_sent->key.seq));
    oracle.not_sent(*not_sent);
  }
  if (const auto *answered = std::get_if<Answered>(&input)) {
    Child &child = children_[{answered->instance, answered->worker}];
    CHECK(child.call);
    std::string codes;
    for (const PluginAnswer &each : answered->answers) codes += " " + std::to_string(each.code);
    line("answered by " + destination_of(answered->instance)->plan.name + ":" + codes + " for " +
         std::to_string(child.call->tickets.front().key.seq));
    oracle.answered(now(), *std::exchange(child.call, std::nullopt), *answered);
  }
  if (const auto *told = std::get_if<Told>(&input)) children_[{told->instance, told->worker}].is_asked = false;
  if (const auto *died = std::get_if<Died>(&input)) {
    Child &child = children_[{died->instance, died->worker}];
    line("died: " + destination_of(died->instance)->plan.name + " worker " + std::to_string(died->worker) + ": " +
         died->sentence);
    if (child.call && died->is_unread) oracle.unread(*std::exchange(child.call, std::nullopt));
    if (child.call) oracle.died(now(), *std::exchange(child.call, std::nullopt), child.is_killed);
    child = Child{false, false, false, false, std::nullopt, 0, false, child.life};
  }
}

// ---- what they do ---------------------------------------------------------------------------------------------------

void World::start_child(const WorkerKey &key) {
  const Habits &habits = destination_of(key.first)->habits;
  const std::uint64_t life = children_[key].life;
  if (chance(habits.start_hang)) return;  // and is killed
  const bool is_dead = chance(habits.start_death), is_refused = chance(habits.start_refusal);
  const bool is_batching = habits.is_batching, is_ticking = habits.is_ticking;
  soon(30, [=, this] {
    Child &child = children_[key];
    if (child.life != life || !child.is_alive) return;
    if (is_dead || is_refused) return die(key, is_refused ? "create: no" : "killed by SIGSEGV in start", is_refused);
    if (!child.is_ready) post(Ready{key.first, key.second, is_batching, is_ticking});
  });
}

// It is gone now; that is known when the engine hears of it.
void World::die(const WorkerKey &key, const std::string &sentence, bool is_refusal, bool is_unread) {
  Child &child = children_[key];
  child.is_alive = false;
  ++child.life;
  post(Died{key.first, key.second, sentence, is_refusal, is_unread});
}

void World::kill_an_idle_child() {
  for (auto &[key, child] : children_) {
    if (child.is_alive && child.is_ready && !child.call && !child.is_stopping) {
      return die(key, "killed by SIGKILL");
    };
  }
}

std::int32_t World::verdict(const Habits &habits) {
  auto dice = static_cast<int>(below(1'000));
  const std::pair<int, std::int32_t> kinds[] = {{habits.skip, BHP_SKIP},
                                                {habits.retry, BHP_RETRY},
                                                {habits.fail, BHP_FAIL},
                                                {habits.hold, BHP_HOLD},
                                                {habits.unknown, 77}};
  for (const auto &[of_1000, code] : kinds) {
    if (dice < of_1000) return code;
    dice -= of_1000;
  }
  return BHP_OK;
}

void World::answer(const WorkerKey &key) {
  const Destination &destination = *destination_of(key.first);
  const Habits &habits = destination.habits;
  const Send &call = *children_[key].call;
  Answered answered;
  answered.instance = key.first;
  answered.worker = key.second;
  bool is_all_well = true;
  // From here on it had no time. From the first on: nothing was begun, and so it failed.
  const std::size_t count = call.tickets.size();
  const std::size_t begun_count = count > 1 && habits.defer > 0 && chance(habits.defer) ? below(count) : count;
  for (std::size_t i = 0; i < count; ++i) {
    PluginAnswer each;
    each.code = i < begun_count ? verdict(habits) : BHP_DEFER;
    if (habits.retry_after_ms_max > 0) {
      each.retry_after_ms = static_cast<Milliseconds>(below(static_cast<std::uint64_t>(habits.retry_after_ms_max)));
    }
    is_all_well &= each.code == BHP_OK || each.code == BHP_SKIP || (each.code == BHP_DEFER && begun_count > 0);
    answered.answers.push_back(std::move(each));
  }
  if (chance(habits.batch_failure)) answered.batch_code = BHP_RETRY;
  if (chance(habits.short_answer)) answered.answers.pop_back();
  const bool is_plain = answered.batch_code == BHP_OK && answered.answers.size() == call.tickets.size();
  if (is_all_well && is_plain && below(3) == 0) {
    Staged staged;
    staged.kv.push_back({"last", "write " + std::to_string(++staged_count_)});
    stage(answered, std::move(staged));
  }
  post(std::move(answered));
  if (chance(habits.idle_death)) die(key, "killed by SIGSEGV after its answer");
}

// ---- what the engine does to them -----------------------------------------------------------------------------------

void World::carry_out(SpawnWorker &action) {
  Child &child = children_[{action.instance, action.worker}];
  if (child.is_alive) oracle.fail("a worker is spawned while its child lives");
  child = Child{true, false, false, false, std::nullopt, 0, false, child.life + 1};
  start_child({action.instance, action.worker});
}

void World::carry_out(Send &action) {
  const WorkerKey key{action.instance, action.worker};
  Child &child = children_[key];
  Destination &destination = *destination_of(action.instance);
  const Habits &habits = destination.habits;
  std::string seqs;
  for (const Ticket &ticket : action.tickets) {
    seqs += " " + std::to_string(ticket.key.seq) + (ticket.key.replay != 0 ? "r" : "") + "#" +
            std::to_string(ticket.attempt);
  }
  line("send" + seqs + " to " + destination.plan.name + " worker " + std::to_string(action.worker));
  if (child.call) oracle.fail("a call is sent to a child that still has one");
  if (child.is_killed || child.is_stopping) oracle.fail("a call is sent to a child that was killed or told to stop");
  oracle.sent(now(), action, habits.is_batching);
  if (on_send) on_send(destination, action);
  if (!child.is_alive) {  // its death is among the inputs already, but behind
    for (auto ticket = action.tickets.rbegin(); ticket != action.tickets.rend(); ++ticket) {
      inputs_.emplace_front(std::in_place_type<NotSent>);
      std::get<NotSent>(inputs_.front()) = {action.instance, action.worker, ticket->key, NotSent::Why::no_child, ""};
    }
    return;
  }
  std::vector<Ticket> taken;
  for (const Ticket &ticket : action.tickets) {
    const Result<StoredEvent> loaded = journal.load(ticket.key.seq);
    if (loaded.ok() && (taken.empty() || below(20) != 0)) {
      taken.push_back(ticket);
      continue;
    }
    NotSent not_sent{action.instance, action.worker, ticket.key, NotSent::Why::no_room, ""};
    if (!loaded.ok()) {
      const bool is_damaged = loaded.error().kind == Kind::corrupt;
      not_sent.why = is_damaged ? NotSent::Why::damaged : NotSent::Why::unreadable;
    }
    post(std::move(not_sent));
  }
  if (taken.empty()) return;
  child.call = action;
  child.call->tickets = std::move(taken);
  child.sent_ms = now();
  if (chance(habits.hang)) return;
  const bool is_deadly = chance(habits.death), is_unread = chance(habits.unread_death);
  soon(habits.took_ms_max, [=, this, life = child.life] {
    Child &busy = children_[key];
    if (busy.life != life || !busy.is_alive || !busy.call) return;
    if (is_unread) return die(key, "killed by SIGKILL before it read the call", false, true);
    if (is_deadly) return die(key, "killed by SIGSEGV while delivering");
    answer(key);
  });
}

void World::carry_out(KillWorker &action) {
  const WorkerKey key{action.instance, action.worker};
  Child &child = children_[key];
  line("kill " + destination_of(action.instance)->plan.name + " worker " + std::to_string(action.worker));
  if (child.call && now() < child.sent_ms + child.call->budget_ms) oracle.fail("a child is killed before its deadline");
  child.is_killed = true;
  if (!child.is_alive) return;  // its death is among the inputs already
  soon(50, [=, this, life = child.life] {
    if (children_[key].life == life && children_[key].is_alive) die(key, "killed: " + action.why);
  });
}

void World::carry_out(StopWorker &action) {
  const WorkerKey key{action.instance, action.worker};
  Child &child = children_[key];
  if (child.call) oracle.fail("a child is told to stop while it has a call");
  child.is_stopping = true;
  if (!child.is_alive) return;
  soon(50, [=, this, life = child.life] {
    if (children_[key].life == life && children_[key].is_alive) die(key, "stopped");
  });
}

void World::carry_out(Ask &action) {
  const WorkerKey key{action.instance, action.worker};
  Child &child = children_[key];
  const Habits &habits = destination_of(action.instance)->habits;
  line((action.ticket == 0 ? "tick of " : "question to ") + destination_of(action.instance)->plan.name);
  if (child.call || child.is_asked) oracle.fail("a plugin is asked something while it has something in hand");
  if (child.is_killed || child.is_stopping) oracle.fail("a child is asked that was killed or told to stop");
  child.is_asked = true;
  child.sent_ms = now();
  if (!child.is_alive || chance(habits.hang)) return;
  const bool is_deadly = chance(habits.death);
  soon(habits.took_ms_max, [=, this, life = child.life] {
    Child &busy = children_[key];
    if (busy.life != life || !busy.is_alive || !busy.is_asked) return;
    if (is_deadly) return die(key, "killed by SIGSEGV in a question");
    const bool is_again = destination_of(key.first)->habits.is_ticking;
    post(Told{key.first, key.second, {}, is_again ? static_cast<Milliseconds>(below(10'000)) : -1});
  });
}

void World::carry_out(GiveAnswer &action) {
  if (questions_.erase(action.ticket) == 0) oracle.fail("a question is answered that nobody asked, or twice");
}

void World::carry_out(Alarm &action) { line("alarm: " + action.sentence); }

void World::carry_out(Observe &action) {
  Destination &destination = *destination_of(action.key.instance);
  if (action.attempt.state == DeliveryState::delivered) ++destination.delivered_count;
}

}  // namespace bellhop::core
