// SPDX-License-Identifier: Apache-2.0
// See database.hpp. The sentence of an error names what was tried, on which file, and what came back.
#include "database.hpp"

#include <cerrno>
#include <cstring>

namespace bellhop_sqlite {

Statement::Statement(Database &database, std::string_view sql) : database_(&database) {
  const int code = sqlite3_prepare_v3(database.raw(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) database.fail(code, "prepare \"" + std::string(sql.substr(0, 60)) + "\"");
}

void Statement::check(int code) const {
  if (code == SQLITE_OK) return;
  database_->fail(code, "bind a value");
}

Statement &Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value));
  return *this;
}

Statement &Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL; an empty view is the empty string.
  check(
      sqlite3_bind_text64(statement_, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement &Statement::bind(int index, const std::optional<std::string> &text) {
  return text ? bind(index, std::string_view(*text)) : bind(index, nullptr);
}

Statement &Statement::bind(int index, std::nullptr_t) {
  check(sqlite3_bind_null(statement_, index));
  return *this;
}

Statement &Statement::bind_blob(int index, std::string_view bytes) {
  check(sqlite3_bind_blob64(statement_, index, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_->fail(code, "write");
}

void Statement::run() {
  const Resetting resetting(*this);
  while (step()) {
  }
}

void Statement::reset() {
  // The code of reset repeats that of the last step, which was looked at there.
  sqlite3_reset(statement_);
}

std::string_view Statement::text(int column) const {
  const unsigned char *bytes = sqlite3_column_text(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes ? std::string_view(reinterpret_cast<const char *>(bytes), static_cast<std::size_t>(size))
               : std::string_view();
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return std::string(text(column));
}

Database::Database(const std::string &path, int busy_timeout_ms) : path_(path), temporary_files_(path) {
  // No mutexes: the host enters an instance with one thread at a time.
  const int code = sqlite3_open_v2(
      path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      temporary_files_.vfs_name());
  if (code != SQLITE_OK) {
    const std::string sentence = "open " + path + ": " + (handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
    const int system_errno = handle_ ? sqlite3_system_errno(handle_) : 0;
    sqlite3_close_v2(handle_);
    handle_ = nullptr;
    throw DatabaseError(code, system_errno,
                        sentence + (system_errno ? std::string(" (") + std::strerror(system_errno) + ")" : ""));
  }
  sqlite3_busy_timeout(handle_, busy_timeout_ms);
}

void Database::execute(const char *sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, std::string_view(sql).substr(0, 60));
}

std::int64_t Database::integer(const char *sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string Database::text(const char *sql) {
  Statement statement(*this, sql);
  return statement.step() ? std::string(statement.text(0)) : std::string();
}

bool Database::is_moved() const {
  int is_moved = 0;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &is_moved);
  return is_moved != 0;
}

void Database::keep_write_ahead_log() {
  int is_kept = 1;
  const int code = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_PERSIST_WAL, &is_kept);
  if (code != SQLITE_OK) fail(code, "keep the write-ahead log");
}

bool Database::cut_write_ahead_log() {
  const int code = sqlite3_wal_checkpoint_v2(handle_, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) fail(code, "cut the write-ahead log");
  return code == SQLITE_OK;
}

void Database::fail(int code, std::string_view attempt) const {
  // errno is told only where SQLite says that the operating system refused: else it is a left-over.
  const int primary = code & 0xff;
  const bool is_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
  const int system_errno = is_system ? sqlite3_system_errno(handle_) : 0;
  std::string sentence(attempt);
  sentence += " in " + path_ + ": " + sqlite3_errmsg(handle_);
  if (system_errno != 0) sentence += std::string(" (") + std::strerror(system_errno) + ")";
  throw DatabaseError(code, system_errno, sentence);
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors; then there is nothing left to do.
  if (is_open_ && sqlite3_get_autocommit(database_.raw()) == 0) {
    sqlite3_exec(database_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  is_open_ = false;
}

Savepoint::~Savepoint() {
  if (!is_open_ || sqlite3_get_autocommit(database_.raw()) != 0) return;
  sqlite3_exec(database_.raw(), "ROLLBACK TO part; RELEASE part", nullptr, nullptr, nullptr);
}

void Savepoint::keep() {
  database_.execute("RELEASE part");
  is_open_ = false;
}

}  // namespace bellhop_sqlite
