// SPDX-License-Identifier: Apache-2.0
// Oracle: what delivery owes, kept apart from delivery: computed from the order of the journal, the filters, and what
// was seen going out and becoming durable. It knows the promises and none of the engine's ways to keep them. The first
// broken one is kept as a sentence; the rest of that life does not count.
//
//   nothing lost      everything owed is final in the end; a cursor never passes what is not
//   order             of a subject the earliest open event goes, and only when nothing of the subject is out
//   once is enough    nothing final is sent, nothing before it is due, nothing that the filter does not want
//   right figures     attempts, strikes, first_ms and due_ms are those that follow from what the child did
//   no early settle   a settlement says what a child answered, is asked for in that very step, and never changes
//   one probe         held: only a probe goes, one at a time; the hold ends only by what a probe found out. That a
//   breaker
//                     opens is taken from the engine (breaker_test holds it against its policy)
//   nothing sleeps    at rest no idle worker leaves a ready event, and the next timer is not after the next due time
//   deadlines         a child that hangs is killed at its deadline, and none is killed before
//   staged writes     those of the answer that settled the delivery, with a delivered state, and no others
//   bounded           what is in memory stays within the limits
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "delivery/engine.hpp"

namespace bellhop::core {

struct Fact {  // one event of the journal
  std::string type;
  SubjectKey subject = 0;
  bool is_quarantined = false;
  Milliseconds appended_ms = 0;
};

class Oracle {
 public:
  struct Row {
    DeliveryState state = DeliveryState::waiting;
    int attempts = 0, strikes = 0;
    Milliseconds due_ms = 0, first_ms = 0;
    bool is_final() const { return state != DeliveryState::waiting; }
  };
  using Place = std::pair<Seq, std::int64_t>;  // seq and replay

  // What a call of one child looks like from outside.
  struct Worker {
    bool is_idle = false;  // alive, ready, nothing in hand
    bool is_killed = false;
    std::optional<Milliseconds> deadline_ms;  // of the call it has in hand
  };

  // ---- what happened, before the engine hears of it ----
  void appended(Seq seq, Fact fact);
  void replay_asked(const DeliveryKey &key);
  void dropped(InstanceId instance, Seq seq);
  // A daemon starts: all that was only in memory is gone.
  void started(Milliseconds now, const std::vector<DeliveryPlan> &plans, const LaneLimits &limits);
  void stopping() { is_stopping_ = true; }
  void answered(Milliseconds now, const Send &call, const Answered &answered);
  void died(Milliseconds now, const Send &call, bool is_late);  // late: it was killed at its deadline
  void not_sent(const NotSent &input);
  void unread(const Send &call);  // its child died before it read the call
  void durable(const SettleBatch &batch);

  // ---- what the engine did ----
  void look_at_holds(const Engine &engine);  // after the step, before its actions
  void sent(Milliseconds now, const Send &send, bool is_batching);
  void settle_asked(Milliseconds now, const SettleBatch &batch);
  void check_step(const Engine &engine);
  // Nothing is on its way to the engine and no timer is due. `workers` by instance.
  void check_rest(Milliseconds now, const Engine &engine, const std::map<InstanceId, std::vector<Worker>> &workers,
                  Milliseconds trouble_ms);
  void check_end(const Engine &engine, Seq newest);

  void fail(const std::string &sentence);
  const std::optional<std::string> &violation() const { return violation_; }
  std::size_t open_count() const;
  std::int64_t sends_count() const { return sends_count_; }
  std::optional<Milliseconds> appended_ms(Seq seq) const;
  const Row *row(const DeliveryKey &key) const;

 private:
  struct Decision {  // of one attempt, until its next
    int attempts = 0, strikes = 0;
    DeliveryState state = DeliveryState::waiting;
    bool may_be_dead = false;  // by its age, of which only the engine knows how much it was held
    Milliseconds due_ms_min = 0, due_ms_max = 0;
    bool is_hold = false;
    std::optional<std::string> staged;
    std::optional<Settlement> asked;
  };
  struct Hold {
    bool is_by_plugin = false;
    std::optional<DeliveryKey> probe;  // under way, or kept to probe again
    bool is_kept = false, is_durable = false;
    bool may_end = false;  // a probe has found out that it is over
    bool is_new = false;   // begun by the plugin's word in this step
  };
  struct Ledger {  // of one instance
    DeliveryPlan plan;
    bool is_running = false;
    Seq cursor = 0;
    std::map<Place, Row> rows;
    std::map<SubjectKey, std::set<Seq>> open;       // live, owed and not durably final
    std::set<Seq> passed;                           // that a filter of old did not want, and the scan may have passed
    std::map<SubjectKey, std::set<Place>> replays;  // asked for and not durably final
    std::map<SubjectKey, DeliveryKey> out;          // sent, or decided and not yet durable
    std::map<Place, Decision> decisions;
    std::set<Place> singles;  // were in a batch that failed
    std::set<Place> reached;  // a child may have seen it
    std::optional<Hold> hold;
  };

  Ledger &ledger(InstanceId id) { return ledgers_[id]; }
  bool is_wanted(const Ledger &ledger, Seq seq) const;
  const Row *row_of(const Ledger &ledger, const Place &place) const;
  std::string name_of(const Ledger &ledger, const Place &place) const;
  void check_ticket(Milliseconds now, Ledger &ledger, const Ticket &ticket, bool is_alone);
  void decide(Milliseconds now, Ledger &ledger, const Ticket &ticket, std::int32_t code, Milliseconds retry_after_ms,
              bool is_death);
  Decision decision_of(Milliseconds now, const Ledger &ledger, const Place &place, std::int32_t code,
                       Milliseconds retry_after_ms, bool is_death, bool is_probe) const;
  void undecided(Ledger &ledger, const Send &call);
  void check_settlement(Milliseconds now, Ledger &ledger, const Settlement &settlement);
  void check_cursor(const Ledger &ledger, Seq cursor);
  void check_idle(Milliseconds now, const Ledger &ledger, const Engine &engine);
  void check_probe(Ledger &ledger, const DeliveryKey &key, bool is_alone);
  void check_head(Milliseconds now, const Ledger &ledger, SubjectKey subject, const Place &place,
                  std::optional<Milliseconds> timer);

  std::map<Seq, Fact> facts_;
  std::map<InstanceId, Ledger> ledgers_;
  LaneLimits limits_;
  bool is_stopping_ = false;
  Milliseconds started_ms_ = 0;
  std::int64_t sends_count_ = 0;
  std::optional<std::string> violation_;
};

// What the branch of the engine that is compiled carries. An answer without a place for staged writes stages none.
template <class Input>
bool stage(Input &answered, Staged staged) {
  if constexpr (requires { answered.staged = std::move(staged); }) {
    answered.staged = std::move(staged);
    return true;
  }
  return false;
}
template <class Input>
std::optional<std::string> staged_tag(const Input &answered) {
  if constexpr (requires { answered.staged.kv; }) {
    if (!answered.staged.kv.empty()) return answered.staged.kv.front().value;
  }
  return std::nullopt;
}

}  // namespace bellhop::core
