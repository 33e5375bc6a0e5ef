// SPDX-License-Identifier: Apache-2.0
// Commands: what the words of the command line are bound with. One function for each command says its options and its
// help; whichever was named leaves in `chosen` what is to be done. Those that look are in cli.cpp, those that explain
// and change in operate.cpp.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

#include "base/random.hpp"
#include "cli/asking.hpp"
#include "cli/screen.hpp"
#include "config/config.hpp"

namespace bellhop::core {

struct Commands {
  const Surroundings &surroundings;
  const Screen &screen;
  Random &random;
  std::function<int()> chosen;  // set by the subcommand that was named
};

// What every command that may talk to the daemon takes.
void add_where(CLI::App &command, SocketChoice &where);
// The same, --json and --timeout.
void add_ask(CLI::App &command, AskOptions &ask);
CLI::App *add_command(CLI::App &app, const char *name, const char *what, const char *examples);

// A command whose options are a struct and which is one function.
template <class Options>
void bind(CLI::App &command, Commands &commands, std::shared_ptr<Options> options,
          int (*run)(const Options &, const Surroundings &, const Screen &)) {
  command.callback([&commands, options, run] {
    commands.chosen = [&commands, options, run] { return run(*options, commands.surroundings, commands.screen); };
  });
}

// operate.cpp
void add_explain(CLI::App &app, Commands &commands);
void add_dead(CLI::App &app, Commands &commands);
void add_replay(CLI::App &app, Commands &commands);
void add_forget(CLI::App &app, Commands &commands);
void add_health(CLI::App &app, Commands &commands);
void add_run(CLI::App &app, Commands &commands);
void add_kept(CLI::App &app, Commands &commands);  // kv, documents

// plugin_words.cpp
void add_plugin(CLI::App &app, Commands &commands);

}  // namespace bellhop::core
