// SPDX-License-Identifier: Apache-2.0
// Breaker: from a run of failures to "the destination is down", and back. A state machine over what attempts came to;
// pure: time and randomness are parameters. It sends nothing and holds nothing: Flow holds the instance while it is
// not closed, and says which attempt was a probe.
//
//   closed ──note: share, count and subjects over their limits──> open ──probing──> half_open
//     ^                                                             ^  <──probe_failed──┤ the pause doubles
//     └──────────── probe_succeeded, successes_min in a row ────────┼───────────────────┘
//                   probe_succeeded, not yet enough: open, next probe at once
//
// A failure is a RETRY or a child's death, since both say "not now". A FAIL is the destination's own word about one
// event, so it counts as an answer like OK; a SKIP has asked nobody and counts as nothing. One poisonous booking cannot
// open it, however often it fails: failures of at least subjects_min different subjects are needed.
#pragma once

#include <cstddef>
#include <deque>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "event/event.hpp"

namespace bellhop::core {

struct BreakerPolicy {
  int failures_percent = 80;            // of the attempts in the window; 0 = it never opens
  Milliseconds window_ms = 60'000;      // what is older does not count
  int count_min = 10;                   // fewer attempts in the window prove nothing
  int subjects_min = 3;                 // so many different subjects must have failed
  Milliseconds pause_ms_min = 5'000;    // from opening to the first probe; doubles with every failed one
  Milliseconds pause_ms_max = 300'000;  // cap of the doubling
  int successes_min = 2;                // probes in a row that close it
};

class Breaker {
 public:
  static constexpr std::size_t attempts_count_max = 256;  // remembered; the window is shorter when they come faster

  enum class State { closed, open, half_open };

  explicit Breaker(const BreakerPolicy &policy) : policy_(policy) {}

  State state() const { return state_; }
  Milliseconds until_ms() const { return until_ms_; }     // no probe before; meaningful when open
  int failures_count() const { return failures_count_; }  // in the window when it opened
  int attempts_count() const { return attempts_count_; }  //
  int pauses_count() const { return pauses_count_; }      // since it opened

  // An attempt that was no probe. Returns true when it has opened by this one. While not closed it changes nothing:
  // what was under way then proves nothing new.
  //   retry_after_ms   what the destination asked for, clamped: no probe before that
  bool note(Milliseconds now, SubjectKey subject, bool is_failure, Milliseconds retry_after_ms, Random &random);

  void probing();  // open → half_open
  // Returns true when that closed it.
  bool probe_succeeded(Milliseconds now);
  void probe_failed(Milliseconds now, Milliseconds retry_after_ms, Random &random);
  void probe_said_nothing(Milliseconds now);  // it was skipped, or did not go out: another one at once
  void close();                               // somebody knows better; forgets the window

 private:
  struct Noted {
    Milliseconds at_ms = 0;
    SubjectKey subject = 0;
    bool is_failure = false;
  };

  bool is_over_limits() const;
  void pause(Milliseconds now, Milliseconds retry_after_ms, Random &random);

  BreakerPolicy policy_;
  State state_ = State::closed;
  std::deque<Noted> window_;  // oldest first; empty unless closed
  Milliseconds until_ms_ = 0;
  int pauses_count_ = 0;
  int successes_count_ = 0;  // probes in a row
  int failures_count_ = 0, attempts_count_ = 0;
};

}  // namespace bellhop::core
