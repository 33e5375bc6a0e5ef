// SPDX-License-Identifier: Apache-2.0
// HighWater: the newest acknowledged seq, kept in a file of its own beside the journal, so that a lost tail of the
// journal is noticed: SQLite takes a write-ahead log that ends early for one that was never longer.
//
// Written after every commit, synced at most once a second. So it may lag behind the journal (harmless), and is never
// ahead of what was acknowledged. Two slots are written in turn, each with a checksum: a torn write spoils one of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "event/event.hpp"
#include "journal/storage.hpp"

namespace bellhop::core {

class HighWater {
 public:
  struct Found {
    std::optional<Seq> mark;  // nullopt: there is no file
    bool is_damaged = false;  // a slot that was written once does not check out
  };

  static std::string path_of(const std::string &journal_path) { return journal_path + ".mark"; }
  static Result<Found> read(const std::string &journal_path);

  // Opens the file, makes it when it is missing.
  static Result<HighWater> open(const std::string &journal_path);
  Result<void> write(Seq mark);
  // Syncs when something was written and the last sync is a second ago, or when forced.
  Result<void> sync(Milliseconds steady_ms, bool is_forced = false);
  bool is_synced() const { return is_synced_; }

 private:
  File file_;
  std::string path_;
  int slot_ = 0;  // the next one to write
  bool is_synced_ = true;
  Milliseconds synced_ms_ = 0;
};

inline constexpr Milliseconds mark_sync_ms = 1'000;

}  // namespace bellhop::core
