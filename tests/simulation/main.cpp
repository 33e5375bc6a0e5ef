// SPDX-License-Identifier: Apache-2.0
// bellhop-simulate: lives of delivery (simulation/life.hpp), seed after seed. A seed that breaks a promise is printed
// with the sentence of the promise, made as short as it goes, and with the command that lives it again.
//
//   bellhop-simulate --seeds 10000 --first 1 --steps 400 --jobs 2 --scenario everything
//   bellhop-simulate --trace SEED [--steps N] [--scenario NAME]     one life, every line of it
// Exit: 0 all well, 1 a promise is broken, 64 the command line is wrong.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "simulation/life.hpp"

namespace {

using namespace bellhop::core;  // NOLINT: a program's own file

struct Options {
  std::uint64_t seeds = 1'000, first = 1;
  std::uint64_t steps = Life::steps_default, jobs = 1;
  std::uint64_t trace = 0;
  std::string scenario = "everything";
};

constexpr std::size_t lines_max = 40;
std::deque<std::string> last_lines;  // NOLINT: read by the handler of SIGABRT

void print_last_lines() {
  for (const std::string &line : last_lines) std::fprintf(stderr, "  %s\n", line.c_str());
}

// A CHECK of the engine that does not hold is as good as a broken promise.
void on_abort(int) {
  print_last_lines();
  std::fflush(stderr);
  _exit(1);
}

// In a process of its own, because a CHECK ends the process. Returns whether something broke.
bool is_broken(const Options &options, std::uint64_t seed, int steps, bool is_loud) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (!is_loud) {
      if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(2);
    } else {
      signal(SIGABRT, on_abort);
    }
    Life life(*scenario_of(options.scenario), seed, [&](const std::string &line) {
      if (!is_loud) return;
      last_lines.push_back(line);
      if (last_lines.size() > lines_max) last_lines.pop_front();
    });
    const std::optional<std::string> violation = life.run(steps);
    if (violation) {
      print_last_lines();
      std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), violation->c_str());
      std::fflush(stderr);
    }
    _exit(violation ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

void explain(const Options &options, std::uint64_t seed) {
  int low = 0, high = static_cast<int>(options.steps);  // broken at high, as far as we know not at low
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (is_broken(options, seed, middle, false) ? high : low) = middle;
  }
  std::fprintf(stderr, "seed %llu breaks a promise; the last lines of its shortest life (%d steps):\n",
               static_cast<unsigned long long>(seed), high);
  is_broken(options, seed, high, true);
  std::fprintf(stderr, "again: bellhop-simulate --scenario %s --trace %llu --steps %d\n", options.scenario.c_str(),
               static_cast<unsigned long long>(seed), high);
}

int trace(const Options &options) {
  Life life(*scenario_of(options.scenario), options.trace,
            [](const std::string &line) { std::printf("%s\n", line.c_str()); });
  const std::optional<std::string> violation = life.run(static_cast<int>(options.steps));
  std::printf("%s; digest %016llx\n", violation ? violation->c_str() : "all promises kept",
              static_cast<unsigned long long>(life.digest()));
  return violation ? 1 : 0;
}

// Every job takes the next seed that nobody has; the first broken one stops all.
struct Shared {
  std::uint64_t next = 0, broken = 0, inputs = 0, sends = 0;
};

void live(const Options &options, Shared &shared) {
  const std::uint64_t end = options.first + options.seeds;
  for (;;) {
    const std::uint64_t seed = __atomic_fetch_add(&shared.next, 1, __ATOMIC_RELAXED);
    if (seed >= end || __atomic_load_n(&shared.broken, __ATOMIC_RELAXED) != 0) return;
    Life life(*scenario_of(options.scenario), seed);
    const bool is_fine = !life.run(static_cast<int>(options.steps));
    __atomic_fetch_add(&shared.inputs, static_cast<std::uint64_t>(life.world().inputs_count()), __ATOMIC_RELAXED);
    __atomic_fetch_add(&shared.sends, static_cast<std::uint64_t>(life.world().oracle.sends_count()), __ATOMIC_RELAXED);
    if (is_fine) continue;
    __atomic_store_n(&shared.broken, seed, __ATOMIC_RELAXED);
    return;
  }
}

// Which seed a job was at when a CHECK ended it.
int run(const Options &options) {
  void *memory = mmap(nullptr, sizeof(Shared) + options.jobs * sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  auto &shared = *new (memory) Shared;
  shared.next = options.first;
  const auto begin = std::chrono::steady_clock::now();
  std::fflush(nullptr);
  std::vector<pid_t> jobs;
  for (std::uint64_t job = 0; job < options.jobs; ++job) {
    const pid_t child = fork();
    if (child == 0) {
      live(options, shared);
      _exit(0);
    }
    jobs.push_back(child);
  }
  bool is_aborted = false;
  for (const pid_t job : jobs) {
    int status = 0;
    waitpid(job, &status, 0);
    is_aborted |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  }
  const double seconds =
      std::chrono::duration_cast<std::chrono::duration<double>>(std::chrono::steady_clock::now() - begin).count();
  std::uint64_t broken = shared.broken;
  if (broken == 0 && is_aborted) {  // a CHECK ended a job: it was at one of the last seeds
    const std::uint64_t last = shared.next;
    for (std::uint64_t seed = options.first; seed < last && broken == 0; ++seed) {
      if (is_broken(options, seed, static_cast<int>(options.steps), false)) broken = seed;
    }
  }
  if (broken != 0) {
    explain(options, broken);
    return 1;
  }
  std::printf("%s: %llu seeds from %llu, %llu inputs, %llu sends, 0 promises broken; %.1f s, %.0f seeds/s\n",
              options.scenario.c_str(), static_cast<unsigned long long>(options.seeds),
              static_cast<unsigned long long>(options.first), static_cast<unsigned long long>(shared.inputs),
              static_cast<unsigned long long>(shared.sends), seconds, static_cast<double>(options.seeds) / seconds);
  return 0;
}

bool parse(int count, char **words, Options &options) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i];
    const char *value = words[i + 1];
    if (name == "--scenario") {
      options.scenario = value;
      continue;
    }
    std::uint64_t *target = name == "--seeds"   ? &options.seeds
                            : name == "--first" ? &options.first
                            : name == "--steps" ? &options.steps
                            : name == "--jobs"  ? &options.jobs
                            : name == "--trace" ? &options.trace
                                                : nullptr;
    if (target == nullptr) return false;
    const auto parsed = std::from_chars(value, value + std::strlen(value), *target);
    if (parsed.ec != std::errc() || *parsed.ptr != '\0') return false;
  }
  return count % 2 == 1 && options.jobs >= 1 && options.jobs <= 64 && scenario_of(options.scenario) != nullptr;
}

}  // namespace

int main(int count, char **words) {
  Options options;
  if (!parse(count, words, options)) {
    std::fprintf(stderr,
                 "usage: bellhop-simulate [--seeds N] [--first SEED] [--steps K] [--jobs J] [--scenario NAME] "
                 "[--trace SEED]\nscenarios:");
    for (const Scenario &scenario : scenarios()) std::fprintf(stderr, " %s", scenario.name.c_str());
    std::fprintf(stderr, "\n");
    return 64;
  }
  return options.trace != 0 ? trace(options) : run(options);
}
