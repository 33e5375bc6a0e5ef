// SPDX-License-Identifier: Apache-2.0
// Upkeep: what keeps a journal small, and what erases a person from it. Asked for by admin; delivery and intake have no
// use for it.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "journal/limits.hpp"

namespace bellhop::core {

class Upkeep {
 public:
  virtual ~Upkeep() = default;

  // Removes at once what retention may remove, and gives all free pages back; otherwise that happens by and by. What is
  // unfinished for an instance that is not parked is never removed. Blocks for as long as it takes, others write
  // meanwhile. [any]
  //   errors    as append
  virtual Result<Retained> retain() = 0;
  // Erases a person: the contents of every event that mentions the address (also in quarantine), and what plugins said,
  // kept and published with it. Such an event keeps its seq and its id, and is offered to nobody any more. What is in
  // flight at that moment ends as it ends. [any]
  //   errors    invalid: not an address; else as append: what was erased until then stays so, say it again
  virtual Result<Forgotten> forget(std::string_view email) = 0;
  virtual Result<JournalUsage> usage() = 0;  // cheap [any]
};

}  // namespace bellhop::core
