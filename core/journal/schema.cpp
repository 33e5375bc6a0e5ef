// SPDX-License-Identifier: Apache-2.0
#include "journal/schema.hpp"

#include <array>
#include <cstdlib>

#include "base/check.hpp"

namespace bellhop::core {
namespace {

constexpr std::int64_t application_id = 0x42484c50;  // "BHLP"

// Columns that are read without the bodies stand before them, so that SQLite need not follow a row's overflow pages.
// event_id and event_subject are indexes that we keep ourselves (journal/young_index.hpp): an event is in them or in
// young. event_subject carries newest_ms, the running maximum: whether an event is late costs one probe. The partial
// indexes hold only what is unfinished: they stay small whatever is retained.
constexpr const char *migration_1 = R"(
CREATE TABLE event(
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  id_key INTEGER NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_key INTEGER,
  time_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  newest_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  headers BLOB NOT NULL,
  body BLOB NOT NULL,
  json BLOB NOT NULL,
  crc INTEGER NOT NULL) STRICT;
CREATE INDEX event_quarantined ON event(seq) WHERE (flags & 2) != 0;
CREATE TABLE young(
  seq INTEGER PRIMARY KEY,
  id_key INTEGER NOT NULL,
  subject_key INTEGER,
  newest_ms INTEGER NOT NULL) STRICT;
CREATE TABLE event_id(
  id_key INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY(id_key, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE event_subject(
  subject_key INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  newest_ms INTEGER NOT NULL,
  PRIMARY KEY(subject_key, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE instance(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  is_parked INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  delivered_count INTEGER NOT NULL,
  crc INTEGER NOT NULL) STRICT;
CREATE TABLE delivery(
  instance INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL,
  verdict INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  strikes INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  settled_ms INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  message TEXT NOT NULL,
  subject_key INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY(instance, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery(instance, due_ms, seq) WHERE state = 1;
CREATE INDEX delivery_subject ON delivery(instance, subject_key, seq) WHERE state = 1;
CREATE INDEX delivery_waiting ON delivery(instance, seq) WHERE state = 1;
CREATE INDEX delivery_dead ON delivery(settled_ms, seq, instance) WHERE state = 3;
CREATE TABLE replay(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  instance INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL,
  verdict INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  strikes INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  settled_ms INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  message TEXT NOT NULL,
  subject_key INTEGER NOT NULL,
  crc INTEGER NOT NULL) STRICT;
CREATE INDEX replay_due ON replay(instance, due_ms, seq) WHERE state = 1;
CREATE INDEX replay_event ON replay(seq, instance);
CREATE TABLE hole(
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  found_ms INTEGER NOT NULL,
  crc INTEGER NOT NULL) STRICT;
PRAGMA application_id = 1112034384;
)";
static_assert(application_id == 1112034384);

// What instances keep, and their deliveries' attempts. Values and bodies can be large: their tables have a rowid, so
// that a search for a key reads the narrow index and not other rows' values. Attempts are small, and lie together by
// event: one B-tree. `kept` gets a row for each instance when the writer opens (a checksum cannot be made here).
constexpr const char *migration_2 = R"(
CREATE TABLE kept(
  instance INTEGER PRIMARY KEY,
  token TEXT NOT NULL,
  kv_bytes INTEGER NOT NULL,
  documents_bytes INTEGER NOT NULL,
  crc INTEGER NOT NULL) STRICT;
CREATE TABLE kv(
  instance INTEGER NOT NULL,
  key BLOB NOT NULL,
  crc INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY(instance, key)) STRICT;
CREATE TABLE document(
  instance INTEGER NOT NULL,
  path TEXT NOT NULL,
  content_type TEXT NOT NULL,
  etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY(instance, path)) STRICT;
CREATE TABLE attempt(
  seq INTEGER NOT NULL,
  instance INTEGER NOT NULL,
  replay INTEGER NOT NULL,
  number INTEGER NOT NULL,
  state INTEGER NOT NULL,
  verdict INTEGER NOT NULL,
  settled_ms INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  message TEXT NOT NULL,
  exchanges TEXT NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY(seq, instance, replay, number)) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_dropped ON delivery(instance, seq) WHERE state = 4;
)";

// Events first..last that retention removed; ranges that touch are one row.
constexpr const char *migration_3 = R"(
CREATE TABLE removed(
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  removed_ms INTEGER NOT NULL,
  crc INTEGER NOT NULL) STRICT;
)";

constexpr std::array<const char *, schema_version> migrations{migration_1, migration_2, migration_3};

// cell_size_check: a page whose cells overlap is an error when it is read, not a wrong answer later.
constexpr const char *shared_pragmas = "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;";

Result<std::int64_t> version_of(Database &database, const std::string &path) {
  const Result<std::int64_t> owner = database.number("PRAGMA application_id");
  if (!owner.ok()) return owner.error();
  const Result<std::int64_t> version = database.number("PRAGMA user_version");
  if (!version.ok()) return version.error();
  const Result<std::int64_t> tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.error();
  const bool is_new = *owner == 0 && *version == 0 && *tables == 0;
  if (!is_new && *owner != application_id) {
    return Error{Kind::conflict, "open the journal " + path + ": this is a database of another program"};
  }
  if (*version > schema_version) {
    return Error{Kind::conflict, "open the journal " + path + ": its schema is version " + std::to_string(*version) +
                                     ", written by a newer Bellhop; this one reads up to version " +
                                     std::to_string(schema_version)};
  }
  return *version;
}

}  // namespace

Result<void> refuse_foreign(Database &database, const std::string &path) {
  const Result<std::int64_t> version = version_of(database, path);
  return version.ok() ? Result<void>() : Result<void>(version.error());
}

namespace {

// The power-cut test's negative control: with less than FULL it must lose events, or it proves nothing. Only in builds
// with crash points.
std::string synchronous_mode() {
#ifdef BELLHOP_CRASH_POINTS
  if (const char *mode = std::getenv("BELLHOP_TEST_SYNCHRONOUS"); mode != nullptr) return mode;
#endif
  return "FULL";
}

}  // namespace

// Sizes: a row of a usual webhook fills one page of 8192 bytes. Settings that only a new file takes (page_size,
// auto_vacuum) come before the first write. Checkpoints are the writer's own business, after it has answered its
// callers.
Result<void> prepare_writer(Database &database) {
  const std::string sql = std::string(shared_pragmas) +
                          "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
                          "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=16777216; PRAGMA synchronous=" +
                          synchronous_mode() +
                          ";"
                          "PRAGMA secure_delete=ON; PRAGMA cache_size=-8192; PRAGMA foreign_keys=OFF;";
  if (database.exec(sql.c_str()) != SQLITE_OK) return database.error("prepare the journal");
  Result<Statement> mode = database.prepare("PRAGMA journal_mode");
  if (!mode.ok()) return mode.error();
  if (mode->step() != SQLITE_ROW || mode->bytes(0) != "wal") {
    return Error{Kind::unavailable, "prepare the journal: this file system does not take a write-ahead log"};
  }
  return {};
}

Result<void> prepare_reader(Database &database) {
  const std::string sql = std::string(shared_pragmas) + "PRAGMA query_only=ON; PRAGMA cache_size=-2048;";
  if (database.exec(sql.c_str()) != SQLITE_OK) return database.error("prepare a reader of the journal");
  return {};
}

Result<void> prepare_schema(Database &database, const std::string &path, int up_to) {
  const Result<std::int64_t> version = version_of(database, path);
  if (!version.ok()) return version.error();
  for (std::int64_t next = *version + 1; next <= up_to; ++next) {
    const std::string sql = "BEGIN IMMEDIATE;" + std::string(migrations[static_cast<std::size_t>(next - 1)]) +
                            "PRAGMA user_version=" + std::to_string(next) + ";";
    if (database.exec(sql.c_str()) != SQLITE_OK) return database.error("bring to version " + std::to_string(next));
    CRASH_POINT("journal.before_migration_commit");
    if (database.exec("COMMIT") != SQLITE_OK) return database.error("bring to version " + std::to_string(next));
    CRASH_POINT("journal.after_migration_commit");
  }
  return {};
}

Result<void> check_schema(Database &database, const std::string &path) {
  const Result<std::int64_t> version = version_of(database, path);
  if (!version.ok()) return version.error();
  if (*version == schema_version) return {};
  return Error{Kind::conflict, "read the journal " + path + ": its schema is version " + std::to_string(*version) +
                                   ", this Bellhop reads version " + std::to_string(schema_version) +
                                   "; starting the daemon on it brings it there"};
}

Result<std::string> definitions_of(Database &database) {
  Result<Statement> rows = database.prepare(
      "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name, tbl_name");
  if (!rows.ok()) return rows.error();
  std::string all;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    for (int column = 0; column < 4; ++column) (all += rows->bytes(column)) += '\n';
  }
  if (code != SQLITE_DONE) return database.error("read the definitions of");
  return all;
}

Result<std::string> expected_definitions() {
  Result<Database> memory = Database::open_memory();
  if (!memory.ok()) return memory.error();
  if (const Result<void> made = prepare_schema(*memory, ":memory:"); !made.ok()) return made.error();
  return definitions_of(*memory);
}

}  // namespace bellhop::core
