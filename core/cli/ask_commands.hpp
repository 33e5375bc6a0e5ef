// SPDX-License-Identifier: Apache-2.0
// The commands that only look: status, instances, events, show, verify. cli/asking.hpp says how they ask.
#pragma once

#include <optional>
#include <string>

#include "cli/asking.hpp"

namespace bellhop::core {

struct EventsOptions {
  AskOptions ask;
  int limit = 50;
  std::string type;
  std::optional<std::int64_t> before, after;
  bool only_quarantined = false;
};

struct ShowOptions {
  AskOptions ask;
  std::string reference;
  bool is_body_only = false, is_event_only = false;  // to standard output, byte for byte
};

struct VerifyOptions {
  AskOptions ask;
  bool is_offline = false;  // open the journal here; no daemon may have it open
};

int run_status(const AskOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_instances(const AskOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_events(const EventsOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_show(const ShowOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_verify(const VerifyOptions &options, const Surroundings &surroundings, const Screen &screen);

}  // namespace bellhop::core
