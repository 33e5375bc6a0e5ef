// SPDX-License-Identifier: Apache-2.0
// The commands that change something: replay, dead (list, replay, drop), forget. What is much, or cannot be undone, is
// asked for once more at a terminal; elsewhere --yes must say it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/asking.hpp"

namespace bellhop::core {

inline constexpr std::int64_t unasked_max = 20;  // replays and drops that need no second word

struct DeadOptions {
  AskOptions ask;
  int limit = 50;
  std::string instance, type, before;
};

struct ReplayOptions {
  AskOptions ask;
  std::string reference;     // "" = a range
  std::string since, until;  // a time, a day, or so long ago: "2h"
  std::optional<std::int64_t> from_seq, to_seq;
  std::string type, instance;
  bool is_only_dead = false;
  bool is_listing = false;  // what would be replayed, and nothing more
  bool is_agreed = false;   // --yes
};

struct DropOptions {
  AskOptions ask;
  std::string reference, instance, type;
  bool is_all = false, is_agreed = false;
};

struct ForgetOptions {
  AskOptions ask;
  std::string email;
  bool is_agreed = false;
};

int run_dead(const DeadOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_replay(const ReplayOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_drop(const DropOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_forget(const ForgetOptions &options, const Surroundings &surroundings, const Screen &screen);

}  // namespace bellhop::core
