// SPDX-License-Identifier: Apache-2.0
// From the config's structs to those of the rooms, which know no config. Pure.
#pragma once

#include "config/config.hpp"
#include "egress/egress_options.hpp"
#include "http/server.hpp"

namespace bellhop::core {

HttpLimits http_limits(const HttpConfig &http);
EgressOptions egress_options(const Config &config);

}  // namespace bellhop::core
