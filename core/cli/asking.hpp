// SPDX-License-Identifier: Apache-2.0
// Asking: what the commands share that ask the running daemon. Each prints the API's JSON as it came with --json, else
// a page for people, and returns the exit code.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/daemon_client.hpp"
#include "cli/json_view.hpp"
#include "cli/screen.hpp"
#include "cli/socket_path.hpp"

namespace bellhop::core {

struct AskOptions {
  SocketChoice where;
  Milliseconds timeout_ms = 10'000;
  bool is_json = false;
};

// Prints an answer for people and returns the exit code that it means.
using Page = std::function<int(const json_view::JsonValue &, const Screen &)>;

// The JSON as it is, or the page.
int print_answer(const std::string &json, bool is_json, const Screen &screen, const Page &page);
// Asks once and prints.
int ask_and_print(const AskOptions &options, const Surroundings &surroundings, const Screen &screen,
                  const std::string &method, const std::string &target, const std::string &body, const Page &page);

// "bellhop: SENTENCE" to standard error; returns the exit code that belongs to the error.
int complain(const Screen &screen, const Error &error);
// %XX for everything that is not unreserved in a URL.
std::string percent_encoded(std::string_view text);

// Asks the person at the terminal and reads one line of standard input; only "y" and "yes" agree.
//   errors    invalid: nobody is there to be asked, with what to say instead
Result<bool> confirm(const Screen &screen, const std::string &question);

Colour colour_of_state(const std::string &state);
std::string joined(const json_view::JsonValue &texts);
std::string marks_of(const json_view::JsonValue &event);  // "late test"
// Text of many lines with each line made printable.
void print_lines(const Screen &screen, std::string_view lines);
void print_deliveries(const json_view::JsonValue &rows, const Screen &screen, bool is_with_event);

}  // namespace bellhop::core
