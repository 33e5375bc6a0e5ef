// SPDX-License-Identifier: Apache-2.0
// `bellhop plugin new NAME`: fills in the template that lies beside this program (share/bellhop/template). Never writes
// over anything.
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "cli/plugin_commands.hpp"

namespace bellhop::core {
namespace {

namespace fs = std::filesystem;

struct File {
  const char *from, *to;  // "@" is the name
};
constexpr File files[] = {{"CMakeLists.txt", "CMakeLists.txt"},
                          {"plugin.cpp", "@.cpp"},
                          {"plugin_test.cpp", "@_test.cpp"},
                          {"README.md", "README.md"},
                          {"gitignore", ".gitignore"}};
constexpr std::size_t name_bytes_max = 64;

void replace_all(std::string &text, const std::string &from, const std::string &to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// A name of a plugin that is a target of CMake and the stem of a file, too.
bool is_name(const std::string &name) {
  const auto is_plain = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
  };
  return !name.empty() && name.size() <= name_bytes_max && name[0] >= 'a' && name[0] <= 'z' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), is_plain);
}

// "my-crm" → "MyCrm"
std::string class_of(const std::string &name) {
  std::string out;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] == '-') continue;
    const bool is_first = at == 0 || name[at - 1] == '-';
    out += is_first ? static_cast<char>(std::toupper(static_cast<unsigned char>(name[at]))) : name[at];
  }
  return out;
}

}  // namespace

int run_plugin_new(const NewOptions &options, const Surroundings &surroundings, const Screen &screen) {
  if (!is_name(options.name)) {
    return complain(screen, {Kind::invalid, "\"" + options.name +
                                                "\" cannot be a plugin's name: small letters, digits and dashes, "
                                                "beginning with a letter, 64 at most"});
  }
  const fs::path from = (fs::path(surroundings.executable_dir) / "../share/bellhop/template").lexically_normal();
  const fs::path to = options.directory.empty() ? options.name : options.directory;
  if (!fs::exists(from / "plugin.cpp")) {
    return complain(screen, {Kind::not_found, "the template is not in " + from.string() +
                                                  "; it belongs to the installation (component dev)"});
  }
  std::error_code failed;
  fs::create_directories(to.has_parent_path() ? to.parent_path() : fs::path("."), failed);
  if (::mkdir(to.c_str(), 0755) != 0) {
    return complain(screen, {errno == EEXIST ? Kind::conflict : Kind::unavailable,
                             "cannot make the directory " + to.string() + ": " + std::strerror(errno)});
  }
  for (const File &file : files) {
    std::ifstream in(from / file.from, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}}, name = file.to;
    // The template is ours; what becomes of it is the author's.
    if (text.rfind("// SPDX", 0) == 0) text.erase(0, text.find('\n') + 1);
    replace_all(text, "@NAME@", options.name);
    replace_all(text, "@CLASS@", class_of(options.name));
    replace_all(name, "@", options.name);
    std::ofstream out(to / name, std::ios::binary);
    out << text;
    if (!out.flush()) return complain(screen, {Kind::unavailable, "cannot write " + (to / name).string()});
    screen.out << (to / name).string() << '\n';
  }
  screen.out << "\nNow: cmake -S " << to.string() << " -B " << (to / "build").string() << " && cmake --build "
             << (to / "build").string() << " && ctest --test-dir " << (to / "build").string() << '\n';
  return exit_ok;
}

}  // namespace bellhop::core
