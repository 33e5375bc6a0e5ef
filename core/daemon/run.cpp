// SPDX-License-Identifier: Apache-2.0
#include "daemon/run.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "daemon/console.hpp"
#include "daemon/daemon.hpp"
#include "daemon/notify.hpp"
#include "daemon/welcome.hpp"

namespace bellhop::core {

namespace {

constexpr int wake_signal = SIGUSR2;  // ours: "look at the flags"
constexpr Milliseconds fatal_stop_ms = 1'000;
// timeout(1), npm and some container runtimes signal the process and then its group: one wish, not two.
constexpr Milliseconds same_wish_ms_max = 500;

sigset_t waited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, wake_signal}) sigaddset(&set, signal);
  return set;
}

void wake_main() { kill(getpid(), wake_signal); }

std::string environment(const Prepared &prepared, const char *name) {
  const auto found = prepared.surroundings.environment.find(name);
  return found == prepared.surroundings.environment.end() ? "" : found->second;
}

ConsoleStyle style_of(const Prepared &prepared) {
  ConsoleStyle style =
      console_style(prepared.config.log.format, prepared.arguments.is_daemon, environment(prepared, "JOURNAL_STREAM"),
                    !environment(prepared, "NO_COLOR").empty());
  style.threshold = prepared.config.log.level;
  return style;
}

class Run {
 public:
  Run(Prepared &prepared, Launch &launch)
      : prepared_(prepared),
        launch_(launch),
        notify_(environment(prepared, "NOTIFY_SOCKET")),
        console_(style_of(prepared), clock_),
        log_(console_.sink(), prepared.config.log.level) {}

  int run() {
    for (const Finding &warning : prepared_.warnings) log_.warn("config", warning.text());
    Daemon daemon(prepared_.config, std::move(prepared_.plans), host_program_of(prepared_.surroundings), clock_, log_,
                  console_, [this](const std::string &sentence) {
                    log_.error("journal", sentence);
                    has_failed_ = true;
                    wake_main();
                  });
    if (const std::optional<Failure> failure = daemon.open()) {
      notify_.send("STATUS=" + failure->sentence);
      launch_.failed(*failure);
      return failure->exit_code;
    }
    daemon.start();
    welcome(daemon);
    launch_.ready();
    notify_.send("READY=1\nSTATUS=Receives webhooks.");
    wait_for_end();
    return stop(daemon);
  }

 private:
  void welcome(const Daemon &daemon) {
    std::vector<std::string> instances;
    for (const InstanceControl &instance : daemon.instances()) {
      instances.push_back(instance.name + (instance.name == instance.plugin ? "" : " (" + instance.plugin + ")"));
    }
    console_.ready(make_welcome(prepared_.config, daemon.webhook_urls(), instances, prepared_.surroundings));
  }

  void wait_for_end() {
    const sigset_t set = waited_signals();
    for (int signal = 0;;) {
      if (sigwait(&set, &signal) != 0) continue;
      if (signal == SIGTERM || signal == SIGINT) {
        log_.info("daemon", std::string(signal == SIGINT ? "SIGINT" : "SIGTERM") + ": stopping");
        return;
      }
      if (signal == SIGHUP) log_.warn("daemon", "SIGHUP: the config is read at start; restart to apply a change");
      if (signal == wake_signal && has_failed_) return;
    }
  }

  // The budget is the daemon's; a second signal is the operator's impatience.
  int stop(Daemon &daemon) {
    notify_.send("STOPPING=1\nSTATUS=Finishes what is in flight.");
    const Milliseconds asked_ms = clock_.steady_ms();
    const Milliseconds budget_ms = has_failed_ ? fatal_stop_ms : prepared_.config.stop_ms_max;
    std::atomic<bool> is_stopped{false}, is_clean{false};
    std::thread stopper([&] {
      is_clean = daemon.stop(budget_ms);
      is_stopped = true;
      wake_main();
    });
    const sigset_t set = waited_signals();
    for (int signal = 0; !is_stopped;) {
      if (sigwait(&set, &signal) != 0 || (signal != SIGTERM && signal != SIGINT)) continue;
      if (clock_.steady_ms() - asked_ms < same_wish_ms_max) continue;
      // Children end with the thread that started them; what they had in flight is delivered again at the next start.
      std::fputs("bellhopd: stopped at once; deliveries cut off are made again at the next start\n", stderr);
      _exit(daemon_stopped);
    }
    stopper.join();
    if (has_failed_) {
      log_.error("daemon", "ended, because the journal's storage does not come back");
      return daemon_journal_failed;
    }
    log_.info("daemon", is_clean ? "stopped" : "stopped; deliveries cut off are made again at the next start");
    return daemon_stopped;
  }

  Prepared &prepared_;
  Launch &launch_;
  const SystemClock clock_;
  const Notify notify_;
  Console console_;
  const Log log_;
  std::atomic<bool> has_failed_{false};
};

}  // namespace

void block_signals() {
  const sigset_t set = waited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int run_daemon(Prepared &prepared, Launch &launch) {
  umask(0077);
  return Run(prepared, launch).run();
}

}  // namespace bellhop::core
