// SPDX-License-Identifier: Apache-2.0
// Library: a plugin's .so in this very process: loaded, its ABI checked, never unloaded. Used by the child program
// and by in-process hosting; the daemon never loads the library of a plugin that lives in a child.
//
// Every refusal is one sentence that names both sides: what the plugin is, what this host is.
#pragma once

#include <bellhop/plugin.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace bellhop::core {

// The plugins of a library, in its order; at least one. The tables live as long as the process. [any]
//   path     absolute
//   errors   not_found, unavailable: the file; invalid: not a library for this machine, or not for this ABI
Result<std::vector<const bhp_plugin *>> load_library(const std::string &path);

// The check of one table, for load_library and its tests.
//   errors    invalid: another ABI major, a table that is too short, an empty place that must be filled
Result<void> check_table(const bhp_plugin &plugin, const std::string &path);

// With a desk behind it a host offers every service; without, json alone.
enum class Offer { json_alone, everything };

// The one plugin of a library that an instance asks for, fit to be started here.
//   errors    those of load_library; invalid: no such number, a needed service is missing
Result<const bhp_plugin *> load_plugin(const std::string &path, std::uint32_t index, Offer offer);

// What this host offers, and what of a plugin's `needs` is missing.
const std::vector<std::string> &offered_services(Offer offer);
std::vector<std::string> missing_services(const bhp_plugin &plugin, Offer offer);
// "plugin slack-notify needs bellhop.http/1, this host offers bellhop.json/1"
std::string missing_services_sentence(const std::string &plugin_id, const std::vector<std::string> &missing,
                                      Offer offer);

// A NULL-ended list of the table as strings, at most list_count_max of them.
std::vector<std::string> strings_of(const char *const *list);

// The plugin's extensions; nullptr when it does not have it, or its table has an empty place.
const bhp_batch_v1 *batch_extension(const bhp_plugin &plugin);
const bhp_health_v1 *health_extension(const bhp_plugin &plugin);
const bhp_tick_v1 *tick_extension(const bhp_plugin &plugin);
const bhp_command_v1 *command_extension(const bhp_plugin &plugin);
// Its commands, commands_count_max of them at most; those without a name of the form [a-z0-9-]{1,64} are left out.
std::vector<const bhp_command *> commands_of(const bhp_plugin &plugin);

}  // namespace bellhop::core
