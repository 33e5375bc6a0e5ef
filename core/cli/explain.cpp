// SPDX-License-Identifier: Apache-2.0
#include "cli/explain.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

std::string padded(std::string text, int columns, bool is_right = false) {
  const auto missing = static_cast<std::size_t>(std::max(0, columns - width_of(text)));
  return is_right ? std::string(missing, ' ') + text : text + std::string(missing, ' ');
}

// One attempt as the columns of a line, and its requests as lines below.
struct TryLine {
  std::string number, at, took, verdict, message;
};

TryLine line_of(const JsonValue &attempt) {
  return {std::to_string(number(attempt, "number")), text(attempt, "settled"),
          std::to_string(number(attempt, "took_ms")) + " ms", printable(text(attempt, "verdict")),
          printable(text(attempt, "message"))};
}

void print_exchange(const JsonValue &exchange, const Screen &screen) {
  screen.out << "       ";
  if (const std::int64_t left_out = number(exchange, "left_out"); left_out > 0) {
    screen.out << screen.paint(std::to_string(left_out) + " earlier requests are not kept", Colour::faint) << '\n';
    return;
  }
  const std::int64_t status = number(exchange, "status");
  const std::string failure = text(exchange, "failure");
  const std::string outcome = status > 0 && failure.empty() ? std::to_string(status) : failure;
  const bool is_good = status >= 200 && status < 400 && failure.empty();
  screen.out << printable(text(exchange, "method")) << ' ' << printable(text(exchange, "url")) << ": "
             << screen.paint(printable(outcome), is_good ? Colour::good : Colour::bad) << " in "
             << number(exchange, "took_ms") << " ms, " << number(exchange, "request_bytes") << " B sent, "
             << number(exchange, "response_bytes") << " B received";
  // The sentence of an answer repeats what the line says already; that of a failure is why.
  if (!failure.empty() && !text(exchange, "sentence").empty()) {
    screen.out << ": " << printable(text(exchange, "sentence"));
  }
  screen.out << '\n';
}

void print_tries(const JsonValue &tries, const Screen &screen) {
  int took_width = 0, number_width = 0;
  for (const JsonValue &attempt : tries.GetArray()) {
    took_width = std::max(took_width, width_of(line_of(attempt).took));
    number_width = std::max(number_width, width_of(line_of(attempt).number));
  }
  std::int64_t before = 0;
  for (const JsonValue &attempt : tries.GetArray()) {
    const std::int64_t this_one = number(attempt, "number");
    if (before > 0 && this_one > before + 1) {
      screen.out << "     "
                 << screen.paint(std::to_string(this_one - before - 1) + " attempts are not kept", Colour::faint)
                 << '\n';
    }
    before = this_one;
    const TryLine line = line_of(attempt);
    const bool is_good = line.verdict == "ok" || line.verdict == "skip";
    screen.out << "    " << padded(line.number, number_width, true) << "  " << line.at << "  "
               << padded(line.took, took_width, true) << "  "
               << screen.paint(padded(line.verdict, 5), is_good ? Colour::good : Colour::warning);
    if (!line.message.empty()) screen.out << "  " << line.message;
    screen.out << '\n';
    for (const JsonValue &exchange : list(attempt, "exchanges").GetArray()) print_exchange(exchange, screen);
  }
}

void print_delivery(const JsonValue &delivery, const Screen &screen) {
  const std::int64_t replay = number(delivery, "replay");
  const std::string state = printable(text(delivery, "state"));
  if (replay != 0) {
    screen.out << "  " << screen.paint("replay " + std::to_string(replay), Colour::none) << "  "
               << screen.paint(state, colour_of_state(state)) << ", because a person asked\n";
  }
  print_tries(list(delivery, "tries"), screen);
  if (const std::int64_t strikes = number(delivery, "strikes"); strikes > 0) {
    screen.out << "  the plugin died " << strikes << (strikes == 1 ? " time" : " times") << " over it\n";
  }
  const JsonValue *next = member(delivery, "next");
  if (next == nullptr || !next->IsObject()) return;
  const std::string at = text(*next, "at");
  screen.out << "  next: " << (at.empty() ? "" : at);
  if (screen.is_terminal && !at.empty()) screen.out << " (" << screen.when(at) << ")";
  screen.out << (at.empty() ? "" : ", ") << printable(text(*next, "sentence")) << '\n';
}

void print_instance(const JsonValue &instance, int name_width, const Screen &screen) {
  const std::string state = printable(text(instance, "state"));
  screen.out << '\n'
             << padded(printable(text(instance, "name")), name_width) << "  "
             << screen.paint(state, colour_of_state(state)) << "  " << printable(text(instance, "why")) << '\n';
  for (const JsonValue &delivery : list(instance, "deliveries").GetArray()) print_delivery(delivery, screen);
}

void print_head(const JsonValue &event, const Screen &screen) {
  const std::string type = text(event, "type"), marks = marks_of(event);
  screen.out << "event " << number(event, "seq") << "  " << (type.empty() ? "-" : printable(type)) << "  "
             << printable(text(event, "subject")) << (text(event, "subject").empty() ? "" : "  ")
             << printable(text(event, "id")) << '\n';
  screen.out << "received " << text(event, "received");
  if (screen.is_terminal) screen.out << " (" << screen.when(text(event, "received")) << ")";
  screen.out << " from " << printable(text(event, "source"));
  if (!marks.empty()) screen.out << ", " << marks;
  if (flag(event, "forgotten")) screen.out << ", forgotten on request";
  screen.out << '\n';
  if (!flag(event, "intact")) {
    screen.out << screen.paint("DAMAGED: the stored row is not what was written", Colour::bad) << '\n';
  }
}

}  // namespace

int run_explain(const ExplainOptions &options, const Surroundings &surroundings, const Screen &screen) {
  const auto page = [&options](const JsonValue &event, const Screen &to) {
    std::vector<const JsonValue *> shown;
    int name_width = 0;
    for (const JsonValue &instance : list(event, "instances").GetArray()) {
      if (options.is_only_dead && text(instance, "state") != "dead") continue;
      if (!options.instance.empty() && text(instance, "name") != options.instance) continue;
      shown.push_back(&instance);
      name_width = std::max(name_width, width_of(printable(text(instance, "name"))));
    }
    if (shown.empty() && (options.is_only_dead || !options.instance.empty())) {
      const std::string of = options.instance.empty() ? "" : " of " + options.instance;
      return complain(to, {Kind::not_found, "event " + std::to_string(number(event, "seq")) +
                                                (options.is_only_dead ? " is no dead letter" + of
                                                                      : ": there is no instance " + options.instance)});
    }
    print_head(event, to);
    if (shown.empty()) to.out << "\nno instance is configured: it is kept, and nobody is offered it\n";
    for (const JsonValue *instance : shown) print_instance(*instance, name_width, to);
    return static_cast<int>(flag(event, "intact") ? exit_ok : exit_refused);
  };
  return ask_and_print(options.ask, surroundings, screen, "GET", "/v1/explain/" + percent_encoded(options.reference),
                       "", page);
}

}  // namespace bellhop::core
