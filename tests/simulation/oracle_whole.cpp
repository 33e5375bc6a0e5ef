// SPDX-License-Identifier: Apache-2.0
// Oracle: the checks of the whole: after a step, at rest, and at the end of a life.
#include <algorithm>

#include "simulation/oracle.hpp"

namespace bellhop::core {

std::size_t Oracle::open_count() const {
  std::size_t count = 0;
  for (const auto &[id, mine] : ledgers_) {
    for (const auto &[subject, seqs] : mine.open) count += seqs.size();
    for (const auto &[subject, places] : mine.replays) count += places.size();
  }
  return count;
}

void Oracle::check_step(const Engine &engine) {
  for (const auto &[id, mine] : ledgers_) {
    if (!mine.is_running) continue;
    for (const auto &[subject, key] : mine.out) {
      const auto decision = mine.decisions.find({key.seq, key.replay});
      if (decision == mine.decisions.end() || decision->second.asked) continue;
      fail(name_of(mine, {key.seq, key.replay}) + " was answered and that is not written down");
    }
    // At most this many heads at once, and behind each of them a lane's worth.
    const auto heads = static_cast<std::size_t>(2 * limits_.window_events_max + limits_.page_events + 1);
    const Lanes &lanes = engine.flow(id).lanes();
    if (lanes.offers_count() > heads * static_cast<std::size_t>(1 + limits_.lane_events_max)) {
      fail("more events of " + mine.plan.name + " are in memory than the limits allow");
    }
  }
}

void Oracle::check_rest(Milliseconds now, const Engine &engine,
                        const std::map<InstanceId, std::vector<Worker>> &workers, Milliseconds trouble_ms) {
  // After a refusal delivery waits for up to half a minute before it asks again, and once more for what it asks then.
  constexpr Milliseconds patience_ms = 62'000;
  const std::optional<Milliseconds> timer = engine.next_timer();
  for (const auto &[id, mine] : ledgers_) {
    if (!mine.is_running) continue;
    const std::vector<Worker> &all = workers.at(id);
    for (const Worker &worker : all) {
      if (!worker.deadline_ms || worker.is_killed) continue;
      if (*worker.deadline_ms <= now) fail("a child of " + mine.plan.name + " hangs and is not killed at its deadline");
      if (!timer || *timer > *worker.deadline_ms) fail("nobody will look after a hanging child of " + mine.plan.name);
    }
    const bool is_idle = std::all_of(all.begin(), all.end(), [](const Worker &worker) { return worker.is_idle; });
    if (!is_idle || is_stopping_ || !mine.out.empty() || now < trouble_ms + patience_ms) continue;
    check_idle(now, mine, engine);
  }
}

// Every worker of the instance could take something, and nothing of it is on its way.
void Oracle::check_idle(Milliseconds now, const Ledger &mine, const Engine &engine) {
  std::optional<Milliseconds> timer = engine.next_timer();
  if (mine.hold) {
    const std::vector<InstanceStatus> all = engine.status();
    const auto status =
        std::find_if(all.begin(), all.end(), [&](const InstanceStatus &each) { return each.name == mine.plan.name; });
    const Milliseconds probe_ms = status->next_probe_ms;
    if (probe_ms > now) {
      if (!timer || *timer > probe_ms) fail(mine.plan.name + " is held and nobody will look when it is to be probed");
      return;
    }
    if (mine.hold->is_kept) {
      const Place probe{mine.hold->probe->seq, mine.hold->probe->replay};
      if (mine.hold->is_durable) check_head(now, mine, facts_.at(probe.first).subject, probe, timer);
      return;
    }
  }
  for (const auto &[subject, seqs] : mine.open) check_head(now, mine, subject, {*seqs.begin(), 0}, timer);
  for (const auto &[subject, places] : mine.replays) {
    for (const Place &place : places) check_head(now, mine, subject, place, timer);
  }
}

void Oracle::check_head(Milliseconds now, const Ledger &mine, SubjectKey subject, const Place &place,
                        std::optional<Milliseconds> timer) {
  if (mine.out.count(subject) != 0) return;
  const Row *known = row_of(mine, place);
  if (known == nullptr || known->due_ms <= now) {
    fail(name_of(mine, place) + " could go, every worker is idle, and nobody sends it");
  } else if (!timer || *timer > known->due_ms) {
    fail(name_of(mine, place) + " waits for a time at which nobody will look");
  }
}

void Oracle::check_end(const Engine &engine, Seq newest) {
  for (const auto &[id, mine] : ledgers_) {
    if (!mine.is_running) continue;
    for (const auto &[subject, seqs] : mine.open) fail(name_of(mine, {*seqs.begin(), 0}) + " is lost");
    for (const auto &[subject, places] : mine.replays) fail(name_of(mine, *places.begin()) + " is lost");
    if (mine.cursor != newest) fail("the cursor of " + mine.plan.name + " never reaches the newest event");
    if (engine.flow(id).lanes().lanes_count() != 0) fail("a lane of " + mine.plan.name + " outlives its events");
  }
  if (engine.in_flight_count() != 0) fail("something is still in flight when everything is done");
}

}  // namespace bellhop::core
