// SPDX-License-Identifier: Apache-2.0
#include "cli/asking.hpp"

#include <algorithm>
#include <iostream>

#include "base/log.hpp"
#include "cli/exit_code.hpp"

namespace bellhop::core {

using namespace json_view;

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

void print_lines(const Screen &screen, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    screen.out << printable(lines.substr(0, end)) << '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

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

Result<bool> confirm(const Screen &screen, const std::string &question) {
  if (!screen.is_terminal) return Error{Kind::invalid, question + " Nobody is here to be asked: say --yes to mean it"};
  screen.err << printable(question) << " [y/N] " << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) screen.err << '\n';
  return line == "y" || line == "yes";
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

}  // namespace bellhop::core
