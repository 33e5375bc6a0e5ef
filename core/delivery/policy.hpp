// SPDX-License-Identifier: Apache-2.0
// Policy: what follows an attempt. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "delivery/breaker.hpp"
#include "journal/journal.hpp"

namespace bellhop::core {

struct Policy {
  int attempts_max = 0;                          // 0 = unlimited: age decides, and an outage of a day kills nothing
  Milliseconds age_ms_max = 3 * 86'400'000LL;    // since the first attempt, without time held; 0 = unlimited
  Milliseconds backoff_ms_min = 1'000;           // first delay
  Milliseconds backoff_ms_max = 3'600'000;       // cap of the doubling
  Milliseconds retry_after_ms_max = 86'400'000;  // a destination may not ask for more
  Milliseconds deadline_ms = 30'000;             // one attempt
  int strikes_max = 3;                           // child deaths charged to one event before it is dead
  BreakerPolicy breaker;                         // when the destination is taken for down
};

// What is to be done with a delivery after an attempt.
struct Step {
  enum class What { delivered, wait, dead, hold };
  What what = What::delivered;
  Milliseconds delay_ms = 0;  // wait, hold
  std::string reason;         // why dead: "gave up after 20 attempts"; empty otherwise
};

// first_ms doubled `times` times, never more than cap_ms.
Milliseconds doubled_ms(Milliseconds first_ms, int times, Milliseconds cap_ms);

// The delay before the attempt after `number`: full jitter over an exponential cap, never less than retry_after.
//   number    1-based number of the attempt that just failed
//   returns   milliseconds in [backoff_ms_min / 2, backoff_ms_max], or retry_after (clamped) when that is longer
//   source    "full jitter": Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015; the floor is ours
Milliseconds backoff_ms(const Policy &policy, int number, Milliseconds retry_after_ms, Random &random);

// The decision. ok and skip: delivered. fail: dead. hold: always hold, it uses up no attempt. Everything else waits,
// until attempts or age are used up: then dead. `code` is the plugin's raw verdict (bellhop/plugin.h); unknown values
// mean retry.
//   attempt    number of this attempt, from 1
//   age_ms     since the first attempt
Step next_step(const Policy &policy, std::int32_t code, int attempt, Milliseconds age_ms, Milliseconds retry_after_ms,
               Random &random);

Verdict verdict_of(std::int32_t code);  // unknown → retry

// No row that this policy wrote waits longer than this: a due_ms further away is that of another clock.
Milliseconds wait_ms_max(const Policy &policy);

}  // namespace bellhop::core
