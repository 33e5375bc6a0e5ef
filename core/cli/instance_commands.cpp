// SPDX-License-Identifier: Apache-2.0
#include "cli/instance_commands.hpp"

#include <rapidjson/document.h>

#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

std::string path_of(const std::string &instance, const char *what) {
  return "/v1/instances/" + percent_encoded(instance) + "/" + what;
}

// "key=value" …: VALUE is read as JSON, else taken as text, as `send --set` does.
Result<std::string> arguments_of(const CommandOptions &options) {
  rapidjson::Document document;
  if (!options.arguments_json.empty()) {
    if (!options.arguments.empty()) return Error{Kind::invalid, "say either --args JSON or key=value"};
    document.Parse<rapidjson::kParseIterativeFlag>(options.arguments_json.data(), options.arguments_json.size());
    if (document.HasParseError() || !document.IsObject()) {
      return Error{Kind::invalid, "--args is no JSON object: " + options.arguments_json};
    }
    return options.arguments_json;
  }
  std::string json = "{";
  for (const std::string &argument : options.arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Kind::invalid, "\"" + argument + "\": want KEY=VALUE, as in year=2026"};
    }
    if (json.size() > 1) json += ',';
    append_json_string(json, argument.substr(0, equals));
    json += ':';
    const std::string value = argument.substr(equals + 1);
    document.Parse<rapidjson::kParseIterativeFlag>(value.data(), value.size());
    if (document.HasParseError()) {
      append_json_string(json, value);
    } else {
      json += value;
    }
  }
  return json + "}";
}

int print_health(const JsonValue &answer, const Screen &screen) {
  const bool is_ok = flag(answer, "ok");
  const std::string message = printable(text(answer, "message"));
  screen.out << printable(text(answer, "instance")) << ": "
             << screen.paint(printable(text(answer, "verdict")), is_ok ? Colour::good : Colour::bad)
             << (message.empty() ? "" : ", " + message) << " (" << number(answer, "took_ms") << " ms)\n";
  return is_ok ? exit_ok : exit_refused;
}

// Of a terminal's escape sequences nothing may come through; a file gets the bytes as they are.
void print_output(const std::string &output, const Screen &screen) {
  if (screen.is_terminal) {
    print_lines(screen, output);
  } else {
    screen.out << output;
  }
}

int print_ran(const JsonValue &answer, const Screen &screen) {
  print_output(text(answer, "output"), screen);
  if (flag(answer, "output_cut")) screen.err << "the output was longer; the rest is not shown\n";
  if (!flag(answer, "output_is_text") && !text(answer, "output").empty()) {
    screen.err << "the output is not UTF-8; what is not was replaced\n";
  }
  const bool is_ok = flag(answer, "ok");
  const std::string message = text(answer, "message");
  if (is_ok && !message.empty()) screen.err << printable(message) << '\n';
  if (!is_ok) {
    complain(screen, {Kind::not_found, text(answer, "command") + " said " + text(answer, "verdict") +
                                           (message.empty() ? "" : ": " + message)});
  }
  return is_ok ? exit_ok : exit_refused;
}

int list_commands(const CommandOptions &options, const Surroundings &surroundings, const Screen &screen) {
  const auto page = [&options](const JsonValue &answer, const Screen &to) {
    for (const JsonValue &instance : list(answer, "instances").GetArray()) {
      if (text(instance, "name") != options.instance) continue;
      if (list(instance, "commands").Empty()) to.out << "its plugin has no commands\n";
      for (const JsonValue &command : list(instance, "commands").GetArray()) {
        to.out << printable(text(command, "name")) << "  " << printable(text(command, "summary")) << '\n';
      }
      return static_cast<int>(exit_ok);
    }
    return complain(to, {Kind::not_found, "no instance \"" + options.instance + "\"; `bellhop instances` lists them"});
  };
  return ask_and_print(options.ask, surroundings, screen, "GET", "/v1/instances", "", page);
}

// The names of the instances whose plugins can be asked.
Result<std::vector<std::string>> askable(DaemonClient &daemon) {
  const auto answer = daemon.get("/v1/instances");
  if (!answer) return answer.error();
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(answer->data(), answer->size());
  if (document.HasParseError()) return Error{Kind::internal, "the answer is not JSON"};
  std::vector<std::string> names;
  for (const JsonValue &one : list(document, "instances").GetArray()) {
    if (flag(one, "has_health")) names.push_back(text(one, "name"));
  }
  return names;
}

}  // namespace

int run_health(const HealthOptions &options, const Surroundings &surroundings, const Screen &screen) {
  auto daemon = DaemonClient::find(options.ask.where, surroundings, options.ask.timeout_ms);
  if (!daemon) return complain(screen, daemon.error());
  std::vector<std::string> names{options.instance};
  if (options.instance.empty()) {
    const auto all = askable(*daemon);
    if (!all) return complain(screen, all.error());
    if (all->empty() && !options.ask.is_json) screen.out << "no instance has a plugin that can be asked\n";
    names = *all;
  }
  int code = exit_ok;
  for (const std::string &name : names) {
    const auto answer = daemon->post(path_of(name, "health"), "");
    const int one =
        answer ? print_answer(*answer, options.ask.is_json, screen, print_health) : complain(screen, answer.error());
    if (code == exit_ok) code = one;
  }
  return code;
}

int run_command(const CommandOptions &options, const Surroundings &surroundings, const Screen &screen) {
  if (options.command.empty()) return list_commands(options, surroundings, screen);
  const auto arguments = arguments_of(options);
  if (!arguments) return complain(screen, arguments.error());
  std::string body = "{\"command\":";
  append_json_string(body, options.command);
  body += ",\"arguments\":" + *arguments + "}";
  return ask_and_print(options.ask, surroundings, screen, "POST", path_of(options.instance, "run"), body, print_ran);
}

int run_kv(const KeptOptions &options, const Surroundings &surroundings, const Screen &screen) {
  std::string target = path_of(options.instance, "kv") + "?limit=" + std::to_string(options.limit);
  if (!options.after.empty()) target += "&after=" + percent_encoded(options.after);
  return ask_and_print(options.ask, surroundings, screen, "GET", target, "",
                       [](const JsonValue &answer, const Screen &to) {
                         Table table({"BYTES", "KEY"});
                         for (const JsonValue &row : list(answer, "kv").GetArray()) {
                           table.add({number(row, "bytes"), text(row, "key")});
                         }
                         if (!list(answer, "kv").Empty()) table.print(to);
                         to.err << number(answer, "bytes") << " bytes of keys and values\n";
                         const std::string next = text(answer, "next");
                         if (!next.empty()) to.err << "more: --after " << printable(next) << '\n';
                         return static_cast<int>(exit_ok);
                       });
}

int run_documents(const KeptOptions &options, const Surroundings &surroundings, const Screen &screen) {
  std::string target = path_of(options.instance, "documents") + "?limit=" + std::to_string(options.limit);
  if (!options.after.empty()) target += "&after=" + percent_encoded(options.after);
  return ask_and_print(options.ask, surroundings, screen, "GET", target, "",
                       [](const JsonValue &answer, const Screen &to) {
                         Table table({"BYTES", "MODIFIED", "TYPE", "URL"});
                         for (const JsonValue &row : list(answer, "documents").GetArray()) {
                           const std::string url = text(row, "url");
                           table.add({number(row, "bytes"), to.when(text(row, "modified")), text(row, "content_type"),
                                      url.empty() ? text(row, "path") + " (not served)" : url});
                         }
                         if (!list(answer, "documents").Empty()) table.print(to);
                         to.err << number(answer, "bytes") << " bytes of documents; the URLs are secrets\n";
                         const std::string next = text(answer, "next");
                         if (!next.empty()) to.err << "more: --after " << printable(next) << '\n';
                         return static_cast<int>(exit_ok);
                       });
}

}  // namespace bellhop::core
