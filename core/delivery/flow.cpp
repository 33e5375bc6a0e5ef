// SPDX-License-Identifier: Apache-2.0
// Flow: what a verdict, a death or an unreadable row means for the event and the instance. The driving half (spawn,
// read, send, cursor) is in flow_advance.cpp.
#include "delivery/flow.hpp"

#include <bellhop/plugin.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace bellhop::core {

Flow::Flow(Journal &journal, DeliveryPlan plan, const LaneLimits &limits, Random &random, Seq newest_at_start)
    : plan_(std::move(plan)),
      journal_(journal),
      random_(random),
      lanes_(journal, plan_, limits, newest_at_start),
      workers_(static_cast<std::size_t>(plan_.workers)),
      cursor_(plan_.cursor),
      cursor_durable_(plan_.cursor) {}

void Flow::say(Level level, std::string sentence, Outbox &out) const {
  out.actions.push_back(Alarm{plan_.id, level, std::move(sentence)});
}

void Flow::ready(const Ready &input) {
  Worker &worker = workers_.at(static_cast<std::size_t>(input.worker));
  worker.is_batching = input.is_batching;
  worker.life.ready();
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
  for (std::size_t i = 0; i < sent.size(); ++i) {
    Outcome outcome;
    if (input.batch_code != BHP_OK) {  // a batch of one
      outcome.code = input.batch_code;
      if (is_complete) outcome.message = input.answers[i].message;
    } else if (!is_complete) {
      outcome = {BHP_RETRY, 0, "the plugin gave no verdict", false};
    } else {
      const PluginAnswer &answer = input.answers[i];
      outcome = {answer.code, answer.retry_after_ms, answer.message, false};
    }
    decide(now, took_ms, sent[i], outcome, out);
  }
}

void Flow::died(Milliseconds now, const Died &input, Outbox &out) {
  Worker &worker = workers_.at(static_cast<std::size_t>(input.worker));
  const bool was_asked_to = worker.life.state() == WorkerLife::State::stopping && worker.sent.empty();
  const std::string sentence = worker.life.died(now, input.sentence, input.is_refusal);
  if (!was_asked_to) {
    const Milliseconds pause_ms = worker.life.spawn_due_ms() - now;
    const std::string next = is_stopping_    ? ""
                             : pause_ms <= 0 ? "; started again"
                                             : "; started again in " + std::to_string((pause_ms + 999) / 1'000) + " s";
    say(input.is_refusal ? Level::error : Level::warn,
        (input.is_refusal ? "refused: " : "worker " + std::to_string(input.worker) + ": ") + sentence + next, out);
  }
  if (worker.sent.size() > 1) {
    batch_failed(worker, true);  // nobody knows which of them it was: each alone will tell
  } else if (!worker.sent.empty()) {
    const Sent sent = worker.sent.front();
    worker.sent.clear();
    decide(now, now - worker.sent_ms, sent, {BHP_RETRY, 0, sentence, true}, out);
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
  const SubjectKey subject = found->subject;
  worker.sent.erase(found);
  if (input.why == NotSent::Why::no_child) {
    worker.life.lost();
  } else if (worker.sent.empty()) {
    worker.life.answered();
  }
  if (hold_ && hold_->is_probing && hold_->probe == input.key) hold_->is_probing = false;
  switch (input.why) {
    case NotSent::Why::damaged: {
      say(Level::error, "event " + std::to_string(input.key.seq) + " is dead: " + input.sentence, out);
      settle_unsent(lanes_.out_of(subject), DeliveryState::dead, Verdict::fail,
                    "the stored event is damaged (checksum)", out);
      if (hold_ && hold_->probe == input.key) end_hold(out);  // it can probe nothing; the next event will
      return;
    }
    case NotSent::Why::unreadable:
      pause(now, input.sentence, out);
      break;
    case NotSent::Why::no_room:
    case NotSent::Why::no_child:
      break;
  }
  if (!hold_ || !(hold_->probe == input.key)) lanes_.give_back(subject, false, false);
}

// ---- decisions ------------------------------------------------------------------------------------------------------

Step Flow::step_of(Milliseconds now, const Offer &offer, int attempt, int strikes, const Outcome &outcome,
                   bool is_probe) {
  const Milliseconds age_ms = offer.owed.first_ms == 0 ? 0 : now - offer.owed.first_ms;
  if (outcome.is_death && strikes >= plan_.policy.strikes_max) {
    return {Step::What::dead, 0,
            "the plugin died " + std::to_string(strikes) + (strikes == 1 ? " time" : " times") + " over this event"};
  }
  const Verdict verdict = verdict_of(outcome.code);
  // A probe that is told to come again has found out that the hold goes on, and uses up no attempt of its event.
  if (verdict == Verdict::hold || (is_probe && verdict == Verdict::retry)) {
    const int number = is_probe ? hold_->number + 1 : 1;
    return next_step(plan_.policy, BHP_HOLD, number, age_ms, outcome.retry_after_ms, random_);
  }
  return next_step(plan_.policy, outcome.code, attempt, age_ms, outcome.retry_after_ms, random_);
}

void Flow::decide(Milliseconds now, Milliseconds took_ms, const Sent &sent, const Outcome &outcome, Outbox &out) {
  const Offer &offer = lanes_.out_of(sent.subject);
  const Owed &owed = offer.owed;
  const bool is_probe = hold_ && hold_->probe == sent.key;
  const int strikes = owed.strikes + (outcome.is_death ? 1 : 0);
  const Step step = step_of(now, offer, owed.attempts + 1, strikes, outcome, is_probe);
  const bool is_hold = step.what == Step::What::hold;

  Decided decided;
  Settlement &settlement = decided.settlement;
  settlement.key = owed.key;
  settlement.subject = owed.subject;
  settlement.verdict = verdict_of(outcome.code);
  settlement.strikes = strikes;
  settlement.took_ms = took_ms;
  // A HOLD says nothing of this event, so it uses up neither attempts nor age.
  const bool is_charged = !is_hold || outcome.is_death;
  settlement.attempts = owed.attempts + (is_charged ? 1 : 0);
  settlement.first_ms = owed.first_ms == 0 ? now : owed.first_ms;
  if (is_hold) settlement.first_ms = owed.first_ms == 0 ? 0 : owed.first_ms + step.delay_ms;
  settlement.message = outcome.message;
  if (verdict_of(outcome.code) == Verdict::retry && outcome.code != BHP_RETRY) {
    settlement.message = "the plugin answered with the unknown verdict " + std::to_string(outcome.code) +
                         (outcome.message.empty() ? "" : ": " + outcome.message);
  }
  switch (step.what) {
    case Step::What::delivered:
      settlement.state = DeliveryState::delivered;
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
  decided.attempt = attempt_of(offer, settlement);
  decided.attempt.attempt = owed.attempts + 1;
  decided.attempt.retry_in_ms = settlement.state == DeliveryState::waiting ? step.delay_ms : 0;

  if (is_hold && (!hold_ || is_probe)) {
    decided.is_hold = true;
    begin_or_extend_hold(now, sent, step, settlement.message, out);
  } else if (is_probe) {
    end_hold(out);
  }
  if (settlement.state == DeliveryState::waiting) lanes_.waits(sent.subject);
  ++settling_count_;
  out.decided.push_back(std::move(decided));
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

void Flow::begin_or_extend_hold(Milliseconds now, const Sent &sent, const Step &step, const std::string &message,
                                Outbox &out) {
  const bool is_first = !hold_;
  if (is_first) hold_.emplace();
  hold_->probe = sent.key;
  hold_->subject = sent.subject;
  hold_->until_ms = now + step.delay_ms;
  hold_->number += is_first ? 0 : 1;
  hold_->is_durable = hold_->is_probing = false;
  hold_->reason = message.empty() ? "the plugin said HOLD" : message;
  if (!is_first) return;  // one alarm for one hold
  say(Level::error,
      "held: " + hold_->reason + "; its events wait, event " + std::to_string(sent.key.seq) + " probes again in " +
          std::to_string((step.delay_ms + 999) / 1'000) + " s",
      out);
}

void Flow::end_hold(Outbox &out) {
  hold_.reset();
  say(Level::info, "takes events again", out);
}

// ---- the disk has it ------------------------------------------------------------------------------------------------

void Flow::settled(Milliseconds now, const Decided &decided, Outbox &out) {
  const Settlement &settlement = decided.settlement;
  note_progress(now);
  --settling_count_;
  if (settlement.state != DeliveryState::waiting) {
    lanes_.finished(settlement.subject);
  } else if (decided.is_hold) {
    hold_->is_durable = true;  // the hold cannot have ended: only its probe's next verdict ends it
    lanes_.held(settlement);
  } else {
    lanes_.parked(settlement.subject, settlement.due_ms);
  }
  out.actions.push_back(Observe{settlement.key, decided.attempt});
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
