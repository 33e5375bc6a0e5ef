// SPDX-License-Identifier: Apache-2.0
// Units: durations ("250ms", "30s", "5m", "2h", "3d") and sizes ("512B", "64KiB", "1MiB", "10MB") as people write them.
// One whole number and one unit; no fraction, no sum, and never a bare number, which would leave the unit to guessing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace bellhop::core {

Result<Milliseconds> parse_duration(std::string_view text);
Result<std::int64_t> parse_size(std::string_view text);  // bytes

// So many in so much time: "1/s", "100/10s", "50/m".
struct Rate {
  int count = 1;
  Milliseconds per_ms = 1'000;
};
Result<Rate> parse_rate(std::string_view text);

// The shortest exact way of writing it: 60'000 → "1m", 1'500 → "1500ms"; 65'536 → "64KiB".
std::string duration_text(Milliseconds duration_ms);
std::string size_text(std::int64_t bytes);

}  // namespace bellhop::core
