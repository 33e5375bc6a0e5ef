// SPDX-License-Identifier: Apache-2.0
// JournalOptions: what the SQLite journal is told when it is opened.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "journal/limits.hpp"
#include "journal/storage.hpp"

namespace bellhop::core {

struct JournalOptions {
  std::string path;  // of the database; .lock, .mark, -wal and -shm lie beside it
  Durability durability = Durability::strict;
  std::int64_t disk_reserve_bytes = 64 << 20;  // free space below this: append says full
  Limits limits;                               // none by default
  int batch_max = 256;                         // rows in one commit
  std::size_t generation_count = 64 * 1024;    // events before their index entries are merged; about 5 MB of memory
  const Clock *clock = nullptr;                // must outlive the journal
  const Log *log = nullptr;                    // must outlive the journal

  // The third storage failure in a row, with a sentence; on the journal's thread. The daemon exits; until it does,
  // every write is refused.
  std::function<void(const std::string &sentence)> fatal;

  // For tests: a registered SQLite VFS, and the free bytes of the file system.
  std::string vfs;
  std::function<std::int64_t()> free_bytes;
};

inline constexpr int failures_max = 3;  // in a row

}  // namespace bellhop::core
