// SPDX-License-Identifier: Apache-2.0
// Flow: the driving half. advance() does whatever needs no further input; calling it once more changes nothing.
#include <bellhop/plugin.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "delivery/flow.hpp"

namespace bellhop::core {
namespace {

std::string in_seconds(Milliseconds span_ms) {
  if (span_ms % 1'000 != 0) return std::to_string(span_ms) + " ms";
  return std::to_string(span_ms / 1'000) + " s";
}

}  // namespace

void Flow::advance(Milliseconds now, Outbox &out) {
  held_time_.started(now);
  for (std::size_t i = 0; i < workers_.size(); ++i) look_after(static_cast<int>(i), workers_[i], now, out);
  expire_questions(now, out);
  if (!is_stopping_) {
    for (std::size_t i = 0; i < workers_.size(); ++i) ask(static_cast<int>(i), workers_[i], now, out);
  }
  load(now, out);
  if (!is_stopping_ && now >= paused_until_ms_) {
    const std::size_t first = probe_turn_;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      const std::size_t number = hold_ ? (first + i) % workers_.size() : i;
      if (hold_) {
        dispatch_probe(static_cast<int>(number), workers_[number], now, out);
      } else {
        dispatch(static_cast<int>(number), workers_[number], now, out);
      }
    }
  }
  move_cursor(now, out);
  if (!is_stopping_) tell_dead_letters(now, out);
}

void Flow::look_after(int number, Worker &worker, Milliseconds now, Outbox &out) {
  using State = WorkerLife::State;
  WorkerLife &life = worker.life;
  if (life.is_overdue(now)) {
    const std::string why = worker.asking ? "did not come back from a question within " +
                                                in_seconds(plan_.policy.deadline_ms) + " and was killed"
                            : life.state() == State::busy
                                ? "gave no answer within " + in_seconds(plan_.policy.deadline_ms) + " and was killed"
                                : "was not ready within " + in_seconds(WorkerLife::start_ms_max) + " and was killed";
    life.killed(why);
    out.actions.push_back(KillWorker{plan_.id, number, why});
    return;
  }
  if (is_stopping_) {
    if (life.state() == State::absent) life.stopped();
    if (life.state() != State::idle && life.state() != State::starting) return;  // busy: after its answer
    life.stopping();
    out.actions.push_back(StopWorker{plan_.id, number});
    return;
  }
  if (!life.is_spawn_due(now)) return;
  life.spawned(now);
  worker.is_batching = false;
  out.actions.push_back(SpawnWorker{plan_.id, number});
}

void Flow::load(Milliseconds now, Outbox &out) {
  const bool with_due = may_wake_waiting(now);  // while held, what waits may wait on disk
  if (!may_read(now) || !lanes_.wants_load(now, with_due)) return;
  if (const Result<void> result = lanes_.load(now, with_due); !result.ok()) {
    pause(now, result.error().sentence, out);
  } else if (read_failures_count_ > 0) {
    read_failures_count_ = 0;
    say(Level::info, "the journal can be read again", out);
  }
  if (lanes_.scan_position() != scan_seen_) note_progress(now);
}

void Flow::pause(Milliseconds now, const std::string &sentence, Outbox &out) {
  paused_until_ms_ = now + doubled_ms(read_pause_ms_min, read_failures_count_, read_pause_ms_max);
  if (read_failures_count_++ == 0) say(Level::error, "its events cannot be read: " + sentence, out);
}

void Flow::dispatch(int number, Worker &worker, Milliseconds now, Outbox &out) {
  while (worker.life.state() == WorkerLife::State::idle) {
    std::vector<Offer> offers = lanes_.take(number, worker.is_batching ? plan_.batch_max : 1);
    if (offers.empty()) return;
    std::vector<Offer> wanted;
    for (Offer &offer : offers) {
      if (offer.is_unwanted) {
        settle_unwanted(offer, out);
      } else {
        wanted.push_back(std::move(offer));
      }
    }
    if (!wanted.empty()) send(number, worker, wanted, now, out);
  }
}

void Flow::dispatch_probe(int number, Worker &worker, Milliseconds now, Outbox &out) {
  if (worker.life.state() != WorkerLife::State::idle || now < hold_->until_ms) return;
  if (!hold_->probe) return draw_probe(number, worker, now, out);
  Probe &probe = *hold_->probe;
  if (probe.is_out || !probe.is_durable || number != lanes_.worker_of(probe.subject)) return;
  probe.is_out = true;
  send(number, worker, {lanes_.out_of(probe.subject)}, now, out);
}

// Another one each time: a failed one has gone to wait, so its turn is over.
void Flow::draw_probe(int number, Worker &worker, Milliseconds now, Outbox &out) {
  for (;;) {
    const std::vector<Offer> offers = lanes_.take(number, 1);
    if (offers.empty()) return;
    const Offer &offer = offers.front();
    if (offer.is_unwanted) {
      settle_unwanted(offer, out);
      continue;
    }
    hold_->probe = Probe{offer.owed.key, offer.owed.subject, false, false, true};
    probe_turn_ = static_cast<std::size_t>(number + 1) % workers_.size();
    if (hold_->by == Hold::By::breaker) breaker_.probing();
    return send(number, worker, offers, now, out);
  }
}

void Flow::send(int number, Worker &worker, const std::vector<Offer> &offers, Milliseconds now, Outbox &out) {
  CHECK(worker.sent.empty());
  Send action;
  action.instance = plan_.id;
  action.worker = number;
  action.budget_ms = plan_.policy.deadline_ms;
  action.backlog_count = lanes_.backlog_count();
  for (const Offer &offer : offers) {
    const Owed &owed = offer.owed;
    std::uint32_t flags = 0;
    if (owed.key.replay != 0) flags |= BHP_EV_REPLAY;
    if (owed.attempts > 0 || offer.is_redelivery) flags |= BHP_EV_REDELIVERY;
    action.tickets.push_back({owed.key, owed.attempts + 1, flags});
    worker.sent.push_back({owed.key, owed.subject});
  }
  worker.sent_ms = now;
  worker.life.sent(now + plan_.policy.deadline_ms);
  out.actions.push_back(std::move(action));
}

// ---- the cursor -----------------------------------------------------------------------------------------------------

void Flow::note_progress(Milliseconds now) {
  if (!has_progress_) cursor_due_ms_ = now + cursor_ms_interval;
  has_progress_ = true;
}

void Flow::move_cursor(Milliseconds now, Outbox &out) {
  const bool is_look = is_oldest_due(now) && !is_stopping_;
  if ((!has_progress_ && !is_look) || now < paused_until_ms_) return;
  const bool is_time = is_stopping_ ? in_flight_count() == 0 : now >= cursor_due_ms_ || is_look;
  if (!is_time) return;
  const Result<Seq> settled = lanes_.settled_up_to();
  if (!settled.ok()) {
    pause(now, settled.error().sentence, out);
    return;
  }
  has_progress_ = false;
  scan_seen_ = lanes_.scan_position();
  look_at_oldest(now, *settled, out);
  // Less than the cursor only when a flipped bit moved the cursor or a waiting row: it stays where it is then, and the
  // row is offered all the same. The journal's check names the damage.
  if (*settled <= cursor_) return;
  cursor_ = *settled;
  out.cursors.push_back({plan_.id, cursor_});
}

void Flow::look_at_oldest(Milliseconds now, Seq settled, Outbox &out) {
  const Seq oldest = settled < journal_.newest() ? settled + 1 : 0;
  if (oldest != oldest_) {
    oldest_ = oldest;
    oldest_since_ms_ = now;
    oldest_told_after_ms_ = oldest_alarm_ms;
    return;
  }
  if (!is_oldest_due(now) || is_stopping_) return;
  say(Level::warn,
      "event " + std::to_string(oldest_) + " has been the oldest that waits for " +
          in_seconds((now - oldest_since_ms_) / 1'000 * 1'000) + (last_error_.empty() ? "" : "; the last error: ") +
          last_error_,
      out);
  oldest_told_after_ms_ = 2 * (now - oldest_since_ms_);
}

std::optional<Milliseconds> Flow::next_timer(Milliseconds now) const {
  std::optional<Milliseconds> next;
  const auto consider = [&next](std::optional<Milliseconds> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const Worker &worker : workers_) consider(worker.life.timer());
  if (is_stopping_) return next;
  consider(next_question_timer());
  if (now < paused_until_ms_) {
    consider(paused_until_ms_);
    return next;
  }
  if (lanes_.wants_load(now, may_wake_waiting(now))) consider(now);
  if (may_wake_waiting(now)) {
    // With no room, it is an answer that makes some, and load() then finds what is due.
    if (const auto due = lanes_.next_due(); due && *due > now) consider(due);
  } else if (!hold_->probe) {
    consider(hold_->until_ms);
  } else if (hold_->probe->is_durable && !hold_->probe->is_out) {
    const Worker &worker = workers_[static_cast<std::size_t>(lanes_.worker_of(hold_->probe->subject))];
    if (worker.life.state() == WorkerLife::State::idle) consider(hold_->until_ms);
  }
  if (oldest_ != 0) consider(oldest_since_ms_ + oldest_told_after_ms_);
  if (dead_letters_count_ > dead_letters_told_count_) consider(dead_letters_quiet_until_ms_);
  if (has_progress_) consider(cursor_due_ms_);
  return next;
}

}  // namespace bellhop::core
