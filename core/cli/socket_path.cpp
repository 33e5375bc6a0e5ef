// SPDX-License-Identifier: Apache-2.0
#include "cli/socket_path.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <vector>

namespace bellhop::core {
namespace {

constexpr const char *default_config = "/etc/bellhop/bellhop.toml";
constexpr const char *socket_name = "admin.sock";
constexpr const char *start_it =
    "start it with `systemctl start bellhop`, or in the foreground with "
    "`bellhopd --state-dir ./bellhop-state`";

std::string in(const std::string &directory, const std::string &name) {
  return (std::filesystem::path(directory) / name).string();
}

struct StatePaths {
  std::string socket, journal;
};

StatePaths paths_of_state(const std::string &state_dir) {
  return {in(state_dir, socket_name), in(state_dir, "journal.db")};
}

// What a config file speaks of; a config with errors still says where its state is, but one that could not be read at
// all would send us to another daemon's.
Result<StatePaths> paths_of_config(const std::string &file, const Surroundings &surroundings) {
  const Loaded loaded = load_config(file, surroundings);
  const Config &config = loaded.config;
  if (!loaded.errors.empty() && config.places.empty()) {
    const Finding &first = loaded.errors.front();
    return Error{Kind::invalid, "the config file " + file +
                                    " cannot be read: " + (first.at.line == 0 ? first.sentence : first.text())};
  }
  return StatePaths{in(config.state_dir, config.admin.socket), in(config.state_dir, config.journal.path)};
}

std::vector<StatePaths> guesses(const Surroundings &surroundings) {
  std::vector<StatePaths> out;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(default_config, ignored)) {
    if (auto paths = paths_of_config(default_config, surroundings)) out.push_back(*std::move(paths));
  }
  out.push_back(paths_of_state("/var/lib/bellhop"));
  out.push_back(paths_of_state("./bellhop-state"));
  return out;
}

// "root, bellhop or a member of group bellhop": who may pass `path`, as far as its owner tells.
std::string who_may(const std::string &path) {
  struct stat found {};
  std::filesystem::path at = path;
  while (::stat(at.c_str(), &found) != 0) {
    if (!at.has_relative_path()) return "root";
    at = at.parent_path();
  }
  const passwd *owner = ::getpwuid(found.st_uid);
  const group *members = ::getgrgid(found.st_gid);
  std::string who = found.st_uid == 0 ? "root" : "root or " + std::string(owner ? owner->pw_name : "its owner");
  if ((found.st_mode & S_IRWXG) != 0 && members != nullptr && found.st_gid != 0) {
    who += " or in group " + std::string(members->gr_name);
  }
  return who;
}

}  // namespace

Result<std::string> find_socket(const SocketChoice &choice, const Surroundings &surroundings) {
  if (!choice.socket.empty()) return choice.socket;
  const auto named = surroundings.environment.find("BELLHOP_SOCKET");
  if (named != surroundings.environment.end() && !named->second.empty()) return named->second;
  if (!choice.state_dir.empty()) return paths_of_state(choice.state_dir).socket;
  if (!choice.config.empty()) {
    const auto paths = paths_of_config(choice.config, surroundings);
    return paths ? Result<std::string>(paths->socket) : paths.error();
  }
  std::string looked, closed;
  for (const auto &[guess, journal] : guesses(surroundings)) {
    struct stat found {};
    if (::stat(guess.c_str(), &found) == 0) return guess;
    if (errno == EACCES && closed.empty()) closed = guess;
    looked += (looked.empty() ? "" : ", ") + guess;
  }
  if (!closed.empty()) return explain_socket({Kind::denied, closed + ": permission denied"}, closed);
  return Error{Kind::unavailable, "no running bellhopd found (looked at " + looked + "): " + start_it +
                                      ", or say where it is with --socket PATH or --state-dir DIR"};
}

Result<std::string> find_journal(const SocketChoice &choice, const Surroundings &surroundings) {
  if (!choice.state_dir.empty()) return paths_of_state(choice.state_dir).journal;
  if (!choice.config.empty()) {
    const auto paths = paths_of_config(choice.config, surroundings);
    return paths ? Result<std::string>(paths->journal) : paths.error();
  }
  std::string looked;
  for (const auto &[socket, guess] : guesses(surroundings)) {
    std::error_code ignored;
    if (std::filesystem::exists(guess, ignored)) return guess;
    looked += (looked.empty() ? "" : ", ") + guess;
  }
  return Error{Kind::not_found, "no journal found (looked at " + looked + "): say where it is with --state-dir DIR"};
}

Error explain_socket(const Error &error, const std::string &path) {
  switch (error.kind) {
    case Kind::unavailable:
      return {error.kind, "no daemon answers at " + error.sentence + "; is bellhopd running? " + start_it};
    case Kind::denied:
      return {error.kind, error.sentence + ": you need to be " + who_may(path) + "; try the same with sudo"};
    case Kind::timeout:
      return {error.kind, "the daemon at " + error.sentence + "; give it longer with --timeout SECONDS"};
    case Kind::invalid:
    case Kind::not_found:
    case Kind::conflict:
    case Kind::too_large:
    case Kind::full:
    case Kind::corrupt:
    case Kind::internal:
      return error;
  }
  return error;
}

}  // namespace bellhop::core
