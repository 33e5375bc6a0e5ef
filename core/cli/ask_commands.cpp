// SPDX-License-Identifier: Apache-2.0
#include "cli/ask_commands.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iterator>

#include "admin/answers.hpp"
#include "base/log.hpp"
#include "cli/asking.hpp"
#include "cli/daemon_client.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "journal/verify.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

// Why it does not run, and when it tries again.
std::string reason_of(const JsonValue &instance, const Screen &screen) {
  std::string reason = text(instance, "reason");
  const std::string probe = text(instance, "next_probe");
  if (text(instance, "held_by").empty()) return reason;
  if (text(instance, "held_by") == "breaker") reason = "breaker " + text(instance, "breaker") + ": " + reason;
  return reason + (probe.empty() ? "; one event probes now" : "; probes " + screen.when(probe));
}

void print_instances(const JsonValue &instances, const Screen &screen) {
  if (instances.Empty()) {
    screen.out << "no instances: add [instance.NAME] to the config\n";
    return;
  }
  Table table({"INSTANCE", "PLUGIN", "STATE", "WANTS", "BEHIND", "WAITING", "OLDEST", "DEAD", "DELIVERED", "RESTARTS",
               "REASON"});
  for (const JsonValue &one : instances.GetArray()) {
    const std::string state = text(one, "state");
    const std::int64_t dead = number(one, "dead");
    // Since when the oldest event has been the one that everything waits for.
    const std::string oldest = number(one, "oldest") == 0 ? "-" : screen.when(text(one, "oldest_since"));
    table.add({text(one, "name"),
               text(one, "plugin"),
               {state, colour_of_state(state)},
               joined(list(one, "events")),
               number(one, "behind"),
               number(one, "waiting") + number(one, "replays_waiting"),
               oldest,
               Table::Cell(dead),
               number(one, "delivered"),
               number(one, "restarts"),
               reason_of(one, screen)});
  }
  table.print(screen);
}

std::string in_units(std::int64_t bytes) {
  static constexpr const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value >= 10 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

void print_journal(const JsonValue &status, const Screen &screen) {
  const JsonValue *journal = member(status, "journal");
  if (journal == nullptr) return;
  screen.out << "journal  " << number(*journal, "events") << " events, "
             << in_units(number(*journal, "file_bytes") + number(*journal, "wal_bytes")) << "; backlog "
             << number(*journal, "backlog_events") << " events, " << in_units(number(*journal, "backlog_bytes"));
  const std::string last = text(*journal, "furthest_behind");
  if (number(*journal, "backlog_events") > 0 && !last.empty()) screen.out << " (" << printable(last) << ")";
  if (member(*journal, "free_disk_bytes") && member(*journal, "free_disk_bytes")->IsInt64()) {
    screen.out << "; " << in_units(number(*journal, "free_disk_bytes")) << " free on its disk";
  }
  screen.out << '\n';
  if (flag(*journal, "full")) {
    screen.out << screen.paint("FULL     ", Colour::bad) << printable(text(*journal, "why_full")) << '\n';
  }
}

int print_status(const JsonValue &status, const Screen &screen) {
  screen.out << "bellhopd " << printable(text(status, "version")) << ", pid " << number(status, "pid") << ", started "
             << screen.when(text(status, "started")) << '\n';
  const std::string config = text(status, "config_file");
  screen.out << "config   " << (config.empty() ? "the embedded default" : printable(config)) << '\n';
  screen.out << "state    " << printable(text(status, "state_dir")) << '\n';
  for (const JsonValue &url : list(status, "webhook_urls").GetArray()) {
    if (url.IsString()) screen.out << "webhook  " << printable(url.GetString()) << '\n';
  }
  screen.out << "events   " << number(status, "newest") << '\n';
  print_journal(status, screen);
  screen.out << '\n';
  print_instances(list(status, "instances"), screen);
  return exit_ok;
}

int print_events(const JsonValue &answer, const Screen &screen) {
  const JsonValue &rows = list(answer, "events");
  if (rows.Empty()) {
    screen.out << "no events; send a sample with `bellhop send booking.confirmed`\n";
    return exit_ok;
  }
  Table table({"SEQ", "ID", "RECEIVED", "TYPE", "SUBJECT", "NOTE"});
  for (const JsonValue &row : rows.GetArray()) {
    const bool is_quarantined = flag(row, "quarantined");
    const std::string reason = text(row, "reason");
    table.add(
        {number(row, "seq"),
         text(row, "id").substr(0, 10),
         screen.when(text(row, "received")),
         {is_quarantined ? "-" : text(row, "type")},
         is_quarantined ? "-" : text(row, "subject"),
         {marks_of(row) + (reason.empty() ? "" : ": " + reason), is_quarantined ? Colour::warning : Colour::faint}});
  }
  table.print(screen);
  if (const JsonValue *next = member(answer, "next"); next && next->IsInt64()) {
    screen.err << "older ones: bellhop events --before " << next->GetInt64() << '\n';
  }
  return exit_ok;
}

int print_event(const JsonValue &event, const std::string &document, const Screen &screen) {
  const auto line = [&](const char *name, const std::string &value) {
    if (!value.empty()) screen.out << screen.paint(name, Colour::faint) << printable(value) << '\n';
  };
  line("id        ", text(event, "id"));
  line("seq       ", std::to_string(number(event, "seq")));
  line("source    ", text(event, "source"));
  line("type      ", text(event, "type"));
  line("subject   ", text(event, "subject"));
  line("time      ", text(event, "time"));
  line("received  ", text(event, "received"));
  line("marks     ", marks_of(event));
  line("reason    ", text(event, "reason"));
  const bool is_intact = flag(event, "intact");
  if (!is_intact) {
    screen.out << screen.paint(
                      "DAMAGED   the stored row is not what was written; it is never delivered. "
                      "Run `bellhop verify`.",
                      Colour::bad)
               << '\n';
  }
  screen.out << "\nHeaders as received\n";
  for (const JsonValue &header : list(event, "headers").GetArray()) {
    if (header.IsArray() && header.Size() == 2 && header[0].IsString() && header[1].IsString()) {
      screen.out << "  " << printable(header[0].GetString()) << ": " << printable(header[1].GetString()) << '\n';
    }
  }
  if (!document.empty()) {
    screen.out << "\nEvent\n";
    print_lines(screen, indent_json(document));
  } else {
    screen.out << "\nBody as received (" << text(event, "body_encoding") << ")\n";
    print_lines(screen, text(event, "body"));
  }
  const JsonValue &deliveries = list(event, "deliveries");
  screen.out << "\nDeliveries\n";
  if (deliveries.Empty()) screen.out << "  none yet\n";
  if (!deliveries.Empty()) print_deliveries(deliveries, screen, false);
  return is_intact ? exit_ok : exit_refused;
}

int print_verify(const JsonValue &report, const Screen &screen) {
  for (const JsonValue &finding : list(report, "findings").GetArray()) {
    if (finding.IsString()) {
      screen.out << screen.paint("damage: ", Colour::bad) << printable(finding.GetString()) << '\n';
    }
  }
  const bool is_well = flag(report, "ok");
  screen.out << number(report, "events") << " events read, seq " << number(report, "first") << " to "
             << number(report, "newest") << ": " << (is_well ? "all is well" : "damage found, see above") << '\n';
  return is_well ? exit_ok : exit_refused;
}

}  // namespace

int run_status(const AskOptions &options, const Surroundings &surroundings, const Screen &screen) {
  return ask_and_print(options, surroundings, screen, "GET", "/v1/status", "", print_status);
}

int run_instances(const AskOptions &options, const Surroundings &surroundings, const Screen &screen) {
  return ask_and_print(options, surroundings, screen, "GET", "/v1/instances", "",
                       [](const JsonValue &answer, const Screen &to) {
                         print_instances(list(answer, "instances"), to);
                         return static_cast<int>(exit_ok);
                       });
}

int run_events(const EventsOptions &options, const Surroundings &surroundings, const Screen &screen) {
  std::string target = "/v1/events?limit=" + std::to_string(options.limit);
  if (!options.type.empty()) target += "&type=" + percent_encoded(options.type);
  if (options.before) target += "&before=" + std::to_string(*options.before);
  if (options.after) target += "&after=" + std::to_string(*options.after);
  if (options.only_quarantined) target += "&quarantined=true";
  return ask_and_print(options.ask, surroundings, screen, "GET", target, "", print_events);
}

int run_show(const ShowOptions &options, const Surroundings &surroundings, const Screen &screen) {
  const std::string target = "/v1/events/" + percent_encoded(options.reference);
  auto daemon = DaemonClient::find(options.ask.where, surroundings, options.ask.timeout_ms);
  if (!daemon) return complain(screen, daemon.error());
  if (options.is_body_only || options.is_event_only) {
    const auto bytes = daemon->get(target + (options.is_body_only ? "/body" : "/event"));
    if (!bytes) return complain(screen, bytes.error());
    screen.out.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
    return exit_ok;
  }
  // The document comes by a request of its own: byte for byte, not read and written again.
  const auto document = options.ask.is_json ? Result<std::string>("") : daemon->get(target + "/event");
  return ask_and_print(
      options.ask, surroundings, screen, "GET", target, "",
      [&](const JsonValue &answer, const Screen &to) { return print_event(answer, document ? *document : "", to); });
}

namespace {

// 1 means damage, so an unread journal needs another word: a monitor must not cry wolf.
int complain_unread(const Screen &screen, const Error &error, const std::string &path) {
  const int code = complain(screen, error);
  switch (error.kind) {
    case Kind::not_found:
      return exit_no_input;
    case Kind::conflict:
      return exit_later;
    case Kind::unavailable:
      return !path.empty() && ::access(path.c_str(), R_OK) != 0 && errno == EACCES ? exit_denied : code;
    case Kind::invalid:
    case Kind::too_large:
    case Kind::full:
    case Kind::timeout:
    case Kind::denied:
    case Kind::corrupt:
    case Kind::internal:
      return code;
  }
  return code;
}

}  // namespace

int run_verify(const VerifyOptions &options, const Surroundings &surroundings, const Screen &screen) {
  if (!options.is_offline) {
    return ask_and_print(options.ask, surroundings, screen, "POST", "/v1/verify", "", print_verify);
  }
  const auto path = find_journal(options.ask.where, surroundings);
  if (!path) return complain_unread(screen, path.error(), "");
  const auto report = verify_offline(*path);
  if (!report) return complain_unread(screen, report.error(), *path);
  JsonWriter json;
  json.open('{');
  write_verify(json, *report);
  json.close('}');
  return print_answer(json.take() + "\n", options.ask.is_json, screen, print_verify);
}

}  // namespace bellhop::core
