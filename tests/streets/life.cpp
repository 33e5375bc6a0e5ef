// SPDX-License-Identifier: Apache-2.0
#include "life.hpp"

#include <cstdlib>
#include <iostream>
#include <random>

#include "support/plugin_street.hpp"

namespace bellhop::test {

namespace {

const std::vector<std::string> starts{"2030-02-01T10:00:00Z", "2030-02-01T10:00:00Z", "2030-02-02T11:00:00Z",
                                      last_day + "T12:00:00Z", last_day + "T12:00:00Z"};

std::string end_of(std::size_t step) { return starts[step].substr(0, 14) + "30:00Z"; }
// Of the event: each is newer than the one before.
std::string time_of(std::size_t step) { return "2026-01-0" + std::to_string(step + 1) + "T00:00:00Z"; }
std::string flag(const std::string &name, bool value) { return "\"" + name + "\": " + (value ? "true" : "false"); }

std::vector<std::string> life_of(std::string (*step_of)(std::size_t)) {
  std::vector<std::string> events;
  for (std::size_t step = 0; step < life_steps_count; ++step) events.push_back(step_of(step));
  return events;
}

}  // namespace

std::string legacy_step(std::size_t step) {
  const std::vector<std::string> actions{"requested", "confirmed", "rescheduled", "rescheduled", "canceled"};
  return with_edits(payload_text("legacy_booking_full.assumed.json"),
                    {{R"("action": "confirmed")", R"("action": ")" + actions[step] + '"'},
                     {"2017-07-01T09:30:00.250000Z", time_of(step)},
                     {"2017-07-03T16:00:00Z", starts[step]},
                     {"2017-07-03T16:30:00Z", end_of(step)},
                     {flag("confirmed", true), flag("confirmed", step > 0)},
                     {flag("canceled", false), flag("canceled", step == 4)}});
}

std::string v5_step(std::size_t step) {
  const std::vector<std::string> actions{"scheduled", "approved", "rescheduled", "rescheduled", "cancelled"};
  return with_edits(payload_text("v5_meeting_full.assumed.json"),
                    {{"Meeting.scheduled", "Meeting." + actions[step]},
                     {"2024-05-29T18:56:43.249804Z", time_of(step)},
                     {"2024-06-03T14:00:00Z", starts[step]},
                     {"2024-06-03T14:30:00Z", end_of(step)},
                     {R"("approved": null)", flag("approved", step > 0)},
                     {flag("cancelled", false), flag("cancelled", step == 4)}});
}

std::string v5_step_with_jane(std::size_t step) {
  return with_edits(v5_step(step), {{R"("status": "cancelled")", R"("status": "scheduled")"}});
}

std::vector<std::string> legacy_life() { return life_of(legacy_step); }
std::vector<std::string> v5_life_with_jane() { return life_of(v5_step_with_jane); }

std::uint64_t seed_of_this_run() {
  const char *given = std::getenv("BELLHOP_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << seed << " (again: BELLHOP_TEST_SEED=" << seed << ")\n";
  return seed;
}

}  // namespace bellhop::test
