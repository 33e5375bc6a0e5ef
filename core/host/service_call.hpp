// SPDX-License-Identifier: Apache-2.0
// ServiceCall and ServiceReply: one question of a plugin to the daemon and what came back, as values. They travel over
// the wire from a child, or straight to the desk from a plugin in this process.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "egress/http_call.hpp"
#include "event/staged.hpp"

namespace bellhop::core {

struct KvGet {
  std::string key;
};

struct KvList {
  std::string prefix, after;
  std::uint32_t count_max = 0;
};

// Staged: writes that must be durable when the reply comes.
using ServiceCall = std::variant<HttpCall, KvGet, KvList, Staged>;

struct ServiceReply {
  std::int32_t error = 0;                                    // BHP_E_*
  HttpReply http;                                            // of an HttpCall; its failure and `error` are the same
  std::optional<std::string> value;                          // of KvGet; nullopt: no such key
  std::vector<std::pair<std::string, std::string>> entries;  // of KvList
};

// The plugin's wait for a reply ends with this when nobody can give it any more.
ServiceReply cancelled_reply();

// Limits on what a plugin may ask for in one call; what is over them never leaves the guest.
inline constexpr std::size_t http_url_bytes_max = 8 << 10;
inline constexpr std::size_t http_method_bytes_max = 32;
inline constexpr std::size_t http_limit_bytes_max = 64;  // the name of a rate limit
inline constexpr std::size_t http_headers_count_max = 64;
inline constexpr std::size_t http_headers_bytes_max = 64 << 10;  // names and values, all together
inline constexpr std::size_t http_body_bytes_max = 8 << 20;
inline constexpr std::uint32_t kv_page_count_max = 100;

inline constexpr std::size_t metric_name_bytes_max = 64;
inline constexpr std::size_t metric_labels_count_max = 8;
inline constexpr std::size_t metric_label_value_bytes_max = 128;

class Desk;
struct Caller;
struct MetricSample;
// Names of the form [a-z][a-z0-9_]{0,63}, labels within the limits above and in UTF-8, a value that is a number and, of
// a counter, no less than 0. Pure. [any]
bool is_sound(const MetricSample &sample);

// Carries a call to the desk; `done` is called once, on any thread, even when the caller has gone. [any]
void carry(Desk &desk, const Caller &caller, ServiceCall call, std::function<void(ServiceReply)> done);

}  // namespace bellhop::core
