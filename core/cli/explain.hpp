// SPDX-License-Identifier: Apache-2.0
// `bellhop explain REF`: for each instance why an event ran or did not, every attempt with its HTTP requests, and when
// the next one comes and why then. `bellhop dead show REF` is the same of those that gave it up.
#pragma once

#include <string>

#include "cli/asking.hpp"

namespace bellhop::core {

struct ExplainOptions {
  AskOptions ask;
  std::string reference;
  std::string instance;       // "" = all
  bool is_only_dead = false;  // 1 when no instance has given it up
};

int run_explain(const ExplainOptions &options, const Surroundings &surroundings, const Screen &screen);

}  // namespace bellhop::core
