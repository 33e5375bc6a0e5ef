// SPDX-License-Identifier: Apache-2.0
// What handing an event to a plugin costs: by a bare call of its function, in this process with a thread of its own,
// and in a child; one by one and in batches of 64. `quiet` reads one field and takes batches; `hello` is the ten lines
// of sdk/README.md, which read one field, write one line into the log and know nothing of batches. And what a child's
// start costs.
//   build/release/bench/host_bench
//
// The event is the vendor's sample of 3.9 KB, normalised, and its raw body. Time is the wall's for one iteration (a
// batch is one iteration); CPU is this process's for one iteration, all threads; cpu_us_per_event adds the child's,
// from its rusage. docs/performance.md has the figures.
#include <benchmark/benchmark.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <variant>

#include "base/check.hpp"
#include "host/child.hpp"
#include "host/inproc.hpp"
#include "source/source.hpp"
#include "support/plugin_host.hpp"

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

std::string state_dir() {
  return std::filesystem::temp_directory_path() / ("host-bench-" + std::to_string(::getpid()));
}

std::string library_of(const std::string &plugin) { return binary_dir + "/bench/bench_" + plugin + ".so"; }

std::unique_ptr<Instance> started(const std::string &plugin, bool is_child) {
  const InstanceSpec spec{"bench", library_of(plugin), 0, "{}", state_dir(), 0, {}};
  auto instance = is_child ? spawn_child(spec, {binary_dir + "/libexec/bellhop/bellhop-host", &system_clock_})
                           : start_inproc(spec, system_clock_);
  await(*instance, Report::What::ready);
  return instance;
}

Parcel sample_parcel() {
  std::ostringstream sample;
  sample << std::ifstream(BELLHOP_TEST_DATA "/payloads/legacy_booking_confirmed.json").rdbuf();
  const auto outcome = find_source_kind("appointlet")({"appointlet", sample.str(), 1'790'000'000'000});
  const auto *event = std::get_if<Event>(&outcome);
  CHECK(event != nullptr);
  Parcel parcel;
  parcel.id = event->id;
  parcel.type = event->type;
  parcel.subject = event->subject;
  parcel.json = event->json;
  parcel.body = sample.str();
  return parcel;
}

Batch batch_of(std::size_t count) {
  Batch batch;
  batch.budget_ms = 30'000;
  batch.parcels.assign(count, sample_parcel());
  return batch;
}

// CPU of ended children, or of this process with all its threads.
double cpu_us(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto us = [](const timeval &time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

void deliver(benchmark::State &state, const std::string &plugin, bool is_child) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const double child_before_us = cpu_us(RUSAGE_CHILDREN);
  auto instance = started(plugin, is_child);
  const Batch batch = batch_of(count);
  const double before_us = cpu_us(RUSAGE_SELF);
  for (auto iteration : state) {
    static_cast<void>(iteration);
    instance->deliver(batch);
    const Report report = await(*instance, Report::What::answers);
    CHECK(report.batch_code == 0 && report.answers[0].code == 0);
  }
  const double own_us = cpu_us(RUSAGE_SELF) - before_us;
  instance->stop(1000);
  await(*instance, Report::What::died);
  const double child_us = cpu_us(RUSAGE_CHILDREN) - child_before_us;
  const auto events = static_cast<double>(state.iterations()) * static_cast<double>(count);
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
  state.counters["cpu_us_per_event"] = (own_us + child_us) / events;
  if (is_child) state.counters["of_it_child"] = child_us / events;
}

// The plugin's own function with the host's JSON service, as a linked library would be called.
void call(benchmark::State &state, const std::string &plugin) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::filesystem::create_directories(state_dir());
  bellhop::test::PluginHost host(library_of(plugin), state_dir(), "{}");
  CHECK(host.start().code == 0);
  const std::vector<Parcel> parcels = batch_of(count).parcels;
  const double before_us = cpu_us(RUSAGE_SELF);
  for (auto iteration : state) {
    static_cast<void>(iteration);
    if (count > 1) {
      CHECK(host.deliver_batch(parcels)[0].code == 0);
    } else {
      CHECK(host.deliver(parcels[0]).code == 0);
    }
  }
  const auto events = static_cast<double>(state.iterations()) * static_cast<double>(count);
  state.counters["cpu_us_per_event"] = (cpu_us(RUSAGE_SELF) - before_us) / events;
  host.stop();
}

void start_a_child(benchmark::State &state) {
  for (auto iteration : state) {
    static_cast<void>(iteration);
    auto instance = started("quiet", true);
    state.PauseTiming();
    instance.reset();
    state.ResumeTiming();
  }
}

}  // namespace

#define EVERY_WAY(function, ...) BENCHMARK_CAPTURE(function, __VA_ARGS__)->UseRealTime()->Unit(benchmark::kMicrosecond)
EVERY_WAY(call, quiet, "quiet")->Arg(1)->Arg(64);
EVERY_WAY(call, hello, "hello")->Arg(1);
EVERY_WAY(deliver, quiet_in_this_process, "quiet", false)->Arg(1)->Arg(64);
EVERY_WAY(deliver, hello_in_this_process, "hello", false)->Arg(1);
EVERY_WAY(deliver, quiet_in_a_child, "quiet", true)->Arg(1)->Arg(64);
EVERY_WAY(deliver, hello_in_a_child, "hello", true)->Arg(1);
BENCHMARK(start_a_child)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
