// SPDX-License-Identifier: Apache-2.0
// The commands that ask the running daemon: status, events, show, instances, dead, replay, verify. Each prints the
// API's JSON as it came with --json, else a page for people, and returns the exit code.
#pragma once

#include <optional>
#include <string>

#include "cli/screen.hpp"
#include "cli/socket_path.hpp"

namespace bellhop::core {

struct AskOptions {
  SocketChoice where;
  Milliseconds timeout_ms = 10'000;
  bool is_json = false;
};

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

struct DeadOptions {
  AskOptions ask;
  int limit = 50;
};

struct ReplayOptions {
  AskOptions ask;
  std::string reference, instance;
};

struct VerifyOptions {
  AskOptions ask;
  bool is_offline = false;  // open the journal here; no daemon may have it open
};

int run_status(const AskOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_instances(const AskOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_events(const EventsOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_show(const ShowOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_dead(const DeadOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_replay(const ReplayOptions &options, const Surroundings &surroundings, const Screen &screen);
int run_verify(const VerifyOptions &options, const Surroundings &surroundings, const Screen &screen);

// "bellhop: SENTENCE" to standard error; returns the exit code that belongs to the error.
int complain(const Screen &screen, const Error &error);
// %XX for everything that is not unreserved in a URL.
std::string percent_encoded(std::string_view text);

}  // namespace bellhop::core
