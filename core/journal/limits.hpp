// SPDX-License-Identifier: Apache-2.0
// Limits: what keeps a journal small. Two kinds: caps, at which append() says full, and retention, which removes what
// is finished. 0 always means: no such limit.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "event/event.hpp"

namespace bellhop::core {

struct Limits {
  // The backlog: events above the smallest cursor of the instances that are not parked. Without such an instance there
  // is none.
  std::int64_t backlog_events_max = 0;
  std::int64_t backlog_bytes_max = 0;  // bodies, documents and headers; one batch may go beyond it
  std::int64_t bytes_max = 0;          // database and write-ahead log, free pages not counted: those are used first

  Milliseconds retention_age_ms = 0;  // finished events older than this go
  std::int64_t retention_bytes = 0;   // while the database holds more than this, the oldest finished events go
  Milliseconds dead_age_ms = 0;       // a dead letter that nobody has handled stays this long at least

  bool has_retention() const { return retention_age_ms > 0 || retention_bytes_in_force() > 0; }
  // Retention begins before the cap refuses.
  std::int64_t retention_bytes_in_force() const {
    const std::int64_t before_cap = bytes_max / 4 * 3;
    if (before_cap > 0 && (retention_bytes == 0 || before_cap < retention_bytes)) return before_cap;
    return retention_bytes;
  }
};

// What retention did.
struct Retained {
  std::int64_t removed_count = 0;  // events
  std::int64_t freed_bytes = 0;    // given back to the file system
};

// What forget() erased.
struct Forgotten {
  std::int64_t events_count = 0;    // their bodies, documents and headers
  std::int64_t owed_count = 0;      // deliveries that were still waiting; replays too
  std::int64_t messages_count = 0;  // what plugins said
  std::int64_t attempts_count = 0;
  std::int64_t entries_count = 0;    // that plugins kept (kv)
  std::int64_t documents_count = 0;  // that plugins published
  bool is_log_cut = true;            // false: the write-ahead log was in use; its old copies go with the next cut
};

// For status and metrics.
struct JournalUsage {
  std::int64_t events_count = 0;  // kept
  Seq first = 0, newest = 0;      // first: the oldest kept, 0 = none
  std::int64_t backlog_events = 0;
  std::int64_t backlog_bytes = 0;  // within 1,024 events; after a restart by the average size of what was there
  std::string furthest_behind;     // the instance with the smallest cursor, "" = none
  std::int64_t file_bytes = 0, wal_bytes = 0, free_page_bytes = 0;  // free pages are part of the file
  std::int64_t free_disk_bytes = -1;                                // -1: cannot be told
  bool is_full = false;
  std::string why_full;                // one sentence
  std::int64_t removed_count = 0;      // by retention, ever
  Milliseconds retention_next_ms = 0;  // wall: when the oldest event is old enough; 0 = never by age
};

}  // namespace bellhop::core
