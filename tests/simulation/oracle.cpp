// SPDX-License-Identifier: Apache-2.0
// Oracle: what is owed, what follows from an answer, and the checks of every single send and settlement. The checks of
// the whole (at rest, at the end) are in oracle_whole.cpp.
#include "simulation/oracle.hpp"

#include <algorithm>

#include "bellhop/plugin.h"

namespace bellhop::core {

void Oracle::fail(const std::string &sentence) {
  if (!violation_) violation_ = sentence;
}

bool Oracle::is_wanted(const Ledger &ledger, Seq seq) const {
  const Fact &fact = facts_.at(seq);
  return !fact.is_quarantined && ledger.plan.filter.matches(fact.type);
}

const Oracle::Row *Oracle::row_of(const Ledger &ledger, const Place &place) const {
  const auto found = ledger.rows.find(place);
  return found == ledger.rows.end() ? nullptr : &found->second;
}

const Oracle::Row *Oracle::row(const DeliveryKey &key) const {
  const auto found = ledgers_.find(key.instance);
  return found == ledgers_.end() ? nullptr : row_of(found->second, {key.seq, key.replay});
}

std::string Oracle::name_of(const Ledger &ledger, const Place &place) const {
  return "event " + std::to_string(place.first) +
         (place.second == 0 ? "" : " (replay " + std::to_string(place.second) + ")") + " for " + ledger.plan.name;
}

std::optional<Milliseconds> Oracle::appended_ms(Seq seq) const {
  const auto found = facts_.find(seq);
  return found == facts_.end() ? std::nullopt : std::optional<Milliseconds>(found->second.appended_ms);
}

// ---- what is owed ---------------------------------------------------------------------------------------------------

void Oracle::appended(Seq seq, Fact fact) {
  const auto [known, is_new] = facts_.emplace(seq, std::move(fact));
  if (!is_new) return fail("event " + std::to_string(seq) + " was stored twice");
  for (auto &[id, ledger] : ledgers_) {
    if (ledger.is_running && is_wanted(ledger, seq)) ledger.open[known->second.subject].insert(seq);
  }
}

void Oracle::replay_asked(const DeliveryKey &key) {
  Ledger &asked = ledger(key.instance);
  const Place place{key.seq, key.replay};
  asked.rows[place] = {};
  asked.replays[facts_.at(key.seq).subject].insert(place);
}

void Oracle::dropped(InstanceId instance, Seq seq) { ledger(instance).rows[{seq, 0}].state = DeliveryState::dropped; }

void Oracle::started(Milliseconds now, const std::vector<DeliveryPlan> &plans, const LaneLimits &limits) {
  started_ms_ = now;
  limits_ = limits;
  is_stopping_ = false;
  for (auto &[id, ledger] : ledgers_) {
    for (const auto &[subject, key] : ledger.out) ledger.reached.insert({key.seq, key.replay});
    for (auto fact = facts_.upper_bound(ledger.cursor); ledger.is_running && fact != facts_.end(); ++fact) {
      if (row_of(ledger, {fact->first, 0}) == nullptr && !is_wanted(ledger, fact->first))
        ledger.passed.insert(fact->first);
    }
    ledger.is_running = false;
    ledger.out.clear();
    ledger.decisions.clear();
    ledger.singles.clear();
    ledger.hold.reset();
    ledger.open.clear();
  }
  for (const DeliveryPlan &plan : plans) {
    Ledger &mine = ledger(plan.id);
    mine.plan = plan;
    mine.is_running = true;
    if (mine.cursor > plan.cursor) fail("the cursor of " + plan.name + " went back");
    mine.cursor = plan.cursor;
    for (auto fact = facts_.upper_bound(mine.cursor); fact != facts_.end(); ++fact) {
      const Row *known = row_of(mine, {fact->first, 0});
      const bool is_passed = mine.passed.count(fact->first) != 0;  // may be offered, is not owed
      const bool is_open = known == nullptr ? is_wanted(mine, fact->first) && !is_passed : !known->is_final();
      if (is_open) mine.open[fact->second.subject].insert(fact->first);
    }
    // What waits is owed wherever the cursor is: a move of it that nobody was told about may have come to light.
    for (const auto &[place, row] : mine.rows) {
      if (place.second == 0 && !row.is_final()) mine.open[facts_.at(place.first).subject].insert(place.first);
    }
  }
}

void Oracle::durable(const SettleBatch &batch) {
  for (const Settlement &settlement : batch.settlements) {
    Ledger &mine = ledger(settlement.key.instance);
    const Place place{settlement.key.seq, settlement.key.replay};
    const Row row{settlement.state, settlement.attempts, settlement.strikes, settlement.due_ms, settlement.first_ms};
    const Row *known = row_of(mine, place);
    if (known != nullptr && known->is_final() && !row.is_final()) fail(name_of(mine, place) + " was final and is not");
    mine.rows[place] = row;
    const SubjectKey subject = facts_.at(place.first).subject;
    if (row.is_final() && place.second == 0) {
      const auto open = mine.open.find(subject);
      if (open != mine.open.end() && open->second.erase(place.first) == 1 && open->second.empty())
        mine.open.erase(open);
    } else if (row.is_final()) {
      const auto replays = mine.replays.find(subject);
      if (replays != mine.replays.end() && replays->second.erase(place) == 1 && replays->second.empty()) {
        mine.replays.erase(replays);
      }
    }
    const auto out = mine.out.find(subject);
    if (out != mine.out.end() && out->second == settlement.key && mine.decisions.count(place) != 0) mine.out.erase(out);
    if (mine.hold && mine.hold->is_kept && mine.hold->probe == settlement.key) mine.hold->is_durable = true;
  }
  for (const CursorMove &move : batch.cursors) {
    Ledger &mine = ledger(move.instance);
    mine.cursor = std::max(mine.cursor, move.cursor);
  }
}

// ---- what goes out --------------------------------------------------------------------------------------------------

void Oracle::sent(Milliseconds now, const Send &send, bool is_batching) {
  Ledger &mine = ledger(send.instance);
  const DeliveryPlan &plan = mine.plan;
  const auto size_max = static_cast<std::size_t>(is_batching ? plan.batch_max : 1);
  if (is_stopping_) fail("something is sent to " + plan.name + " while delivery stops");
  if (send.tickets.empty() || send.tickets.size() > size_max) fail("a call of " + plan.name + " has the wrong size");
  if (send.budget_ms != plan.policy.deadline_ms) fail("a call of " + plan.name + " has the wrong budget");
  for (const Ticket &ticket : send.tickets) check_ticket(now, mine, ticket, send.tickets.size() == 1);
  sends_count_ += static_cast<std::int64_t>(send.tickets.size());
}

void Oracle::check_ticket(Milliseconds now, Ledger &mine, const Ticket &ticket, bool is_alone) {
  const DeliveryKey &key = ticket.key;
  const Place place{key.seq, key.replay};
  const SubjectKey subject = facts_.at(key.seq).subject;
  const std::string name = name_of(mine, place);
  const Row *known = row_of(mine, place);
  if (mine.out.count(subject) != 0) fail(name + " is sent while another of its subject is out");
  if (known != nullptr && known->is_final()) return fail(name + " is final and sent again");
  if (key.replay == 0) {
    if (known == nullptr && is_wanted(mine, key.seq) && mine.passed.count(key.seq) != 0)
      mine.open[subject].insert(key.seq);
    const auto open = mine.open.find(subject);
    if (open == mine.open.end() || open->second.count(key.seq) == 0) return fail(name + " is sent and was not owed");
    if (*open->second.begin() != key.seq) {
      fail(name + " overtakes event " + std::to_string(*open->second.begin()) + " of its subject");
    }
    if (!is_wanted(mine, key.seq)) fail(name + " is sent and the filter does not want it");
  } else if (known == nullptr) {
    return fail(name + " is sent and nobody asked for it");
  }
  if (mine.hold) check_probe(mine, key, is_alone);
  // A row due later than any wait from the daemon's start on was written by a clock that stood ahead.
  const bool is_stray = known != nullptr && known->due_ms > started_ms_ + wait_ms_max(mine.plan.policy);
  if (known != nullptr && known->due_ms > now && !is_stray) fail(name + " is sent before it is due");
  const int attempts = known == nullptr ? 0 : known->attempts;
  const Policy &policy = mine.plan.policy;
  if (ticket.attempt != attempts + 1) fail(name + " says attempt " + std::to_string(ticket.attempt) + " and is none");
  if (policy.attempts_max > 0 && ticket.attempt > policy.attempts_max + policy.strikes_max) {
    fail(name + " is tried more often than is allowed");
  }
  if (((ticket.flags & BHP_EV_REPLAY) != 0) != (key.replay != 0)) fail(name + " has the wrong REPLAY flag");
  const bool must_say_again = mine.reached.count(place) != 0 && (key.replay == 0 || attempts > 0);
  if (must_say_again && (ticket.flags & BHP_EV_REDELIVERY) == 0) fail(name + " went out before and is not flagged");
  if (!is_alone && mine.singles.count(place) != 0) fail(name + " was in a batch that failed and is in one again");
  mine.out[subject] = key;
  mine.decisions.erase(place);
}

void Oracle::check_probe(Ledger &mine, const DeliveryKey &key, bool is_alone) {
  Hold &hold = *mine.hold;
  const std::string name = name_of(mine, {key.seq, key.replay});
  if (!is_alone) fail(name + " probes a held instance together with others");
  if (hold.probe && !(*hold.probe == key)) fail(name + " is sent while the instance is held and another probes");
  if (hold.is_kept && !hold.is_durable) fail(name + " probes before its hold is on disk");
  if (!hold.probe) hold.probe = key;
}

void Oracle::not_sent(const NotSent &input) {
  Ledger &mine = ledger(input.instance);
  const Place place{input.key.seq, input.key.replay};
  const bool is_probe = mine.hold && mine.hold->probe == input.key;
  if (input.why != NotSent::Why::damaged) {
    mine.out.erase(facts_.at(input.key.seq).subject);
    if (is_probe && !mine.hold->is_kept) mine.hold->probe.reset();
    return;
  }
  Decision decision;
  decision.state = DeliveryState::dead;
  if (const Row *known = row_of(mine, place)) {
    decision.attempts = known->attempts;
    decision.strikes = known->strikes;
  }
  mine.decisions[place] = decision;
  if (!is_probe) return;
  mine.hold->probe.reset();
  mine.hold->is_kept = false;
  mine.hold->may_end = mine.hold->is_by_plugin;
}

void Oracle::unread(const Send &call) {
  Ledger &mine = ledger(call.instance);
  for (const Ticket &ticket : call.tickets) {
    mine.out.erase(facts_.at(ticket.key.seq).subject);
    if (mine.hold && mine.hold->probe == ticket.key && !mine.hold->is_kept) mine.hold->probe.reset();
  }
}

// What holds an instance is the plugin's word, which the oracle heard too, or the breaker, whose sums are its own.
void Oracle::look_at_holds(const Engine &engine) {
  for (auto &[id, mine] : ledgers_) {
    if (!mine.is_running) continue;
    const bool is_held = engine.flow(id).is_held();
    // Of one batch, an answer before the HOLD may have opened the breaker: then that holds, and the event merely waits.
    const bool is_overtaken =
        is_held && mine.hold && mine.hold->is_new && engine.flow(id).status().held_by == "breaker";
    if (is_held && (!mine.hold || is_overtaken)) mine.hold = Hold{};
    if (mine.hold) mine.hold->is_new = false;
    if (!is_held && mine.hold) {
      if (!mine.hold->may_end) fail(mine.plan.name + " takes events again, and no probe has found out that it can");
      mine.hold.reset();
    }
  }
}

// ---- what follows from an answer ------------------------------------------------------------------------------------

void Oracle::answered(Milliseconds now, const Send &call, const Answered &answered) {
  Ledger &mine = ledger(call.instance);
  const bool is_complete = answered.answers.size() == call.tickets.size();
  const bool may_defer = is_complete && answered.batch_code == BHP_OK && answered.answers.front().code != BHP_DEFER;
  const auto is_deferred = [&](std::size_t i) { return may_defer && answered.answers[i].code == BHP_DEFER; };
  for (std::size_t i = 0; i < call.tickets.size(); ++i) {
    if (!is_deferred(i)) mine.reached.insert({call.tickets[i].key.seq, call.tickets[i].key.replay});
  }
  if (call.tickets.size() > 1 && (answered.batch_code != BHP_OK || !is_complete)) return undecided(mine, call);
  for (std::size_t i = 0; i < call.tickets.size(); ++i) {
    if (is_deferred(i)) {  // as if it had not been sent
      mine.out.erase(facts_.at(call.tickets[i].key.seq).subject);
      continue;
    }
    std::int32_t code = BHP_RETRY;
    Milliseconds retry_after_ms = 0;
    if (answered.batch_code != BHP_OK) {
      code = answered.batch_code;
    } else if (is_complete) {
      code = answered.answers[i].code;
      retry_after_ms = answered.answers[i].retry_after_ms;
    }
    decide(now, mine, call.tickets[i], code, retry_after_ms, false);
  }
  for (std::size_t i = 0; i < call.tickets.size(); ++i) {  // the first one delivered carries what the call staged
    if (is_deferred(i)) continue;
    Decision &decision = mine.decisions.at({call.tickets[i].key.seq, call.tickets[i].key.replay});
    if (decision.state != DeliveryState::delivered) continue;
    decision.staged = staged_tag(answered);
    break;
  }
}

void Oracle::died(Milliseconds now, const Send &call, bool is_late) {
  Ledger &mine = ledger(call.instance);
  for (const Ticket &ticket : call.tickets) mine.reached.insert({ticket.key.seq, ticket.key.replay});
  if (call.tickets.size() > 1) return undecided(mine, call);
  // What hangs as a probe hangs with the destination: that is no strike.
  const bool is_probe = mine.hold && mine.hold->probe == call.tickets.front().key;
  decide(now, mine, call.tickets.front(), BHP_RETRY, 0, !(is_late && is_probe));
}

// A batch that came to nothing: each of it goes again, alone.
void Oracle::undecided(Ledger &mine, const Send &call) {
  for (const Ticket &ticket : call.tickets) {
    mine.out.erase(facts_.at(ticket.key.seq).subject);
    mine.singles.insert({ticket.key.seq, ticket.key.replay});
  }
}

void Oracle::decide(Milliseconds now, Ledger &mine, const Ticket &ticket, std::int32_t code,
                    Milliseconds retry_after_ms, bool is_death) {
  const Place place{ticket.key.seq, ticket.key.replay};
  const bool is_probe = mine.hold && mine.hold->probe == ticket.key;
  const Decision decision = decision_of(now, mine, place, code, retry_after_ms, is_death, is_probe);
  mine.singles.erase(place);
  if (code == BHP_HOLD && (!mine.hold || is_probe)) {
    mine.hold = Hold{true, ticket.key, true, false, false, !is_probe};
  } else if (is_probe) {
    Hold &hold = *mine.hold;
    hold.probe.reset();
    hold.is_kept = hold.is_durable = false;
    const bool is_struck_out = is_death && decision.state == DeliveryState::dead;
    const bool is_answer = code == BHP_OK || code == BHP_FAIL;
    hold.may_end = hold.is_by_plugin ? is_answer || code == BHP_SKIP || is_struck_out : is_answer;
  }
  mine.decisions[place] = decision;
}

Oracle::Decision Oracle::decision_of(Milliseconds now, const Ledger &mine, const Place &place, std::int32_t code,
                                     Milliseconds retry_after_ms, bool is_death, bool is_probe) const {
  const Policy &policy = mine.plan.policy;
  const Row *known = row_of(mine, place);
  const Row before = known == nullptr ? Row{} : *known;
  Decision decision;
  decision.attempts = before.attempts + 1;
  decision.strikes = before.strikes + (is_death ? 1 : 0);
  const bool is_retry = code != BHP_OK && code != BHP_SKIP && code != BHP_FAIL && code != BHP_HOLD;
  const bool is_struck_out = is_death && decision.strikes >= policy.strikes_max;
  if (!is_struck_out && (code == BHP_HOLD || (is_probe && is_retry))) {
    decision.is_hold = true;
    if (!is_death) --decision.attempts;
  } else if (code == BHP_OK || code == BHP_SKIP) {
    decision.state = DeliveryState::delivered;
    return decision;
  } else {
    const bool is_worn_out = policy.attempts_max > 0 && before.attempts + 1 >= policy.attempts_max;
    const Milliseconds age_ms = before.first_ms == 0 ? 0 : now - before.first_ms;
    decision.may_be_dead = policy.age_ms_max > 0 && age_ms >= policy.age_ms_max;
    if (code == BHP_FAIL || is_struck_out || is_worn_out) {
      decision.state = DeliveryState::dead;
      return decision;
    }
  }
  const Milliseconds asked_ms = std::clamp<Milliseconds>(retry_after_ms, 0, policy.retry_after_ms_max);
  Milliseconds cap_ms = policy.backoff_ms_max;  // of a hold: as many HOLDs in a row as there were
  if (!decision.is_hold) {
    cap_ms = policy.backoff_ms_min;
    for (int i = 1; i <= before.attempts && cap_ms < policy.backoff_ms_max; ++i) cap_ms *= 2;
    cap_ms = std::min(cap_ms, policy.backoff_ms_max);
  }
  decision.due_ms_min = now + std::max(asked_ms, std::min(policy.backoff_ms_min / 2, cap_ms));
  decision.due_ms_max = now + std::max(asked_ms, cap_ms);
  return decision;
}

// ---- what is written down -------------------------------------------------------------------------------------------

void Oracle::settle_asked(Milliseconds now, const SettleBatch &batch) {
  for (const CursorMove &move : batch.cursors) check_cursor(ledger(move.instance), move.cursor);
  for (const Settlement &settlement : batch.settlements) {
    check_settlement(now, ledger(settlement.key.instance), settlement);
  }
}

void Oracle::check_cursor(const Ledger &mine, Seq cursor) {
  if (facts_.empty() || cursor > facts_.rbegin()->first)
    fail("the cursor of " + mine.plan.name + " is past the newest");
  for (const auto &[subject, seqs] : mine.open) {
    if (*seqs.begin() > cursor) continue;
    fail("the cursor of " + mine.plan.name + " goes to " + std::to_string(cursor) +
         " and passes the unfinished event " + std::to_string(*seqs.begin()));
  }
}

void Oracle::check_settlement(Milliseconds now, Ledger &mine, const Settlement &settlement) {
  const DeliveryKey &key = settlement.key;
  const Place place{key.seq, key.replay};
  const std::string name = name_of(mine, place);
  const auto same = [](const Settlement &a, const Settlement &b) {
    return a.state == b.state && a.attempts == b.attempts && a.strikes == b.strikes && a.due_ms == b.due_ms &&
           a.first_ms == b.first_ms && a.verdict == b.verdict;
  };
  auto found = mine.decisions.find(place);
  const SubjectKey subject = facts_.at(key.seq).subject;
  const Row *known = row_of(mine, place);
  const bool is_decided = found != mine.decisions.end() && !(found->second.asked && mine.out.count(subject) == 0 &&
                                                             !same(*found->second.asked, settlement));
  if (!is_decided) {
    // Only a row that outlived the filter that wanted it may be settled without having been sent.
    const bool is_unwanted = known != nullptr && !known->is_final() && key.replay == 0 && !is_wanted(mine, key.seq) &&
                             mine.out.count(subject) == 0 && settlement.state == DeliveryState::delivered &&
                             settlement.verdict == Verdict::skip;
    if (!is_unwanted) return fail(name + " is settled and no child has answered");
    Decision unsent;
    unsent.attempts = known->attempts;
    unsent.strikes = known->strikes;
    unsent.state = DeliveryState::delivered;
    found = mine.decisions.insert_or_assign(place, unsent).first;
    mine.out[subject] = key;
  }
  Decision &decision = found->second;
  if (decision.asked) {  // it was refused before
    if (!same(*decision.asked, settlement)) fail(name + " is settled twice, and differently");
    return;
  }
  decision.asked = settlement;
  if (settlement.subject != subject) fail(name + " is settled under another subject");
  if (settlement.attempts != decision.attempts) {
    fail(name + " has " + std::to_string(settlement.attempts) + " attempts written down and had " +
         std::to_string(decision.attempts));
  }
  if (settlement.strikes != decision.strikes) fail(name + " has the wrong strikes written down");
  const bool is_too_old = decision.may_be_dead && settlement.state == DeliveryState::dead;
  if (settlement.state != decision.state && !is_too_old) fail(name + " is settled in the wrong state");
  const std::optional<std::string> staged =
      settlement.staged.kv.empty() ? std::nullopt : settlement.staged.kv.front().value;
  if (staged != decision.staged)
    fail(name + " is settled with what another attempt staged, or without what its own did");
  if (settlement.state != DeliveryState::waiting) return;
  if (settlement.due_ms < decision.due_ms_min || settlement.due_ms > decision.due_ms_max) {
    fail(name + " waits for a time that the policy does not give");
  }
  const Milliseconds first_ms = known == nullptr ? 0 : std::min(known->first_ms, now);
  if (settlement.first_ms < first_ms || settlement.first_ms > settlement.due_ms) fail(name + " has the wrong age");
}

}  // namespace bellhop::core
