// SPDX-License-Identifier: Apache-2.0
// Containment: what a plugin's child may reach beyond its own memory, as a plain value. The config grants it, the
// daemon hands it to the child on its command line, and the child locks itself up with it before it loads foreign code
// (host/program/contain.hpp).
//
// What it is and is not: docs/containment.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::core {

struct Containment {
  bool is_enabled = true;                // false: nothing of what follows holds
  bool is_read_only = false;             // its state directory and `write` may only be read: a dry run
  bool may_network = false;              // Internet sockets
  bool may_unix_sockets = false;         // sockets of this machine, the daemon's admin socket among them
  bool may_exec = false;                 // start other programs, which are contained like it
  std::vector<std::string> read, write;  // absolute paths of files and directories, beyond the plugin's own
  std::int64_t memory_bytes_max = 512 << 20;
  std::int64_t files_max = 256;
  std::int64_t file_bytes_max = 16LL << 30;  // of one file
};

// One line per fact, for the child's command line; the paths must hold no line break. [any]
std::string containment_text(const Containment &containment);
// nullopt when it is not exactly such a text. [any]
std::optional<Containment> parse_containment(std::string_view text);

// What a manifest may ask for beside services: "os.network", "os.unix_sockets", "os.exec", "os.read", "os.write".
bool is_permission(std::string_view need);

// A permission that a plugin needs and its instance was not granted.
struct MissingGrant {
  std::string need;      // "os.network"
  std::string sentence;  // "the network"
  std::string line;      // "network = true", for [instance.NAME.sandbox]
};
std::vector<MissingGrant> missing_grants(const std::vector<std::string> &needs, const Containment &containment);

// The revision of Landlock that this kernel offers; 0: none, so that rules about files are not enforced. [any]
int landlock_revision();

}  // namespace bellhop::core
