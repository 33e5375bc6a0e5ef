// SPDX-License-Identifier: Apache-2.0
// GuestDoors: what a guest reaches the world by. Each door may be used by any thread of the plugin, and must not throw.
#pragma once

#include <functional>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "host/desk.hpp"
#include "host/service_call.hpp"

namespace bellhop::core {

struct GuestDoors {
  std::function<void(Level, std::string_view line)> log;  // valid UTF-8, at most log_line_bytes_max
  std::function<Milliseconds()> now_ms;                   // Unix time
  std::function<Milliseconds()> steady_ms;
  std::function<bool()> is_stopping;
  // Waits for the reply; BHP_E_CANCELLED when none can come any more. Empty: json is the only service.
  std::function<ServiceReply(ServiceCall)> call;
  std::function<void(const MetricSample &)> metric;    // sound ones only; waits for nobody
  std::function<bool(std::string_view bytes)> output;  // of a command; false: nobody listens
};

}  // namespace bellhop::core
