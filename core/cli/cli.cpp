// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include <algorithm>

#include "cli/ask_commands.hpp"
#include "cli/check.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/send.hpp"
#include "cli/template.hpp"

namespace bellhop::core {
namespace {

constexpr const char *default_config = "/etc/bellhop/bellhop.toml";

void add_check(CLI::App &app, Commands &commands) {
  struct Options {
    std::string file = default_config;
    bool is_json = false;
  };
  const auto options = std::make_shared<Options>();  // owners: the parser's bindings and the chosen command
  CLI::App *command = add_command(app, "check", "Say everything that is wrong with a config file",
                                  "  bellhop check\n  bellhop check etc/bellhop.toml --json\n"
                                  "Exits with 0 when bellhopd would start with it, 78 when it would refuse.");
  command->add_option("FILE", options->file, "the config file")->capture_default_str();
  command->add_flag("--json", options->is_json, "print {\"ok\",\"errors\",\"warnings\"}");
  command->callback([&commands, options] {
    commands.chosen = [&commands, options] {
      return run_check(options->file, options->is_json, commands.surroundings, commands.screen);
    };
  });
}

void add_send_body(CLI::App &command, SendOptions &options) {
  std::string types;
  for (const std::string &type : template_types()) types += (types.empty() ? "" : ", ") + type;
  command.add_option("TYPE|FILE", options.what, "a type (" + types + "), a file, or - for standard input")->required();
  command.add_option("--dialect", options.dialect, "whose words: legacy or v5")
      ->check(CLI::IsMember(dialects))
      ->capture_default_str();
  command.add_option("--set", options.sets, "replace a member of the body; VALUE is JSON, else a string")
      ->type_name("POINTER=VALUE")
      ->expected(1)
      ->take_all();
  CLI::Option *repair =
      command.add_flag("--repair", options.is_repairing, "put plain spaces where a file has no-break spaces (U+00A0)");
  command.add_flag("--as-is", options.is_as_is, "send a file without looking at it")->excludes(repair);
  command.add_flag("--dry-run", options.is_dry, "print the body and send nothing");
}

void add_send(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<SendOptions>();  // owners: the parser's bindings and the chosen command
  CLI::App *command =
      add_command(app, "send", "Send a sample webhook, or a file, as the vendor would",
                  "  bellhop send booking.confirmed\n"
                  "  bellhop send booking.canceled --dialect v5 --set /entity/id=2751918\n"
                  "  bellhop send booking.confirmed --set /object/email=ann@example.com --count 1000 --rate 50\n"
                  "  bellhop send payload.json --url http://127.0.0.1:8780/hooks/appointlet/TOKEN\n"
                  "  bellhop send pasted.json --repair --dry-run\n"
                  "Exits with 0 when all were taken, 1 when one was refused, 75 when the daemon said \"later\",\n"
                  "65 when FILE is not JSON, 66 when it cannot be read, 69 when nobody answers.");
  add_send_body(*command, *options);
  command->add_option("--count", options->count, "how many; each sample is a new booking, a file stays the same")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--rate", options->rate_per_s, "at most so many a second")
      ->type_name("PER_S")
      ->check(CLI::Range(0.001, 1e6));
  command->add_option("--url", options->url, "where to; else the URL of the running daemon");
  command->add_option("--source", options->source, "which source of the running daemon; else its first")
      ->type_name("NAME");
  command->add_flag("--json", options->is_json, "one line a webhook: {\"status\",\"took_ms\",\"answer\"}");
  command
      ->add_option_function<double>(
          "--timeout", [options](double seconds) { options->timeout_ms = static_cast<Milliseconds>(seconds * 1000); },
          "give up on an answer after so many seconds")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 86'400.0));
  add_where(*command, options->where);
  command->callback([&commands, options] {
    commands.chosen = [&commands, options] {
      return run_send(*options, commands.surroundings, commands.screen, commands.random);
    };
  });
}

void add_events(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<EventsOptions>();
  CLI::App *command = add_command(app, "events", "List what has arrived, newest first",
                                  "  bellhop events\n  bellhop events --type 'booking.*' --limit 200\n"
                                  "  bellhop events --quarantined\n  bellhop events --json | jq '.events[].id'");
  command->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 1000))->capture_default_str();
  command->add_option("--type", options->type, "only types that fit, e.g. 'booking.*'")->type_name("GLOB");
  command->add_option("--before", options->before, "only older than this seq")->type_name("SEQ");
  command->add_option("--after", options->after, "only newer than this seq")->type_name("SEQ");
  command->add_flag("--quarantined", options->only_quarantined, "only what was not understood");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_events);
}

void add_show(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<ShowOptions>();
  CLI::App *command = add_command(app, "show", "Show one event: headers, document, deliveries",
                                  "  bellhop show 12\n  bellhop show 3f9a1c\n"
                                  "  bellhop show 12 --body > body.json    the bytes as they were received");
  command->add_option("REF", options->reference, "its id, the first 6 or more digits of that, or its seq")->required();
  CLI::Option *body = command->add_flag("--body", options->is_body_only, "only the raw body, byte for byte");
  command->add_flag("--event", options->is_event_only, "only the normalised document, byte for byte")->excludes(body);
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_show);
}

void add_plain(CLI::App &app, Commands &commands) {
  const auto status = std::make_shared<AskOptions>(), instances = std::make_shared<AskOptions>();
  CLI::App *command = add_command(app, "status", "Show the daemon, its webhook URLs and its instances",
                                  "  bellhop status\n  bellhop status --json | jq -r '.webhook_urls[0]'\n"
                                  "The URLs contain their tokens: treat what is printed as a secret.");
  add_ask(*command, *status);
  bind(*command, commands, status, run_status);
  command = add_command(app, "instances", "List the instances and how far each has come",
                        "  bellhop instances\n  bellhop instances --json");
  add_ask(*command, *instances);
  bind(*command, commands, instances, run_instances);
}

void add_verify(CLI::App &app, Commands &commands) {
  const auto options = std::make_shared<VerifyOptions>();
  options->ask.timeout_ms = 3'600'000;
  CLI::App *command = add_command(app, "verify", "Read the whole journal and check every checksum",
                                  "  bellhop verify\n  bellhop verify --offline --state-dir /var/lib/bellhop\n"
                                  "Exits with 0 when all is well, 1 when damage was found.");
  command->add_flag("--offline", options->is_offline, "open the journal here; for when no daemon runs");
  add_ask(*command, options->ask);
  bind(*command, commands, options, run_verify);
}

// `bellhop --state-dir DIR events` means the same as `bellhop events --state-dir DIR`: options before the command are
// moved behind it. Those of bellhop itself (--help, --version) stay; so does everything when no command is named.
std::vector<std::string> command_first(std::vector<std::string> arguments, const std::vector<std::string> &names) {
  const auto command = std::find_if(arguments.begin(), arguments.end(), [&](const std::string &argument) {
    return std::find(names.begin(), names.end(), argument) != names.end();
  });
  if (command == arguments.end() || command == arguments.begin() || arguments[0].rfind('-', 0) != 0) return arguments;
  for (auto before = arguments.begin(); before != command; ++before) {
    if (*before == "--help" || *before == "-h" || *before == "--version") return arguments;
  }
  std::rotate(arguments.begin(), command, command + 1);
  return arguments;
}

}  // namespace

int run_cli(const std::vector<std::string> &given, const Surroundings &surroundings, const Screen &screen,
            Random &random) {
  CLI::App app(
      "Bellhop takes in Appointlet's webhooks, keeps them and carries them to plugins. This is its command line; "
      "the daemon is bellhopd.",
      "bellhop");
  app.set_version_flag("--version", std::string("bellhop " BELLHOP_VERSION));
  app.require_subcommand(1);
  app.footer(
      "`bellhop COMMAND --help` shows each command's options and examples.\n"
      "The daemon is found by --socket, $BELLHOP_SOCKET, --state-dir, --config, /etc/bellhop/bellhop.toml,\n"
      "/var/lib/bellhop or ./bellhop-state, in this order.");
  Commands commands{surroundings, screen, random, nullptr};
  add_plain(app, commands);
  add_send(app, commands);
  add_events(app, commands);
  add_show(app, commands);
  add_explain(app, commands);
  add_dead(app, commands);
  add_replay(app, commands);
  add_forget(app, commands);
  add_health(app, commands);
  add_run(app, commands);
  add_kept(app, commands);
  add_verify(app, commands);
  add_check(app, commands);
  add_plugin(app, commands);

  std::vector<std::string> names;
  for (const CLI::App *command : app.get_subcommands({})) names.push_back(command->get_name());
  const std::vector<std::string> arguments = command_first(given, names);
  const bool is_word = !arguments.empty() && arguments[0].rfind('-', 0) != 0;
  if (is_word && std::find(names.begin(), names.end(), arguments[0]) == names.end()) {
    const std::string nearest = nearest_name(arguments[0], names);
    complain(screen, {Kind::invalid, "there is no command \"" + arguments[0] + "\"" +
                                         (nearest.empty() ? "" : "; did you mean " + nearest + "?") +
                                         " `bellhop --help` lists them"});
    return exit_usage;
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success &shown) {  // --help, --version
    return app.exit(shown, screen.out, screen.err);
  } catch (const CLI::ParseError &wrong) {
    screen.err << screen.paint("bellhop: ", Colour::bad);
    app.exit(wrong, screen.out, screen.err);
    return exit_usage;
  }
  return commands.chosen();
}

}  // namespace bellhop::core
