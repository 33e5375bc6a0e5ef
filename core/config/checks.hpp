// SPDX-License-Identifier: Apache-2.0
// Checks: what a config must be as a whole, beyond each key's own shape: settings that contradict each other, tokens
// that are not a source's own, addresses and globs that mean nothing. Adds findings, changes nothing but defaults.
#pragma once

#include "config/config.hpp"

namespace bellhop::core {

void check_config(Loaded &loaded);

// Whether `text` is an address to listen on; the error begins with "cannot be".
//   errors    invalid
Result<void> check_listen(const std::string &text);

}  // namespace bellhop::core
