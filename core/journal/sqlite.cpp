// SPDX-License-Identifier: Apache-2.0
#include "journal/sqlite.hpp"

#include <utility>

namespace bellhop::core {
namespace {

// Only for what should not happen: a second process that looks into the file with a shell of its own.
constexpr int busy_ms_max = 5'000;

}  // namespace

Kind kind_of_code(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Kind::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Kind::corrupt;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return Kind::denied;
    default:
      return Kind::unavailable;
  }
}

// A null pointer would bind NULL, so an empty view gets an address.
void Statement::bind_one(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index, text.data() != nullptr ? text.data() : "", text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}

void Statement::bind_one(int index, Blob blob) {
  sqlite3_bind_blob64(statement_, index, blob.bytes.data() != nullptr ? blob.bytes.data() : "", blob.bytes.size(),
                      SQLITE_STATIC);
}

std::string_view Statement::bytes(int column) const {
  const void *data = sqlite3_column_type(statement_, column) == SQLITE_BLOB
                         ? sqlite3_column_blob(statement_, column)
                         : static_cast<const void *>(sqlite3_column_text(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char *>(data), static_cast<std::size_t>(size)};
}

Result<Database> Database::open(const std::string &path, const std::string &vfs, int flags) {
  Database database;
  database.path_ = path;
  const int code =
      sqlite3_open_v2(path.c_str(), &database.database_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) return database.error("open");
  sqlite3_busy_timeout(database.database_, busy_ms_max);
  sqlite3_db_config(database.database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database.database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Result<Database> Database::open_writer(const std::string &path, const std::string &vfs) {
  return open(path, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Result<Database> Database::open_reader(const std::string &path, const std::string &vfs) {
  Result<Database> opened = open(path, vfs, SQLITE_OPEN_READONLY);
  if (opened.ok()) sqlite3_db_config(opened->raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return opened;
}

Result<Database> Database::open_memory() {
  return open(":memory:", "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
}

void Database::close() { sqlite3_close_v2(std::exchange(database_, nullptr)); }

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt *statement = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return error("prepare \"" + std::string(sql.substr(0, 60)) + "\" on");
  return Statement(statement);
}

Result<std::int64_t> Database::number(std::string_view sql) const {
  Result<Statement> statement = prepare(sql);
  if (!statement.ok()) return statement.error();
  const int code = statement->step();
  if (code == SQLITE_ROW) return statement->integer(0);
  if (code == SQLITE_DONE) return std::int64_t{0};
  return error("read \"" + std::string(sql.substr(0, 60)) + "\" from");
}

Error Database::error(std::string_view what) const {
  if (database_ == nullptr) return {Kind::unavailable, std::string(what) + " " + path_ + ": the connection is closed"};
  const int code = sqlite3_extended_errcode(database_);
  return {kind_of_code(code), std::string(what) + " " + path_ + ": " + sqlite3_errmsg(database_) + " (sqlite " +
                                  std::to_string(code) + ")"};
}

}  // namespace bellhop::core
