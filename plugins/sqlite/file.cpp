// SPDX-License-Identifier: Apache-2.0
// See file.hpp.
#include "file.hpp"

#include "mention.hpp"
#include "schema.hpp"

namespace bellhop_sqlite {

namespace {

constexpr int checkpoint_pages = 2000;  // 16 MB: move the log into the database, waiting for nobody
constexpr int log_pages_large = 8192;   // 64 MB: wait for readers, up to the busy time-out
constexpr int log_pages_between_tries = 1000;

// Called by SQLite after each commit; stands in for its automatic checkpoint.
int note_log_pages(void *pages, sqlite3 *, const char *, int count) {
  *static_cast<int *>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

void BookingsFile::open() {
  if (database_ && database_->is_moved()) {
    warn_(settings_.path + " was deleted or replaced while it was open; what is there now is opened, or made anew");
    close();
  }
  if (store_) return;
  close();  // what a failed attempt left
  lock_.take(settings_.path, settings_.owner);
  try {
    database_.emplace(settings_.path, settings_.busy_timeout_ms);
    prepare_file(*database_);
    add_mentions_function(*database_);
    // What a killed predecessor had written may be visible without being on stable storage yet. It must be there before
    // a re-delivery is answered with "already recorded".
    const int code = sqlite3_wal_checkpoint_v2(database_->raw(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) database_->fail(code, "settle the write-ahead log");
    sqlite3_wal_hook(database_->raw(), note_log_pages, &log_pages_);
    store_.emplace(*database_);
  } catch (...) {
    close();
    throw;
  }
}

void BookingsFile::close() {
  store_.reset();
  database_.reset();
  lock_.release();
  log_pages_ = log_pages_next_try_ = 0;
}

void BookingsFile::bound_log() {
  if (log_pages_ < checkpoint_pages) {
    log_pages_next_try_ = 0;
    return;
  }
  sqlite3 *handle = database_->raw();
  // A failure here loses nothing: the log is on stable storage, and the next commit tries again.
  if (log_pages_ < log_pages_large) {
    sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    return;
  }
  if (log_pages_ < log_pages_next_try_) return;
  log_pages_next_try_ = log_pages_ + log_pages_between_tries;
  const int code = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_BUSY) {
    warn_("the write-ahead log of " + settings_.path + " has grown to " + std::to_string(log_pages_ / 128) +
          " MB because a reader keeps an old state open: end that reader's transaction");
  }
}

}  // namespace bellhop_sqlite
