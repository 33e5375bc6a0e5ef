// SPDX-License-Identifier: Apache-2.0
#include "host/containment.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>

namespace bellhop::core {

namespace {

// The kernel's header of Debian 12 knows Landlock's first revision only; numbers are the same on every machine.
constexpr long landlock_create_ruleset = 444;
constexpr unsigned landlock_ask_revision = 1;

struct Permission {
  const char *need, *sentence, *line;
  bool (*is_granted)(const Containment &);
};

constexpr Permission permissions[] = {
    {"os.network", "the network", "network = true", [](const Containment &granted) { return granted.may_network; }},
    {"os.unix_sockets", "sockets of this machine", "unix_sockets = true",
     [](const Containment &granted) { return granted.may_unix_sockets; }},
    {"os.exec", "to start other programs", "exec = true", [](const Containment &granted) { return granted.may_exec; }},
    {"os.read", "files outside its state directory", "read = [\"/path\"]",
     [](const Containment &granted) { return !granted.read.empty() || !granted.write.empty(); }},
    {"os.write", "to write outside its state directory", "write = [\"/path\"]",
     [](const Containment &granted) { return !granted.write.empty(); }},
};

bool parse_number(std::string_view text, std::int64_t &number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

bool take_line(std::string_view line, Containment &out) {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? "" : line.substr(space + 1);
  if (word == "read") out.read.emplace_back(rest);
  if (word == "write") out.write.emplace_back(rest);
  if (word == "read" || word == "write") return !rest.empty() && rest.front() == '/';
  if (word == "memory") return parse_number(rest, out.memory_bytes_max);
  if (word == "files") return parse_number(rest, out.files_max);
  if (word == "file") return parse_number(rest, out.file_bytes_max);
  if (line == "off") return out.is_enabled = false, true;
  if (line == "read_only") return out.is_read_only = true;
  if (line == "network") return out.may_network = true;
  if (line == "unix_sockets") return out.may_unix_sockets = true;
  return line == "exec" && (out.may_exec = true);
}

}  // namespace

std::string containment_text(const Containment &containment) {
  std::string text;
  if (!containment.is_enabled) text += "off\n";
  if (containment.is_read_only) text += "read_only\n";
  if (containment.may_network) text += "network\n";
  if (containment.may_unix_sockets) text += "unix_sockets\n";
  if (containment.may_exec) text += "exec\n";
  for (const std::string &path : containment.read) text += "read " + path + "\n";
  for (const std::string &path : containment.write) text += "write " + path + "\n";
  text += "memory " + std::to_string(containment.memory_bytes_max) + "\n";
  text += "files " + std::to_string(containment.files_max) + "\n";
  return text + "file " + std::to_string(containment.file_bytes_max) + "\n";
}

std::optional<Containment> parse_containment(std::string_view text) {
  Containment containment;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || !take_line(text.substr(0, end), containment)) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  return containment;
}

bool is_permission(std::string_view need) {
  for (const Permission &permission : permissions) {
    if (need == permission.need) return true;
  }
  return false;
}

std::vector<MissingGrant> missing_grants(const std::vector<std::string> &needs, const Containment &containment) {
  std::vector<MissingGrant> missing;
  if (!containment.is_enabled) return missing;
  for (const std::string &need : needs) {
    for (const Permission &permission : permissions) {
      if (need != permission.need || permission.is_granted(containment)) continue;
      missing.push_back({need, permission.sentence, permission.line});
    }
  }
  return missing;
}

int landlock_revision() {
  const long revision = ::syscall(landlock_create_ruleset, nullptr, 0, landlock_ask_revision);
  return revision > 0 ? static_cast<int>(revision) : 0;
}

}  // namespace bellhop::core
