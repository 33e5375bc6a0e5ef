// SPDX-License-Identifier: Apache-2.0
// EgressOptions: what the operator says about all outbound calls, [egress] and [limit.NAME] of the config.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "egress/rate_bucket.hpp"

namespace bellhop::core {

struct EgressOptions {
  int threads_max = 16;
  std::size_t calls_max = 1'024;  // that wait for a thread or a token
  Milliseconds connect_timeout_ms = 5'000;
  Milliseconds tls_timeout_ms = 5'000;
  Milliseconds first_byte_timeout_ms = 20'000;
  Milliseconds total_timeout_ms = 30'000;
  std::int64_t response_bytes_max = 1 << 20;
  Milliseconds pool_idle_ms = 30'000;
  std::string proxy;                      // "http://host:port", "" = none
  std::vector<std::string> proxy_except;  // hosts that are reached without it: "name", "*.name", an address
  std::string ca_file;                    // PEM, beside the system's authorities
  std::map<std::string, RateLimit> limits;
};

}  // namespace bellhop::core
