// SPDX-License-Identifier: Apache-2.0
// bellhopd: reads the command line, then the config, asks the plugins; only then becomes a process that lives on its
// own (Poco::Util::ServerApplication: --daemon, --pidfile) and runs. One of the five places that catch exceptions.
#include <Poco/Util/ServerApplication.h>
#include <signal.h>

#include <cstdio>
#include <exception>

#include "daemon/arguments.hpp"
#include "daemon/launch.hpp"
#include "daemon/prepared.hpp"
#include "daemon/run.hpp"

namespace {

using namespace bellhop::core;

class Application : public Poco::Util::ServerApplication {
 public:
  Application(Prepared &prepared, Launch &launch) : prepared_(prepared), launch_(launch) {
    // Poco's handlers would make a C++ exception of a crash; a crash is to end the process, with a core.
    for (const int signal : {SIGILL, SIGBUS, SIGSEGV, SIGSYS}) ::signal(signal, SIG_DFL);
  }

 protected:
  int main(const std::vector<std::string> &) override {
    try {
      return run_daemon(prepared_, launch_);
    } catch (const std::exception &thrown) {
      launch_.failed({daemon_internal, std::string("ended by a fault of its own: ") + thrown.what()});
      return daemon_internal;
    }
  }

 private:
  Prepared &prepared_;
  Launch &launch_;
};

int fail(const Failure &failure) {
  Launch::in_foreground().failed(failure);
  return failure.exit_code;
}

int check(const Prepared &prepared) {
  for (const Finding &warning : prepared.warnings) {
    std::fprintf(stderr, "warning: %s\n", printable(warning.text()).c_str());
  }
  std::printf("%s: ok, %zu source(s), %zu instance(s)\n",
              prepared.config.file.empty() ? "embedded default" : printable(prepared.config.file).c_str(),
              prepared.config.sources.size(), prepared.config.instances.size());
  return daemon_stopped;
}

int run(const std::vector<std::string> &words) {
  Result<Arguments> arguments = parse_arguments(words);
  if (!arguments) return fail({daemon_usage, arguments.error().sentence});
  if (arguments->is_help) return std::fputs(help_text().c_str(), stdout) < 0 ? daemon_internal : daemon_stopped;
  if (arguments->is_version) return std::puts("bellhopd " BELLHOP_VERSION) < 0 ? daemon_internal : daemon_stopped;

  const PlanDepth depth = arguments->is_check ? PlanDepth::check : PlanDepth::start;
  std::variant<Prepared, Failure> outcome = prepare(*arguments, current_surroundings(), depth);
  if (const Failure *failure = std::get_if<Failure>(&outcome)) return fail(*failure);
  Prepared &prepared = std::get<Prepared>(outcome);
  if (arguments->is_check) return check(prepared);

  Launch launch = arguments->is_daemon ? Launch::in_background() : Launch::in_foreground();
  std::vector<std::string> poco_words{"bellhopd"};
  if (arguments->is_daemon) poco_words.emplace_back("--daemon");
  if (!prepared.arguments.pidfile.empty()) poco_words.push_back("--pidfile=" + prepared.arguments.pidfile);
  Application application(prepared, launch);
  const int code = application.run(poco_words);
  launch.ended(code);
  return code;
}

}  // namespace

int main(int argc, char **argv) {
  block_signals();
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception &thrown) {
    std::fprintf(stderr, "bellhopd: ended by a fault of its own: %s\n", thrown.what());
    return daemon_internal;
  }
}
