// SPDX-License-Identifier: Apache-2.0
// The two pages that machines poll, served on the admin socket and, when [metrics] listen is set, on a listener of
// their own, which shows nothing else: no token, no payload, no change.
//
//   GET /metrics   Prometheus' text format
//   GET /health    {"status":"ok"|"degraded","live":true,"ready":true|false,"reasons":[…]}; 503 when not ready
#pragma once

#include <optional>

#include "control/control.hpp"
#include "http/server.hpp"

namespace bellhop::core {

// nullopt: another path. [any]
std::optional<HttpAnswer> monitor_answer(const Control &control, const HttpRequest &request);

}  // namespace bellhop::core
