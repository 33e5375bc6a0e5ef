// SPDX-License-Identifier: Apache-2.0
// `bellhop send`: posts a sample webhook, or a file, to a running bellhopd (or to any URL) as the vendor would, and
// prints one line per answer. A file is read with the same eyes as the daemon's before anything is sent, so that a
// mistake in it is named with its line and column. It never sends again by itself.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "cli/screen.hpp"
#include "cli/socket_path.hpp"

namespace bellhop::core {

struct SendOptions {
  std::string what;  // a type of template_types(), a file, or "-" for standard input
  std::string dialect = "legacy";
  std::vector<std::string> sets;  // JSON-pointer=value
  int count = 1;
  double rate_per_s = 0;      // 0 = as quick as the answers come
  std::string url;            // "" = ask the running daemon
  std::string source;         // which of the daemon's sources; "" = its first
  bool is_repairing = false;  // replace stray U+00A0
  bool is_as_is = false;      // send a file without looking at it
  bool is_json = false;
  bool is_dry = false;  // print the body, send nothing
  Milliseconds timeout_ms = 30'000;
  SocketChoice where;
};

int run_send(const SendOptions &options, const Surroundings &surroundings, const Screen &screen, Random &random);

}  // namespace bellhop::core
