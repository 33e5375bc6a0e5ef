// SPDX-License-Identifier: Apache-2.0
// BookingsFile: the lock, the connection and the prepared statements of one database, opened and closed together.
// Bounds the write-ahead log: SQLite's own checkpoints cannot shrink it while readers overlap without a gap.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "database.hpp"
#include "lock_file.hpp"
#include "store.hpp"

namespace bellhop_sqlite {

struct FileSettings {
  std::string path;
  std::string owner;  // who is told to a second writer
  int busy_timeout_ms = 0;
};

class BookingsFile {
 public:
  // Called with one sentence when something needs a person's eye but not a verdict.
  using Warn = std::function<void(std::string_view)>;

  BookingsFile(FileSettings settings, Warn warn) : settings_(std::move(settings)), warn_(std::move(warn)) {}

  const std::string &path() const { return settings_.path; }
  // Opens what is closed, and what somebody has deleted or replaced since.
  //   throws    FileInUse, ForeignFile (schema.hpp), DatabaseError
  void open();
  void close();

  Database &database() { return *database_; }
  Store &store() { return *store_; }
  // After a commit: keeps the write-ahead log from growing for ever.
  void bound_log();

 private:
  FileSettings settings_;
  Warn warn_;
  LockFile lock_;
  std::optional<Database> database_;
  std::optional<Store> store_;  // after database_: its statements go first
  int log_pages_ = 0;           // in the write-ahead log, after the latest commit
  int log_pages_next_try_ = 0;
};

}  // namespace bellhop_sqlite
