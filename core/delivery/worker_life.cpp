// SPDX-License-Identifier: Apache-2.0
// The life of one worker's child, see worker_life.hpp.
#include "delivery/worker_life.hpp"

#include <utility>

#include "base/check.hpp"
#include "delivery/policy.hpp"

namespace bellhop::core {

std::optional<Milliseconds> WorkerLife::timer() const {
  switch (state_) {
    case State::absent:
      return spawn_due_ms_;
    case State::starting:
    case State::busy:
      return deadline_ms_;
    case State::idle:
    case State::killed:
    case State::stopping:
    case State::stopped:
      break;
  }
  return std::nullopt;
}

void WorkerLife::spawned(Milliseconds now) {
  CHECK(state_ == State::absent);
  state_ = State::starting;
  spawned_ms_ = now;
  deadline_ms_ = now + start_ms_max;
  kill_why_.clear();
  ++spawns_count_;
}

void WorkerLife::ready() {
  is_refused_ = false;
  refusals_in_a_row_ = 0;
  if (state_ == State::starting) state_ = State::idle;  // else it was already killed or told to stop
}

void WorkerLife::sent(Milliseconds deadline_ms) {
  CHECK(state_ == State::idle);
  state_ = State::busy;
  deadline_ms_ = deadline_ms;
}

void WorkerLife::answered() {
  if (state_ == State::busy) state_ = State::idle;  // an answer may still arrive from one that was just killed
}

void WorkerLife::killed(std::string why) {
  state_ = State::killed;
  kill_why_ = std::move(why);
}

void WorkerLife::lost() { state_ = State::killed; }

void WorkerLife::stopping() { state_ = State::stopping; }

void WorkerLife::stopped() { state_ = State::stopped; }

std::string WorkerLife::died(Milliseconds now, std::string sentence, bool is_refusal) {
  if (!kill_why_.empty()) {
    sentence = std::exchange(kill_why_, {});
    is_refusal = false;
  }
  last_death_ = sentence;
  state_ = State::absent;
  is_refused_ = is_refusal;
  if (is_refusal) {
    spawn_due_ms_ = now + doubled_ms(refusal_ms_min, refusals_in_a_row_++, refusal_ms_max);
    return sentence;
  }
  refusals_in_a_row_ = 0;
  if (now - spawned_ms_ >= grown_up_ms) deaths_in_a_row_ = 0;
  ++deaths_in_a_row_;
  const bool is_first = deaths_in_a_row_ == 1;
  spawn_due_ms_ = now + (is_first ? 0 : doubled_ms(respawn_ms_min, deaths_in_a_row_ - 2, respawn_ms_max));
  return sentence;
}

}  // namespace bellhop::core
