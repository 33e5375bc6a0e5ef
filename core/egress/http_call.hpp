// SPDX-License-Identifier: Apache-2.0
// HttpCall and HttpReply: one outbound request of a plugin and what became of it, as plain values. No Poco here: the
// child host reads this header too.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace bellhop::core {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpCall {
  std::string method;  // "POST"
  std::string url;     // absolute, http or https
  HttpFields headers;
  std::string body;
  Milliseconds timeout_ms = 0;  // whole call; 0 = the egress default, or what is left of the delivery's budget
  std::string limit;            // named rate bucket of the config, "" = none
};

// Why there is no answer. The numbers are those of bellhop/plugin.h (BHP_E_*), which the child hands on as they are.
enum class HttpFailure : std::int32_t {
  none = 0,
  invalid = -1,    // the request has the wrong form
  timeout = -4,    // connect, TLS, first byte or whole: the sentence says which
  connect = -5,    // name, connection, or cut off before the answer was whole
  tls = -6,        // certificate or handshake
  denied = -7,     // by the operator's policy: destination not allowed, private address, redirect, rate bucket unknown
  cancelled = -8,  // the instance is being stopped
  too_large = -9,  // the answer is over the limit
};

struct HttpReply {
  HttpFailure failure = HttpFailure::none;
  int status = 0;
  HttpFields headers;
  std::string body;
  Milliseconds retry_after_ms = 0;  // from Retry-After, seconds or HTTP date, clamped; 0 = not given
  std::string sentence;             // for the operator, redacted: what was tried, on what, what came back
  // For `explain`: one JSON object, redacted, at most 2 KiB: {"at_ms","method","url","status","failure","took_ms",
  // "request_bytes","response_bytes","sentence"}.
  std::string exchange;
};

}  // namespace bellhop::core
