// SPDX-License-Identifier: Apache-2.0
// What a backlog costs: memory and CPU of durable appends to an empty journal and to one in which many events wait for
// an instance, in one run, alternating, so that a noisy minute hits both.
//
//   build/release/bench/backlog_bench [--dir DIR] [--waiting 1000000] [--producers 16] [--seconds 4] [--rounds 3]
//
// DIR must lie on a real disk. The waiting events are small (the size of the indexes is what matters) and are written
// by many at once; the measured ones have a body of 3.3 KB and 2.5 KB of JSON. The empty journal is a new one in each
// round. Both are in processes of their own, so that RSS is each one's own; CPU is of all threads of it, producers
// included.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "journal/sqlite_journal.hpp"

using namespace bellhop::core;

namespace {

struct Settings {
  std::string directory = ".";
  long waiting_count = 1'000'000;
  int producers_count = 16;
  double seconds = 4;
  int rounds_count = 3;
};

struct Figures {
  double cpu_us = 0, events_per_s = 0;
  long rss_kib = 0;
};

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

long rss_kib() {
  long pages = 0, resident = 0;
  if (std::FILE *file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * (sysconf(_SC_PAGESIZE) / 1'024);
}

[[noreturn]] void give_up(const std::string &sentence) {
  std::fprintf(stderr, "backlog_bench: %s\n", sentence.c_str());
  std::exit(1);
}

// Appends from several threads until the count or the time is over; how many went in.
long append_many(SqliteJournal &journal, int threads_count, std::uint64_t seed, std::size_t body_bytes,
                 std::size_t json_bytes, long count_max, double seconds) {
  std::atomic<long> left{count_max}, count{0};
  const double end = now_seconds() + seconds;
  std::vector<std::thread> threads;
  for (int number = 0; number < threads_count; ++number) {
    threads.emplace_back([&, number] {
      Random random(seed * 1'000 + static_cast<std::uint64_t>(number));
      const Headers headers;
      const std::string body(body_bytes, 'b');
      Event event;
      event.type = "booking.confirmed";
      event.json = std::string(json_bytes, 'j');
      event.received_ms = event.time_ms = 1'767'225'600'000;
      while (--left >= 0 && now_seconds() < end) {
        const std::uint64_t words[2] = {random.next(), random.next()};
        std::memcpy(event.id.bytes.data(), words, sizeof words);
        event.subject = "booking/" + std::to_string(words[0] % 10'000'000);
        Incoming incoming;
        incoming.source_name = "appointlet";
        incoming.body = body;
        incoming.headers = &headers;
        incoming.event = &event;
        incoming.id = event.id;
        incoming.received_ms = event.received_ms;
        if (const Result<Appended> appended = journal.append(incoming); !appended.ok()) {
          give_up(appended.error().sentence);
        }
        ++count;
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
  return count;
}

// The other side of a pipe: a process with one journal. Asked for a round by a byte, it answers with Figures.
class Subject {
 public:
  Subject(const Settings &settings, const std::string &name, long waiting_count) {
    int ask[2], answer[2];
    if (pipe(ask) != 0 || pipe(answer) != 0) give_up("no pipe");
    pid_ = fork();
    if (pid_ < 0) give_up("no process");
    if (pid_ == 0) {
      close(ask[1]);
      close(answer[0]);
      serve(settings, settings.directory + "/backlog-bench/" + name, waiting_count, ask[0], answer[1]);
    }
    close(ask[0]);
    close(answer[1]);
    ask_ = ask[1];
    answer_ = answer[0];
    read_figures();  // it is filled
  }
  ~Subject() {
    close(ask_);
    waitpid(pid_, nullptr, 0);
  }
  Subject(const Subject &) = delete;
  Subject &operator=(const Subject &) = delete;

  Figures round() {
    if (write(ask_, "r", 1) != 1) give_up("a journal's process has ended");
    return read_figures();
  }

 private:
  Figures read_figures() {
    Figures figures;
    if (read(answer_, &figures, sizeof figures) != static_cast<ssize_t>(sizeof figures)) give_up("no figures");
    return figures;
  }

  [[noreturn]] static void serve(const Settings &settings, const std::string &directory, long waiting_count, int ask,
                                 int answer) {
    std::filesystem::create_directories(directory);
    const SystemClock clock;
    const Log log;
    JournalOptions options;
    options.clock = &clock;
    options.log = &log;
    std::unique_ptr<SqliteJournal> journal;
    const auto open = [&](int number) {
      journal.reset();
      options.path = directory + "/" + std::to_string(number) + ".db";
      Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(options);
      if (!opened.ok()) give_up(opened.error().sentence);
      journal = std::move(*opened);
      if (!journal->open_instance("waiting", Start::beginning).ok()) give_up("no instance");
    };
    open(0);
    append_many(*journal, 256, 1, 60, 40, waiting_count, 3'600);
    Figures figures{0, 0, rss_kib()};
    bool is_asked = write(answer, &figures, sizeof figures) == static_cast<ssize_t>(sizeof figures);
    for (int number = 1; is_asked; ++number) {
      char word = 0;
      if (read(ask, &word, 1) != 1) break;
      if (waiting_count == 0) open(number);  // an empty one does not stay so
      const double cpu_began = cpu_seconds(), began = now_seconds();
      const auto count =
          static_cast<double>(append_many(*journal, settings.producers_count, static_cast<std::uint64_t>(number) + 1,
                                          3'300, 2'500, 1L << 60, settings.seconds));
      figures = {(cpu_seconds() - cpu_began) / count * 1e6, count / (now_seconds() - began), rss_kib()};
      is_asked = write(answer, &figures, sizeof figures) == static_cast<ssize_t>(sizeof figures);
    }
    journal.reset();
    std::exit(0);
  }

  pid_t pid_ = -1;
  int ask_ = -1, answer_ = -1;
};

Settings read_settings(int count, char **arguments) {
  Settings settings;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i], value = arguments[i + 1];
    if (name == "--dir") settings.directory = value;
    if (name == "--waiting") settings.waiting_count = std::atol(value.c_str());
    if (name == "--producers") settings.producers_count = std::atoi(value.c_str());
    if (name == "--seconds") settings.seconds = std::atof(value.c_str());
    if (name == "--rounds") settings.rounds_count = std::atoi(value.c_str());
  }
  return settings;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int count, char **arguments) {
  const Settings settings = read_settings(count, arguments);
  const std::string directory = settings.directory + "/backlog-bench";
  std::filesystem::remove_all(directory);
  {
    const double began = now_seconds();
    Subject full(settings, "full", settings.waiting_count), empty(settings, "empty", 0);
    std::printf("%ld events wait, filled in %.0f s\n", settings.waiting_count, now_seconds() - began);
    std::vector<double> ratios;
    for (int round = 1; round <= settings.rounds_count; ++round) {
      const Figures without = empty.round(), with = full.round();
      ratios.push_back(with.cpu_us / without.cpu_us);
      std::printf(
          "round %d  none waiting %7.1f us CPU %7.0f/s rss %6ld KiB   waiting %7.1f us CPU %7.0f/s rss %6ld KiB"
          "   CPU ratio %.2f, memory %+ld KiB\n",
          round, without.cpu_us, without.events_per_s, without.rss_kib, with.cpu_us, with.events_per_s, with.rss_kib,
          ratios.back(), with.rss_kib - without.rss_kib);
      std::fflush(stdout);
    }
    std::printf("median CPU ratio %.2f\n", median(ratios));
  }
  std::filesystem::remove_all(directory);
  return 0;
}
