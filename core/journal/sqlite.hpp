// SPDX-License-Identifier: Apache-2.0
// SQLite behind one thin RAII class each for a connection and a prepared statement. No SQL, no journal, no thread lives
// here: a connection is used by one thread at a time, and its owner sees to that.
//
// Codes are SQLite's extended result codes; error() turns the last one into a sentence. Readers can neither write nor
// checkpoint: in the range of SQLite versions with the WAL-reset bug only one connection may ever do that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/result.hpp"

namespace bellhop::core {

class Database;

class Statement {
 public:
  Statement() = default;
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(Statement &&other) noexcept : statement_(other.statement_) { other.statement_ = nullptr; }
  Statement &operator=(Statement &&other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }

  // Binds from the first parameter on; texts and blobs are not copied and must live until reset(). A string_view is
  // TEXT; Blob{view} is a BLOB; nullptr is NULL.
  struct Blob {
    std::string_view bytes;
  };
  template <class... Values>
  Statement &bind(const Values &...values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  int step() { return sqlite3_step(statement_); }  // SQLITE_ROW, SQLITE_DONE or an error
  // For statements without rows: steps once and resets. SQLITE_DONE or an error.
  int run() {
    const int code = step();
    reset();
    return code;
  }
  void reset() { sqlite3_reset(statement_); }

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  // Valid until the next step or reset. Of any type: what is not a blob is read as text.
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt *statement) : statement_(statement) {}
  void bind_one(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind_one(int index, int value) { sqlite3_bind_int64(statement_, index, value); }
  void bind_one(int index, bool value) { sqlite3_bind_int64(statement_, index, value ? 1 : 0); }
  void bind_one(int index, std::nullptr_t) { sqlite3_bind_null(statement_, index); }
  void bind_one(int index, std::string_view text);
  void bind_one(int index, const std::string &text) { bind_one(index, std::string_view(text)); }
  void bind_one(int index, const char *text) { bind_one(index, std::string_view(text)); }
  void bind_one(int index, Blob blob);

  sqlite3_stmt *statement_ = nullptr;
};

class Database {
 public:
  Database() = default;
  ~Database() { close(); }
  Database(Database &&other) noexcept : database_(other.database_), path_(std::move(other.path_)) {
    other.database_ = nullptr;
  }
  Database &operator=(Database &&other) noexcept {
    std::swap(database_, other.database_);
    std::swap(path_, other.path_);
    return *this;
  }

  // The one connection that may write and checkpoint. Creates the file.
  //   vfs    "" = SQLite's own
  static Result<Database> open_writer(const std::string &path, const std::string &vfs = "");
  // Read-only; leaves the write-ahead log alone, also when it is the last to close.
  static Result<Database> open_reader(const std::string &path, const std::string &vfs = "");
  static Result<Database> open_memory();

  bool is_open() const { return database_ != nullptr; }
  void close();  // statements must be gone
  int exec(const char *sql) { return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr); }
  Result<Statement> prepare(std::string_view sql) const;  // kept for long; errors: see error()
  // The first column of the first row of `sql` as a number.
  Result<std::int64_t> number(std::string_view sql) const;
  bool is_in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }
  sqlite3 *raw() { return database_; }

  // The connection's last error as a value: "<what> <path>: disk I/O error (sqlite 1034)".
  Error error(std::string_view what) const;

 private:
  static Result<Database> open(const std::string &path, const std::string &vfs, int flags);

  sqlite3 *database_ = nullptr;
  std::string path_;
};

// SQLITE_DONE of a statement without rows is success.
inline int ok_if_done(int code) { return code == SQLITE_DONE ? SQLITE_OK : code; }

// The kind of an extended result code: full, corrupt, denied, else unavailable.
Kind kind_of_code(int code);

}  // namespace bellhop::core
