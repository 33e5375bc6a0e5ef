// SPDX-License-Identifier: Apache-2.0
// Options are taken in full only ("--conf" is an error, not "--config"): a service's command line should mean the same
// after an upgrade that adds an option.
#include "daemon/arguments.hpp"

#include <algorithm>
#include <variant>

#include "config/config.hpp"

namespace bellhop::core {

namespace {

struct OptionRow {
  const char *name;
  const char *value;  // what its value is called, nullptr: a switch
  std::variant<std::string Arguments::*, bool Arguments::*> at;
  const char *sentence;
};

const std::vector<OptionRow> &options() {
  static const std::vector<OptionRow> rows{
      {"config", "FILE", &Arguments::config, "the config file (default: /etc/bellhop/bellhop.toml)"},
      {"state-dir", "DIR", &Arguments::state_dir,
       "keep all state in DIR; without --config this runs the embedded\ndefault: one source, the sqlite plugin, no "
       "file "
       "to write"},
      {"listen", "HOST:PORT", &Arguments::listen,
       "listen here instead of where the config says; port 0 = any free one"},
      {"check", nullptr, &Arguments::is_check, "report all that is wrong with the config and plugins, and exit"},
      {"daemon", nullptr, &Arguments::is_daemon,
       "run in the background; returns when the daemon is ready, or with\nthe status it failed with"},
      {"pidfile", "FILE", &Arguments::pidfile, "with --daemon: write the process id to FILE"},
      {"version", nullptr, &Arguments::is_version, "print the version and exit"},
      {"help", nullptr, &Arguments::is_help, "print this and exit"},
  };
  return rows;
}

const OptionRow *find_option(const std::string &name) {
  for (const OptionRow &row : options()) {
    if (name == row.name || (name == "h" && std::string_view(row.name) == "help")) return &row;
  }
  return nullptr;
}

Error unknown_option(const std::string &word, const std::string &name) {
  std::vector<std::string> names;
  for (const OptionRow &row : options()) names.emplace_back(row.name);
  const std::string near = nearest_name(name, names);
  return Error{Kind::invalid, "unknown option \"" + word + "\"" +
                                  (near.empty() ? "; see bellhopd --help" : "; did you mean \"--" + near + "\"?")};
}

}  // namespace

Result<Arguments> parse_arguments(const std::vector<std::string> &words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string &word = words[i];
    if (word.size() < 2 || word[0] != '-') {
      return Error{Kind::invalid, "unexpected argument \"" + word + "\"; a config file is given with --config FILE"};
    }
    const std::size_t equals = word.find('=');
    const std::string name =
        word.substr(word.rfind("--", 0) == 0 ? 2 : 1,
                    equals == std::string::npos ? std::string::npos : equals - (word[1] == '-' ? 2 : 1));
    const OptionRow *row = find_option(name);
    if (row == nullptr || (word[1] != '-' && name != "h")) return unknown_option(word, name);
    if (const auto *is_set = std::get_if<bool Arguments::*>(&row->at)) {
      if (equals != std::string::npos) return Error{Kind::invalid, "--" + name + " takes no value"};
      arguments.*(*is_set) = true;
      continue;
    }
    std::string value;
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    }
    if (value.empty()) return Error{Kind::invalid, "--" + name + " wants a value, " + row->value};
    arguments.*std::get<std::string Arguments::*>(row->at) = value;
  }
  if (!arguments.pidfile.empty() && !arguments.is_daemon) {
    return Error{Kind::invalid, "--pidfile goes with --daemon; in the foreground the process is its own"};
  }
  return arguments;
}

std::string help_text() {
  constexpr std::size_t column = 26;
  std::string text =
      "bellhopd receives webhooks, keeps them and delivers them to plugins.\n\n"
      "usage: bellhopd [--config FILE] [--listen HOST:PORT]\n"
      "       bellhopd --state-dir DIR [--listen HOST:PORT]\n\n";
  for (const OptionRow &row : options()) {
    std::string line = std::string("  --") + row.name + (row.value != nullptr ? " " + std::string(row.value) : "");
    line.resize(std::max(column, line.size() + 1), ' ');
    for (const char c : std::string_view(row.sentence))
      line += c == '\n' ? "\n" + std::string(column, ' ') : std::string(1, c);
    text += line + "\n";
  }
  return text +
         "\nSIGTERM or SIGINT stops it within stop_max; another, half a second later or more, stops it at once.\n"
         "Exit status: 0 stopped, 1 internal fault, 64 usage, 69 cannot listen, 73 state cannot be made or opened,\n"
         "74 journal storage failed, 75 another daemon holds the journal, 78 config refused.\n";
}

}  // namespace bellhop::core
