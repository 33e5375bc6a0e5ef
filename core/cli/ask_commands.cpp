// SPDX-License-Identifier: Apache-2.0
#include "cli/ask_commands.hpp"

#include <unistd.h>

#include <cerrno>
#include <functional>

#include "admin/answers.hpp"
#include "base/log.hpp"
#include "cli/daemon_client.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/json_view.hpp"
#include "event/event_json.hpp"
#include "journal/verify.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

using Page = std::function<int(const JsonValue &, const Screen &)>;

// Prints an answer: the JSON as it is, or the page.
int print_answer(const std::string &json, bool is_json, const Screen &screen, const Page &page) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) {
    return complain(screen, {Kind::internal,
                             "the answer is not a JSON object; is the socket that of another program, or "
                             "of another version of bellhopd?"});
  }
  if (!is_json) return page(document, screen);
  screen.out << json;
  std::ostream nowhere(nullptr);  // the page also decides the exit code; here its text is not wanted
  return page(document, Screen{nowhere, nowhere});
}

// Asks once and prints.
int ask_and_print(const AskOptions &options, const Surroundings &surroundings, const Screen &screen,
                  const std::string &method, const std::string &target, const std::string &body, const Page &page) {
  auto daemon = DaemonClient::find(options.where, surroundings, options.timeout_ms);
  if (!daemon) return complain(screen, daemon.error());
  const auto answer = method == "GET" ? daemon->get(target) : daemon->post(target, body);
  if (!answer) return complain(screen, answer.error());
  return print_answer(*answer, options.is_json, screen, page);
}

Colour colour_of_state(const std::string &state) {
  if (state == "running" || state == "delivered") return Colour::good;
  if (state == "dead" || state == "refused") return Colour::bad;
  if (state == "parked" || state == "stopped") return Colour::faint;
  return Colour::warning;
}

std::string joined(const JsonValue &texts) {
  std::string out;
  for (const JsonValue &one : texts.GetArray()) {
    if (one.IsString()) out += (out.empty() ? "" : " ") + std::string(one.GetString(), one.GetStringLength());
  }
  return out;
}

void print_instances(const JsonValue &instances, const Screen &screen) {
  if (instances.Empty()) {
    screen.out << "no instances: add [instance.NAME] to the config\n";
    return;
  }
  Table table({"INSTANCE", "PLUGIN", "STATE", "WANTS", "BEHIND", "WAITING", "DEAD", "DELIVERED", "RESTARTS", "REASON"});
  for (const JsonValue &one : instances.GetArray()) {
    const std::string state = text(one, "state");
    const std::int64_t dead = number(one, "dead");
    table.add({text(one, "name"),
               text(one, "plugin"),
               {state, colour_of_state(state)},
               joined(list(one, "events")),
               number(one, "behind"),
               number(one, "waiting") + number(one, "replays_waiting"),
               Table::Cell(dead),
               number(one, "delivered"),
               number(one, "restarts"),
               text(one, "reason")});
  }
  table.print(screen);
}

void print_deliveries(const JsonValue &rows, const Screen &screen, bool is_with_event) {
  Table table(
      is_with_event
          ? std::vector<std::string>{"SEQ", "INSTANCE", "TYPE", "SUBJECT", "VERDICT", "TRIES", "SETTLED", "MESSAGE"}
          : std::vector<std::string>{"INSTANCE", "STATE", "VERDICT", "TRIES", "DUE", "SETTLED", "MS", "MESSAGE"});
  for (const JsonValue &row : rows.GetArray()) {
    const std::string state = text(row, "state");
    const std::int64_t replay = number(row, "replay");
    const std::string instance =
        text(row, "instance") + (replay == 0 ? "" : " (replay " + std::to_string(replay) + ")");
    const std::string verdict = text(row, "verdict").empty() ? "-" : text(row, "verdict");
    const std::string settled = screen.when(text(row, "settled"));
    if (is_with_event) {
      table.add({number(row, "seq"), instance, text(row, "type"), text(row, "subject"), verdict,
                 number(row, "attempts"), settled, text(row, "message")});
    } else {
      table.add({instance,
                 {state, colour_of_state(state)},
                 verdict,
                 number(row, "attempts"),
                 screen.when(text(row, "due")),
                 settled,
                 number(row, "took_ms"),
                 text(row, "message")});
    }
  }
  table.print(screen);
}

std::string marks_of(const JsonValue &row) {
  std::string out;
  for (const char *name : {"late", "test", "quarantined"}) {
    if (flag(row, name)) out += (out.empty() ? "" : " ") + std::string(name);
  }
  return out;
}

// Text of many lines with each line made printable.
void print_lines(const Screen &screen, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    screen.out << printable(lines.substr(0, end)) << '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
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
  screen.out << "events   " << number(status, "newest") << "\n\n";
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

int complain(const Screen &screen, const Error &error) {
  screen.err << screen.paint("bellhop: ", Colour::bad) << printable(error.sentence) << '\n';
  return exit_code_of(error.kind);
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr const char *digits = "0123456789ABCDEF";
  std::string out;
  for (const char byte : text) {
    if (unreserved.find(byte) != std::string_view::npos) {
      out += byte;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(byte) >> 4];
      out += digits[static_cast<unsigned char>(byte) & 15];
    }
  }
  return out;
}

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

int run_dead(const DeadOptions &options, const Surroundings &surroundings, const Screen &screen) {
  return ask_and_print(options.ask, surroundings, screen, "GET", "/v1/dead?limit=" + std::to_string(options.limit), "",
                       [](const JsonValue &answer, const Screen &to) {
                         const JsonValue &rows = list(answer, "dead");
                         if (rows.Empty()) {
                           to.out << "no dead letters\n";
                           return static_cast<int>(exit_ok);
                         }
                         print_deliveries(rows, to, true);
                         to.err << "again: bellhop replay SEQ --instance NAME\n";
                         return static_cast<int>(exit_ok);
                       });
}

int run_replay(const ReplayOptions &options, const Surroundings &surroundings, const Screen &screen) {
  std::string body = "{\"event\":";
  append_json_string(body, options.reference);
  if (!options.instance.empty()) {
    body += ",\"instance\":";
    append_json_string(body, options.instance);
  }
  body += '}';
  return ask_and_print(
      options.ask, surroundings, screen, "POST", "/v1/replay", body, [](const JsonValue &answer, const Screen &to) {
        for (const JsonValue &one : list(answer, "replays").GetArray()) {
          to.out << "event " << number(answer, "seq") << " (" << printable(text(answer, "type")) << ") goes to "
                 << printable(text(one, "instance")) << " once more, as replay " << number(one, "replay") << '\n';
        }
        return static_cast<int>(exit_ok);
      });
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
