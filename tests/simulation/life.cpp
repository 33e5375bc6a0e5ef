// SPDX-License-Identifier: Apache-2.0
// Life: what may happen, and how it ends.
#include "simulation/life.hpp"

#include <algorithm>

namespace bellhop::core {
namespace {

const std::vector<std::vector<std::string>> filters = {
    {"*"}, {"booking.*"}, {"*", "!booking.canceled"}, {"attendee.*"}};

}  // namespace

const std::vector<Scenario> &scenarios() {
  static const std::vector<Scenario> all = [] {
    std::vector<Scenario> list(6);
    list[0].name = "everything";
    list[1].name = "calm";  // nothing but events and children that do as they should
    list[1].has_crashes = list[1].has_changes = list[1].has_bad_children = list[1].has_bad_verdicts = false;
    list[1].has_holds = list[1].has_bad_disk = list[1].has_replays = false;
    list[2].name = "restarts";
    list[2].has_bad_children = list[2].has_bad_disk = list[2].has_holds = false;
    list[3].name = "children";  // one daemon all life long, and the worst of plugins
    list[3].has_crashes = list[3].has_stops = list[3].has_changes = list[3].has_bad_disk = false;
    list[4].name = "disk";
    list[4].has_bad_children = list[4].has_holds = list[4].has_changes = list[4].has_deferrals = false;
    list[5].name = "holds";
    list[5].has_changes = list[5].has_bad_disk = false;
    return list;
  }();
  return all;
}

const Scenario *scenario_of(const std::string &name) {
  const auto found = std::find_if(scenarios().begin(), scenarios().end(),
                                  [&](const Scenario &scenario) { return scenario.name == name; });
  return found == scenarios().end() ? nullptr : &*found;
}

Life::Life(const Scenario &scenario, std::uint64_t seed, std::function<void(const std::string &)> on_line)
    : scenario_(scenario), world_(seed) {
  world_.on_line = std::move(on_line);
  subjects_count_ = 1 + below(6);
  world_.limits = {2 + upto(6), 1 + upto(2), 1 + upto(3), 4 + upto(20), 1 + upto(2)};
  const int destinations_count = 1 + upto(2);
  for (int i = 0; i < destinations_count; ++i) {
    Destination &added = world_.add("i" + std::to_string(i), filters[below(3)]);
    draw_plan(added);
    draw_habits(added);
  }
  world_.destinations.back().is_enabled = destinations_count == 1 || !scenario_.has_changes || below(2) == 0;
  draw_weather();
  world_.on_restart = [this] { change_configuration(); };
  world_.on_send = [this](const Destination &destination, const Send &send) {
    for (const Ticket &ticket : send.tickets) {
      for (const std::int64_t part : {destination.plan.id, ticket.key.seq, ticket.key.replay, world_.now()}) {
        digest_ = (digest_ ^ static_cast<std::uint64_t>(part)) * 1'099'511'628'211ULL;
      }
    }
  };
  world_.start_daemon();
}

// ---- what is drawn --------------------------------------------------------------------------------------------------

void Life::draw_plan(Destination &destination) {
  DeliveryPlan &plan = destination.plan;
  plan.workers = 1 + upto(2);
  plan.batch_max = 1 + upto(3);
  plan.policy.attempts_max = below(5) == 0 ? 0 : 3 + upto(3);
  plan.policy.age_ms_max = below(3) == 0 ? 60'000 : 0;
  plan.policy.backoff_ms_min = 1'000;
  plan.policy.backoff_ms_max = 20'000;
  plan.policy.retry_after_ms_max = 30'000;
  plan.policy.strikes_max = 2 + upto(1);
  plan.policy.deadline_ms = 5'000;
  plan.policy.breaker.failures_percent = below(3) == 0 ? 0 : 50 + upto(50);
  plan.policy.breaker.count_min = 2 + upto(4);
  plan.policy.breaker.subjects_min = 1 + upto(2);
  plan.policy.breaker.pause_ms_min = 2'000;
  plan.policy.breaker.pause_ms_max = 20'000;
  plan.policy.breaker.successes_min = 1 + upto(2);
}

void Life::draw_habits(Destination &destination) {
  Habits habits;
  habits.is_batching = destination.habits.is_batching;
  if (is_finishing_ || below(4) == 0) {  // well for a while
    destination.habits = habits;
    return;
  }
  habits.took_ms_max = below(2) == 0 ? 20 : 3'000;
  if (scenario_.has_bad_verdicts) {
    habits.skip = upto(100);
    habits.retry = upto(below(4) == 0 ? 1'000 : 300);
    habits.fail = upto(60);
    habits.unknown = upto(60);
    habits.retry_after_ms_max = below(2) == 0 ? 40'000 : 0;
    habits.batch_failure = upto(100);
    habits.short_answer = upto(40);
    if (scenario_.has_deferrals) habits.defer = upto(200);
  }
  if (scenario_.has_holds) habits.hold = upto(below(3) == 0 ? 600 : 80);
  if (scenario_.has_bad_children) {
    habits.hang = upto(50);
    habits.death = upto(100);
    habits.is_ticking = below(4) == 0;
    habits.unread_death = upto(50);
    habits.idle_death = upto(50);
    habits.start_death = upto(100);
    habits.start_refusal = upto(30);
    habits.start_hang = upto(30);
  }
  destination.habits = habits;
}

void Life::draw_weather() {
  world_.weather = {};
  world_.journal.read_failures_per_10000 = 0;
  if (is_finishing_) return;
  world_.weather.commit_ms_max = below(3) == 0 ? 2'000 : 20;
  if (!scenario_.has_bad_disk || below(2) == 0) return;
  world_.weather.refused = upto(200);
  world_.weather.unavailable = upto(200);
  world_.journal.read_failures_per_10000 = below(2) == 0 ? upto(200) : 0;
}

// Between two daemons somebody edits the file.
void Life::change_configuration() {
  // A daemon takes its steady time from the wall when it starts, whatever somebody has set the wall to.
  const Milliseconds jumped_ms = world_.clock.wall_ms() - world_.clock.steady_ms();
  world_.clock.jump_wall(-jumped_ms);
  world_.clock.advance(jumped_ms);
  if (!scenario_.has_changes) return;
  for (Destination &destination : world_.destinations) {
    if (below(3) == 0) destination.plan.workers = 1 + upto(3);
    if (below(4) == 0) destination.plan.batch_max = 1 + upto(3);
    if (below(4) == 0) destination.plan.filter = Filter::parse(filters[below(filters.size())]).value();
    if (below(4) == 0) destination.habits.is_batching = below(2) == 0;
    destination.is_enabled = is_finishing_ || below(5) != 0;
  }
  const bool is_any = std::any_of(world_.destinations.begin(), world_.destinations.end(),
                                  [](const Destination &each) { return each.is_enabled; });
  if (!is_any) world_.destinations.front().is_enabled = true;
}

// ---- what happens ---------------------------------------------------------------------------------------------------

void Life::append_some() {
  static const char *types[] = {"booking.confirmed", "booking.canceled", "attendee.updated", "booking.confirmed",
                                "ping"};
  for (int i = upto(4); i >= 0; --i) {
    if (below(15) == 0) {
      world_.append_quarantined();
    } else {
      world_.append("booking/" + std::to_string(below(subjects_count_)), types[below(5)]);
    }
  }
}

void Life::act() {
  const std::uint64_t dice = below(100);
  const bool has_events = world_.journal.newest() > 0;
  if (dice < 60 || !has_events) return append_some();
  if (dice < 70) return draw_habits(any_destination());
  if (dice < 73) return draw_weather();
  if (dice < 74) return world_.append_again(any_seq());
  if (dice < 75) {
    if (const InstanceId id = any_destination().plan.id; id != 0) world_.ask(id);
    return;
  }
  if (dice < 81) {
    const InstanceId id = any_destination().plan.id;
    if (scenario_.has_replays && id != 0) world_.replay(id, any_seq());
    return;
  }
  if (dice < 83) return world_.drop(any_destination().plan.id, any_seq());
  if (dice < 85) {
    if (scenario_.has_bad_disk && below(3) == 0) world_.journal.inner.corrupt(any_seq());
    return;
  }
  if (dice < 88) {
    if (scenario_.has_bad_children) world_.kill_an_idle_child();
    return;
  }
  if (dice < 90) {
    if (scenario_.has_wall_jumps) world_.clock.jump_wall(static_cast<Milliseconds>(below(100'000'000)) - 50'000'000);
    return;
  }
  if (dice < 94) {
    if (scenario_.has_crashes) world_.crash_within(upto(3));
    return;
  }
  if (dice < 97) {
    if (scenario_.has_crashes) world_.crash();
    return;
  }
  if (scenario_.has_stops) world_.stop_daemon();
}

std::optional<std::string> Life::run(int steps) {
  for (int i = 0; i < steps && !world_.oracle.violation(); ++i) {
    if (below(6) == 0 || !world_.step()) act();
  }
  if (!world_.oracle.violation()) finish();
  return world_.oracle.violation();
}

// From here on everybody behaves and every instance is there; so everything must come to its end.
void Life::finish() {
  constexpr int steps_max = 200'000;
  is_finishing_ = true;
  world_.crash_within(-1);  // not any more
  for (Destination &destination : world_.destinations) draw_habits(destination);
  draw_weather();
  // Half of the lives end with the daemon that they have: a restart would mend what it has forgotten.
  const bool is_any_missing = std::any_of(world_.destinations.begin(), world_.destinations.end(),
                                          [](const Destination &each) { return !each.is_enabled; });
  if (is_any_missing || below(2) == 0) world_.stop_daemon();
  for (int i = 0; world_.is_stopping() && !world_.oracle.violation(); ++i) {
    const bool has_stepped = world_.step();
    if (!has_stepped || i == steps_max) world_.oracle.fail("delivery was told to stop and never comes to its end");
  }
  const Milliseconds end_ms = world_.now() + 3'600'000;  // longer than any wait that the policies give
  for (int i = 0; i < steps_max && !world_.oracle.violation(); ++i) {
    if (world_.now() > end_ms && world_.oracle.open_count() > 0) {
      return world_.oracle.fail("an hour after all is well something is still not delivered");
    }
    if (world_.step()) continue;
    return world_.oracle.check_end(world_.engine(), world_.journal.newest());
  }
  world_.oracle.fail("the engine never comes to rest");
}

}  // namespace bellhop::core
