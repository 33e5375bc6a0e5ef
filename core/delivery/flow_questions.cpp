// SPDX-License-Identifier: Apache-2.0
// Flow: what is asked of a plugin between events: ticks, by the plugin's own wish, and the questions of people. Both
// take the turn of an idle worker before the next event does, so that a busy instance answers too.
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "delivery/flow.hpp"

namespace bellhop::core {

void Flow::asked(Milliseconds now, const Asked &input, Outbox &out) {
  if (questions_.size() >= questions_max) {
    out.actions.push_back(
        GiveAnswer{input.ticket, Error{Kind::unavailable, "too many questions to " + plan_.name + " wait already"}});
    return;
  }
  questions_.push_back({input.ticket, input.question, now + input.wait_ms_max});
}

void Flow::ask(int number, Worker &worker, Milliseconds now, Outbox &out) {
  if (worker.life.state() != WorkerLife::State::idle) return;
  if (!questions_.empty()) {
    Waiting next = std::move(questions_.front());
    questions_.pop_front();
    return ask(number, worker, next.ticket, std::move(next.question), now, out);
  }
  if (number != 0 || !tick_due_ms_ || now < *tick_due_ms_) return;
  tick_due_ms_.reset();
  Question tick;
  tick.what = Question::What::tick;
  ask(number, worker, 0, std::move(tick), now, out);
}

void Flow::ask(int number, Worker &worker, QuestionTicket ticket, Question question, Milliseconds now, Outbox &out) {
  CHECK(worker.sent.empty() && !worker.asking);
  question.budget_ms = plan_.policy.deadline_ms;
  worker.asking = Asking{ticket, question.what};
  worker.life.sent(now + plan_.policy.deadline_ms);
  out.actions.push_back(Ask{plan_.id, number, ticket, std::move(question)});
}

void Flow::told(Milliseconds now, const Told &input, Outbox &out) {
  Worker &worker = workers_.at(static_cast<std::size_t>(input.worker));
  worker.life.answered();
  const std::optional<Asking> asking = std::exchange(worker.asking, std::nullopt);
  if (!asking) return;  // an answer to nothing changes nothing
  if (asking->what != Question::What::tick) {
    out.actions.push_back(GiveAnswer{asking->ticket, input.answer});
    return;
  }
  tick_deaths_count_ = 0;
  if (input.next_tick_ms >= 0) tick_due_ms_ = now + std::min(input.next_tick_ms, tick_ms_max);
  const Verdict verdict = verdict_of(input.answer.code);
  if (verdict != Verdict::ok && verdict != Verdict::skip) {
    say(Level::warn, "a tick failed: " + (input.answer.message.empty() ? "no reason given" : input.answer.message),
        out);
  }
}

// Charged to no event. A tick comes again, but later each time; the child is started again as after every death.
void Flow::asking_died(Milliseconds now, Worker &worker, const std::string &sentence, Outbox &out) {
  const std::optional<Asking> asking = std::exchange(worker.asking, std::nullopt);
  if (!asking) return;
  if (asking->what != Question::What::tick) {
    out.actions.push_back(GiveAnswer{asking->ticket, Error{Kind::unavailable, plan_.name + " " + sentence}});
    return;
  }
  tick_not_before_ms_ = now + doubled_ms(tick_pause_ms_min, tick_deaths_count_++, tick_pause_ms_max);
}

void Flow::expire_questions(Milliseconds now, Outbox &out) {
  while (!questions_.empty() && (is_stopping_ || now >= questions_.front().until_ms)) {
    const InstanceStatus current = status();
    out.actions.push_back(GiveAnswer{questions_.front().ticket,
                                     Error{is_stopping_ ? Kind::unavailable : Kind::timeout,
                                           plan_.name + " had no worker that could answer: it is " + current.state +
                                               (current.reason.empty() ? "" : ", " + current.reason)}});
    questions_.pop_front();
  }
}

std::optional<Milliseconds> Flow::next_question_timer() const {
  std::optional<Milliseconds> next;
  if (!questions_.empty()) next = questions_.front().until_ms;
  if (tick_due_ms_ && workers_.front().life.state() == WorkerLife::State::idle) {
    next = next ? std::min(*next, *tick_due_ms_) : *tick_due_ms_;
  }
  return next;
}

}  // namespace bellhop::core
