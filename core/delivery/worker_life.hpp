// SPDX-License-Identifier: Apache-2.0
// WorkerLife: is one worker's child there, busy, late, dead, and when is the next one started? Knows nothing of events.
//
//   absent ──spawned──> starting ──ready──> idle <──sent/answered──> busy        died: any ──> absent (or stopped)
// A first death is followed at once by a new child; while children keep dying young the pause doubles. A refusal (the
// plugin or its settings are wrong) is asked again only rarely: so that a mended file is found without a restart.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace bellhop::core {

class WorkerLife {
 public:
  static constexpr Milliseconds respawn_ms_min = 1'000, respawn_ms_max = 60'000;
  static constexpr Milliseconds refusal_ms_min = 60'000, refusal_ms_max = 600'000;
  static constexpr Milliseconds grown_up_ms = 60'000;   // a child that lived this long died for a new reason
  static constexpr Milliseconds start_ms_max = 30'000;  // from spawn to ready

  enum class State { absent, starting, idle, busy, killed, stopping, stopped };

  State state() const { return state_; }
  bool is_refused() const { return is_refused_; }
  int deaths_in_a_row() const { return deaths_in_a_row_; }
  int spawns_count() const { return spawns_count_; }
  const std::string &last_death() const { return last_death_; }
  Milliseconds spawn_due_ms() const { return spawn_due_ms_; }  // when absent
  // When it must be looked at again: to be spawned, or because its time is over.
  std::optional<Milliseconds> timer() const;

  bool is_spawn_due(Milliseconds now) const { return state_ == State::absent && now >= spawn_due_ms_; }
  bool is_overdue(Milliseconds now) const {
    return (state_ == State::starting || state_ == State::busy) && now >= deadline_ms_;
  }

  void spawned(Milliseconds now);
  void ready();
  void sent(Milliseconds deadline_ms);
  void answered();
  void killed(std::string why);  // we killed it; `died` is to come
  void lost();                   // it was found gone; `died` is to come
  void stopping();               // we asked it to go; `died` is to come
  void stopped();                // and it never comes back
  // Returns the sentence that counts: ours when we killed it.
  std::string died(Milliseconds now, std::string sentence, bool is_refusal);

 private:
  State state_ = State::absent;
  Milliseconds spawn_due_ms_ = 0;
  Milliseconds spawned_ms_ = 0;
  Milliseconds deadline_ms_ = 0;  // while starting or busy
  int deaths_in_a_row_ = 0;       // of children younger than grown_up_ms
  int refusals_in_a_row_ = 0;
  int spawns_count_ = 0;
  bool is_refused_ = false;
  std::string kill_why_;  // "" unless killed by us
  std::string last_death_;
};

}  // namespace bellhop::core
