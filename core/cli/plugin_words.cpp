// SPDX-License-Identifier: Apache-2.0
// The words of `bellhop plugin` (cli/plugin_commands.hpp).
#include "cli/commands.hpp"
#include "cli/plugin_commands.hpp"
#include "cli/template.hpp"

namespace bellhop::core {
namespace {

void add_settings(CLI::App &command, PluginChoice &plugin) {
  command.add_option("--set", plugin.sets, "a setting; VALUE is JSON, else a string; env:NAME works as in a config")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command.add_option("--settings", plugin.settings_file, "all settings: a file with a JSON object")->type_name("FILE");
  command.add_option("--instance", plugin.instance, "with --config: whose settings and grants to take")
      ->type_name("NAME");
  command.add_option("--allow", plugin.allow, "hosts that it may send requests to, as [instance.NAME.http] allow")
      ->type_name("HOST")
      ->expected(1)
      ->take_all();
  command.add_option("--grant", plugin.grants, "network, unix_sockets, exec, read=PATH or write=PATH, as its sandbox")
      ->expected(1)
      ->take_all();
}

template <class Options>
void bind_seeded(CLI::App &command, Commands &commands, std::shared_ptr<Options> options,
                 int (*run)(const Options &, const Surroundings &, const Screen &, Random &)) {
  command.callback([&commands, options, run] {
    commands.chosen = [&commands, options, run] {
      return run(*options, commands.surroundings, commands.screen, commands.random);
    };
  });
}

void add_new(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<NewOptions>();
  CLI::App *command = add_command(app, "new", "Make a project: a plugin, its test, its build",
                                  "  bellhop plugin new my-crm\n  bellhop plugin new my-crm --directory src/my-crm");
  command->add_option("NAME", options->name, "small letters, digits and dashes")->required();
  command->add_option("--directory", options->directory, "where; else ./NAME. It must not be there yet")
      ->type_name("DIR");
  bind(*command, commands, options, run_plugin_new);
}

void add_inspect(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App *command = add_command(app, "inspect", "Show what a plugin says of itself, and a block for bellhop.toml",
                                  "  bellhop plugin inspect build/lib/bellhop/plugins/my-crm.so");
  command->add_option("LIBRARY", options->library, "the .so")->required();
  command->add_flag("--json", options->is_json, "print one JSON object");
  bind(*command, commands, options, run_plugin_inspect);
}

void add_validate(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<ValidateOptions>();
  CLI::App *command = add_command(app, "validate", "Hold a plugin against the contract, check by check",
                                  "  bellhop plugin validate my-crm.so\n"
                                  "  bellhop plugin validate my-crm.so --set url=https://crm.example.org --json\n"
                                  "No request leaves this machine. Exits with 0 when no check failed, else 1.");
  command->add_option("LIBRARY", options->plugin.library, "the .so")->required();
  command->add_flag("--json", options->is_json, "print {\"ok\",\"library\",\"checks\":[{\"check\",\"result\",…}]}");
  command->add_option("--config", options->plugin.config, "a config file with [instance.NAME]")->type_name("FILE");
  add_settings(*command, options->plugin);
  bind_seeded(*command, commands, options, run_plugin_validate);
}

void add_try(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<TryOptions>();
  CLI::App *command = add_command(
      app, "try", "Deliver one event to a plugin and show all that happens",
      "  bellhop plugin try my-crm.so booking.confirmed --set url=https://crm.example.org\n"
      "  bellhop plugin try my-crm.so event.json --http record --answers crm.json\n"
      "  bellhop plugin try my-crm.so 3f9a1c --config bellhop.toml --instance crm\n"
      "  bellhop plugin try build/my-crm.so booking.canceled --watch    again after every build\n"
      "With --http stub, the default, it is a dry run: nothing is sent, kept or written. Exits with 0 when the\n"
      "verdict is ok or skip, else 1.");
  command->add_option("LIBRARY", options->plugin.library, "the .so")->required();
  command
      ->add_option("EVENT", options->event.what,
                   "a type, a file (a webhook's body or an event), or an event of the running daemon")
      ->required();
  command->add_option("--http", options->http, "stub: answers are made up; live: sent; record: sent, and kept in FILE")
      ->check(CLI::IsMember({"stub", "live", "record"}))
      ->capture_default_str();
  command->add_option("--answers", options->answers_file, "stub: the answers to give; record: where they go")
      ->type_name("FILE");
  command->add_option("--kv", options->kv_file, "what it finds in kv, and where it is kept")->type_name("FILE");
  command->add_option("--times", options->times, "deliver it so often, as after a crash")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--dialect", options->event.dialect, "whose sample: legacy or v5")
      ->check(CLI::IsMember(dialects))
      ->capture_default_str();
  command->add_option("--body", options->event.sets, "replace a member of the sample's body")
      ->type_name("POINTER=VALUE")
      ->expected(1)
      ->take_all();
  command->add_flag("--watch", options->is_watching, "again whenever the library is built anew");
  command->add_flag("--fill", options->plugin.is_filling, "make up settings that are required and not given");
  add_settings(*command, options->plugin);
  add_ask(*command, options->event.ask);
  command->callback([&commands, options] {
    commands.chosen = [&commands, options] {
      options->is_json = options->event.ask.is_json;
      if (!options->plugin.instance.empty()) options->plugin.config = options->event.ask.where.config;
      return run_plugin_try(*options, commands.surroundings, commands.screen, commands.random);
    };
  });
}

}  // namespace

void add_plugin(CLI::App &app, Commands &commands) {
  CLI::App *plugin = app.add_subcommand("plugin", "Tools for those who write plugins: new, inspect, validate, try");
  plugin->require_subcommand(1);
  add_new(*plugin, commands);
  add_inspect(*plugin, commands);
  add_validate(*plugin, commands);
  add_try(*plugin, commands);
}

}  // namespace bellhop::core
