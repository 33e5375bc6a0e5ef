// SPDX-License-Identifier: Apache-2.0
// Verify: finds what the disk did to the journal. Reads only; one finding is one sentence for the operator.
//
// Everything: definitions, row checksums, gaps in seq, the high-water mark, the counts, SQLite's own check. Rows are
// read in short transactions, so that a running daemon can go on moving its write-ahead log; only SQLite's check takes
// one long one.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "journal/inspect.hpp"
#include "journal/sqlite.hpp"

namespace bellhop::core {

// All of it, on a connection that is not in a transaction.
//   mark      the high-water mark, read before this began
Result<VerifyReport> verify_all(Database &database, Seq mark);

// The newest `rows_max` events: checksums and gaps. What the daemon can afford at its start.
Result<std::vector<std::string>> check_tail(Database &database, int rows_max);

// A journal that no daemon has open; holds its lock meanwhile.
//   errors    conflict: a daemon has it, or the file is not ours; not_found
Result<VerifyReport> verify_offline(const std::string &path);

}  // namespace bellhop::core
