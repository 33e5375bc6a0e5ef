// SPDX-License-Identifier: Apache-2.0
// Opening the writing connection, and moving the write-ahead log into the database.
#include <algorithm>
#include <utility>

#include "journal/schema.hpp"
#include "journal/verify.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {
namespace {

int note_log_pages(void *pages, sqlite3 *, const char *, int count) {
  *static_cast<int *>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<WriteSession>> WriteSession::open(const Place &place, Seq mark, YoungIndex &young,
                                                         const Log &log) {
  std::unique_ptr<WriteSession> session(new WriteSession(young));
  session->generation_count_ = place.generation_count;
  Result<Database> opened = Database::open_writer(place.path, place.vfs);
  if (!opened.ok()) return opened.error();
  session->database_ = std::move(*opened);
  Database &database = session->database_;
  if (Result<void> done = refuse_foreign(database, place.path); !done.ok()) return done.error();
  if (Result<void> done = prepare_writer(database); !done.ok()) return done.error();
  if (Result<void> done = prepare_schema(database, place.path); !done.ok()) return done.error();
  if (Result<void> done = session->make_log_durable(); !done.ok()) return done.error();
  if (Result<void> done = session->prepare(); !done.ok()) return done.error();
  if (Result<void> done = session->load_instances(log); !done.ok()) return done.error();
  if (Result<void> done = session->load_kept(log); !done.ok()) return done.error();
  if (Result<void> done = session->load_young(); !done.ok()) return done.error();
  if (Result<void> done = session->find_position(place, mark, log); !done.ok()) return done.error();
  if (Result<void> done = session->count_gone(); !done.ok()) return done.error();
  session->merged_ids_.restart(session->merged_count());
  session->merged_subjects_.restart(session->merged_count());
  sqlite3_wal_hook(database.raw(), note_log_pages, &session->log_pages_);
  return session;
}

WriteSession::~WriteSession() {
  statements_ = {};
  retention_ = {};
  if (database_.is_open()) sqlite3_wal_hook(database_.raw(), nullptr, nullptr);
}

// A predecessor that was killed between writing the log and syncing it left frames that we can read and a power cut can
// take away: a duplicate of such an event would be acknowledged without a sync. So everything is moved into the
// database, which syncs both, before the first answer. The same after a failed sync, when the kernel may call lost
// pages clean: the copies in the database are written anew.
Result<void> WriteSession::make_log_durable() {
  int log_count = 0, moved_count = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(database_.raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &log_count, &moved_count);
  if (code == SQLITE_OK) return {};
  if ((code & 0xff) == SQLITE_BUSY && log_count >= 0 && log_count == moved_count) return {};  // moved, not yet cut off
  return database_.error("make the write-ahead log durable of");
}

int WriteSession::tidy() {
  young_.begin_merge(generation_count_);
  learn_merged();
  return checkpoint_if_long();
}

int WriteSession::checkpoint_if_long() {
  if (log_pages_ < checkpoint_pages) return SQLITE_OK;
  if (log_pages_ < log_pages_max) {
    return sqlite3_wal_checkpoint_v2(database_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }
  // Readers that overlap each other for long keep the log from starting over: wait for them a little.
  sqlite3_busy_timeout(database_.raw(), busy_ms_checkpoint);
  const int code = sqlite3_wal_checkpoint_v2(database_.raw(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  sqlite3_busy_timeout(database_.raw(), busy_ms_usual);
  return (code & 0xff) == SQLITE_BUSY ? SQLITE_OK : code;
}

Result<void> WriteSession::prepare() {
  const std::string into_event =
      "INSERT INTO event(" + std::string(event_columns) + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
  const std::string into_delivery =
      "INSERT INTO delivery(" + std::string(delivery_columns) +
      ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(instance, seq) DO UPDATE SET state=excluded.state, "
      "verdict=excluded.verdict, attempts=excluded.attempts, strikes=excluded.strikes, due_ms=excluded.due_ms, "
      "first_ms=excluded.first_ms, settled_ms=excluded.settled_ms, took_ms=excluded.took_ms, message=excluded.message, "
      "subject_key=excluded.subject_key, crc=excluded.crc";
  const std::string dead_letter =
      "SELECT " + std::string(delivery_columns) + " FROM delivery WHERE instance=? AND seq=? AND state IN (3, 4)";
  const std::pair<Statement *, std::string> all[] = {
      {&statements_.begin, "BEGIN IMMEDIATE"},
      {&statements_.commit, "COMMIT"},
      {&statements_.rollback, "ROLLBACK"},
      {&statements_.id_of_event, "SELECT id, flags FROM event WHERE seq=?"},
      {&statements_.find_id, "SELECT seq FROM event_id WHERE id_key=?"},
      {&statements_.newest_of_subject,
       "SELECT newest_ms FROM event_subject WHERE subject_key=? ORDER BY seq DESC LIMIT 1"},
      {&statements_.ids_above, "SELECT id_key FROM event_id WHERE id_key>? ORDER BY id_key LIMIT ?"},
      {&statements_.subjects_above,
       "SELECT subject_key FROM event_subject WHERE subject_key>? ORDER BY subject_key LIMIT ?"},
      {&statements_.insert_young, "INSERT INTO young(seq, id_key, subject_key, newest_ms) VALUES(?,?,?,?)"},
      {&statements_.merge_id, "INSERT OR IGNORE INTO event_id(id_key, seq) VALUES(?,?)"},
      {&statements_.merge_subject, "INSERT OR IGNORE INTO event_subject(subject_key, seq, newest_ms) VALUES(?,?,?)"},
      {&statements_.delete_young, "DELETE FROM young WHERE seq<=?"},
      {&statements_.insert_event, into_event},
      {&statements_.delivery_state, "SELECT state FROM delivery WHERE instance=? AND seq=?"},
      {&statements_.put_delivery, into_delivery},
      {&statements_.dead_letter, dead_letter},
      {&statements_.find_replay, "SELECT 1 FROM replay WHERE id=? AND instance=? AND seq=?"},
      {&statements_.put_replay,
       "UPDATE replay SET instance=?2, seq=?3, state=?4, verdict=?5, attempts=?6, strikes=?7, due_ms=?8, first_ms=?9, "
       "settled_ms=?10, took_ms=?11, message=?12, subject_key=?13, crc=?14 WHERE id=?1"},
      {&statements_.event_flags, "SELECT flags, subject_key, reason FROM event WHERE seq=?"},
      {&statements_.insert_replay,
       "INSERT INTO replay(instance, seq, subject_key, state, verdict, attempts, strikes, "
       "due_ms, first_ms, settled_ms, took_ms, message, crc) "
       "VALUES(?,?,?,1,0,0,0,0,0,0,0,'',0)"},
      {&statements_.insert_instance,
       "INSERT INTO instance(name, is_parked, cursor, delivered_count, crc) VALUES(?,0,?,0,0)"},
      {&statements_.put_instance,
       "UPDATE instance SET is_parked=?2, cursor=?3, delivered_count=?4, crc=?5 WHERE id=?1"},
      {&statements_.is_replay_waiting,
       "SELECT 1 FROM replay INDEXED BY replay_event WHERE seq=? AND instance=? AND state=1 LIMIT 1"},
      {&statements_.newest_attempt,
       "SELECT coalesce(max(number), 0), count(*), min(number) FROM attempt WHERE seq=? AND instance=? AND replay=?"},
      {&statements_.put_attempt,
       "INSERT INTO attempt(" + std::string(attempt_columns) + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"},
      {&statements_.trim_attempts,
       "DELETE FROM attempt WHERE seq=?1 AND instance=?2 AND replay=?3 AND number = (SELECT min(number) FROM attempt "
       "WHERE seq=?1 AND instance=?2 AND replay=?3 AND number > ?4)"},
      {&statements_.put_kept, "INSERT OR REPLACE INTO kept(" + std::string(kept_columns) + ") VALUES(?,?,?,?,?)"},
      {&statements_.kv_bytes, "SELECT length(key) + length(value) FROM kv WHERE instance=? AND key=?"},
      {&statements_.put_kv,
       "INSERT INTO kv(instance, key, crc, value) VALUES(?,?,?,?) ON CONFLICT(instance, key) DO UPDATE SET "
       "crc=excluded.crc, value=excluded.value"},
      {&statements_.delete_kv, "DELETE FROM kv WHERE instance=? AND key=?"},
      {&statements_.document,
       "SELECT content_type, etag, modified_ms, crc, body FROM document WHERE instance=? AND path=?"},
      {&statements_.put_document,
       "INSERT INTO document(instance, path, content_type, etag, modified_ms, crc, body) VALUES(?,?,?,?,?,?,?) "
       "ON CONFLICT(instance, path) DO UPDATE SET content_type=excluded.content_type, etag=excluded.etag, "
       "modified_ms=excluded.modified_ms, crc=excluded.crc, body=excluded.body"},
      {&statements_.delete_document, "DELETE FROM document WHERE instance=? AND path=?"},
  };
  for (const auto &[statement, sql] : all) {
    Result<Statement> prepared = database_.prepare(sql);
    if (!prepared.ok()) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

// A damaged row of an instance is still used, but for its cursor.
Result<void> WriteSession::load_instances(const Log &log) {
  Result<Statement> rows = database_.prepare("SELECT " + std::string(instance_columns) + " FROM instance ORDER BY id");
  if (!rows.ok()) return rows.error();
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    InstanceRecord record = read_instance(*rows);
    if (!is_intact_instance(*rows, record)) {
      // A cursor that was moved up would skip what is owed; one at the beginning would offer what came before the
      // instance. Behind its first delivery row is the oldest place that it can have come to.
      const std::int64_t read = record.cursor;
      Result<Statement> first = database_.prepare("SELECT coalesce(min(seq) - 1, 0) FROM delivery WHERE instance = ?1");
      if (!first.ok()) return first.error();
      first->bind(record.id);
      record.cursor = first->step() == SQLITE_ROW ? first->integer(0) : 0;
      log.error("journal", "the row of instance \"" + record.name +
                               "\" is not what was written (its checksum differs); "
                               "its cursor reads " +
                               std::to_string(read) + ", the search for what is owed begins behind " +
                               std::to_string(record.cursor));
    }
    instances_[record.id] = std::move(record);
  }
  if (code != SQLITE_DONE) return database_.error("read the instances of");
  return {};
}

Result<void> WriteSession::load_young() {
  Result<Statement> rows = database_.prepare("SELECT seq, id_key, subject_key, newest_ms FROM young ORDER BY seq");
  if (!rows.ok()) return rows.error();
  std::vector<YoungEntry> entries;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    entries.push_back({rows->integer(0), rows->integer(1), rows->integer(2), rows->integer(3), !rows->is_null(2)});
  }
  if (code != SQLITE_DONE) return database_.error("read the young index of");
  young_.reset(entries);
  return {};
}

Result<void> WriteSession::find_position(const Place &place, Seq mark, const Log &log) {
  const Result<std::int64_t> newest_row = database_.number("SELECT seq FROM event ORDER BY seq DESC LIMIT 1");
  if (!newest_row.ok()) return newest_row.error();
  const Result<std::int64_t> newest_hole = database_.number("SELECT last FROM hole ORDER BY first DESC LIMIT 1");
  if (!newest_hole.ok()) return newest_hole.error();
  const Result<std::int64_t> newest_removed = database_.number("SELECT last FROM removed ORDER BY first DESC LIMIT 1");
  if (!newest_removed.ok()) return newest_removed.error();
  const Seq newest_known = std::clamp<Seq>(std::max({*newest_row, *newest_hole, *newest_removed}), 0, seq_max);
  next_seq_ = std::max(newest_known, mark) + 1;
  if (mark > newest_known) {
    if (Result<void> done = record_hole({newest_known + 1, mark, place.wall_ms}, log); !done.ok()) return done.error();
  }
  Result<std::vector<std::string>> findings = check_tail(database_, tail_rows);
  if (!findings.ok()) return findings.error();
  for (const std::string &finding : *findings) log.error("journal", finding);
  return {};
}

// What the sizes of the events are, is not looked up: what the database holds is spread over them.
Result<void> WriteSession::count_gone() {
  const Result<std::int64_t> removed = database_.number("SELECT coalesce(sum(last - first + 1), 0) FROM removed");
  if (!removed.ok()) return removed.error();
  const Result<std::int64_t> lost = database_.number("SELECT coalesce(sum(last - first + 1), 0) FROM hole");
  if (!lost.ok()) return lost.error();
  removed_count_ = *removed;
  gone_count_ = *removed + *lost;
  Milliseconds received_ms = 0;
  const Result<Seq> first = oldest(received_ms);
  if (!first.ok()) return first.error();
  Pages pages;
  if (read_pages(pages) != SQLITE_OK) return database_.error("count the pages of");
  const bool is_empty = *first == 0;
  backlog_.reset(is_empty ? newest() : *first - 1, newest(),
                 is_empty ? 0 : (pages.count - pages.free_count) * page_bytes);
  return {};
}

Result<void> WriteSession::record_hole(Hole hole, const Log &log) {
  log.error("journal", "acknowledged events " + std::to_string(hole.first) + " to " + std::to_string(hole.last) +
                           " are missing: the journal's end was lost; new events get numbers above them");
  Result<Statement> insert = database_.prepare("INSERT INTO hole(first, last, found_ms, crc) VALUES(?,?,?,?)");
  if (!insert.ok()) return insert.error();
  const int code = insert->bind(hole.first, hole.last, hole.found_ms, static_cast<std::int64_t>(hole_crc(hole))).run();
  if (code != SQLITE_DONE) return database_.error("record the missing events in");
  return {};
}

}  // namespace bellhop::core
