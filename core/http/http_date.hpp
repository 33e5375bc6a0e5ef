// SPDX-License-Identifier: Apache-2.0
// Dates as HTTP writes them; egress reads them. Pure.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace bellhop::core {

// "Sun, 06 Nov 1994 08:49:37 GMT"; what is below a second is cut off.
//   source  RFC 9110 section 5.6.7, IMF-fixdate
std::string http_date(Milliseconds wall_ms);

}  // namespace bellhop::core
