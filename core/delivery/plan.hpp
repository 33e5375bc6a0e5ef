// SPDX-License-Identifier: Apache-2.0
// Plan, Attempt, InstanceStatus: what delivery is told about an instance, and what it tells about it. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "delivery/policy.hpp"
#include "event/filter.hpp"
#include "host/instance.hpp"
#include "journal/journal.hpp"

namespace bellhop::core {

// One configured instance as delivery sees it.
struct DeliveryPlan {
  InstanceId id = 0;  // from Journal::open_instance
  Seq cursor = 0;     // from Journal::open_instance
  std::string name;
  Filter filter;
  Policy policy;
  int workers = 1;
  int batch_max = 256;  // events in one call of a plugin that has the batch extension
  InstanceSpec spec;    // worker is filled in by delivery
};

// What the operator's console shows, one per attempt, when its outcome is durable.
struct Attempt {
  std::string instance, type, subject;
  EventId id;
  Seq seq = 0;
  int attempt = 1;
  bool is_replay = false;
  Verdict verdict = Verdict::ok;
  DeliveryState state = DeliveryState::delivered;
  Milliseconds received_ms = 0;  // wall, of the event; 0 = it was never loaded
  Milliseconds took_ms = 0;
  Milliseconds retry_in_ms = 0;  // when waiting
  std::string message;
};

struct InstanceStatus {
  std::string name;
  std::string state;   // starting | running | held | backing off | refused | stopped
  std::string reason;  // one sentence when not running
  int workers = 0;
  std::int64_t in_flight_count = 0;
  std::int64_t restarts_count = 0;
  std::int64_t backlog_count = 0;       // owed and not in flight, about; without what waits on disk for its time
  std::int64_t dead_letters_count = 0;  // since the start
  Seq oldest = 0;                       // the oldest event that is not final, as of about a second ago; 0: none
  Milliseconds oldest_since_ms = 0;     // steady: since when it has been the oldest, or the start
  std::string held_by;                  // plugin | breaker; "" unless held
  std::string breaker = "closed";       // closed | open | half open
  Milliseconds held_since_ms = 0;       // steady; only when held
  Milliseconds next_probe_ms = 0;       // steady, of the earliest; only when held and no probe is under way
  Seq probe = 0;                        // with a child now; 0: none
  std::string last_error;               // sentence of the last attempt that failed
};

}  // namespace bellhop::core
