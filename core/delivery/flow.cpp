// SPDX-License-Identifier: Apache-2.0
// Flow: what a verdict, a death or an unreadable row means for the event and the instance. The driving half (spawn,
// read, send, cursor) is in flow_advance.cpp, what holds the instance in flow_hold.cpp.
#include "delivery/flow.hpp"

#include <bellhop/plugin.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace bellhop::core {
namespace {

// The last ones that fit, as a JSON array; "" without any. The end of a call tells more than its beginning.
std::string json_array(const std::vector<std::string> &objects, std::size_t bytes_max) {
  std::size_t bytes = 2, first = objects.size();
  while (first > 0 && bytes + objects[first - 1].size() + 1 <= bytes_max) bytes += objects[--first].size() + 1;
  if (first == objects.size()) return "";
  std::string json = "[";
  for (std::size_t i = first; i < objects.size(); ++i) json += (i > first ? "," : "") + objects[i];
  return json + "]";
}

// Of each event of a batch, which all keep the same: a share, but one of the usual size always fits.
std::size_t exchanges_bytes_max_of(std::size_t events_count) {
  constexpr std::size_t one_bytes = 1 << 10;
  return std::max(Flow::exchanges_bytes_max / events_count, one_bytes);
}

// A batch of which nothing was begun would be deferred for ever.
bool has_begun(const std::vector<PluginAnswer> &answers) {
  return std::any_of(answers.begin(), answers.end(), [](const PluginAnswer &one) { return one.code != BHP_DEFER; });
}

}  // namespace

Flow::Flow(Journal &journal, DeliveryPlan plan, const LaneLimits &limits, Random &random, Seq newest_at_start)
    : plan_(std::move(plan)),
      journal_(journal),
      random_(random),
      lanes_(journal, plan_, limits, newest_at_start),
      workers_(static_cast<std::size_t>(plan_.workers)),
      breaker_(plan_.policy.breaker),
      cursor_(plan_.cursor),
      cursor_durable_(plan_.cursor) {}

void Flow::say(Level level, std::string sentence, Outbox &out) const {
  out.actions.push_back(Alarm{plan_.id, level, std::move(sentence)});
}

void Flow::ready(Milliseconds now, const Ready &input) {
  Worker &worker = workers_.at(static_cast<std::size_t>(input.worker));
  worker.is_batching = input.is_batching;
  worker.life.ready();
  if (input.worker != 0) return;
  tick_due_ms_.reset();
  if (input.is_ticking) tick_due_ms_ = std::max(now, tick_not_before_ms_);
}

// ---- what became of a Send ------------------------------------------------------------------------------------------

void Flow::answered(Milliseconds now, const Answered &input, Outbox &out) {
  Worker &worker = workers_.at(static_cast<std::size_t>(input.worker));
  worker.life.answered();
  if (worker.sent.empty()) return;  // an answer to nothing changes nothing
  const bool is_complete = input.answers.size() == worker.sent.size();
  if (worker.sent.size() > 1 && (input.batch_code != BHP_OK || !is_complete)) {
    say(Level::warn,
        "a batch of " + std::to_string(worker.sent.size()) + " events was answered with code " +
            std::to_string(input.batch_code) + (is_complete ? "" : " and not one verdict each") +
            "; they are offered again one by one",
        out);
    batch_failed(worker, true);
    return;
  }
  const std::vector<Sent> sent = std::exchange(worker.sent, {});
  const Milliseconds took_ms = now - worker.sent_ms;
  const std::string exchanges = json_array(input.exchanges, exchanges_bytes_max_of(sent.size()));
  const bool may_defer = input.batch_code == BHP_OK && is_complete && has_begun(input.answers);
  bool is_staged_given = false;  // what a call staged becomes durable once, with the first that it delivered
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (may_defer && input.answers[i].code == BHP_DEFER) continue;
    Outcome outcome;
    if (input.batch_code != BHP_OK) {  // a batch of one
      outcome.code = input.batch_code;
      if (is_complete) outcome.message = input.answers[i].message;
    } else if (!is_complete) {
      outcome.code = BHP_RETRY;
      outcome.message = "the plugin gave no verdict";
    } else {
      const PluginAnswer &answer = input.answers[i];
      outcome.code = answer.code;
      outcome.retry_after_ms = answer.retry_after_ms;
      outcome.message = answer.message;
    }
    outcome.exchanges = exchanges;
    if (!is_staged_given && (outcome.code == BHP_OK || outcome.code == BHP_SKIP)) {
      outcome.staged = input.staged;
      is_staged_given = true;
    }
    decide(now, took_ms, sent[i], std::move(outcome), out);
  }
  for (std::size_t i = sent.size(); may_defer && i-- > 0;) {  // the oldest last: it goes to the front
    if (input.answers[i].code == BHP_DEFER) lanes_.give_back(sent[i].subject, false, false);
  }
}

void Flow::died(Milliseconds now, const Died &input, Outbox &out) {
  Worker &worker = workers_.at(static_cast<std::size_t>(input.worker));
  const bool was_asked_to = worker.life.state() == WorkerLife::State::stopping && worker.sent.empty();
  const bool is_late = worker.life.state() == WorkerLife::State::killed;
  const std::string sentence = worker.life.died(now, input.sentence, input.is_refusal);
  if (!was_asked_to) {
    const Milliseconds pause_ms = worker.life.spawn_due_ms() - now;
    const std::string next = is_stopping_    ? ""
                             : pause_ms <= 0 ? "; started again"
                                             : "; started again in " + std::to_string((pause_ms + 999) / 1'000) + " s";
    say(input.is_refusal ? Level::error : Level::warn,
        (input.is_refusal ? "refused: " : "worker " + std::to_string(input.worker) + ": ") + sentence + next, out);
  }
  asking_died(now, worker, sentence, out);
  if (input.is_unread) {  // they had no part in it
    const std::vector<Sent> unread = std::exchange(worker.sent, {});
    for (auto each = unread.rbegin(); each != unread.rend(); ++each) never_reached(*each);
  } else if (worker.sent.size() > 1) {
    batch_failed(worker, true);  // nobody knows which of them it was: each alone will tell
  } else if (!worker.sent.empty()) {
    const Sent sent = worker.sent.front();
    worker.sent.clear();
    Outcome outcome;
    outcome.code = BHP_RETRY;
    outcome.message = input.crash.empty() ? sentence : sentence + " (" + input.crash + ")";
    outcome.is_death = true;
    outcome.is_late = is_late;
    outcome.exchanges = json_array(input.exchanges, exchanges_bytes_max);
    decide(now, now - worker.sent_ms, sent, std::move(outcome), out);
  }
  if (is_stopping_) worker.life.stopped();
}

void Flow::batch_failed(Worker &worker, bool is_redelivery) {
  const std::vector<Sent> sent = std::exchange(worker.sent, {});
  for (auto each = sent.rbegin(); each != sent.rend(); ++each) lanes_.give_back(each->subject, is_redelivery, true);
}

void Flow::not_sent(Milliseconds now, const NotSent &input, Outbox &out) {
  Worker &worker = workers_.at(static_cast<std::size_t>(input.worker));
  const auto found =
      std::find_if(worker.sent.begin(), worker.sent.end(), [&](const Sent &sent) { return sent.key == input.key; });
  CHECK(found != worker.sent.end());
  const Sent sent = *found;
  worker.sent.erase(found);
  if (input.why == NotSent::Why::no_child) {
    worker.life.lost();
  } else if (worker.sent.empty()) {
    worker.life.answered();
  }
  switch (input.why) {
    case NotSent::Why::damaged: {
      say(Level::error, "event " + std::to_string(input.key.seq) + " is dead: " + input.sentence, out);
      settle_unsent(lanes_.out_of(sent.subject), DeliveryState::dead, Verdict::fail,
                    "the stored event is damaged (checksum)", out);
      if (!is_probe(sent.key)) return;
      hold_->probe.reset();  // it can probe nothing; the next event will
      if (hold_->by == Hold::By::plugin) return end_hold(now, out);
      breaker_.probe_said_nothing(now);
      return;
    }
    case NotSent::Why::unreadable:
      pause(now, input.sentence, out);
      break;
    case NotSent::Why::no_room:
    case NotSent::Why::no_child:
      break;
  }
  never_reached(sent);
}

// It did not reach the plugin, and is as it was before it was taken.
void Flow::never_reached(const Sent &sent) {
  if (is_probe(sent.key)) {
    hold_->probe->is_out = false;
    if (hold_->probe->is_kept) return;
    hold_->probe.reset();
    if (hold_->by == Hold::By::breaker) breaker_.probe_said_nothing(hold_->until_ms);
  }
  lanes_.give_back(sent.subject, false, false);
}

// ---- decisions ------------------------------------------------------------------------------------------------------

// Time that it stood ready and was held back, since its row was last written.
Milliseconds Flow::held_ms(Milliseconds now, const Owed &owed) const {
  return owed.first_ms == 0 ? 0 : held_time_.within(owed.due_ms, now);
}

Step Flow::step_of(Milliseconds now, const Offer &offer, int strikes, const Outcome &outcome, bool is_probe) {
  const Owed &owed = offer.owed;
  const Milliseconds first_ms = std::min(owed.first_ms, now);  // later than now: written by a clock that was wrong
  const Milliseconds age_ms = owed.first_ms == 0 ? 0 : std::max<Milliseconds>(0, now - first_ms - held_ms(now, owed));
  if (outcome.is_death && strikes >= plan_.policy.strikes_max) {
    return {Step::What::dead, 0,
            "the plugin died " + std::to_string(strikes) + (strikes == 1 ? " time" : " times") + " over this event"};
  }
  const int attempt = owed.attempts + 1;
  const Verdict verdict = verdict_of(outcome.code);
  if (verdict == Verdict::hold) {
    const int number = is_probe ? hold_->number + 1 : 1;
    return next_step(plan_.policy, BHP_HOLD, number, age_ms, outcome.retry_after_ms, random_);
  }
  // A probe that is told to come again has found out that the hold goes on, and uses up no attempt of its event.
  if (is_probe && verdict == Verdict::retry) {
    return next_step(plan_.policy, BHP_HOLD, attempt, age_ms, outcome.retry_after_ms, random_);
  }
  return next_step(plan_.policy, outcome.code, attempt, age_ms, outcome.retry_after_ms, random_);
}

Settlement Flow::settlement_of(Milliseconds now, const Offer &offer, const Step &step, int strikes,
                               Outcome &outcome) const {
  const Owed &owed = offer.owed;
  const bool is_held = step.what == Step::What::hold;
  Settlement settlement;
  settlement.key = owed.key;
  settlement.subject = owed.subject;
  settlement.verdict = verdict_of(outcome.code);
  settlement.strikes = strikes;
  // A HOLD says nothing of this event, so it uses up neither attempts nor age.
  const bool is_charged = !is_held || outcome.is_death;
  settlement.attempts = owed.attempts + (is_charged ? 1 : 0);
  settlement.first_ms = owed.first_ms == 0 ? now : std::min(owed.first_ms, now) + held_ms(now, owed);
  if (is_held) settlement.first_ms = owed.first_ms == 0 ? 0 : settlement.first_ms + step.delay_ms;
  settlement.message = outcome.message;
  if (settlement.verdict == Verdict::retry && outcome.code != BHP_RETRY) {
    settlement.message = "the plugin answered with the unknown verdict " + std::to_string(outcome.code) +
                         (outcome.message.empty() ? "" : ": " + outcome.message);
  }
  settlement.exchanges = std::move(outcome.exchanges);
  switch (step.what) {
    case Step::What::delivered:
      settlement.state = DeliveryState::delivered;
      settlement.staged = std::move(outcome.staged);
      break;
    case Step::What::dead:
      settlement.state = DeliveryState::dead;
      if (settlement.message.empty()) {
        settlement.message = step.reason;
      } else if (settlement.verdict != Verdict::fail) {
        settlement.message = step.reason + ": " + settlement.message;
      }
      break;
    case Step::What::wait:
    case Step::What::hold:
      settlement.state = DeliveryState::waiting;
      settlement.due_ms = now + step.delay_ms;
      break;
  }
  return settlement;
}

void Flow::decide(Milliseconds now, Milliseconds took_ms, const Sent &sent, Outcome outcome, Outbox &out) {
  const Offer &offer = lanes_.out_of(sent.subject);
  // What hangs as a probe hangs with the destination: no more the event's fault than a RETRY.
  if (outcome.is_late && is_probe(sent.key)) outcome.is_death = false;
  const int strikes = offer.owed.strikes + (outcome.is_death ? 1 : 0);
  const Step step = step_of(now, offer, strikes, outcome, is_probe(sent.key));

  Decided decided;
  decided.settlement = settlement_of(now, offer, step, strikes, outcome);
  decided.settlement.took_ms = took_ms;
  outcome.message = decided.settlement.message;
  decided.attempt = attempt_of(offer, decided.settlement);
  decided.attempt.attempt = offer.owed.attempts + 1;
  const bool is_waiting = decided.settlement.state == DeliveryState::waiting;
  decided.attempt.retry_in_ms = is_waiting ? step.delay_ms : 0;
  if (step.what != Step::What::delivered) last_error_ = outcome.message;

  decided.is_hold = follow(now, sent, step, outcome, out);
  if (is_waiting) lanes_.waits(sent.subject);
  ++settling_count_;
  out.decided.push_back(std::move(decided));
}

void Flow::unfit(Milliseconds now, const Decided &decided, const std::string &why, Outbox &out) {
  const Settlement &settlement = decided.settlement;
  --settling_count_;
  Outcome outcome;
  outcome.code = BHP_RETRY;
  outcome.message = "what it wrote does not fit: " + why;
  outcome.is_ours = true;
  outcome.exchanges = settlement.exchanges;
  decide(now, settlement.took_ms, {settlement.key, settlement.subject}, std::move(outcome), out);
}

Attempt Flow::attempt_of(const Offer &offer, const Settlement &settlement) const {
  Attempt attempt;
  attempt.instance = plan_.name;
  attempt.type = offer.owed.type;
  attempt.seq = offer.owed.key.seq;
  attempt.is_replay = offer.owed.key.replay != 0;
  attempt.attempt = settlement.attempts;
  attempt.verdict = settlement.verdict;
  attempt.state = settlement.state;
  attempt.took_ms = settlement.took_ms;
  attempt.message = settlement.message;
  return attempt;
}

// A final state without an attempt.
void Flow::settle_unsent(const Offer &offer, DeliveryState state, Verdict verdict, std::string message, Outbox &out) {
  Decided decided;
  Settlement &settlement = decided.settlement;
  settlement.key = offer.owed.key;
  settlement.subject = offer.owed.subject;
  settlement.state = state;
  settlement.verdict = verdict;
  settlement.attempts = offer.owed.attempts;
  settlement.strikes = offer.owed.strikes;
  settlement.first_ms = offer.owed.first_ms;
  settlement.message = std::move(message);
  decided.attempt = attempt_of(offer, settlement);
  ++settling_count_;
  out.decided.push_back(std::move(decided));
}

void Flow::settle_unwanted(const Offer &offer, Outbox &out) {
  settle_unsent(offer, DeliveryState::delivered, Verdict::skip,
                "the filter does not want " + offer.owed.type + " any more", out);
}

// ---- the disk has it ------------------------------------------------------------------------------------------------

void Flow::settled(Milliseconds now, const Decided &decided, Outbox &out) {
  const Settlement &settlement = decided.settlement;
  note_progress(now);
  --settling_count_;
  if (settlement.state != DeliveryState::waiting) {
    lanes_.finished(settlement.subject);
  } else if (decided.is_hold) {
    CHECK(is_probe(settlement.key));  // the hold cannot have ended: only its probe's next verdict ends it
    hold_->probe->is_durable = true;
    lanes_.held(settlement);
  } else {
    lanes_.parked(settlement.subject, settlement.due_ms);
  }
  if (settlement.state == DeliveryState::dead) count_dead_letter(now, settlement, out);
  out.actions.push_back(Observe{settlement.key, decided.attempt});
}

// One line for the first; those that follow it within the interval share one, see tell_dead_letters().
void Flow::count_dead_letter(Milliseconds now, const Settlement &settlement, Outbox &out) {
  tell_dead_letters(now, out);
  if (++dead_letters_count_ > dead_letters_told_count_ + 1 || now < dead_letters_quiet_until_ms_) return;
  dead_letters_told_count_ = dead_letters_count_;
  dead_letters_quiet_until_ms_ = now + dead_letters_ms_interval;
  say(Level::error, "dead letter: event " + std::to_string(settlement.key.seq) + ": " + settlement.message, out);
}

void Flow::tell_dead_letters(Milliseconds now, Outbox &out) {
  if (dead_letters_count_ == dead_letters_told_count_ || now < dead_letters_quiet_until_ms_) return;
  const std::int64_t count = dead_letters_count_ - std::exchange(dead_letters_told_count_, dead_letters_count_);
  dead_letters_quiet_until_ms_ = now + dead_letters_ms_interval;
  say(Level::error, std::to_string(count) + (count == 1 ? " more dead letter" : " more dead letters"), out);
}

void Flow::cursor_settled(Milliseconds now, Seq cursor, bool is_durable) {
  if (is_durable) {
    cursor_durable_ = std::max(cursor_durable_, cursor);
  } else {
    cursor_ = cursor_durable_;
    has_progress_ = !is_stopping_;
    cursor_due_ms_ = now + cursor_ms_interval;  // not at once: a full disk would be asked without a pause
  }
}

// ---- figures --------------------------------------------------------------------------------------------------------

std::int64_t Flow::in_flight_count() const {
  std::int64_t count = settling_count_;
  for (const Worker &worker : workers_) count += static_cast<std::int64_t>(worker.sent.size());
  return count;
}

bool Flow::is_stopped() const {
  return settling_count_ == 0 && std::all_of(workers_.begin(), workers_.end(), [](const Worker &worker) {
           return worker.life.state() == WorkerLife::State::stopped;
         });
}

InstanceStatus Flow::status() const {
  InstanceStatus status;
  status.name = plan_.name;
  status.workers = plan_.workers;
  status.in_flight_count = in_flight_count();
  status.backlog_count = lanes_.backlog_count();
  status.dead_letters_count = dead_letters_count_;
  status.oldest = oldest_;
  status.oldest_since_ms = oldest_since_ms_;
  status.last_error = last_error_;
  if (breaker_.state() != Breaker::State::closed) {
    status.breaker = breaker_.state() == Breaker::State::open ? "open" : "half open";
  }
  if (hold_) {
    status.held_by = hold_->by == Hold::By::plugin ? "plugin" : "breaker";
    status.held_since_ms = hold_->since_ms;
    const std::optional<DeliveryKey> key = probe();
    status.probe = key ? key->seq : 0;
    status.next_probe_ms = key ? 0 : hold_->until_ms;
  }
  bool is_running = false, is_backing_off = false, is_refused = false;
  for (const Worker &worker : workers_) {
    const WorkerLife::State state = worker.life.state();
    status.restarts_count += std::max(0, worker.life.spawns_count() - 1);
    if (state == WorkerLife::State::idle || state == WorkerLife::State::busy) is_running = true;
    if (state != WorkerLife::State::absent || worker.life.spawns_count() == 0) continue;
    is_backing_off = true;
    is_refused |= worker.life.is_refused();
    status.reason = worker.life.last_death();
  }
  if (is_stopping_) {
    status.state = "stopped";
    status.reason = is_stopped() ? "" : "finishing what is in flight";
  } else if (is_refused) {
    status.state = "refused";
  } else if (hold_) {
    status.state = "held";
    status.reason = hold_->reason;
  } else if (is_backing_off) {
    status.state = "backing off";
  } else if (is_running) {
    status.state = "running";
    status.reason.clear();
  } else {
    status.state = "starting";
  }
  return status;
}

}  // namespace bellhop::core
