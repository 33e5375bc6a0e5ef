// SPDX-License-Identifier: Apache-2.0
// bellhop-host: the bare program around one plugin. Started by the daemon, not by hand:
//   --serve PARENT LABEL CONTAINMENT            live with the daemon on descriptor 3 (host/program/serve.hpp)
//   --describe PARENT LIBRARY CONTAINMENT       print the manifests of a library as JSON
//   --check PARENT LIBRARY INDEX INSTANCE CONTAINMENT   read settings from standard input, create and destroy, print
//   the
//                                               outcome
// PARENT is the pid of the program that started us: when it is gone, so are we. CONTAINMENT: host/containment.hpp.
//
// Bare on purpose: libc, and a C++ runtime of its own, linked in statically. Whatever a plugin links, it gets its own
// copy.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "host/guest.hpp"
#include "host/library.hpp"
#include "host/program/contain.hpp"
#include "host/program/manifest_json.hpp"
#include "host/program/serve.hpp"

#ifdef BELLHOP_SANITIZED
// A sanitizer in this program must not turn a plugin's SIGSEGV into an exit status, nor look for the plugin's leaks.
extern "C" const char *__asan_default_options();
extern "C" const char *__asan_default_options() {
  return "handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:detect_leaks=0";
}
extern "C" const char *__tsan_default_options();
extern "C" const char *__tsan_default_options() {
  return "handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:atexit_sleep_ms=0";
}
#endif

namespace {

using namespace bellhop::core;

constexpr int link_descriptor = 3;
constexpr std::size_t settings_bytes_max = 16 << 20;

// What holds for foreign code in every mode.
void confine(pid_t parent, int first_closed_descriptor) {
  ::syscall(SYS_close_range, first_closed_descriptor, ~0U, 0);
  // Fires when the *thread* that started us ends: the daemon starts children from a thread that lives as long as it
  // does.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it was gone before the line above
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // Settings hold secrets: no core dump, and no look into our memory by another plugin of the same user.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_DUMPABLE, 0);
  // The daemon decides about the end: a signal to the whole service must not cut a delivery. Writing to a connection
  // that the other side has closed is an error of that write and no reason to die.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
  // Lines of a plugin that prints appear when they are printed.
  ::setvbuf(stdout, nullptr, _IOLBF, 0);
}

// Prints the answer where the daemon reads it, although the plugin may print too: its standard output is standard error
// from here on.
class Printer {
 public:
  Printer() : answer_(::dup(STDOUT_FILENO)) { ::dup2(STDERR_FILENO, STDOUT_FILENO); }
  [[noreturn]] void finish(const std::string &json) const {
    std::size_t at = 0;
    while (at < json.size()) {
      const ssize_t put = ::write(answer_, json.data() + at, json.size() - at);
      if (put <= 0) ::_exit(1);
      at += static_cast<std::size_t>(put);
    }
    ::_exit(0);
  }

 private:
  int answer_;
};

// Both modes below look at a library that nobody has chosen to run yet: they have no place to write.
void contain_or_tell(const Printer &printer, const Containment &containment, const std::string &path) {
  Containment read_only = containment;
  for (std::string &granted : read_only.write) read_only.read.push_back(std::move(granted));
  read_only.write.clear();
  const auto contained = contain(read_only, path, "");
  if (!contained) printer.finish(error_json(contained.error().sentence));
}

[[noreturn]] void describe(const std::string &path, const Containment &containment) {
  const Printer printer;
  contain_or_tell(printer, containment, path);
  const auto plugins = load_library(path);
  printer.finish(plugins ? manifest_json(*plugins) : error_json(plugins.error().sentence));
}

std::string read_settings() {
  std::string settings;
  char piece[4096];
  while (settings.size() < settings_bytes_max) {
    const ssize_t got = ::read(STDIN_FILENO, piece, sizeof piece);
    if (got <= 0) break;
    settings.append(piece, static_cast<std::size_t>(got));
  }
  return settings;
}

[[noreturn]] void check(const std::string &path, std::size_t index, const std::string &instance,
                        const Containment &containment) {
  const Printer printer;
  contain_or_tell(printer, containment, path);
  const auto plugins = load_library(path);
  if (!plugins) printer.finish(error_json(plugins.error().sentence));
  if (index >= plugins->size()) printer.finish(error_json(path + " holds no plugin number " + std::to_string(index)));
  static const SystemClock clock;
  Outcome outcome;
  {
    GuestDoors doors;
    doors.log = [](Level, std::string_view) {};
    doors.now_ms = [] { return clock.wall_ms(); };
    doors.is_stopping = [] { return false; };
    doors.call = [](const ServiceCall &) { return cancelled_reply(); };  // there to be found; create() must not use it
    Guest guest(*(*plugins)[index], {instance, read_settings(), "/", 0, ""}, std::move(doors));
    outcome = guest.create();
  }
  printer.finish(outcome_json(outcome));
}

}  // namespace

int main(int count, char **arguments) {
  const std::string mode = count > 2 ? arguments[1] : "";
  const pid_t parent = count > 2 ? static_cast<pid_t>(std::strtol(arguments[2], nullptr, 10)) : 0;
  const auto containment = parse_containment(count > 4 ? arguments[count - 1] : "");
  if (mode == "--serve" && count == 5 && containment) {
    confine(parent, link_descriptor + 1);
    serve(link_descriptor, *containment);
  }
  if (mode == "--describe" && count == 5 && containment) {
    confine(parent, link_descriptor);
    describe(arguments[3], *containment);
  }
  if (mode == "--check" && count == 7 && containment) {
    confine(parent, link_descriptor);
    check(arguments[3], std::strtoul(arguments[4], nullptr, 10), arguments[5], *containment);
  }
  std::fputs("bellhop-host " BELLHOP_VERSION ": holds one plugin for bellhopd, which starts it; not for use by hand.\n",
             stderr);
  return 2;
}
