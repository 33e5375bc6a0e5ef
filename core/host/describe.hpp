// SPDX-License-Identifier: Apache-2.0
// Describe: what a plugin says of itself, and whether settings fit it, learnt without loading foreign code here: a
// child (`bellhop-host --describe`, `--check`) does that, within a time limit, and prints JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "host/containment.hpp"

namespace bellhop::core {

constexpr Milliseconds describe_ms_max = 5000;

// What an operator may run on a live instance.
struct CommandManifest {
  std::string name, summary;
  std::string arguments_schema;  // JSON Schema; "" = takes none
};

// One plugin of a library.
struct PluginManifest {
  std::string library;      // absolute path of the .so
  std::uint32_t index = 0;  // which plugin of it
  std::string id, name, version, summary, vendor, license, url, sdk;
  int abi_major = 0, abi_minor = 0;
  bool is_singleton = false;               // one worker at most
  bool is_batching = false;                // has bellhop.batch/1
  bool is_ticking = false;                 // has bellhop.tick/1
  bool has_health = false;                 // has bellhop.health/1
  std::vector<CommandManifest> commands;   // of bellhop.command/1
  std::vector<std::string> events;         // default globs; empty = everything but ping
  std::vector<std::string> needs, wants;   // services
  std::vector<std::string> needs_missing;  // those of `needs` that this host does not offer: it will not be started
  std::string settings_schema;             // JSON Schema; "" = takes no settings
};

// The plugins of a library, in its order; at least one.
//   library        absolute path
//   host_program   absolute path of bellhop-host
//   errors         one sentence that names both sides: no such file, not an ELF file, another machine, cut off,
//                  no entry symbol, another ABI major, crashed or hung while loading
// Blocks for a child of its own, a few milliseconds, at most limit_ms. [any]
// The child is contained, and may write nothing whatever `containment` grants.
Result<std::vector<PluginManifest>> describe_plugin(const std::string &library, const std::string &host_program,
                                                    Milliseconds limit_ms = describe_ms_max,
                                                    const Containment &containment = {});

// "plugin sqlite needs bellhop.kv/2, this host offers bellhop.json/1", or "" when nothing is missing. [any]
std::string missing_services(const PluginManifest &manifest);

struct SettingsFinding {
  std::string pointer;   // RFC 6901 into the settings; "" = the settings themselves
  std::string sentence;  // "unknown key \"pth\"; did you mean \"path\"? Allowed: path, retention"; without the position
};

// A setting that names a file or a directory: who writes it into the config grants it to the plugin.
struct SettingsPath {
  std::string pointer;
  std::string path;       // as written; a relative one begins at the state directory
  bool is_write = false;  // "x-path": "write", else "read"
};

struct SettingsCheck {
  std::string settings_json;                 // with the schema's defaults filled in
  std::vector<SettingsFinding> findings;     // empty = fits
  std::vector<std::string> secret_pointers;  // given by the settings, marked x-secret by the schema: never show
  std::vector<SettingsPath> paths;           // marked x-path by the schema: what they name may be opened
  // Marked x-destination: where the operator himself says that the plugin may send HTTP requests.
  std::vector<std::string> destination_pointers;
};

// Settings against the plugin's schema, all findings at once. `settings_json` is an object as written by the operator:
// references to secrets (env:NAME, file:/path, credential:NAME) are not resolved yet and count as strings. Pure. [any]
SettingsCheck check_settings(const PluginManifest &manifest, std::string_view settings_json);

// The same JSON with the values at the pointers replaced by "(secret)", for logs, the page and the command line. [any]
std::string redact(std::string_view settings_json, const std::vector<std::string> &secret_pointers);

// The JSON with the string at `pointer` replaced by `value`: how a resolved secret gets in. Unchanged when there is
// nothing at the pointer. [any]
std::string with_setting(std::string_view settings_json, std::string_view pointer, std::string_view value);

// The string at `pointer`, "" when there is none. [any]
std::string setting_text(std::string_view settings_json, std::string_view pointer);

// Lets the plugin itself look at its settings: create and destroy in a child, no start. For `bellhop check`; blocks
// like describe_plugin. `settings_json` with defaults filled in and secrets resolved. [any]
//   errors    invalid: refused, in the plugin's own sentence; or what describe_plugin says
Result<void> check_create(const PluginManifest &manifest, const std::string &instance_name,
                          const std::string &settings_json, const std::string &host_program,
                          Milliseconds limit_ms = describe_ms_max, const Containment &containment = {});

}  // namespace bellhop::core
