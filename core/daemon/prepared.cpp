// SPDX-License-Identifier: Apache-2.0
#include "daemon/prepared.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <tuple>

#include "config/checks.hpp"

namespace bellhop::core {

namespace {

namespace fs = std::filesystem;

constexpr char default_config[] = "/etc/bellhop/bellhop.toml";

std::string absolute(const std::string &path) {
  std::error_code ignored;
  if (path.empty()) return path;
  std::string text = fs::absolute(path, ignored).lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

// untrusted in part: keys and names are the file's, and go to a terminal
std::string lines_of(const std::vector<Finding> &findings) {
  std::string out;
  for (const Finding &finding : findings) out += (out.empty() ? "" : "\n") + printable(finding.text());
  return out;
}

Failure refused(const std::vector<Finding> &errors, const std::string &file) {
  const std::string count = std::to_string(errors.size()) + (errors.size() == 1 ? " error" : " errors");
  return Failure{daemon_config,
                 "the config " + (file.empty() ? "" : file + " ") + "is refused, " + count + ":\n" + lines_of(errors)};
}

// Poco would find out after the fork, and tell nobody.
std::optional<Failure> check_pidfile(const std::string &path) {
  if (path.empty()) return std::nullopt;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return Failure{daemon_cannot_create, "cannot write the pidfile " + path + ": " + std::strerror(errno)};
  close(fd);
  return std::nullopt;
}

std::variant<Loaded, Failure> load(const Arguments &arguments, const Surroundings &surroundings) {
  if (!arguments.config.empty()) return load_config(arguments.config, surroundings);
  if (!arguments.state_dir.empty()) {
    const Result<std::string> text = embedded_config(arguments.state_dir);
    if (!text) return Failure{daemon_cannot_create, text.error().sentence};
    Loaded loaded = parse_config(*text, "embedded default", surroundings);
    loaded.config.file.clear();
    return loaded;
  }
  std::error_code ignored;
  if (fs::exists(default_config, ignored)) return load_config(default_config, surroundings);
  return Failure{daemon_config, std::string("there is no config: ") + default_config +
                                    " does not exist. Give one with --config FILE, or run the embedded default with "
                                    "--state-dir DIR"};
}

}  // namespace

std::variant<Prepared, Failure> prepare(Arguments arguments, Surroundings surroundings, PlanDepth depth) {
  arguments.config = absolute(arguments.config);
  arguments.state_dir = absolute(arguments.state_dir);
  arguments.pidfile = absolute(arguments.pidfile);
  if (!arguments.listen.empty()) {
    const Result<void> listen = check_listen(arguments.listen);
    if (!listen) return Failure{daemon_usage, "--listen " + listen.error().sentence};
  }
  std::variant<Loaded, Failure> chosen = load(arguments, surroundings);
  if (Failure *failure = std::get_if<Failure>(&chosen)) return std::move(*failure);
  Loaded loaded = std::get<Loaded>(std::move(chosen));
  if (!arguments.state_dir.empty()) loaded.config.state_dir = arguments.state_dir;
  if (!arguments.listen.empty()) loaded.config.http.listen = arguments.listen;

  Plans plans = make_plans(loaded.config, surroundings, depth);
  loaded.errors.insert(loaded.errors.end(), plans.errors.begin(), plans.errors.end());
  loaded.warnings.insert(loaded.warnings.end(), plans.warnings.begin(), plans.warnings.end());
  std::stable_sort(loaded.errors.begin(), loaded.errors.end(), [](const Finding &a, const Finding &b) {
    return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
  });
  if (!loaded.errors.empty()) return refused(loaded.errors, loaded.config.file);
  if (std::optional<Failure> failure = check_pidfile(arguments.pidfile)) return std::move(*failure);
  return Prepared{std::move(arguments), std::move(surroundings), std::move(loaded.config), std::move(plans),
                  std::move(loaded.warnings)};
}

}  // namespace bellhop::core
