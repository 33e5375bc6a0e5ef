// SPDX-License-Identifier: Apache-2.0
// `bellhop`: gathers what surrounds the process, runs one command (cli/cli.hpp), returns its exit code.
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <exception>
#include <iostream>
#include <random>

#include "cli/cli.hpp"
#include "cli/exit_code.hpp"

namespace {

using namespace bellhop::core;

Screen open_screen(const Surroundings &surroundings) {
  Screen screen{std::cout, std::cerr};
  screen.is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const auto no_color = surroundings.environment.find("NO_COLOR");
  const bool is_plain = no_color != surroundings.environment.end() && !no_color->second.empty();
  const auto kind = surroundings.environment.find("TERM");
  const bool is_dumb = kind != surroundings.environment.end() && kind->second == "dumb";
  screen.has_colours = screen.is_terminal && ::isatty(STDERR_FILENO) == 1 && !is_plain && !is_dumb;
  winsize size{};
  if (screen.is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    screen.columns_count = size.ws_col;
  }
  screen.now_ms = SystemClock().wall_ms();
  return screen;
}

}  // namespace

int main(int argc, char **argv) try {
  // Only character classes: numbers and messages stay as they are everywhere. Widths need some UTF-8 locale.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe shows as a failed write
  const Surroundings surroundings = current_surroundings();
  std::random_device entropy;
  Random random((static_cast<std::uint64_t>(entropy()) << 32) | entropy());
  const int code = run_cli({argv + 1, argv + argc}, surroundings, open_screen(surroundings), random);
  std::cout.flush();
  return code;
} catch (const std::exception &thrown) {
  std::cerr << "bellhop: stopped by a fault of its own: " << thrown.what() << '\n';
  return bellhop::core::exit_internal;
}
