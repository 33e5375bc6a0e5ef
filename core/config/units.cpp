// SPDX-License-Identifier: Apache-2.0
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace bellhop::core {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first within a family, so that the texts come out short.
constexpr std::array<Unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> binary_units{
    {{"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}}};
constexpr std::array<Unit, 5> decimal_units{
    {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"kB", 1'000}, {"B", 1}}};

std::optional<std::int64_t> number_in(std::string_view text, std::span<const Unit> units) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit &unit : units) {
    if (unit.name != name) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

std::string text_in(std::int64_t value, std::span<const Unit> units) {
  for (const Unit &unit : units) {
    if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
  }
  return "";
}

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text) {
  if (const auto value = number_in(text, duration_units)) return *value;
  return Error{Kind::invalid, "\"" + std::string(text) +
                                  "\" is not a duration; write a whole number and a unit: "
                                  "\"250ms\", \"30s\", \"5m\", \"2h\" or \"3d\""};
}

Result<std::int64_t> parse_size(std::string_view text) {
  if (const auto value = number_in(text, binary_units)) return *value;
  if (const auto value = number_in(text, decimal_units)) return *value;
  return Error{Kind::invalid, "\"" + std::string(text) +
                                  "\" is not a size; write a whole number and a unit: "
                                  "\"512B\", \"64KiB\", \"1MiB\", \"10MB\" or \"2GiB\""};
}

Result<Rate> parse_rate(std::string_view text) {
  constexpr int count_max = 1'000'000;
  constexpr Milliseconds per_ms_max = 86'400'000;
  const std::size_t slash = std::min(text.find('/'), text.size());
  Rate rate;
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, rate.count);
  const bool is_count = error == std::errc() && end == text.data() + slash && rate.count > 0 && rate.count <= count_max;
  const std::string_view time = text.substr(std::min(slash + 1, text.size()));
  const bool has_number = !time.empty() && time.front() >= '0' && time.front() <= '9';
  const Result<Milliseconds> per_ms = parse_duration(has_number ? std::string(time) : "1" + std::string(time));
  if (is_count && per_ms && *per_ms > 0 && *per_ms <= per_ms_max) {
    rate.per_ms = *per_ms;
    return rate;
  }
  return Error{Kind::invalid, "\"" + std::string(text) +
                                  "\" is not a rate; write a count, a slash and a time of at most a day: \"1/s\", "
                                  "\"100/10s\" or \"50/m\""};
}

std::string duration_text(Milliseconds duration_ms) {
  return duration_ms == 0 ? "0s" : text_in(duration_ms, duration_units);
}

std::string size_text(std::int64_t bytes) {
  if (bytes == 0) return "0B";
  const std::string binary = text_in(bytes, binary_units);
  return binary.empty() ? text_in(bytes, decimal_units) : binary;
}

}  // namespace bellhop::core
