// SPDX-License-Identifier: Apache-2.0
#include "host/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/mutex.hpp"
#include "host/containment.hpp"
#include "host/elf_file.hpp"

namespace bellhop::core {

namespace {

constexpr std::uint32_t plugins_count_max = 64;
constexpr std::size_t list_count_max = 64;
constexpr std::uint32_t commands_count_max = 64;
constexpr std::size_t id_bytes_max = 64;
constexpr int newer_major_max = 9;  // looked for only to say so

Error refuse(const std::string &path, const std::string &why) { return Error{Kind::invalid, path + ": " + why}; }

// Boost wraps the loader's own words: "… (dlerror system message: X): …".
std::string loader_words(const std::string &wrapped) {
  constexpr std::string_view opening = "(dlerror system message: ";
  const auto begin = wrapped.find(opening);
  const auto end = wrapped.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin + opening.size()) return wrapped;
  return wrapped.substr(begin + opening.size(), end - begin - opening.size());
}

// Loaded for ever: a thread of the plugin, an atexit function or a static table may be used until the process ends.
boost::dll::shared_library &load_for_ever(const std::string &path) {
  namespace dll = boost::dll;
  auto library = std::make_unique<dll::shared_library>(std::filesystem::path(path),
                                                       dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  static auto &mutex = *new Mutex;
  static auto &all = *new std::vector<std::unique_ptr<dll::shared_library>>;  // reachable, for leak checkers
  Lock lock(mutex);
  all.push_back(std::move(library));
  return *all.back();
}

std::string entry_missing(const boost::dll::shared_library &library) {
  for (int major = BHP_ABI_MAJOR + 1; major <= newer_major_max; ++major) {
    if (!library.has("bellhop_plugin_v" + std::to_string(major))) continue;
    return "built for the plugin ABI " + std::to_string(major) + ", this host (" BELLHOP_VERSION ") speaks ABI " +
           std::to_string(BHP_ABI_MAJOR);
  }
  return "not a Bellhop plugin: it does not export " BHP_ENTRY_SYMBOL;
}

template <class Table>
const Table *extension_of(const bhp_plugin &plugin, const char *id) {
  return plugin.extension == nullptr ? nullptr : static_cast<const Table *>(plugin.extension(&plugin, id));
}

bool is_command_name(const char *name) {
  const std::size_t size = name == nullptr ? 0 : strnlen(name, id_bytes_max + 1);
  return size != 0 && size <= id_bytes_max && std::all_of(name, name + size, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_id(const char *id) {
  const std::size_t size = strnlen(id, id_bytes_max + 1);
  return size != 0 && size <= id_bytes_max && std::all_of(id, id + size, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
         });
}

}  // namespace

Result<void> check_table(const bhp_plugin &plugin, const std::string &path) {
  // The major stands at the same place in every version of the table; nothing behind it is believed before it fits.
  if (plugin.abi_major != BHP_ABI_MAJOR) {
    return refuse(path, "built for the plugin ABI " + std::to_string(plugin.abi_major) + "." +
                            std::to_string(plugin.abi_minor) + ", this host (" BELLHOP_VERSION ") speaks ABI " +
                            std::to_string(BHP_ABI_MAJOR) + "." + std::to_string(BHP_ABI_MINOR));
  }
  if (plugin.struct_size < sizeof(bhp_plugin)) {
    return refuse(path, "its plugin table has " + std::to_string(plugin.struct_size) +
                            " bytes, ABI 1.0 of this host has " + std::to_string(sizeof(bhp_plugin)) +
                            ": set struct_size = sizeof(bhp_plugin)");
  }
  if (plugin.id == nullptr || !is_id(plugin.id))
    return refuse(path, "its plugin has no id of the form [a-z0-9.-]{1,64}");
  const std::string id = plugin.id;
  if (plugin.create == nullptr) return refuse(path, "plugin " + id + " has no function create");
  if (plugin.deliver == nullptr) return refuse(path, "plugin " + id + " has no function deliver");
  if (plugin.destroy == nullptr) return refuse(path, "plugin " + id + " has no function destroy");
  return {};
}

Result<std::vector<const bhp_plugin *>> load_library(const std::string &path) {
  if (path.empty() || path.front() != '/') return refuse(path, "the path of a plugin library must be absolute");
  if (auto checked = check_elf_file(path); !checked) return checked.error();

  bhp_entry_v1 entry = nullptr;
  try {
    boost::dll::shared_library &library = load_for_ever(path);
    if (!library.has(BHP_ENTRY_SYMBOL)) return refuse(path, entry_missing(library));
    entry = &library.get<const bhp_plugin *(std::uint32_t)>(BHP_ENTRY_SYMBOL);
  } catch (const std::exception &error) {
    return Error{Kind::invalid, "cannot load the plugin library " + path + ": " + loader_words(error.what())};
  }

  std::vector<const bhp_plugin *> plugins;
  for (std::uint32_t index = 0; index < plugins_count_max; ++index) {
    const bhp_plugin *plugin = entry(index);
    if (plugin == nullptr) break;
    if (auto checked = check_table(*plugin, path); !checked) return checked.error();
    plugins.push_back(plugin);
  }
  if (plugins.empty()) return refuse(path, "holds no plugin: " BHP_ENTRY_SYMBOL "(0) returned NULL");
  return plugins;
}

Result<const bhp_plugin *> load_plugin(const std::string &path, std::uint32_t index, Offer offer) {
  const auto plugins = load_library(path);
  if (!plugins) return plugins.error();
  if (index >= plugins->size()) {
    return refuse(path, "holds " + std::to_string(plugins->size()) + " plugin(s), number " + std::to_string(index) +
                            " (from 0) was asked for");
  }
  const bhp_plugin *plugin = (*plugins)[index];
  const auto missing = missing_services(*plugin, offer);
  if (!missing.empty()) return Error{Kind::invalid, missing_services_sentence(plugin->id, missing, offer)};
  return plugin;
}

const std::vector<std::string> &offered_services(Offer offer) {
  static const std::vector<std::string> json_alone{BHP_SVC_JSON};
  static const std::vector<std::string> everything{BHP_SVC_JSON, BHP_SVC_HTTP, BHP_SVC_KV, BHP_SVC_PUBLISH,
                                                   BHP_SVC_METRICS};
  return offer == Offer::json_alone ? json_alone : everything;
}

std::vector<std::string> missing_services(const bhp_plugin &plugin, Offer offer) {
  std::vector<std::string> missing;
  for (std::string &service : strings_of(plugin.needs)) {
    if (is_permission(service)) continue;  // the config's to grant
    const auto &offered = offered_services(offer);
    if (std::find(offered.begin(), offered.end(), service) == offered.end()) missing.push_back(std::move(service));
  }
  return missing;
}

std::string missing_services_sentence(const std::string &plugin_id, const std::vector<std::string> &missing,
                                      Offer offer) {
  const auto listed = [](const std::vector<std::string> &names) {
    std::string text;
    for (const std::string &name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  };
  if (missing.empty()) return "";
  return "plugin " + plugin_id + " needs " + listed(missing) + ", this host (" BELLHOP_VERSION ") offers " +
         listed(offered_services(offer));
}

std::vector<std::string> strings_of(const char *const *list) {
  std::vector<std::string> strings;
  for (std::size_t index = 0; list != nullptr && index < list_count_max && list[index] != nullptr; ++index) {
    strings.emplace_back(list[index]);
  }
  return strings;
}

const bhp_batch_v1 *batch_extension(const bhp_plugin &plugin) {
  const auto *batch = extension_of<bhp_batch_v1>(plugin, BHP_EXT_BATCH);
  return batch != nullptr && batch->deliver != nullptr ? batch : nullptr;
}

const bhp_health_v1 *health_extension(const bhp_plugin &plugin) {
  const auto *health = extension_of<bhp_health_v1>(plugin, BHP_EXT_HEALTH);
  return health != nullptr && health->check != nullptr ? health : nullptr;
}

const bhp_tick_v1 *tick_extension(const bhp_plugin &plugin) {
  const auto *tick = extension_of<bhp_tick_v1>(plugin, BHP_EXT_TICK);
  return tick != nullptr && tick->tick != nullptr ? tick : nullptr;
}

const bhp_command_v1 *command_extension(const bhp_plugin &plugin) {
  const auto *command = extension_of<bhp_command_v1>(plugin, BHP_EXT_COMMAND);
  return command != nullptr && command->describe != nullptr && command->run != nullptr ? command : nullptr;
}

std::vector<const bhp_command *> commands_of(const bhp_plugin &plugin) {
  std::vector<const bhp_command *> commands;
  const bhp_command_v1 *table = command_extension(plugin);
  for (std::uint32_t index = 0; table != nullptr && index < commands_count_max; ++index) {
    const bhp_command *command = table->describe(index);
    if (command == nullptr) break;
    if (BHP_HAS(command, bhp_command, arguments_schema) && is_command_name(command->name)) commands.push_back(command);
  }
  return commands;
}

}  // namespace bellhop::core
