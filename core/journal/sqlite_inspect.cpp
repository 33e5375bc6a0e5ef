// SPDX-License-Identifier: Apache-2.0
// SqliteJournal's answers to Inspect. Rare questions of people: prepared when they are asked.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "journal/high_water.hpp"
#include "journal/kept.hpp"
#include "journal/record.hpp"
#include "journal/reference.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/verify.hpp"

namespace bellhop::core {
namespace {

EventRow row_of(const EventRecord &record, std::int64_t body_bytes) {
  EventRow row;
  row.seq = record.seq;
  row.id = id_of(record.id);
  row.source_name = record.source_name;
  row.type = record.type;
  row.subject = record.subject;
  row.quarantine_reason = record.reason;
  row.time_ms = record.time_ms;
  row.received_ms = record.received_ms;
  row.is_late = (record.flags & flag_late) != 0;
  row.is_test = (record.flags & flag_test) != 0;
  row.is_quarantined = (record.flags & flag_quarantined) != 0;
  row.body_bytes = body_bytes;
  row.is_forgotten = (record.flags & flag_forgotten) != 0;
  return row;
}

// Our globs know '*' only; SQLite's also '?' and '['.
std::string sqlite_glob(std::string_view glob) {
  std::string out;
  for (const char c : glob) {
    if (c == '?' || c == '[') {
      ((out += '[') += c) += ']';
    } else {
      out += c;
    }
  }
  return out.empty() ? "*" : out;
}

// The columns of an EventRecord without its bodies, and the size of the raw one.
constexpr const char *event_head =
    "SELECT seq, id, id_key, source, type, subject, subject_key, time_ms, received_ms, flags, newest_ms, reason, "
    "length(body) FROM event ";

constexpr const char *delivery_head =
    "SELECT x.instance, x.seq, x.state, x.verdict, x.attempts, x.strikes, x.due_ms, x.first_ms, x.settled_ms, "
    "x.took_ms, "
    "x.message, x.subject_key, x.crc, x.replay, coalesce(i.name, ''), coalesce(e.type, ''), coalesce(e.subject, ''), "
    "coalesce(e.id, x'') FROM ";
constexpr const char *delivery_tail =
    " x LEFT JOIN instance i ON i.id = x.instance LEFT JOIN event e ON e.seq = x.seq ";

EventRecord read_head(const Statement &s) {
  EventRecord record;
  record.seq = s.integer(0);
  record.id = s.bytes(1);
  record.source_name = s.bytes(3);
  record.type = s.bytes(4);
  record.subject = s.bytes(5);
  record.time_ms = s.integer(7);
  record.received_ms = s.integer(8);
  record.flags = s.integer(9);
  record.reason = s.bytes(11);
  return record;
}

DeliveryRow delivery_row(const Statement &s) {
  const Settlement last = read_delivery(s, s.integer(13));
  DeliveryRow row;
  row.key = last.key;
  row.state = last.state;
  row.verdict = last.verdict;
  row.attempts = last.attempts;
  row.strikes = last.strikes;
  row.due_ms = last.due_ms;
  row.settled_ms = last.settled_ms;
  row.took_ms = last.took_ms;
  row.message = last.message;
  row.instance_name = s.text(14);
  row.event_type = s.text(15);
  row.event_subject = s.text(16);
  row.event_id = id_of(s.bytes(17));
  return row;
}

// What a bound statement of delivery_head and delivery_tail finds.
Result<std::vector<DeliveryRow>> delivery_rows(Database &database, Statement &rows) {
  std::vector<DeliveryRow> found;
  int code = SQLITE_OK;
  while ((code = rows.step()) == SQLITE_ROW) found.push_back(delivery_row(rows));
  if (code != SQLITE_DONE) return database.error("read deliveries from");
  return found;
}

Result<std::vector<DeliveryRow>> deliveries_of_event(Database &database, Seq seq) {
  const std::string columns = std::string(delivery_columns);
  Result<Statement> rows = database.prepare(delivery_head +
                                            ("(SELECT " + columns +
                                             ", 0 AS replay FROM delivery WHERE seq = ?1 AND instance IN "
                                             "(SELECT id FROM instance) UNION ALL SELECT " +
                                             columns + ", id FROM replay WHERE seq = ?1)") +
                                            delivery_tail + "ORDER BY x.instance, x.replay");
  if (!rows.ok()) return rows.error();
  return delivery_rows(database, rows->bind(seq));
}

Result<std::map<DeliveryKey, std::vector<AttemptRow>>> stored_attempts(Database &database, Seq seq) {
  Result<Statement> rows = database.prepare("SELECT " + std::string(attempt_columns) +
                                            " FROM attempt WHERE seq = ? ORDER BY instance, replay, number");
  if (!rows.ok()) return rows.error();
  rows->bind(seq);
  std::map<DeliveryKey, std::vector<AttemptRow>> found;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    AttemptRow row = read_attempt(*rows);
    found[row.key].push_back(std::move(row));
  }
  if (code != SQLITE_DONE) return database.error("read attempts from");
  return found;
}

// The seq of the event that a reference means.
Result<Seq> find(Database &database, std::string_view text) {
  const Result<Reference> reference = parse_reference(text);
  if (!reference.ok()) return reference.error();
  if (reference->seq) {
    Result<Statement> by_seq = database.prepare("SELECT seq FROM event WHERE seq = ?");
    if (!by_seq.ok()) return by_seq.error();
    const int code = by_seq->bind(*reference->seq).step();
    if (code == SQLITE_ROW) return *reference->seq;
    if (code != SQLITE_DONE) return database.error("find event " + std::string(text) + " in");
  }
  const Error none{Kind::not_found, "there is no event \"" + std::string(text) + "\""};
  if (reference->id_prefix.empty()) return none;
  Result<Statement> by_id = database.prepare(
      "SELECT seq, id FROM event WHERE seq IN (SELECT seq FROM event_id WHERE id_key BETWEEN ?1 AND ?2 "
      "UNION SELECT seq FROM young WHERE id_key BETWEEN ?1 AND ?2) ORDER BY seq");
  if (!by_id.ok()) return by_id.error();
  by_id->bind(reference->low, reference->high);
  std::optional<Seq> found;
  int code = SQLITE_OK;
  while ((code = by_id->step()) == SQLITE_ROW) {
    if (!reference->fits(id_of(by_id->bytes(1)))) continue;
    if (found) {
      return Error{Kind::conflict, "\"" + std::string(text) + "\" fits several events, among them " +
                                       std::to_string(*found) + " and " + std::to_string(by_id->integer(0)) +
                                       ": give more digits"};
    }
    found = by_id->integer(0);
  }
  if (code != SQLITE_DONE) return database.error("find event " + std::string(text) + " in");
  if (!found) return none;
  return *found;
}

}  // namespace

Result<std::vector<EventRow>> SqliteJournal::events(const EventQuery &query) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  const std::string where =
      query.only_quarantined ? "INDEXED BY event_quarantined WHERE (flags & 2) != 0 AND " : "WHERE ";
  Result<Statement> rows =
      database.prepare(event_head + where + "seq < ? AND seq > ? AND type GLOB ? ORDER BY seq DESC LIMIT ?");
  if (!rows.ok()) return rows.error();
  const std::string glob = sqlite_glob(query.type_glob);
  rows->bind(query.before.value_or(std::numeric_limits<Seq>::max()), query.after.value_or(0), glob,
             std::clamp(query.count_max, 0, inspect_rows_max));
  std::vector<EventRow> found;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) found.push_back(row_of(read_head(*rows), rows->integer(12)));
  if (code != SQLITE_DONE) return database.error("list the events of");
  return found;
}

Result<EventDetail> SqliteJournal::event(std::string_view reference) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  const Result<Seq> seq = find(database, reference);
  if (!seq.ok()) return seq.error();
  Result<Statement> row = database.prepare("SELECT " + std::string(event_columns) + " FROM event WHERE seq = ?");
  if (!row.ok()) return row.error();
  if (row->bind(*seq).step() != SQLITE_ROW) return database.error("read event " + std::to_string(*seq) + " from");
  const EventRecord record = read_event(*row);
  EventDetail detail;
  detail.row = row_of(record, static_cast<std::int64_t>(record.body.size()));
  detail.json = record.json;
  detail.body = record.body;
  std::optional<Headers> headers = decode_headers(record.headers);
  detail.is_intact = is_intact(*row, record) && headers.has_value();
  if (headers) detail.headers = std::move(*headers);
  return detail;
}

Result<std::vector<DeliveryRow>> SqliteJournal::deliveries_of(Seq seq) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return deliveries_of_event((*reader)->database(), seq);
}

// One transaction: between two, an attempt could be settled and be told of twice.
Result<std::vector<AttemptRow>> SqliteJournal::attempts_of(Seq seq) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  if (database.exec("BEGIN") != SQLITE_OK) return database.error("read attempts from");
  Result<std::map<DeliveryKey, std::vector<AttemptRow>>> stored = stored_attempts(database, seq);
  const Result<std::vector<DeliveryRow>> deliveries = deliveries_of_event(database, seq);
  if (database.exec("COMMIT") != SQLITE_OK) return database.error("read attempts from");
  if (!stored.ok()) return stored.error();
  if (!deliveries.ok()) return deliveries.error();
  std::vector<AttemptRow> found;
  for (const DeliveryRow &delivery : *deliveries) {
    const std::vector<AttemptRow> &attempts = (*stored)[delivery.key];
    for (const AttemptRow &attempt : attempts) {
      found.push_back(attempt);
      found.back().instance_name = delivery.instance_name;
    }
    if (auto last = attempt_of(delivery, attempts.empty() ? nullptr : &attempts.back())) found.push_back(*last);
  }
  return found;
}

Result<std::vector<DeliveryRow>> SqliteJournal::dead(const DeadQuery &query) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  Result<Statement> rows = database.prepare(
      delivery_head +
      ("(SELECT " + std::string(delivery_columns) +
       ", 0 AS replay FROM delivery INDEXED BY delivery_dead WHERE state = 3 AND (settled_ms, seq, instance) < (?1, "
       "?2, ?3) ORDER BY settled_ms DESC, seq DESC, instance DESC)") +
      delivery_tail +
      "WHERE (?4 = '' OR i.name = ?4) AND coalesce(e.type, '') GLOB ?5 "
      "ORDER BY x.settled_ms DESC, x.seq DESC, x.instance DESC LIMIT ?6");
  if (!rows.ok()) return rows.error();
  constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
  const DeadPlace before = query.before.value_or(DeadPlace{end, end, end});
  const std::string glob = sqlite_glob(query.type_glob);
  rows->bind(before.settled_ms, before.seq, before.instance, query.instance_name, glob,
             std::clamp(query.count_max, 0, inspect_rows_max));
  return delivery_rows(database, *rows);
}

Result<std::vector<InstanceRow>> SqliteJournal::instances() {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  Result<Statement> rows = database.prepare(
      "SELECT id, name, is_parked, cursor, delivered_count, instance.crc"
      ", (SELECT count(*) FROM delivery d INDEXED BY delivery_waiting WHERE d.instance = instance.id AND d.state = 1),"
      " (SELECT count(*) FROM delivery d INDEXED BY delivery_dead WHERE d.instance = instance.id AND d.state = 3),"
      " (SELECT count(*) FROM replay r INDEXED BY replay_due WHERE r.instance = instance.id AND r.state = 1),"
      " (SELECT count(*) FROM delivery d INDEXED BY delivery_dropped WHERE d.instance = instance.id AND d.state = 4),"
      " coalesce(kept.kv_bytes, 0), coalesce(kept.documents_bytes, 0)"
      " FROM instance LEFT JOIN kept ON kept.instance = instance.id ORDER BY name");
  if (!rows.ok()) return rows.error();
  std::vector<InstanceRow> found;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    const InstanceRecord record = read_instance(*rows);
    found.push_back({record.id,
                     record.name,
                     record.is_parked,
                     record.cursor,
                     rows->integer(6),
                     rows->integer(7),
                     record.delivered_count,
                     rows->integer(8),
                     rows->integer(9),
                     {rows->integer(10), rows->integer(11)}});
  }
  if (code != SQLITE_DONE) return database.error("list the instances of");
  return found;
}

// The mark is read first: what was acknowledged by then must be in what is read after it.
Result<VerifyReport> SqliteJournal::verify() {
  const Result<HighWater::Found> mark = HighWater::read(options_.path);
  if (!mark.ok()) return mark.error();
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return verify_all((*reader)->database(), mark->mark.value_or(0));
}

}  // namespace bellhop::core
