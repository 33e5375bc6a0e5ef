// SPDX-License-Identifier: Apache-2.0
// Sample webhooks for `bellhop send TYPE`, in both of the vendor's dialects. The bodies of booking.confirmed (legacy
// and v5) and ping follow the samples that the vendor has published, with fresh ids and times that lie ahead. All
// others are assumed: the vendor names the occasions but has published no body for them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace bellhop::core {

inline const std::vector<std::string> dialects{"legacy", "v5"};

// The types that `dialect` has, in the order of a booking's life.
std::vector<std::string> template_types(std::string_view dialect);
// Those of both.
std::vector<std::string> template_types();

// One body. Every call makes a new booking.
//   errors    invalid: no such type in this dialect, with what there is
Result<std::string> sample_body(std::string_view type, std::string_view dialect, Milliseconds now_ms, Random &random);

}  // namespace bellhop::core
