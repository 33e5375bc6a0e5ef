// SPDX-License-Identifier: Apache-2.0
// The words of the commands that explain and change, and what all commands share.
#include "cli/change_commands.hpp"
#include "cli/commands.hpp"
#include "cli/explain.hpp"
#include "cli/instance_commands.hpp"
#include "cli/plugin_commands.hpp"

namespace bellhop::core {

void add_where(CLI::App &command, SocketChoice &where) {
  command.add_option("--socket", where.socket, "the daemon's admin socket; else $BELLHOP_SOCKET")->type_name("PATH");
  command.add_option("--state-dir", where.state_dir, "the daemon's state directory, where admin.sock lies")
      ->type_name("DIR");
  command.add_option("--config", where.config, "a config file whose state_dir to use")->type_name("FILE");
}

void add_ask(CLI::App &command, AskOptions &ask) {
  command.add_flag("--json", ask.is_json, "print the daemon's JSON as it came");
  command
      .add_option_function<double>(
          "--timeout", [&ask](double seconds) { ask.timeout_ms = static_cast<Milliseconds>(seconds * 1000); },
          "give up after so many seconds")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 86'400.0));
  add_where(command, ask.where);
}

CLI::App *add_command(CLI::App &app, const char *name, const char *what, const char *examples) {
  CLI::App *command = app.add_subcommand(name, what);
  command->footer(std::string("Examples:\n") + examples);
  return command;
}

void add_explain(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<ExplainOptions>();  // owners: the parser's bindings and the chosen command
  CLI::App *command =
      add_command(app, "explain", "Say why each instance ran for an event, or did not, and what comes next",
                  "  bellhop explain 12\n  bellhop explain 3f9a1c --instance crm\n"
                  "  bellhop explain 12 --json | jq '.instances[] | {name, state, why}'");
  command->add_option("REF", options->reference, "its id, the first 6 or more digits of that, or its seq")->required();
  command->add_option("--instance", options->instance, "only this instance")->type_name("NAME");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_explain);
}

namespace {

void add_dead_filters(CLI::App &command, DeadOptions &options) {
  command.add_option("--instance", options.instance, "only of this instance")->type_name("NAME");
  command.add_option("--type", options.type, "only types that fit, e.g. 'booking.*'")->type_name("GLOB");
  command.add_option("--before", options.before, "only older ones: what the page before said")->type_name("PLACE");
  command.add_option("--limit", options.limit, "at most so many")->check(CLI::Range(1, 1000))->capture_default_str();
  add_ask(command, options.ask);
}

void add_range(CLI::App &command, ReplayOptions &options) {
  command.add_option("REF", options.reference, "one event: its id, the first 6 or more digits of that, or its seq");
  command.add_option("--since", options.since, "received then or later: a time, a day, or so long ago")
      ->type_name("TIME|2h");
  command.add_option("--until", options.until, "received before that")->type_name("TIME|2h");
  command.add_option("--from-seq", options.from_seq, "this seq and later")->type_name("SEQ");
  command.add_option("--to-seq", options.to_seq, "up to this seq")->type_name("SEQ");
  command.add_option("--type", options.type, "only types that fit, e.g. 'booking.*'")->type_name("GLOB");
  command.add_option("--instance", options.instance, "only to this instance")->type_name("NAME");
  command.add_flag("--list", options.is_listing, "show what would be replayed, and change nothing");
  command.add_flag("--yes", options.is_agreed, "do not ask, however many they are");
  add_ask(command, options.ask);
}

// `bellhop dead` alone means the same, so that its options may stand on either side of the word.
void add_dead_list(CLI::App &dead, Commands &commands, const std::shared_ptr<DeadOptions> &options) {
  CLI::App *command = add_command(dead, "list", "List the dead letters, newest first",
                                  "  bellhop dead list --instance crm --type 'booking.*'");
  add_dead_filters(*command, *options);
  bind(*command, commands, options, run_dead);
}

void add_dead_show(CLI::App &dead, Commands &commands) {
  const auto options = std::make_shared<ExplainOptions>();
  options->is_only_dead = true;
  CLI::App *command = add_command(dead, "show", "Show a dead letter: every attempt, its answers, its HTTP requests",
                                  "  bellhop dead show 12\n  bellhop dead show 12 --instance crm");
  command->add_option("REF", options->reference, "its id, the first 6 or more digits of that, or its seq")->required();
  command->add_option("--instance", options->instance, "only of this instance")->type_name("NAME");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_explain);
}

void add_dead_replay(CLI::App &dead, Commands &commands) {
  const auto options = std::make_shared<ReplayOptions>();
  options->is_only_dead = true;
  CLI::App *command = add_command(dead, "replay", "Deliver dead letters once more",
                                  "  bellhop dead replay 12\n  bellhop dead replay --instance crm --since 2h\n"
                                  "  bellhop dead replay --list         what that would be\n"
                                  "Without a REF or a filter: all of them.");
  add_range(*command, *options);
  bind(*command, commands, options, run_replay);
}

void add_dead_drop(CLI::App &dead, Commands &commands) {
  const auto options = std::make_shared<DropOptions>();
  CLI::App *command = add_command(dead, "drop", "Let dead letters go, for good",
                                  "  bellhop dead drop 12\n  bellhop dead drop 12 --instance crm\n"
                                  "  bellhop dead drop --all --instance crm --type 'member.*' --yes");
  command->add_option("REF", options->reference, "its id, the first 6 or more digits of that, or its seq");
  command->add_option("--instance", options->instance, "only of this instance")->type_name("NAME");
  command->add_option("--type", options->type, "with --all: only types that fit")->type_name("GLOB");
  command->add_flag("--all", options->is_all, "all that fit");
  command->add_flag("--yes", options->is_agreed, "do not ask");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_drop);
}

}  // namespace

void add_dead(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<DeadOptions>();
  CLI::App *command =
      add_command(app, "dead", "List, show, replay and drop dead letters: deliveries that were given up",
                  "  bellhop dead\n  bellhop dead show 12\n  bellhop dead replay --instance crm\n"
                  "  bellhop dead drop 12\n  bellhop dead --limit 500 --json");
  add_dead_filters(*command, *options);
  command->require_subcommand(0, 1);
  add_dead_list(*command, commands, options);
  add_dead_show(*command, commands);
  add_dead_replay(*command, commands);
  add_dead_drop(*command, commands);
  // Runs after the callback of a subcommand, whose choice stands.
  command->callback([&commands, options, command] {
    if (!command->get_subcommands().empty()) return;
    commands.chosen = [&commands, options] { return run_dead(*options, commands.surroundings, commands.screen); };
  });
}

void add_replay(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<ReplayOptions>();
  CLI::App *command =
      add_command(app, "replay", "Deliver an event, or a range of them, once more",
                  "  bellhop replay 12 --instance crm\n"
                  "  bellhop replay 3f9a1c        to every instance that it has been offered to\n"
                  "  bellhop replay 12 --instance crm --config bellhop.toml --dry-run\n"
                  "  bellhop replay --from-seq 1 --instance new-crm          all there is, to a new instance\n"
                  "  bellhop replay --since 2026-03-01 --until 2026-03-02 --type 'booking.*' --list\n"
                  "A range goes to each instance whose filter wants it. Replays are marked and wait behind the\n"
                  "live events of their booking. More than 20 events are asked for once more, or need --yes.");
  add_range(*command, *options);
  command->add_flag("--dead", options->is_only_dead, "only where it was given up");
  const auto is_dry = std::make_shared<bool>(false);
  command->add_flag("--dry-run", *is_dry, "show what the instance of --config would do; deliver nothing");
  command->callback([&commands, options, is_dry] {
    commands.chosen = [&commands, options, is_dry] {
      if (!*is_dry) return run_replay(*options, commands.surroundings, commands.screen);
      TryOptions dry;
      dry.plugin.config = options->ask.where.config;
      dry.plugin.instance = options->instance;
      dry.event.what = options->reference;
      dry.event.ask = options->ask;
      dry.is_json = options->ask.is_json;
      return run_dry_replay(dry, commands.surroundings, commands.screen, commands.random);
    };
  });
}

void add_forget(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<ForgetOptions>();
  options->ask.timeout_ms = 3'600'000;
  CLI::App *command = add_command(app, "forget", "Erase a person from the journal and from what plugins keep",
                                  "  bellhop forget --email ann@example.com\n"
                                  "  bellhop forget --email ann@example.com --yes --json\n"
                                  "Events keep their place and lose their contents. This cannot be undone.");
  command->add_option("--email", options->email, "the person's address")->type_name("ADDRESS")->required();
  command->add_flag("--yes", options->is_agreed, "do not ask");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_forget);
}

void add_health(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<HealthOptions>();
  options->ask.timeout_ms = 120'000;
  CLI::App *command = add_command(app, "health", "Ask plugins whether their destinations work",
                                  "  bellhop health crm\n  bellhop health         all that can be asked\n"
                                  "Exits with 0 when all is well, 1 when a plugin says that it is not.");
  command->add_option("INSTANCE", options->instance, "only this one");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_health);
}

void add_run(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<CommandOptions>();
  options->ask.timeout_ms = 120'000;
  CLI::App *command = add_command(app, "run", "Run a command of an instance's plugin",
                                  "  bellhop run crm                      which commands it has\n"
                                  "  bellhop run crm export year=2026\n"
                                  "  bellhop run crm export --args '{\"year\":2026}' > export.csv\n"
                                  "Exits with 0 when the command did it, 1 when it says that it did not.");
  command->add_option("INSTANCE", options->instance, "whose plugin")->required();
  command->add_option("COMMAND", options->command, "its command; none: list them");
  command->add_option("ARGUMENT", options->arguments, "KEY=VALUE; VALUE is JSON, else a string");
  command->add_option("--args", options->arguments_json, "all arguments, as a JSON object")->type_name("JSON");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_command);
}

void add_kept(CLI::App &app, Commands &commands) {
  const auto add = [&](const char *name, const char *what, const char *examples,
                       int (*run)(const KeptOptions &, const Surroundings &, const Screen &)) {
    const auto options = std::make_shared<KeptOptions>();
    CLI::App *command = add_command(app, name, what, examples);
    command->add_option("INSTANCE", options->instance, "whose")->required();
    command->add_option("--limit", options->limit, "at most so many")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_option("--after", options->after, "go on: what the page before said")->type_name("PLACE");
    add_ask(*command, options->ask);
    bind(*command, commands, options, run);
  };
  add("kv", "List the keys that an instance's plugin keeps, with their sizes",
      "  bellhop kv crm\n  bellhop kv crm --json", run_kv);
  add("documents", "List the documents that an instance has published, with their URLs",
      "  bellhop documents calendar\nWhoever knows a URL reads all that the instance publishes: treat it as a secret.",
      run_documents);
}

}  // namespace bellhop::core
