// SPDX-License-Identifier: Apache-2.0
// What one event costs in the sqlite plugin: the real .so through the ABI with the host's JSON service, on a real file
// with full synchronisation; without the child process and its pipe (host_bench has those).
//   ninja -C build/release sqlite sqlite_plugin_bench && build/release/bench/sqlite_plugin_bench
// The column CPU is per call, thus for 1, 64 or 256 events, the kernel's share included. The file is made below $TMPDIR
// (a tmpfs there would flatter it) and stays there with BENCH_KEEP=1, as with run.py.
#include <bellhop/plugin.h>
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "source/source.hpp"
#include "support/plugin_host.hpp"

namespace {

using bellhop::core::Parcel;

constexpr int events_count = 12'800;

// The vendor's sample, each as the first event of another booking.
std::vector<Parcel> make_parcels() {
  std::ifstream file(BELLHOP_TEST_DATA "/payloads/legacy_booking_confirmed.json", std::ios::binary);
  const std::string sample{std::istreambuf_iterator<char>(file), {}};
  const auto normalize = bellhop::core::find_source_kind("appointlet");
  std::vector<Parcel> parcels;
  parcels.reserve(events_count);
  for (int i = 0; i < events_count; ++i) {
    const std::string id = "B" + std::to_string(i * 7919 % events_count);
    std::string body = sample;
    for (std::size_t at = 0; (at = body.find("BOOKING_ID", at)) != std::string::npos;) body.replace(at, 10, id);
    const auto outcome = normalize({"appointlet", body, 1'790'000'000'000});
    const auto *event = std::get_if<bellhop::core::Event>(&outcome);
    if (!event) std::abort();
    parcels.push_back({event->id, event->type, event->subject, event->time_ms, event->received_ms, i + 1, 0, 1, 0,
                       event->json, body});
  }
  return parcels;
}

class File {
 public:
  File() : directory_(std::filesystem::temp_directory_path() / ("bellhop-bench-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
    host_.emplace(BELLHOP_BINARY_DIR "/lib/bellhop/plugins/sqlite.so", directory_,
                  R"({"path":"bookings.db","keep_raw":true,"busy_timeout_ms":0})");
    if (host_->start().code != BHP_OK) std::abort();
  }
  ~File() {
    host_.reset();
    if (std::getenv("BENCH_KEEP") == nullptr) std::filesystem::remove_all(directory_);
  }
  bellhop::test::PluginHost &host() { return *host_; }

 private:
  std::filesystem::path directory_;
  std::optional<bellhop::test::PluginHost> host_;
};

void deliver(benchmark::State &state) {
  static const std::vector<Parcel> parcels = make_parcels();
  const auto batch_size = static_cast<std::size_t>(state.range(0));
  File file;
  std::size_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<Parcel> batch(parcels.begin() + static_cast<std::ptrdiff_t>(next),
                                    parcels.begin() + static_cast<std::ptrdiff_t>(next + batch_size));
    next += batch_size;
    state.ResumeTiming();
    if (batch_size == 1) {
      if (file.host().deliver(batch.front()).code != BHP_OK) state.SkipWithError("not OK");
    } else {
      for (const auto &answer : file.host().deliver_batch(batch)) {
        if (answer.code != BHP_OK) state.SkipWithError("not OK");
      }
    }
  }
  state.counters["events_per_s"] = benchmark::Counter(static_cast<double>(next), benchmark::Counter::kIsRate);
}

BENCHMARK(deliver)->Arg(1)->Iterations(2000)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(deliver)->Arg(64)->Iterations(200)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(deliver)->Arg(256)->Iterations(50)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
