// SPDX-License-Identifier: Apache-2.0
#include "journal/reader.hpp"

#include <algorithm>
#include <utility>

#include "journal/late.hpp"
#include "journal/schema.hpp"

namespace bellhop::core {
namespace {

constexpr const char *not_settled =
    " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.instance = ?1 AND d.seq = event.seq) ";

// A damaged column may hold anything; a type is text, or it is not known.
Owed read_owed_row(const Statement &row, InstanceId instance) {
  Owed owed;
  owed.key = {instance, row.integer(0), row.integer(1)};
  owed.subject = row.integer(2);
  owed.type = row.text(3);
  owed.is_quarantined = (row.integer(4) & (flag_quarantined | flag_forgotten)) != 0;
  owed.attempts = static_cast<int>(row.integer(5));
  owed.strikes = static_cast<int>(row.integer(6));
  owed.first_ms = row.integer(7);
  owed.due_ms = row.integer(8);
  return owed;
}

}  // namespace

Result<std::unique_ptr<Reader>> Reader::open(const std::string &path, const std::string &vfs, const YoungIndex &young) {
  std::unique_ptr<Reader> reader(new Reader(young));
  Result<Database> opened = Database::open_reader(path, vfs);
  if (!opened.ok()) return opened.error();
  reader->database_ = std::move(*opened);
  if (Result<void> done = prepare_reader(reader->database_); !done.ok()) return done.error();
  if (Result<void> done = reader->prepare(); !done.ok()) return done.error();
  return reader;
}

// INDEXED BY makes a change of the planner's mind an error in a test instead of a slow daemon.
Result<void> Reader::prepare() {
  const std::string event_row = "SELECT event.seq, 0, coalesce(event.subject_key, 0), type, flags, 0, 0, 0, 0 FROM ";
  const std::string row = " subject_key, attempts, strikes, first_ms, due_ms FROM ";
  const std::pair<Statement *, std::string> all[] = {
      {&statements_.owed, event_row + "event WHERE event.seq > ?2" + not_settled + "ORDER BY event.seq LIMIT ?3"},
      {&statements_.owed_of_subject, event_row +
                                         "event_subject s CROSS JOIN event ON event.seq = s.seq "
                                         "WHERE s.subject_key = ?2 AND s.seq > ?3 AND s.seq <= ?4" +
                                         not_settled + "ORDER BY s.seq LIMIT ?5"},
      {&statements_.owed_one, event_row + "event WHERE event.seq = ?2" + not_settled},
      {&statements_.due,
       "SELECT seq, replay, subject_key, coalesce((SELECT type FROM event WHERE event.seq = w.seq), ''), 0, attempts, "
       "strikes, first_ms, due_ms FROM ("
       "SELECT * FROM (SELECT seq, 0 AS replay," +
           row +
           "delivery INDEXED BY delivery_due "
           "WHERE instance = ?1 AND state = 1 AND due_ms <= ?2 ORDER BY due_ms, seq LIMIT ?3) UNION ALL "
           "SELECT * FROM (SELECT seq, id AS replay," +
           row +
           "replay INDEXED BY replay_due "
           "WHERE instance = ?1 AND state = 1 AND due_ms <= ?2 ORDER BY due_ms, seq, id LIMIT ?3)"
           ") w ORDER BY due_ms, seq, replay LIMIT ?3"},
      {&statements_.next_due,
       "SELECT min(due_ms) FROM ("
       "SELECT * FROM (SELECT due_ms FROM delivery INDEXED BY delivery_due "
       "WHERE instance = ?1 AND state = 1 AND due_ms > ?2 ORDER BY due_ms LIMIT 1) UNION ALL "
       "SELECT * FROM (SELECT due_ms FROM replay INDEXED BY replay_due "
       "WHERE instance = ?1 AND state = 1 AND due_ms > ?2 ORDER BY due_ms LIMIT 1))"},
      {&statements_.is_waiting,
       "SELECT 1 FROM delivery INDEXED BY delivery_subject "
       "WHERE instance = ?1 AND subject_key = ?2 AND state = 1 LIMIT 1"},
      {&statements_.first_waiting,
       "SELECT seq FROM delivery INDEXED BY delivery_waiting "
       "WHERE instance = ?1 AND state = 1 ORDER BY seq LIMIT 1"},
      {&statements_.load, "SELECT " + std::string(event_columns) + " FROM event WHERE seq = ?1"},
      {&statements_.newest_of_subject,
       "SELECT newest_ms FROM event_subject WHERE subject_key = ?1 ORDER BY seq DESC LIMIT 1"},
      {&statements_.kv_get, "SELECT crc, value FROM kv WHERE instance = ?1 AND key = ?2"},
      {&statements_.kv_list, "SELECT key, crc, value FROM kv WHERE instance = ?1 AND key >= ?2 ORDER BY key LIMIT ?3"},
      {&statements_.document,
       "SELECT content_type, etag, modified_ms, crc, body FROM document WHERE instance = ?1 AND path = ?2"},
      {&statements_.kept,
       "SELECT id, token, kv_bytes, documents_bytes, k.crc FROM instance LEFT JOIN kept k ON k.instance = id "
       "WHERE id = ?1"},
      {&statements_.kv_bytes, "SELECT length(key) + length(value) FROM kv WHERE instance = ?1 AND key = ?2"},
      {&statements_.document_bytes,
       "SELECT length(CAST(path AS BLOB)) + length(CAST(content_type AS BLOB)) + length(body) FROM document "
       "WHERE instance = ?1 AND path = ?2"},
  };
  for (const auto &[statement, sql] : all) {
    Result<Statement> prepared = database_.prepare(sql);
    if (!prepared.ok()) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<std::vector<Owed>> Reader::read_owed(Statement &statement, InstanceId instance) {
  std::vector<Owed> found;
  int code = SQLITE_OK;
  while ((code = statement.step()) == SQLITE_ROW) found.push_back(read_owed_row(statement, instance));
  statement.reset();
  if (code != SQLITE_DONE) return database_.error("read what instance " + std::to_string(instance) + " is owed from");
  return found;
}

Result<std::vector<Owed>> Reader::owed(InstanceId instance, Seq after, int count_max) {
  return read_owed(statements_.owed.bind(instance, after, std::max(count_max, 0)), instance);
}

Result<std::vector<Owed>> Reader::owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                                  int count_max) {
  // The young index first: what is merged between the two questions is then seen twice, not missed.
  const std::vector<Seq> young = young_.seqs_of_subject(subject, after, up_to);
  Result<std::vector<Owed>> found =
      read_owed(statements_.owed_of_subject.bind(instance, subject, after, up_to, std::max(count_max, 0)), instance);
  if (!found.ok() || young.empty()) return found;
  if (Result<void> added = add_young(*found, young, instance, count_max); !added.ok()) return added.error();
  return found;
}

// `found` are the oldest count_max of the merged ones. Of the young, oldest first, no more than count_max can count,
// and none beyond the last merged one when those alone are enough.
Result<void> Reader::add_young(std::vector<Owed> &found, const std::vector<Seq> &seqs, InstanceId instance,
                               int count_max) {
  const auto by_seq = [](const Owed &a, const Owed &b) { return a.key.seq < b.key.seq; };
  const std::size_t limit = static_cast<std::size_t>(std::max(count_max, 0));
  const std::vector<Owed> merged = found;
  for (const Seq seq : seqs) {
    if (found.size() - merged.size() >= limit || (merged.size() >= limit && seq > merged.back().key.seq)) break;
    Owed sought;
    sought.key.seq = seq;
    if (std::binary_search(merged.begin(), merged.end(), sought, by_seq)) continue;
    Result<std::vector<Owed>> one = read_owed(statements_.owed_one.bind(instance, seq), instance);
    if (!one.ok()) return one.error();
    found.insert(found.end(), one->begin(), one->end());
  }
  std::sort(found.begin(), found.end(), by_seq);
  if (found.size() > limit) found.resize(limit);
  return {};
}

Result<std::vector<Owed>> Reader::due(InstanceId instance, Milliseconds now_ms, int count_max) {
  return read_owed(statements_.due.bind(instance, now_ms, std::max(count_max, 0)), instance);
}

Result<std::optional<Milliseconds>> Reader::next_due(InstanceId instance, Milliseconds after_ms) {
  Statement &next = statements_.next_due.bind(instance, after_ms);
  const int code = next.step();
  std::optional<Milliseconds> found;
  if (code == SQLITE_ROW && !next.is_null(0)) found = next.integer(0);
  next.reset();
  if (code != SQLITE_ROW) return database_.error("read what is due next from");
  return found;
}

Result<bool> Reader::is_waiting(InstanceId instance, SubjectKey subject) {
  const int code = statements_.is_waiting.bind(instance, subject).run();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return database_.error("read what is waiting from");
  return code == SQLITE_ROW;
}

Result<std::optional<Seq>> Reader::first_waiting(InstanceId instance) {
  Statement &first = statements_.first_waiting.bind(instance);
  const int code = first.step();
  std::optional<Seq> found;
  if (code == SQLITE_ROW) found = first.integer(0);
  first.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return database_.error("read what is waiting from");
  return found;
}

Result<Milliseconds> Reader::newest_of_subject(SubjectKey subject) {
  if (const std::optional<Milliseconds> young_ms = young_.newest_of_subject(subject)) return *young_ms;
  Statement &newest = statements_.newest_of_subject.bind(subject);
  const int code = newest.step();
  const Milliseconds newest_ms = code == SQLITE_ROW ? newest.integer(0) : newest_ms_none;
  newest.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return database_.error("read the newest of a subject from");
  return newest_ms;
}

// Nothing of a row is used before its checksum was verified.
Result<StoredEvent> Reader::load(Seq seq) {
  Statement &row = statements_.load.bind(seq);
  const int code = row.step();
  if (code == SQLITE_DONE) {
    row.reset();
    return Error{Kind::not_found, "load: there is no event " + std::to_string(seq)};
  }
  if (code != SQLITE_ROW) {
    Error error = database_.error("load event " + std::to_string(seq) + " from");
    row.reset();
    return error;
  }
  const EventRecord record = read_event(row);
  if (!is_intact(row, record) || record.seq != seq) {
    row.reset();
    return Error{Kind::corrupt,
                 "load: event " + std::to_string(seq) + " is not what was written (its checksum differs)"};
  }
  if ((record.flags & flag_forgotten) != 0) {
    row.reset();
    return Error{Kind::not_found, "load: event " + std::to_string(seq) + " was forgotten on request"};
  }
  StoredEvent loaded;
  loaded.seq = seq;
  loaded.event.id = id_of(record.id);
  loaded.event.type = record.type;
  loaded.event.subject = record.subject;
  loaded.event.time_ms = record.time_ms;
  loaded.event.received_ms = record.received_ms;
  loaded.event.is_test = (record.flags & flag_test) != 0;
  loaded.event.json = record.json;
  loaded.is_late = (record.flags & flag_late) != 0;
  loaded.body = record.body;
  const std::optional<SubjectKey> subject = record.subject_key;
  row.reset();
  if (!subject) return loaded;
  const Result<Milliseconds> newest_ms = newest_of_subject(*subject);
  if (!newest_ms.ok()) return newest_ms.error();
  loaded.is_superseded = *newest_ms > loaded.event.time_ms;
  return loaded;
}

// ---- the pool -------------------------------------------------------------------------------------------------------

Result<ReaderPool::Loan> ReaderPool::lend() {
  int generation = 0;
  {
    Lock lock(mutex_);
    while (lent_count_ >= readers_max) changed_.wait(mutex_);
    ++lent_count_;
    generation = generation_;
    if (!idle_.empty()) {
      std::unique_ptr<Reader> reader = std::move(idle_.back());
      idle_.pop_back();
      return Loan(*this, std::move(reader), generation);
    }
  }
  Result<std::unique_ptr<Reader>> opened = Reader::open(path_, vfs_, young_);
  if (opened.ok()) return Loan(*this, std::move(*opened), generation);
  give_back(nullptr, generation);
  return opened.error();
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader, int generation) {
  Lock lock(mutex_);
  --lent_count_;
  if (reader != nullptr && generation == generation_) idle_.push_back(std::move(reader));
  changed_.notify_one();
  // One of an older generation closes when `reader` goes, after the lock: locals go first.
}

void ReaderPool::renew() {
  std::vector<std::unique_ptr<Reader>> old;
  Lock lock(mutex_);
  ++generation_;
  old.swap(idle_);
}

}  // namespace bellhop::core
