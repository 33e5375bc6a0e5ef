// SPDX-License-Identifier: Apache-2.0
// What the journal costs: CPU and throughput of durable appends by many producers, empty and with many events retained,
// and of settlements.
//
//   build/release/bench/journal_bench [--dir DIR] [--producers 64] [--seconds 4] [--retained 1000000]
//
// DIR must lie on a real disk (default: the working directory); the retained events are small (the size of the indexes
// is what matters), the measured ones have a body of 3.3 KB, 2.5 KB of JSON and 12 headers. CPU is of all threads,
// producers included; fsync/s tells how large the groups were.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "base/mutex.hpp"
#include "base/random.hpp"
#include "journal/sqlite_journal.hpp"

using namespace bellhop::core;

namespace {

struct Settings {
  std::string directory = ".";
  int producers_count = 64;
  double seconds = 4;
  long retained_count = 1'000'000;
  bool is_append_only = false;  // for a profiler
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval &t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

long rss_kib() {
  long pages = 0, resident = 0;
  if (std::FILE *file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * 4;
}

// Bodies differ in their id only: the journal does not look into them.
struct Producer {
  Producer(std::uint64_t seed, std::size_t body_bytes, std::size_t json_bytes, int headers_count)
      : random(seed), body(body_bytes, 'b') {
    event.type = "booking.confirmed";
    event.json = std::string(json_bytes, 'j');
    event.received_ms = 1'767'225'600'000;
    for (int i = 0; i < headers_count; ++i) {
      headers.emplace_back("X-Header-Name-" + std::to_string(i), "a value of usual length " + std::to_string(i));
    }
  }
  Incoming next() {
    const std::uint64_t words[2] = {random.next(), random.next()};
    std::memcpy(event.id.bytes.data(), words, sizeof words);
    event.subject = "booking/" + std::to_string(words[0] % 10'000'000);
    event.time_ms = event.received_ms;
    Incoming incoming;
    incoming.source_name = "appointlet";
    incoming.body = body;
    incoming.headers = &headers;
    incoming.event = &event;
    incoming.id = event.id;
    incoming.received_ms = event.received_ms;
    return incoming;
  }
  Random random;
  std::string body;
  Headers headers;
  Event event;
};

struct Measured {
  double events_per_s = 0, cpu_us = 0, p50_ms = 0, p99_ms = 0;
};

// Producers append until `count_max` events are in or the time is over.
Measured append_many(SqliteJournal &journal, const Settings &settings, std::uint64_t seed, bool is_small,
                     long count_max, double seconds) {
  std::atomic<long> left{count_max};
  std::vector<std::vector<float>> took_ms(static_cast<std::size_t>(settings.producers_count));
  const double began = now_seconds(), cpu_began = cpu_seconds();
  std::vector<std::thread> threads;
  for (int number = 0; number < settings.producers_count; ++number) {
    threads.emplace_back([&, number] {
      Producer producer(seed * 1'000 + static_cast<std::uint64_t>(number), is_small ? 60 : 3'300, is_small ? 40 : 2'500,
                        is_small ? 0 : 12);
      while (--left >= 0 && now_seconds() - began < seconds) {
        const Incoming incoming = producer.next();
        const double before = now_seconds();
        if (const Result<Appended> appended = journal.append(incoming); !appended.ok()) {
          std::fprintf(stderr, "%s\n", appended.error().sentence.c_str());
          std::exit(1);
        }
        took_ms[static_cast<std::size_t>(number)].push_back(static_cast<float>((now_seconds() - before) * 1e3));
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
  const double wall = now_seconds() - began, cpu = cpu_seconds() - cpu_began;
  std::vector<float> all;
  for (const auto &one : took_ms) all.insert(all.end(), one.begin(), one.end());
  std::sort(all.begin(), all.end());
  const auto count = static_cast<double>(all.size());
  return {count / wall, cpu / count * 1e6, static_cast<double>(all[all.size() / 2]),
          static_cast<double>(all[all.size() * 99 / 100])};
}

void print(const char *what, const Measured &m) {
  std::printf("%-44s %10.0f/s %8.1f us CPU  p50 %6.2f ms  p99 %6.2f ms  rss %6ld KiB\n", what, m.events_per_s, m.cpu_us,
              m.p50_ms, m.p99_ms, rss_kib());
  std::fflush(stdout);
}

// Settles events in batches, some in flight at once, as delivery does.
void settle_many(SqliteJournal &journal, std::size_t batch_size, int in_flight_max, Seq newest) {
  const InstanceId instance = journal.open_instance("bench-" + std::to_string(batch_size), Start::beginning).value().id;
  Mutex mutex;
  CondVar changed;
  int in_flight = 0;
  const auto wait_until_below = [&](int limit) {
    Lock lock(mutex);
    while (in_flight >= limit) changed.wait(mutex);
  };
  long settled_count = 0;
  const double began = now_seconds(), cpu_began = cpu_seconds();
  for (Seq seq = 1; seq <= newest;) {
    SettleBatch batch;
    for (; seq <= newest && batch.settlements.size() < batch_size; ++seq, ++settled_count) {
      Settlement one;
      one.key = {instance, seq, 0};
      one.subject = seq * 7'919;
      one.attempts = 1;
      one.settled_ms = 1'767'225'600'000;
      batch.settlements.push_back(std::move(one));
    }
    batch.cursors.push_back({instance, seq - 1});
    wait_until_below(in_flight_max);
    {
      Lock lock(mutex);
      ++in_flight;
    }
    journal.settle(std::move(batch), [&](Result<void> done) {
      if (!done.ok()) std::abort();
      Lock lock(mutex);
      --in_flight;
      changed.notify_one();
    });
  }
  wait_until_below(1);
  const double wall = now_seconds() - began;
  std::printf("settle, batches of %-4zu %d in flight %22.0f/s %8.1f us CPU\n", batch_size, in_flight_max,
              static_cast<double>(settled_count) / wall,
              (cpu_seconds() - cpu_began) / static_cast<double>(settled_count) * 1e6);
  std::fflush(stdout);
}

Settings read_settings(int count, char **arguments) {
  Settings settings;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i], value = arguments[i + 1];
    if (name == "--dir") settings.directory = value;
    if (name == "--producers") settings.producers_count = std::atoi(value.c_str());
    if (name == "--seconds") settings.seconds = std::atof(value.c_str());
    if (name == "--append-only") settings.is_append_only = value == "1";
    if (name == "--retained") settings.retained_count = std::atol(value.c_str());
  }
  return settings;
}

}  // namespace

int main(int count, char **arguments) {
  const Settings settings = read_settings(count, arguments);
  const std::string directory = settings.directory + "/journal-bench";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  const SystemClock clock;
  const Log log;
  JournalOptions options;
  options.path = directory + "/journal.db";
  options.clock = &clock;
  options.log = &log;
  Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(options);
  if (!opened.ok()) {
    std::fprintf(stderr, "%s\n", opened.error().sentence.c_str());
    return 1;
  }
  std::unique_ptr<SqliteJournal> journal = std::move(*opened);
  constexpr long no_limit = 1L << 60;
  const Measured empty = append_many(*journal, settings, 1, false, no_limit, settings.seconds);
  print("append 3.3 KB, empty journal", empty);
  if (settings.is_append_only) return 0;
  settle_many(*journal, 1, 1, std::min<Seq>(journal->newest(), 2'000));
  settle_many(*journal, 32, 8, std::min<Seq>(journal->newest(), 100'000));
  if (settings.retained_count > 0) {
    print("fill with small events", append_many(*journal, settings, 2, true, settings.retained_count, 3'600));
    const Measured retained = append_many(*journal, settings, 3, false, no_limit, settings.seconds);
    print(("append 3.3 KB, " + std::to_string(settings.retained_count) + " retained").c_str(), retained);
    std::printf("CPU with %ld retained / empty: %.2f\n", settings.retained_count, retained.cpu_us / empty.cpu_us);
    const double began = now_seconds();
    journal.reset();
    const double closed = now_seconds();
    opened = SqliteJournal::open(options);
    std::printf("close %.0f ms, open %.0f ms\n", (closed - began) * 1e3, (now_seconds() - closed) * 1e3);
    if (opened.ok()) journal = std::move(*opened);
  }
  journal.reset();
  std::filesystem::remove_all(directory);
  return 0;
}
