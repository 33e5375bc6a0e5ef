// SPDX-License-Identifier: Apache-2.0
// From file or text to Loaded: document → reader → checks, and the findings in the order of the file.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <tuple>

#include "config/checks.hpp"
#include "config/config.hpp"
#include "config/config_reader.hpp"
#include "config/document.hpp"

extern char **environ;

namespace bellhop::core {

namespace {

constexpr std::size_t config_bytes_max = 4 << 20;

Loaded refused(const std::string &file, std::string sentence) {
  Loaded loaded;
  loaded.config.file = file;
  loaded.errors.push_back({Position{file, 0, 0}, std::move(sentence)});
  return loaded;
}

void sort_findings(std::vector<Finding> &findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding &a, const Finding &b) {
    return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
  });
}

bool is_reference(const std::string &text) {
  return text.rfind("env:", 0) == 0 || text.rfind("file:", 0) == 0 || text.rfind("credential:", 0) == 0;
}

// Tokens written out in a file that everybody on the machine may read are not secret.
void warn_of_readable_tokens(const Node &root, const std::string &file, Loaded &loaded) {
  struct stat status {};
  const Member *sources = root.find("source");
  if (sources == nullptr || stat(file.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return;
  for (const Member &source : sources->value.members) {
    const Member *tokens = source.value.find("tokens");
    if (tokens == nullptr) continue;
    for (const Node &token : tokens->value.items) {
      if (token.type != Node::Type::text || is_reference(token.text)) continue;
      loaded.warnings.push_back({token.at, "a token of [source." + source.key +
                                               "] is written out in a file that every "
                                               "user may read; use env:, file: or credential:, or `chmod o-r " +
                                               file + "`"});
    }
  }
}

Loaded load(std::string_view text, const std::string &name, const Surroundings &surroundings, bool is_on_disk) {
  Loaded loaded;
  loaded.config.file = name;
  std::variant<Node, Finding> document = parse_document(text, name);
  if (const Finding *finding = std::get_if<Finding>(&document)) {
    loaded.errors.push_back(*finding);
    return loaded;
  }
  const Node &root = std::get<Node>(document);
  ConfigReader(surroundings, loaded).read(root);
  if (loaded.config.plugin_dirs.empty()) {
    loaded.config.plugin_dirs.push_back(
        (std::filesystem::path(surroundings.executable_dir) / "../lib/bellhop/plugins").lexically_normal().string());
  }
  check_config(loaded);
  if (is_on_disk) warn_of_readable_tokens(root, name, loaded);
  sort_findings(loaded.errors);
  sort_findings(loaded.warnings);
  return loaded;
}

}  // namespace

Position Config::place(std::string path) const {
  for (;;) {
    if (const auto found = places.find(path); found != places.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return Position{file, 0, 0};
    path.resize(dot);
  }
}

Loaded parse_config(std::string_view text, const std::string &name, const Surroundings &surroundings) {
  return load(text, name, surroundings, false);
}

Loaded load_config(const std::string &file, const Surroundings &surroundings) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return refused(file, "is a directory, not a config file");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text;
  if (in) text.assign(std::istreambuf_iterator<char>(in), {});
  if (!in.is_open() || in.bad()) {
    return refused(file, std::string("the config cannot be read: ") + std::strerror(errno != 0 ? errno : EIO));
  }
  if (text.size() > config_bytes_max) return refused(file, "is larger than a config may be (4 MiB)");
  return load(text, file, surroundings, true);
}

Surroundings current_surroundings() {
  Surroundings surroundings;
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size > 0) {
    surroundings.executable_dir =
        std::filesystem::path(std::string(path, static_cast<std::size_t>(size))).parent_path().string();
  }
  for (char **entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    surroundings.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  const auto credentials = surroundings.environment.find("CREDENTIALS_DIRECTORY");
  if (credentials != surroundings.environment.end()) surroundings.credentials_dir = credentials->second;
  return surroundings;
}

}  // namespace bellhop::core
