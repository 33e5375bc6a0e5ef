// SPDX-License-Identifier: Apache-2.0
// The part of verify that looks at what instances keep and at attempts.
#pragma once

#include <functional>
#include <string>

#include "journal/sqlite.hpp"

namespace bellhop::core {

// Checksums of the rows of kv, document, attempt and kept, and whether the sizes in kept are those of the rows.
void check_kept(Database &database, const std::function<void(std::string)> &found);

}  // namespace bellhop::core
