// SPDX-License-Identifier: Apache-2.0
// Keys: the one table of what the config file may say. Each row binds a name to a member of a config struct and says
// its shape, its range and, in one sentence, what it does. The reader obeys it, and a test holds etc/bellhop.toml to
// it; the default is whatever the struct is built with, so it stands in one place only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"

namespace bellhop::core {

enum class Shape { text, texts, whole, truth, duration, size, level };

template <class T>
struct Key {
  std::string_view name;
  Shape shape;
  std::variant<std::string T::*, std::vector<std::string> T::*, std::int64_t T::*, int T::*, bool T::*, Level T::*> at;
  std::int64_t min = 0, max = 0;          // whole, duration (ms), size (bytes); inclusive
  std::vector<std::string_view> allowed;  // text: the only values; empty: any
  std::string_view sentence;
  bool is_required = false;
};

template <class T>
const std::vector<Key<T>> &keys_of();
template <>
const std::vector<Key<Config>> &keys_of<Config>();
template <>
const std::vector<Key<HttpConfig>> &keys_of<HttpConfig>();
template <>
const std::vector<Key<JournalConfig>> &keys_of<JournalConfig>();
template <>
const std::vector<Key<AdminConfig>> &keys_of<AdminConfig>();
template <>
const std::vector<Key<MetricsConfig>> &keys_of<MetricsConfig>();
template <>
const std::vector<Key<LogConfig>> &keys_of<LogConfig>();
template <>
const std::vector<Key<EgressConfig>> &keys_of<EgressConfig>();
template <>
const std::vector<Key<LimitConfig>> &keys_of<LimitConfig>();
template <>
const std::vector<Key<SourceConfig>> &keys_of<SourceConfig>();
template <>
const std::vector<Key<InstanceConfig>> &keys_of<InstanceConfig>();
template <>
const std::vector<Key<RetryConfig>> &keys_of<RetryConfig>();
template <>
const std::vector<Key<InstanceHttpConfig>> &keys_of<InstanceHttpConfig>();
template <>
const std::vector<Key<BreakerConfig>> &keys_of<BreakerConfig>();
template <>
const std::vector<Key<SandboxConfig>> &keys_of<SandboxConfig>();

// The same rows as text, for documentation and its test.
struct KeyText {
  std::string section;  // "", "http", "source.NAME", "instance.NAME.retry" …
  std::string name;
  std::string fallback;  // the default as TOML writes it: "\"1MiB\"", "64", "[]", "true"
  std::string range;     // "1KiB to 1GiB"; "\"strict\" or \"relaxed\""; "" = free
  std::string sentence;
  bool is_required = false;  // there is no default; the file must say it
};
std::vector<KeyText> key_texts();

std::string_view level_name(Level level);
const std::vector<std::string_view> &level_names();

// "strict" or "relaxed"; "a", "b" or "c"
std::string one_of(const std::vector<std::string_view> &values);
std::string range_text(Shape shape, std::int64_t min, std::int64_t max, const std::vector<std::string_view> &allowed);

}  // namespace bellhop::core
