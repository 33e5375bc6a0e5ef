// SPDX-License-Identifier: Apache-2.0
// Database and Statement: the sqlite3 C API with owners, and every result code looked at. One connection, the only
// writer of its file; prepared statements live as long as it does. Knows no table of ours.
//
// Failures are thrown as DatabaseError, because they come from the depth of one transaction and mean the same for all
// of it; they are caught in one place, plugin.cpp, and become a verdict there. Nothing leaves the plugin.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "temporary_files.hpp"

namespace bellhop_sqlite {

class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(int code, int system_errno, const std::string &sentence)
      : std::runtime_error(sentence), code_(code), system_errno_(system_errno) {}
  int code() const { return code_ & 0xff; }  // primary result code: SQLITE_BUSY …
  int extended_code() const { return code_; }
  int system_errno() const { return system_errno_; }

 private:
  int code_, system_errno_;
};

class Database;

// One prepared statement, used again and again. Bound views must live until the next reset(): step() is called while
// they do, so nothing is copied.
class Statement {
 public:
  Statement() = default;
  Statement(Database &database, std::string_view sql);
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(Statement &&other) noexcept { swap(other); }
  Statement &operator=(Statement &&other) noexcept {
    swap(other);
    return *this;
  }

  Statement &bind(int index, std::int64_t value);
  Statement &bind(int index, std::string_view text);
  Statement &bind(int index, const std::optional<std::string> &text);
  Statement &bind(int index, std::nullptr_t);
  Statement &bind_blob(int index, std::string_view bytes);

  bool step();  // true: a row is there
  void run();   // step() to the end, then reset()
  void reset();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  // Valid until the next step() or reset(). Exactly the bytes stored, U+0000 included.
  std::string_view text(int column) const;
  std::optional<std::string> optional_text(int column) const;

 private:
  void swap(Statement &other) noexcept {
    std::swap(database_, other.database_);
    std::swap(statement_, other.statement_);
  }
  void check(int code) const;

  Database *database_ = nullptr;
  sqlite3_stmt *statement_ = nullptr;
};

// Leaves a statement ready for its next use, whatever happens in between.
class Resetting {
 public:
  explicit Resetting(Statement &statement) : statement_(statement) {}
  ~Resetting() { statement_.reset(); }
  Resetting(const Resetting &) = delete;
  Resetting &operator=(const Resetting &) = delete;

 private:
  Statement &statement_;
};

class Database {
 public:
  // Opens, or creates, the file for reading and writing.
  Database(const std::string &path, int busy_timeout_ms);
  ~Database() { sqlite3_close_v2(handle_); }
  Database(const Database &) = delete;
  Database &operator=(const Database &) = delete;

  const std::string &path() const { return path_; }
  sqlite3 *raw() { return handle_; }
  void execute(const char *sql);
  // Outside a transaction the log is moved into the database and cut to nothing; false: somebody is using it.
  bool cut_write_ahead_log();
  // The one value of a query's first row; 0 or "" when there is none.
  std::int64_t integer(const char *sql);
  std::string text(const char *sql);
  std::int64_t changes() const { return sqlite3_changes64(handle_); }
  std::int64_t last_row_number() const { return sqlite3_last_insert_rowid(handle_); }
  // True when the file at the path is no longer the one that is open: deleted, or replaced by another.
  bool is_moved() const;
  // The write-ahead log stays when this connection closes. Without it another user's read-only connection cannot open
  // the database any more: it may not create the file anew.
  void keep_write_ahead_log();

  [[noreturn]] void fail(int code, std::string_view attempt) const;

 private:
  std::string path_;
  TemporaryFiles temporary_files_;
  sqlite3 *handle_ = nullptr;
};

// Rolled back unless commit() was called.
class Transaction {
 public:
  enum class Kind { write, read };  // read: one state of the database; it need not be committed
  explicit Transaction(Database &database, Kind kind = Kind::write) : database_(database) {
    database_.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  ~Transaction();
  Transaction(const Transaction &) = delete;
  Transaction &operator=(const Transaction &) = delete;
  void commit();  // on stable storage when it returns

 private:
  Database &database_;
  bool is_open_ = true;
};

// A part of a transaction that can be undone alone. Rolled back unless keep() was called.
class Savepoint {
 public:
  explicit Savepoint(Database &database) : database_(database) { database_.execute("SAVEPOINT part"); }
  ~Savepoint();
  Savepoint(const Savepoint &) = delete;
  Savepoint &operator=(const Savepoint &) = delete;
  void keep();

 private:
  Database &database_;
  bool is_open_ = true;
};

}  // namespace bellhop_sqlite
