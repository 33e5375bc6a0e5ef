// SPDX-License-Identifier: Apache-2.0
// EngineModel: one random life of an engine, told by a seed, and a naive model of what it owes. Random verdicts,
// deaths, children that die before they have read, batches that fail, settles that come late or fail, reads that fail,
// damaged rows, restarts, replays, several workers, ticks, a breaker, tiny windows. After every step:
//   - at most one of a subject is out; nothing is sent before everything earlier of its subject is durably final
//   - while held, by the plugin or by the breaker, at most one probe is out and nothing else is sent
//   - nothing final is sent again, nothing waiting before it is due, nothing unwanted at all
//   - attempts and strikes are what they were plus this one, and bounded; what was sent before is flagged
//   - a cursor never passes what is not durably final; memory stays within the limits
// and at the end, when all children behave, everything is final and the cursor is at the newest.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "delivery/engine_world.hpp"

namespace bellhop::core {

class EngineModel {
 public:
  static constexpr int steps_count = 250;

  explicit EngineModel(std::uint64_t seed) : random_(seed) {
    subjects_count_ = 1 + below(6);
    plans_count_ = 1 + static_cast<int>(below(2));
    world_.limits = {static_cast<int>(2 + below(6)), static_cast<int>(1 + below(3)), static_cast<int>(1 + below(4)),
                     static_cast<int>(4 + below(20)), static_cast<int>(1 + below(3))};
    world_.is_batching = below(2) == 0;
    world_.is_ticking = below(3) == 0;
    has_breaker_ = below(2) == 0;
    world_.is_spawn_ready = false;
    world_.is_kill_deadly = false;
    world_.seed = seed * 7'919;
    const std::vector<std::string> globs[] = {{"booking.*"}, {"*", "!booking.canceled"}};
    for (int i = 0; i < plans_count_; ++i) {
      DeliveryPlan &plan = world_.add("i" + std::to_string(i), globs[i]);
      plan.workers = 1 + static_cast<int>(below(3));
      plan.batch_max = 1 + static_cast<int>(below(4));
      plan.policy.attempts_max = 3 + static_cast<int>(below(4));
      plan.policy.backoff_ms_max = 20'000;
      plan.policy.strikes_max = 2 + static_cast<int>(below(2));
      plan.policy.deadline_ms = 5'000;
      BreakerPolicy &breaker = plan.policy.breaker;
      breaker = {has_breaker_ ? static_cast<int>(30 + below(60)) : 0,
                 60'000,
                 static_cast<int>(2 + below(4)),
                 static_cast<int>(1 + below(2)),
                 1'000,
                 20'000,
                 static_cast<int>(1 + below(3))};
    }
    world_.on_send = [this](const Send &send) { check_send(send); };
    world_.on_settle = [this](const SettleDeliveries &settle) { check_settle(settle); };
    if (below(3) == 0) world_.reads.failures_per_1000 = 30;
    world_.start();
  }

  void run() {
    for (int i = 0; i < steps_count && !::testing::Test::HasFailure(); ++i) act();
    finish();
  }

 private:
  using LaneKey = std::pair<InstanceId, SubjectKey>;
  struct Fact {
    std::string type;
    SubjectKey subject = 0;
    bool is_quarantined = false;
  };
  struct HoldFact {
    DeliveryKey probe = {};  // seq 0: the next one sent is it
    bool is_kept = false;    // it said HOLD
  };
  struct Expected {  // of the settlement that must follow
    int attempts = 0, strikes = 0;
    bool is_open = false;
  };

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

  const DeliveryPlan &plan_of(InstanceId id) const {
    return *std::find_if(world_.plans.begin(), world_.plans.end(), [id](const auto &plan) { return plan.id == id; });
  }
  std::size_t index_of(InstanceId id) const { return static_cast<std::size_t>(&plan_of(id) - world_.plans.data()); }
  bool is_wanted(InstanceId id, Seq seq) const {
    const Fact &fact = facts_.at(seq);
    return !fact.is_quarantined && plan_of(id).filter.matches(fact.type);
  }
  std::optional<DeliveryRow> row(const DeliveryKey &key) {
    return world_.row(key.seq, index_of(key.instance), key.replay);
  }
  bool is_final(const DeliveryKey &key) {
    const auto found = row(key);
    return found && found->state != DeliveryState::waiting;
  }

  // ---- invariants ----

  void check_send(const Send &send) {
    if (const Flow &flow = world_.engine->flow(send.instance); flow.is_held()) {
      ASSERT_EQ(send.tickets.size(), 1u) << "held, and a batch is sent";
      ASSERT_TRUE(flow.probe() && *flow.probe() == send.tickets[0].key) << "held, and something else than the probe";
    }
    ASSERT_EQ(send.budget_ms, plan_of(send.instance).policy.deadline_ms);
    ASSERT_LE(send.tickets.size(), world_.is_batching ? plan_of(send.instance).batch_max : 1u);
    std::set<SubjectKey> subjects;
    for (const Ticket &ticket : send.tickets) {
      check_ticket(send, ticket);
      const SubjectKey subject = facts_.at(ticket.key.seq).subject;
      ASSERT_TRUE(subjects.insert(subject).second) << "twice the same subject in one call";
      out_[{send.instance, subject}] = ticket.key;
      if (send.tickets.size() > 1) {
        ASSERT_EQ(single_.count(ticket.key), 0u) << "seq " << ticket.key.seq << " was in a batch that failed";
      }
    }
    sent_ms_[{send.instance, send.worker}] = world_.clock.steady_ms();
  }

  void check_ticket(const Send &send, const Ticket &ticket) {
    const DeliveryKey &key = ticket.key;
    const Fact &fact = facts_.at(key.seq);
    const LaneKey lane{send.instance, fact.subject};
    ASSERT_EQ(out_.count(lane), 0u) << "seq " << key.seq << " is sent while another of its subject is out";
    ASSERT_FALSE(is_final(key)) << "seq " << key.seq << " is final and sent again";
    if (const auto hold = holds_.find(key.instance); hold != holds_.end()) {
      if (hold->second.probe.seq == 0) hold->second = {key, false};  // drawn
      ASSERT_TRUE(hold->second.probe == key) << "held, and something else than the probe is sent";
    }
    const auto waiting = row(key);
    if (waiting) {
      ASSERT_LE(waiting->due_ms, world_.clock.steady_ms()) << "seq " << key.seq << " is sent before it is due";
    }
    ASSERT_EQ(ticket.attempt, (waiting ? waiting->attempts : 0) + 1);
    const Policy &policy = plan_of(key.instance).policy;
    ASSERT_LE(ticket.attempt, policy.attempts_max + policy.strikes_max);
    ASSERT_EQ((ticket.flags & BHP_EV_REPLAY) != 0, key.replay != 0);
    const bool was_sent = reached_.count(key) != 0;
    if (was_sent && (key.replay == 0 || ticket.attempt > 1)) {
      ASSERT_TRUE(ticket.flags & BHP_EV_REDELIVERY) << "seq " << key.seq << " was sent before and is not flagged";
    }
    if (key.replay != 0) return;
    ASSERT_TRUE(is_wanted(key.instance, key.seq));
    for (const auto &[seq, earlier] : facts_) {
      if (seq >= key.seq) break;
      if (earlier.subject != fact.subject || !is_wanted(key.instance, seq)) continue;
      ASSERT_TRUE(is_final({key.instance, seq, 0})) << "seq " << key.seq << " overtakes seq " << seq;
    }
  }

  void check_settle(const SettleDeliveries &settle) {
    for (const CursorMove &move : settle.batch.cursors) {
      ASSERT_LE(move.cursor, world_.journal.newest());
      for (const auto &[seq, fact] : facts_) {
        if (seq > move.cursor) break;
        if (!is_wanted(move.instance, seq)) continue;
        ASSERT_TRUE(is_final({move.instance, seq, 0})) << "cursor " << move.cursor << " passes the unsettled " << seq;
      }
    }
    for (const Settlement &settlement : settle.batch.settlements) {
      const auto found = expected_.find(settlement.key);
      ASSERT_TRUE(found != expected_.end()) << "seq " << settlement.key.seq << " is settled and nobody decided that";
      ASSERT_EQ(settlement.strikes, found->second.strikes);
      ASSERT_LE(settlement.attempts, found->second.attempts);
      ASSERT_GE(settlement.attempts, found->second.attempts - 1) << "a hold uses up none, all else one";
      const Policy &policy = plan_of(settlement.key.instance).policy;
      if (settlement.strikes >= policy.strikes_max) {
        ASSERT_EQ(settlement.state, DeliveryState::dead);
      }
      if (settlement.state == DeliveryState::waiting) {
        ASSERT_GT(settlement.due_ms, 0);
      }
    }
  }

  void check_always() {
    for (const auto &[key, child] : world_.children) {
      const bool is_overdue = child.call && world_.clock.steady_ms() - sent_ms_[key] >= child.call->budget_ms;
      ASSERT_TRUE(!is_overdue || !child.killed.empty()) << "a hanging child is not killed";
    }
    for (const DeliveryPlan &plan : world_.plans) {
      const Lanes &lanes = world_.engine->flow(plan.id).lanes();
      const LaneLimits &limits = world_.limits;
      const auto heads = static_cast<std::size_t>(2 * limits.window_events_max + limits.page_events + 1);
      ASSERT_LE(lanes.offers_count(), heads * static_cast<std::size_t>(1 + world_.limits.lane_events_max));
    }
  }

  // ---- what happens ----

  void act() {
    const std::uint64_t dice = below(100);
    if (dice < 18) return append();
    if (dice < 26) return commit();
    if (dice < 50) return call_returns();
    if (dice < 60) return world_.step_next() ? after_step() : complete_settle();
    if (dice < 72) return complete_settle();
    if (dice < 80) return become_ready();
    if (dice < 86) return pass(below(3'000));
    if (dice < 89) return pass(below(60'000));
    if (dice < 90) return child_dies();
    if (dice < 91) return question_returns();
    if (dice < 93) return replay();
    if (dice < 94) return fail_settles();
    if (dice < 96) return damage();
    if (dice < 97) return restart();
    if (dice < 99) return world_.journal.hold_settles();
    world_.journal.release_settles();
    note_durable();
  }

  void fail_settles() {
    world_.journal.fail_settles({Kind::unavailable, "the disk says no"}, 1 + static_cast<int>(below(3)));
  }

  void append() {
    for (std::uint64_t i = below(5); i < 5; ++i) {
      static const char *types[] = {"booking.confirmed", "booking.canceled", "attendee.updated", "ping"};
      Fact fact;
      Seq seq = 0;
      if (below(12) == 0) {
        seq = world_.append_quarantined();
        fact.is_quarantined = true;
      } else {
        fact.type = types[std::min<std::uint64_t>(below(6), 3)];
        const std::string subject = "booking/" + std::to_string(below(subjects_count_));
        fact.subject = subject_key(subject);
        seq = world_.append(subject, fact.type);
      }
      facts_[seq] = fact;
    }
    if (below(2) == 0) commit();
  }

  void give(const Input &input) {
    world_.step(input);
    after_step();
  }
  void commit() { give(Committed{}); }
  void pass(Milliseconds by_ms) {
    world_.clock.advance(by_ms);
    give(Timer{});
  }
  void after_step() {
    // NotSent is told before anything else of that call.
    while (!world_.inputs.empty() && std::holds_alternative<NotSent>(world_.inputs.front())) {
      const NotSent input = std::get<NotSent>(world_.inputs.front());
      const LaneKey lane{input.instance, facts_.at(input.key.seq).subject};
      out_.erase(lane);
      not_reached(input.key);
      if (input.why == NotSent::Why::damaged) {
        const auto found = row(input.key);
        expected_[input.key] = {found ? found->attempts : 0, found ? found->strikes : 0, true};
        out_[lane] = input.key;
        holds_.erase(input.instance);
      }
      world_.step_next();
    }
    note_durable();
    check_always();
  }

  // What was decided frees its lane when it is on disk, not before.
  void note_durable() {
    for (auto lane = out_.begin(); lane != out_.end();) {
      const auto expected = expected_.find(lane->second);
      const bool is_decided = expected != expected_.end() && expected->second.is_open;
      const auto found = row(lane->second);
      // A decision is on disk when the row shows it; holds and retries are told apart by due_ms in the future.
      const bool is_durable =
          is_decided && found && (found->state != DeliveryState::waiting || found->due_ms > decided_ms_[lane->second]);
      if (is_durable) {
        expected->second.is_open = false;
        lane = out_.erase(lane);
      } else {
        ++lane;
      }
    }
  }

  EngineWorld::WorkerKey any_child(bool (*fits)(const EngineWorld::Child &)) {
    std::vector<EngineWorld::WorkerKey> keys;
    for (const auto &[key, child] : world_.children) {
      if (fits(child)) keys.push_back(key);
    }
    return keys.empty() ? EngineWorld::WorkerKey{0, 0} : keys[below(keys.size())];
  }

  static bool is_busy(const EngineWorld::Child &child) { return child.is_alive && child.call.has_value(); }

  void become_ready() {
    const auto key = any_child([](const EngineWorld::Child &child) { return child.is_alive && !child.call; });
    if (key.first == 0 || ready_.count(key) != 0) return;
    ready_.insert(key);
    give(Ready{key.first, key.second, world_.is_batching, world_.is_ticking});
  }

  void decided(const Ticket &ticket, std::int32_t code, bool is_death) {
    const auto found = row(ticket.key);
    const Flow &flow = world_.engine->flow(ticket.key.instance);
    const bool is_forgiven = is_late_ && flow.probe() && *flow.probe() == ticket.key;  // it hangs with the destination
    const int strikes = (found ? found->strikes : 0) + (is_death && !is_forgiven ? 1 : 0);
    expected_[ticket.key] = {(found ? found->attempts : 0) + 1, strikes, true};
    decided_ms_[ticket.key] = world_.clock.steady_ms();
    single_.erase(ticket.key);  // once on disk as waiting it is like any other
    if (has_breaker_) return;   // when it opens is the breaker's own test; here only what is sent meanwhile
    const auto hold = holds_.find(ticket.key.instance);
    const bool is_probe = hold != holds_.end() && hold->second.probe == ticket.key;
    if (is_probe) {
      const bool goes_on = is_death ? is_forgiven || strikes < plan_of(ticket.key.instance).policy.strikes_max
                                    : code != BHP_OK && code != BHP_SKIP && code != BHP_FAIL;
      if (!goes_on) {
        holds_.erase(hold);
      } else if (is_death || code != BHP_HOLD) {
        hold->second = {};  // another one is drawn
      } else {
        hold->second.is_kept = true;
      }
    } else if (code == BHP_HOLD && !is_death && hold == holds_.end()) {
      holds_[ticket.key.instance] = {ticket.key, true};
    }
  }

  // A drawn probe that never got there is no probe any more; a kept one will be sent again.
  void not_reached(const DeliveryKey &key) {
    const auto hold = holds_.find(key.instance);
    if (hold != holds_.end() && hold->second.probe == key && !hold->second.is_kept) hold->second = {};
  }

  void call_returns() {
    const auto key = any_child(is_busy);
    if (key.first == 0) return;
    EngineWorld::Child &child = world_.children[key];
    const Send call = *child.call;
    child.call.reset();
    for (const Ticket &ticket : call.tickets) reached_.insert(ticket.key);
    const std::uint64_t dice = below(is_kind_ ? 1 : 20);
    if (dice == 19) return dies_with(key, call);
    Answered answered{key.first, key.second, BHP_OK, {}};
    const bool is_batch = call.tickets.size() > 1;
    if (dice == 18 && is_batch) answered.batch_code = BHP_RETRY;
    const bool is_short = dice == 17;
    for (const Ticket &ticket : call.tickets) {
      static constexpr std::int32_t codes[] = {BHP_OK,    BHP_OK,    BHP_OK,   BHP_SKIP, BHP_RETRY,
                                               BHP_RETRY, BHP_RETRY, BHP_FAIL, BHP_HOLD, 77};
      const std::int32_t code = is_kind_ ? BHP_OK : codes[below(10)];
      answered.answers.push_back({code, static_cast<Milliseconds>(below(4'000)), ""});
      if (answered.batch_code == BHP_OK && !is_short) decided(ticket, code, false);
    }
    if (is_short) {
      answered.answers.pop_back();
      if (!is_batch) decided(call.tickets.front(), BHP_RETRY, false);
    }
    if (is_batch && (is_short || answered.batch_code != BHP_OK)) undecided(call);
    give(answered);
  }

  void undecided(const Send &call) {
    for (const Ticket &ticket : call.tickets) {
      out_.erase({call.instance, facts_.at(ticket.key.seq).subject});
      single_.insert(ticket.key);
    }
  }

  void dies_with(const EngineWorld::WorkerKey &key, std::optional<Send> call) {  // by value: the child forgets its own
    is_late_ = !world_.children[key].killed.empty();
    world_.children[key].is_alive = false;
    world_.children[key].call.reset();
    world_.children[key].question.reset();
    ready_.erase(key);
    if (call && below(5) == 0) {
      for (const Ticket &ticket : call->tickets) {
        out_.erase({call->instance, facts_.at(ticket.key.seq).subject});
        not_reached(ticket.key);
      }
      give(Died{key.first, key.second, "exited with status 1 while idle", false, true});
      return;
    }
    if (call) {
      for (const Ticket &ticket : call->tickets) reached_.insert(ticket.key);
      if (call->tickets.size() == 1) {
        decided(call->tickets.front(), BHP_RETRY, true);
      } else {
        undecided(*call);
      }
    }
    give(Died{key.first, key.second, "killed by SIGSEGV", !call && below(4) == 0});
    is_late_ = false;
  }

  void question_returns() {
    const auto key = any_child([](const EngineWorld::Child &child) { return child.is_alive && child.question; });
    if (key.first == 0) return;
    world_.children[key].question.reset();
    const Milliseconds next_ms = is_kind_ ? -1 : static_cast<Milliseconds>(below(20'000));
    give(Told{key.first, key.second, {BHP_OK, 0, ""}, next_ms});
  }

  void child_dies() {
    const auto key = any_child([](const EngineWorld::Child &child) { return child.is_alive; });
    if (key.first != 0) dies_with(key, world_.children[key].call);
  }

  void bury_the_killed() {
    for (auto &[key, child] : world_.children) {
      if (child.is_alive && !child.killed.empty()) dies_with(key, child.call);
    }
  }

  void complete_settle() {
    world_.journal.complete_settle();
    note_durable();
  }

  Seq any_seq() { return 1 + static_cast<Seq>(below(static_cast<std::uint64_t>(world_.journal.newest()))); }

  void replay() {
    if (world_.journal.newest() == 0) return;
    const DeliveryPlan &plan = world_.plans[below(world_.plans.size())];
    const Result<std::int64_t> asked = world_.journal.replay(plan.id, any_seq());
    if (asked.ok() && below(2) == 0) commit();
  }

  void damage() {
    if (world_.journal.newest() == 0) return;
    world_.journal.corrupt(any_seq());
  }

  // kill -9 and a new start: what was not durable is gone.
  void restart() {
    world_.journal.release_settles();
    out_.clear();
    expected_.clear();
    single_.clear();
    decided_ms_.clear();
    holds_.clear();
    ready_.clear();
    // A call may have reached the plugin whether or not it answered.
    for (const auto &[key, child] : world_.children) {
      if (!child.call) continue;
      for (const Ticket &ticket : child.call->tickets) reached_.insert(ticket.key);
    }
    world_.start();
    after_step();
  }

  // From here on everybody behaves; so everything must come to its end.
  void finish() {
    is_kind_ = true;
    world_.journal.release_settles();
    world_.reads.failures_per_1000 = 0;
    world_.journal.fail_settles({}, 0);
    commit();
    int round = 0;
    for (; round < 20'000 && !::testing::Test::HasFailure(); ++round) {
      bury_the_killed();
      while (world_.step_next()) after_step();
      for (auto &[key, child] : world_.children) {
        if (child.is_alive && ready_.insert(key).second) {
          give(Ready{key.first, key.second, world_.is_batching, world_.is_ticking});
        }
      }
      question_returns();
      if (any_child(is_busy).first != 0) {
        call_returns();
        continue;
      }
      if (!world_.inputs.empty()) continue;
      const std::optional<Milliseconds> timer = world_.engine->next_timer();
      if (!timer) break;
      pass(std::max<Milliseconds>(0, *timer - world_.clock.steady_ms()));
    }
    ASSERT_LT(round, 20'000) << "the engine never comes to rest";
    for (const DeliveryPlan &plan : world_.plans) {
      for (const auto &[seq, fact] : facts_) {
        if (is_wanted(plan.id, seq)) {
          ASSERT_TRUE(is_final({plan.id, seq, 0})) << "seq " << seq << " is lost";
        }
      }
      ASSERT_EQ(world_.cursor(index_of(plan.id)), world_.journal.newest());
      ASSERT_EQ(world_.engine->flow(plan.id).lanes().lanes_count(), 0u);
    }
    const std::vector<InstanceRow> instances = world_.journal.instances().value();
    for (const InstanceRow &instance : instances) {
      ASSERT_EQ(instance.replays_waiting_count, 0) << "a replay is lost";
    }
    ASSERT_EQ(world_.engine->in_flight_count(), 0);
  }

  Random random_;
  EngineWorld world_;
  std::uint64_t subjects_count_ = 1;
  int plans_count_ = 1;
  bool is_kind_ = false;
  bool has_breaker_ = false;
  bool is_late_ = false;  // the child that dies was killed at its deadline
  std::map<Seq, Fact> facts_;
  std::map<LaneKey, DeliveryKey> out_;  // sent, or decided and not yet durable
  std::map<DeliveryKey, Expected> expected_;
  std::map<DeliveryKey, Milliseconds> decided_ms_;
  std::map<InstanceId, HoldFact> holds_;
  std::set<DeliveryKey> single_;  // were in a batch that failed
  std::map<EngineWorld::WorkerKey, Milliseconds> sent_ms_;
  std::set<DeliveryKey> reached_;  // a child had it and answered or died, or may have had it
  std::set<EngineWorld::WorkerKey> ready_;
};

}  // namespace bellhop::core
