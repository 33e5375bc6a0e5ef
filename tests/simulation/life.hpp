// SPDX-License-Identifier: Apache-2.0
// Life: one random life of delivery, told by a seed and a scenario: some steps among misbehaving children, a bad disk,
// crashes, changes of the configuration, people who ask for replays; then everybody behaves, and everything that is
// owed must come to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simulation/world.hpp"

namespace bellhop::core {

// What may happen in a life; how often is drawn from the seed.
struct Scenario {
  std::string name;
  bool has_crashes = true, has_stops = true;  // the daemon ends, by force or as told
  bool has_changes = true;                    // another configuration after a restart
  bool has_bad_children = true;               // hangs, deaths, refusals
  bool has_bad_verdicts = true, has_holds = true;
  bool has_deferrals = true;  // batches that are longer than their time
  bool has_bad_disk = true;   // commits and reads that fail, damaged rows
  bool has_replays = true;
  bool has_wall_jumps = true;
};

const std::vector<Scenario> &scenarios();
const Scenario *scenario_of(const std::string &name);

class Life {
 public:
  static constexpr int steps_default = 400;

  Life(const Scenario &scenario, std::uint64_t seed, std::function<void(const std::string &)> on_line = nullptr);
  // Returns the sentence of the first broken promise.
  std::optional<std::string> run(int steps);
  // Of everything that went out and became of it: two lives of one seed have the same.
  std::uint64_t digest() const { return digest_; }
  World &world() { return world_; }

 private:
  std::uint64_t below(std::uint64_t bound) { return world_.below(bound); }
  int upto(int most) { return static_cast<int>(below(static_cast<std::uint64_t>(most) + 1)); }
  void draw_plan(Destination &destination);
  void draw_habits(Destination &destination);
  void draw_weather();
  void change_configuration();
  void act();
  void append_some();
  Seq any_seq() { return 1 + static_cast<Seq>(below(static_cast<std::uint64_t>(world_.journal.newest()))); }
  Destination &any_destination() { return world_.destinations[below(world_.destinations.size())]; }
  void finish();

  const Scenario &scenario_;
  World world_;
  std::uint64_t subjects_count_ = 1;
  std::uint64_t digest_ = 14'695'981'039'346'656'037ULL;
  bool is_finishing_ = false;
};

}  // namespace bellhop::core
