// SPDX-License-Identifier: Apache-2.0
#include "cli/change_commands.hpp"

#include <algorithm>
#include <vector>

#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "cli/replay_range.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

void add_member(std::string &body, const char *name, const std::string &value) {
  if (value.empty()) return;
  body.append(body == "{" ? "\"" : ",\"").append(name).append("\":");
  append_json_string(body, value);
}

std::string counted(std::int64_t count, const char *noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

int print_replay(const JsonValue &answer, const Screen &screen) {
  for (const JsonValue &one : list(answer, "replays").GetArray()) {
    screen.out << "event " << number(answer, "seq") << " (" << printable(text(answer, "type")) << ") goes to "
               << printable(text(one, "instance")) << " once more, as replay " << number(one, "replay") << '\n';
  }
  return exit_ok;
}

int nothing_done(const Screen &screen) {
  screen.err << "nothing was done\n";
  return exit_refused;
}

int print_forgotten(const JsonValue &answer, const Screen &screen) {
  screen.out << counted(number(answer, "events"), "event") << " erased, " << number(answer, "owed")
             << " waiting for delivery given up; " << counted(number(answer, "attempts"), "attempt") << ", "
             << counted(number(answer, "messages"), "message") << ", "
             << counted(number(answer, "entries"), "kept value") << " and "
             << counted(number(answer, "documents"), "published document") << " erased\n";
  if (flag(answer, "log_cut")) return exit_ok;
  screen.err << "the write-ahead log was in use and holds old copies still: say it again in a moment\n";
  return exit_later;
}

int print_forgotten_by(const JsonValue &answer, const Screen &screen) {
  const bool is_ok = flag(answer, "ok");
  (is_ok ? screen.out : screen.err) << printable(text(answer, "instance")) << ": "
                                    << (is_ok ? "" : printable(text(answer, "verdict")) + ", ")
                                    << printable(text(answer, "message")) << '\n';
  if (is_ok) return exit_ok;
  return text(answer, "verdict") == "retry" ? exit_later : exit_refused;
}

int forget_in(const JsonValue &instances, const ForgetOptions &options, DaemonClient &daemon, const Screen &screen) {
  std::string arguments = "{";
  add_member(arguments, "email", options.email);
  const std::string body = R"({"command":"forget","arguments":)" + arguments + "}}";
  int code = exit_ok;
  for (const JsonValue &instance : instances.GetArray()) {
    for (const JsonValue &command : list(instance, "commands").GetArray()) {
      if (text(command, "name") != "forget") continue;
      const std::string name = text(instance, "name");
      const auto told = daemon.post("/v1/instances/" + percent_encoded(name) + "/run", body);
      if (!told) screen.err << "in " << printable(name) << " nothing was forgotten: say it again\n";
      const int one =
          told ? print_answer(*told, options.ask.is_json, screen, print_forgotten_by) : complain(screen, told.error());
      if (code == exit_ok) code = one;
    }
  }
  return code;
}

// A plugin with files of its own has a command "forget" that takes an address (docs/cookbook.md).
int forget_in_plugins(const ForgetOptions &options, DaemonClient &daemon, const Screen &screen) {
  const auto answer = daemon.get("/v1/instances");
  if (!answer) return complain(screen, answer.error());
  return print_answer(*answer, false, screen, [&](const JsonValue &document, const Screen &to) {
    return forget_in(list(document, "instances"), options, daemon, to);
  });
}

}  // namespace

int run_dead(const DeadOptions &options, const Surroundings &surroundings, const Screen &screen) {
  std::string target = "/v1/dead?limit=" + std::to_string(options.limit);
  if (!options.instance.empty()) target += "&instance=" + percent_encoded(options.instance);
  if (!options.type.empty()) target += "&type=" + percent_encoded(options.type);
  if (!options.before.empty()) target += "&before=" + percent_encoded(options.before);
  return ask_and_print(options.ask, surroundings, screen, "GET", target, "",
                       [](const JsonValue &answer, const Screen &to) {
                         const JsonValue &rows = list(answer, "dead");
                         if (rows.Empty()) {
                           to.out << "no dead letters\n";
                           return static_cast<int>(exit_ok);
                         }
                         print_deliveries(rows, to, true);
                         to.err << "why: bellhop dead show SEQ; again: bellhop replay SEQ --instance NAME; "
                                   "let it go: bellhop dead drop SEQ\n";
                         const std::string next = text(answer, "next");
                         if (!next.empty()) to.err << "older ones: bellhop dead --before " << printable(next) << '\n';
                         return static_cast<int>(exit_ok);
                       });
}

int run_replay(const ReplayOptions &options, const Surroundings &surroundings, const Screen &screen) {
  if (options.reference.empty()) return run_replay_range(options, surroundings, screen);
  std::string body = "{";
  add_member(body, "event", options.reference);
  add_member(body, "instance", options.instance);
  if (options.is_only_dead) body += ",\"only_dead\":true";
  return ask_and_print(options.ask, surroundings, screen, "POST", "/v1/replay", body + "}", print_replay);
}

int run_drop(const DropOptions &options, const Surroundings &surroundings, const Screen &screen) {
  if (options.is_all == !options.reference.empty()) {
    return complain(screen, {Kind::invalid, "name one event, or say --all"});
  }
  if (!options.is_all && !options.type.empty()) return complain(screen, {Kind::invalid, "--type belongs to --all"});
  if (options.is_all && !options.is_agreed) {
    const std::string of = options.instance.empty() ? "all instances" : options.instance;
    const auto agreed =
        confirm(screen, "Let all dead letters of " + of +
                            (options.type.empty() ? "" : " with a type like " + options.type) + " go, for good?");
    if (!agreed) return complain(screen, agreed.error());
    if (!*agreed) return nothing_done(screen);
  }
  std::string body = "{";
  add_member(body, "event", options.reference);
  add_member(body, "instance", options.instance);
  add_member(body, "type", options.type);
  if (options.is_all) body += body == "{" ? "\"all\":true" : ",\"all\":true";
  body += '}';
  bool is_more = false;
  const auto page = [&is_more](const JsonValue &answer, const Screen &to) {
    is_more = flag(answer, "more");
    for (const JsonValue &one : list(answer, "instances").GetArray()) {
      to.out << counted(number(one, "dropped"), "dead letter") << " of " << printable(text(one, "instance"))
             << " dropped\n";
    }
    if (list(answer, "instances").Empty()) to.out << "no dead letters\n";
    return static_cast<int>(exit_ok);
  };
  int code = exit_ok;
  do {
    is_more = false;
    code = ask_and_print(options.ask, surroundings, screen, "POST", "/v1/dead/drop", body, page);
  } while (code == exit_ok && is_more);
  return code;
}

int run_forget(const ForgetOptions &options, const Surroundings &surroundings, const Screen &screen) {
  if (!options.is_agreed) {
    const auto agreed = confirm(screen, "Erase everything that mentions " + options.email +
                                            " from the journal and from what plugins keep, for good?");
    if (!agreed) return complain(screen, agreed.error());
    if (!*agreed) return nothing_done(screen);
  }
  auto daemon = DaemonClient::find(options.ask.where, surroundings, options.ask.timeout_ms);
  if (!daemon) return complain(screen, daemon.error());
  std::string body = "{";
  add_member(body, "email", options.email);
  const auto answer = daemon->post("/v1/forget", body + "}");
  if (!answer) return complain(screen, answer.error());
  const int in_journal = print_answer(*answer, options.ask.is_json, screen, print_forgotten);
  // After the journal, so that nothing that waits there brings the person back.
  const int in_plugins = forget_in_plugins(options, *daemon, screen);
  if (!options.ask.is_json) screen.err << "what plugins have sent to others is not Bellhop's to erase\n";
  return in_journal == exit_ok ? in_plugins : in_journal;
}

}  // namespace bellhop::core
