// SPDX-License-Identifier: Apache-2.0
// Long stories under the virtual clock, with the oracle looking on: a day of outage, many bookings among failures and
// kills, thirty days. The random lives are bellhop-simulate's.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "simulation/life.hpp"

namespace bellhop::core {
namespace {

constexpr Milliseconds minute_ms = 60'000, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;

void append_every(World &world, Milliseconds interval_ms, int count, std::uint64_t subjects_count) {
  for (int i = 0; i < count; ++i) {
    world.at(world.now() + i * interval_ms,
             [&world, subjects_count] { world.append("booking/" + std::to_string(world.below(subjects_count))); });
  }
}

std::size_t entries_count(const char *folder) {
  const std::filesystem::directory_iterator entries(folder);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST(Simulation, the_same_seed_is_the_same_life) {
  const Scenario &scenario = *scenario_of("everything");
  Life first(scenario, 4'711), again(scenario, 4'711), other(scenario, 4'712);

  EXPECT_EQ(first.run(300), std::nullopt);
  EXPECT_EQ(again.run(300), std::nullopt);
  EXPECT_EQ(other.run(300), std::nullopt);

  EXPECT_GT(first.world().oracle.sends_count(), 50);
  EXPECT_EQ(first.digest(), again.digest());
  EXPECT_NE(first.digest(), other.digest());
}

TEST(Simulation, a_destination_down_for_a_day_gets_everything_and_troubles_nobody_else) {
  World world(1);
  Destination &ill = world.add("ill");
  Destination &well = world.add("well");
  ill.plan.workers = well.plan.workers = 2;
  Milliseconds latency_ms_max = 0;
  world.on_send = [&](const Destination &destination, const Send &send) {
    if (&destination != &well) return;
    for (const Ticket &ticket : send.tickets) {
      latency_ms_max = std::max(latency_ms_max, world.now() - *world.oracle.appended_ms(ticket.key.seq));
    }
  };
  world.start_daemon();
  const Milliseconds begin_ms = world.now();
  constexpr int events_count = 4'320;
  append_every(world, 20'000, events_count, 1'000);
  Habits refuses, limits, hangs, flaps, holds;
  refuses.retry = 1'000;
  limits.retry = 1'000;
  limits.retry_after_ms_max = 120'000;
  hangs.hang = 1'000;
  flaps.retry = 500;
  holds.hold = 1'000;
  const Habits table[] = {refuses, limits, hangs, flaps, holds};
  std::int64_t delivered_by[25] = {};
  for (int hour = 0; hour < 24; ++hour) {
    world.at(begin_ms + hour * hour_ms, [&, hour] {
      ill.habits = table[hour % 5];
      delivered_by[hour] = ill.delivered_count;
    });
  }
  world.at(begin_ms + day_ms, [&] {
    ill.habits = {};
    delivered_by[24] = ill.delivered_count;
  });

  world.run_until(begin_ms + day_ms);
  // The longest wait that the policy gives, and one more for what came to wait behind it.
  world.run_until(begin_ms + day_ms + 2 * hour_ms);

  EXPECT_EQ(world.oracle.violation(), std::nullopt);
  EXPECT_EQ(world.journal.newest(), events_count);
  for (int hour = 0; hour < 24; ++hour) {
    if (hour % 5 == 3) continue;  // it flaps, and takes half of what it is offered
    EXPECT_LE(delivered_by[hour + 1] - delivered_by[hour], ill.plan.workers) << "what was under way at hour " << hour;
  }
  EXPECT_EQ(ill.delivered_count, events_count);
  EXPECT_EQ(well.delivered_count, events_count);
  EXPECT_EQ(world.oracle.open_count(), 0u);
  EXPECT_LE(latency_ms_max, 100) << "the destination that is well waits for the one that is ill";
}

TEST(Simulation, two_hundred_bookings_of_fifty_events_keep_their_order_among_failures_and_kills) {
  World world(2);
  Destination &destination = world.add("crm");
  destination.plan.workers = 4;
  destination.plan.policy.strikes_max = 50;
  destination.plan.policy.backoff_ms_max = minute_ms;
  destination.habits.is_batching = true;
  destination.habits.retry = 300;
  destination.habits.death = 20;
  std::map<SubjectKey, Seq> newest_sent;
  std::map<Seq, SubjectKey> subjects;
  int inversions_count = 0;
  world.on_send = [&](const Destination &, const Send &send) {
    for (const Ticket &ticket : send.tickets) {
      Seq &newest = newest_sent[subjects.at(ticket.key.seq)];
      if (ticket.key.seq < newest) ++inversions_count;
      newest = std::max(newest, ticket.key.seq);
    }
  };
  world.start_daemon();
  for (int event = 0; event < 50; ++event) {
    for (int booking = 0; booking < 200; ++booking) {
      const std::string subject = "booking/" + std::to_string(booking);
      subjects[world.append(subject)] = subject_key(subject);
    }
    world.at(world.now() + (event + 1) * minute_ms, [&world] { world.crash_within(3); });
  }

  world.run_until(world.now() + day_ms);

  EXPECT_EQ(world.oracle.violation(), std::nullopt);
  EXPECT_EQ(inversions_count, 0);
  EXPECT_EQ(world.oracle.open_count(), 0u);
  EXPECT_EQ(newest_sent.size(), 200u);
}

// What the engine holds after so many days of a constant load, in bytes of the heap.
std::size_t bytes_after(int days, std::size_t &lanes_count_max) {
  World world(3);
  Destination &destination = world.add("crm");
  destination.habits.retry = 100;
  world.start_daemon();
  for (int day = 1; day <= days; ++day) {
    append_every(world, minute_ms, 24 * 60, 200);
    world.run_until(world.now() + day_ms);
    const Lanes &lanes = world.engine().flow(destination.plan.id).lanes();
    lanes_count_max = std::max(lanes_count_max, lanes.lanes_count());
    EXPECT_LE(world.journal.inner.instances().value().front().waiting_count, 50) << "day " << day;
  }
  EXPECT_EQ(world.oracle.violation(), std::nullopt);
  const std::size_t before = mallinfo2().uordblks;
  world.forget_engine();
  return before - mallinfo2().uordblks;
}

TEST(Simulation, thirty_days_of_constant_load_cost_no_more_memory_than_one) {
  std::size_t lanes_count_one = 0, lanes_count_thirty = 0;
  const std::size_t descriptors_count = entries_count("/proc/self/fd");
  const std::size_t threads_count = entries_count("/proc/self/task");

  const std::size_t one = bytes_after(1, lanes_count_one);
  const std::size_t thirty = bytes_after(30, lanes_count_thirty);

  EXPECT_LE(lanes_count_thirty, 20u);
  EXPECT_LE(thirty, one + 4'096);
#if !defined(BELLHOP_SANITIZED)
  EXPECT_GT(one, 100u) << "the heap is not measured";
#endif
  EXPECT_EQ(entries_count("/proc/self/fd"), descriptors_count);
  EXPECT_EQ(entries_count("/proc/self/task"), threads_count);
}

}  // namespace
}  // namespace bellhop::core
