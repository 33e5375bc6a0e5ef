// SPDX-License-Identifier: Apache-2.0
#include "config/library.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "config/config.hpp"

namespace bellhop::core {

namespace {

std::string joined(const std::vector<std::string> &words) {
  std::string out;
  for (const std::string &word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

bool is_file(const std::filesystem::path &path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

}  // namespace

std::vector<std::string> plugins_in(const std::vector<std::string> &dirs) {
  std::set<std::string> names;
  for (const std::string &dir : dirs) {
    std::error_code error;
    for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".so" && is_file(it->path())) names.insert(it->path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

Result<std::string> find_library(const std::string &plugin, const std::vector<std::string> &dirs) {
  if (!plugin.empty() && plugin.front() == '/') {
    if (is_file(plugin)) return std::filesystem::path(plugin).lexically_normal().string();
    return Error{Kind::not_found, "the plugin " + plugin + " is not there (no such file)"};
  }
  if (plugin.empty() || plugin.find('/') != std::string::npos) {
    return Error{Kind::invalid, "\"" + plugin + "\" is neither a plugin's name nor an absolute path"};
  }
  for (const std::string &dir : dirs) {
    const std::filesystem::path path = std::filesystem::path(dir) / (plugin + ".so");
    if (is_file(path)) return path.lexically_normal().string();
  }
  const std::vector<std::string> present = plugins_in(dirs);
  std::string stem = plugin;
  if (stem.size() > 3 && stem.substr(stem.size() - 3) == ".so") stem.resize(stem.size() - 3);
  std::string near =
      std::find(present.begin(), present.end(), stem) != present.end() ? stem : nearest_name(stem, present);
  return Error{Kind::not_found, "no plugin \"" + plugin + "\": looked for " + plugin + ".so in " +
                                    (dirs.empty() ? "no directory (plugin_dirs is empty)" : joined(dirs)) +
                                    (near.empty() ? "; " : "; did you mean \"" + near + "\"? ") +
                                    (present.empty() ? "no plugin is there" : "there are: " + joined(present))};
}

}  // namespace bellhop::core
