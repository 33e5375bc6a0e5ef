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
  std::string body = "{";
  add_member(body, "email", options.email);
  return ask_and_print(
      options.ask, surroundings, screen, "POST", "/v1/forget", body + "}",
      [](const JsonValue &answer, const Screen &to) {
        to.out << counted(number(answer, "events"), "event") << " erased, " << number(answer, "owed")
               << " waiting for delivery given up; " << counted(number(answer, "attempts"), "attempt") << ", "
               << counted(number(answer, "messages"), "message") << ", "
               << counted(number(answer, "entries"), "kept value") << " and "
               << counted(number(answer, "documents"), "published document") << " erased\n";
        if (!flag(answer, "log_cut")) {
          to.err << "the write-ahead log was in use and holds old copies still: say it again in a moment\n";
          return static_cast<int>(exit_later);
        }
        to.err << "files that plugins keep in their own directories, and what they have sent to others, are not "
                  "Bellhop's to erase\n";
        return static_cast<int>(exit_ok);
      });
}

}  // namespace bellhop::core
