// SPDX-License-Identifier: Apache-2.0
#include "daemon/welcome.hpp"

#include <algorithm>
#include <filesystem>

namespace bellhop::core {

namespace {

namespace fs = std::filesystem;

// `bellhop`, if that is what a shell would run; else the path of the one beside this program.
std::string bellhop_program(const Surroundings &surroundings) {
  const fs::path own = fs::path(surroundings.executable_dir) / "bellhop";
  const auto path = surroundings.environment.find("PATH");
  std::string dirs = path == surroundings.environment.end() ? "" : path->second;
  for (std::size_t begin = 0; begin < dirs.size();) {
    const std::size_t end = std::min(dirs.find(':', begin), dirs.size());
    const fs::path candidate = fs::path(dirs.substr(begin, end - begin)) / "bellhop";
    std::error_code ignored;
    if (fs::exists(candidate, ignored)) return fs::equivalent(candidate, own, ignored) ? "bellhop" : own.string();
    begin = end + 1;
  }
  return own.string();
}

// How `bellhop` is told where the daemon is; nothing when it finds it by itself.
std::string daemon_choice(const Config &config) {
  const Config defaults;
  if (config.admin.socket != defaults.admin.socket) {
    return " --socket " + shell_word((fs::path(config.state_dir) / config.admin.socket).string());
  }
  return config.state_dir == defaults.state_dir ? "" : " --state-dir " + shell_word(config.state_dir);
}

}  // namespace

std::string shell_word(const std::string &word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-:=@%+,").find(c) != std::string_view::npos;
  });
  if (is_plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

Welcome make_welcome(const Config &config, const std::vector<std::string> &urls,
                     const std::vector<std::string> &instances, const Surroundings &surroundings) {
  Welcome welcome;
  welcome.version = BELLHOP_VERSION;
  welcome.urls = urls;
  welcome.state_dir = config.state_dir;
  welcome.instances = instances;
  if (urls.empty()) return welcome;
  welcome.send_command = shell_word(bellhop_program(surroundings)) + " send booking.confirmed" + daemon_choice(config);
  const bool is_unix = config.http.listen.rfind("unix:", 0) == 0;
  welcome.curl_command = "curl -i -H 'Content-Type: application/json' -d '{\"test\":true}' " +
                         (is_unix ? "--unix-socket " + shell_word(config.http.listen.substr(5)) + " " : "") +
                         shell_word(urls.front());
  return welcome;
}

}  // namespace bellhop::core
