// SPDX-License-Identifier: Apache-2.0
// What handing an event to a plugin costs, in a child and in this process: the vendor's sample of 3.9 KB as the event
// and as its raw body, one by one and in batches of 32; the plugin parses it and reads one field. And what a child's
// start costs.
//   build/release/bench/host_bench
//
// Time is the wall's for one iteration (a batch is one iteration); CPU is this process's, child_cpu_us_per_event the
// child's, from its rusage.
//
// 2 cores, Debian 12, release build, 2026-11-23, beside other builds (load 6; CPU figures are steady, wall ones are
// not):
//   one by one        10.6 + 14.3 = 25 µs CPU an event
//   batches of 32      2.6 +  7.6 = 10 µs CPU an event
#include <benchmark/benchmark.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "base/check.hpp"
#include "host/child.hpp"
#include "host/inproc.hpp"

namespace {

using namespace bellhop::core;

const std::string binary_dir = BELLHOP_BINARY_DIR;
const SystemClock system_clock_;

Report await(Instance &instance, Report::What what) {
  for (;;) {
    for (Report &report : instance.poll()) {
      if (report.what == what) return std::move(report);
      if (report.what == Report::What::died) check_failed(__FILE__, __LINE__, report.text.c_str());
    }
    pollfd readable{instance.descriptor(), POLLIN, 0};
    ::poll(&readable, 1, 10'000);
  }
}

InstanceSpec spec() {
  const std::string state_dir = std::filesystem::temp_directory_path() / ("host-bench-" + std::to_string(::getpid()));
  return {"bench", binary_dir + "/bench/bench_quiet.so", 0, "{}", state_dir, 0, {}};
}

std::unique_ptr<Instance> started(bool is_child) {
  auto instance = is_child ? spawn_child(spec(), {binary_dir + "/libexec/bellhop/bellhop-host", &system_clock_})
                           : start_inproc(spec(), system_clock_);
  await(*instance, Report::What::ready);
  return instance;
}

// The vendor's sample, as the normalised event (which is about as large) and as the raw body.
Batch batch_of(std::size_t count) {
  std::ostringstream sample;
  sample << std::ifstream(BELLHOP_TEST_DATA "/payloads/legacy_booking_confirmed.json").rdbuf();
  Batch batch;
  batch.budget_ms = 30'000;
  Parcel parcel;
  parcel.type = "booking.confirmed";
  parcel.subject = "booking/BOOKING_ID";
  parcel.json = parcel.body = sample.str();
  batch.parcels.assign(count, parcel);
  return batch;
}

double child_cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto us = [](const timeval &time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

void deliver(benchmark::State &state, bool is_child) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const double before_us = child_cpu_us();
  auto instance = started(is_child);
  const Batch batch = batch_of(count);
  for (auto iteration : state) {
    static_cast<void>(iteration);
    instance->deliver(batch);
    const Report report = await(*instance, Report::What::answers);
    CHECK(report.batch_code == 0 && report.answers[0].code == 0);
  }
  instance->stop(1000);
  await(*instance, Report::What::died);
  const auto events = static_cast<double>(state.iterations()) * static_cast<double>(count);
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
  if (is_child) state.counters["child_cpu_us_per_event"] = (child_cpu_us() - before_us) / events;
}

void in_a_child(benchmark::State &state) { deliver(state, true); }
void in_this_process(benchmark::State &state) { deliver(state, false); }

void start_a_child(benchmark::State &state) {
  for (auto iteration : state) {
    static_cast<void>(iteration);
    auto instance = started(true);
    state.PauseTiming();
    instance.reset();
    state.ResumeTiming();
  }
}

}  // namespace

BENCHMARK(in_a_child)->Arg(1)->Arg(32)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(in_this_process)->Arg(1)->Arg(32)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(start_a_child)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
