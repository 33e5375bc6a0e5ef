// SPDX-License-Identifier: Apache-2.0
// What one webhook costs before the journal: normalize() whole (parse, duplicate keys, SHA-256, event JSON) and its
// parts, over the vendor's published legacy body.
//
//   cmake --preset release && cmake --build --preset release --target normalize_bench
//   taskset -c 1 build/release/bench/normalize_bench --benchmark_min_time=2
#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>
#include <string>

#include "event/event_json.hpp"
#include "source/json_document.hpp"
#include "source/json_shape.hpp"
#include "source/json_text.hpp"
#include "source/source.hpp"

namespace {

using namespace bellhop::core;

std::string read(const char *file) {
  std::ifstream in(std::string(BELLHOP_TEST_DATA) + "/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void normalize_of(benchmark::State &state, const char *file) {
  const std::string body = read(file);
  const Normalize normalize = find_source_kind("appointlet");
  for (auto _ : state) benchmark::DoNotOptimize(normalize({"web", body, 1'767'225'600'000, 128}));
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size()) * state.iterations());
}
BENCHMARK_CAPTURE(normalize_of, legacy_as_published, "payloads/legacy_booking_confirmed.json");
BENCHMARK_CAPTURE(normalize_of, legacy_on_one_line, "events/base.json");
BENCHMARK_CAPTURE(normalize_of, v5, "payloads/v5_meeting_scheduled.partial.json");
BENCHMARK_CAPTURE(normalize_of, through_the_exact_reader, "events/inj-surrogate.json");
BENCHMARK_CAPTURE(normalize_of, keys_50000, "events/keys-50000.json");

void event_id(benchmark::State &state) {
  const std::string body = read("events/base.json");
  for (auto _ : state) benchmark::DoNotOptimize(EventId::of("web", body));
}
BENCHMARK(event_id);

void parse(benchmark::State &state) {
  const std::string body = read("events/base.json");
  JsonParser parser;
  for (auto _ : state) benchmark::DoNotOptimize(parser.parse(body, 128));
}
BENCHMARK(parse);

void duplicate_keys(benchmark::State &state) {
  const std::string body = read("events/base.json");
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(body);
  for (auto _ : state) benchmark::DoNotOptimize(shape_of(root, 128));
}
BENCHMARK(duplicate_keys);

void exact_reader(benchmark::State &state) {
  const std::string body = read("events/base.json");
  for (auto _ : state) benchmark::DoNotOptimize(read_json_text(body, 128));
}
BENCHMARK(exact_reader);

void json_string(benchmark::State &state) {
  const std::string text(200, 'x');
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_json_string(out, text);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(json_string);

}  // namespace

BENCHMARK_MAIN();
