// SPDX-License-Identifier: Apache-2.0
#include "journal/verify.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <tuple>

#include "journal/high_water.hpp"
#include "journal/record.hpp"
#include "journal/schema.hpp"
#include "journal/storage.hpp"
#include "journal/verify_kept.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t findings_max = 1'000;
constexpr int rows_per_transaction = 256;

std::string text_of(std::int64_t number) { return std::to_string(number); }

class Verification {
 public:
  Verification(Database &database, Seq mark) : database_(database), mark_(mark) {}

  Result<VerifyReport> run() {
    const Result<Seq> newest = database_.number("SELECT seq FROM event ORDER BY seq DESC LIMIT 1");
    if (newest.ok()) report_.newest = *newest;
    check_definitions();
    read_holes();
    check_removed();
    check_events();
    check_end();
    check_instances();
    check_deliveries();
    check_replays();
    check_kept(database_, [this](std::string sentence) { found(std::move(sentence)); });
    check_structure();
    return std::move(report_);
  }

  std::vector<std::string> run_tail(int rows_max) {
    const Result<Seq> newest = database_.number("SELECT seq FROM event ORDER BY seq DESC LIMIT 1");
    if (!newest.ok()) found(newest.error().sentence);
    read_holes();
    report_.findings.clear();  // holes were reported when they were found
    expected_ = std::max<Seq>(newest.ok() ? *newest - rows_max + 1 : 1, 1);
    check_events();
    return std::move(report_.findings);
  }

 private:
  void found(std::string sentence) {
    if (report_.findings.size() < findings_max) {
      report_.findings.push_back(std::move(sentence));
    } else if (report_.findings.size() == findings_max) {
      report_.findings.push_back("there are more findings than " + text_of(findings_max) + "; the rest is left out");
    }
  }

  void check_definitions() {
    const Result<std::string> here = definitions_of(database_);
    const Result<std::string> expected = expected_definitions();
    if (!here.ok()) return found(here.error().sentence);
    if (expected.ok() && *here != *expected) {
      found("the definitions of the tables are not those of schema version " + text_of(schema_version));
    }
  }

  void read_holes() {
    Result<Statement> rows = database_.prepare("SELECT first, last, found_ms, crc FROM hole ORDER BY first");
    if (!rows.ok()) return found(rows.error().sentence);
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      const Hole hole{rows->integer(0), rows->integer(1), rows->integer(2)};
      if (rows->integer(3) != hole_crc(hole)) {
        found("the record of missing events at " + text_of(hole.first) + " is not what was written");
        continue;
      }
      found("acknowledged events " + text_of(hole.first) + " to " + text_of(hole.last) +
            " are missing, as an earlier start found");
      holes_.push_back(hole);
    }
    if (code != SQLITE_DONE) found(database_.error("read the records of missing events in").sentence);
  }

  void check_removed() {
    Result<Statement> rows = database_.prepare("SELECT first, last, removed_ms, crc FROM removed ORDER BY first");
    if (!rows.ok()) return found(rows.error().sentence);
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      const Hole range{rows->integer(0), rows->integer(1), rows->integer(2)};
      if (rows->integer(3) == hole_crc(range)) continue;
      found("the record of removed events at " + text_of(range.first) + " is not what was written");
    }
    if (code != SQLITE_DONE) found(database_.error("read the records of removed events in").sentence);
  }

  // Steps over what retention removed. Read at each gap, in the transaction that saw the gap: retention may be at work.
  void check_gap(Seq first, Seq last) {
    Result<Statement> rows = database_.prepare(
        "SELECT first, last, removed_ms, crc FROM removed WHERE first<=?2 AND "
        "first>=coalesce((SELECT max(first) FROM removed WHERE first<=?1), 0) ORDER BY first");
    if (!rows.ok()) return found(rows.error().sentence);
    rows->bind(first, last);
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      const Hole range{rows->integer(0), rows->integer(1), rows->integer(2)};
      if (range.last < first || rows->integer(3) != hole_crc(range)) continue;
      if (range.first > first) check_lost(first, range.first - 1);
      first = range.last + 1;
    }
    if (code != SQLITE_DONE) return found(database_.error("read the records of removed events in").sentence);
    if (first <= last) check_lost(first, last);
  }

  // Steps over holes; what is left of first..last was lost without anybody noticing.
  void check_lost(Seq first, Seq last) {
    for (const Hole &hole : holes_) {
      if (hole.last < first || hole.first > last) continue;
      if (hole.first > first) report_gap(first, hole.first - 1);
      first = hole.last + 1;
    }
    if (first <= last) report_gap(first, last);
  }
  void report_gap(Seq first, Seq last) { found("events " + text_of(first) + " to " + text_of(last) + " are missing"); }

  void check_events() {
    Result<Statement> rows = database_.prepare(
        "SELECT " + std::string(event_columns) +
        ", EXISTS (SELECT 1 FROM young y WHERE y.seq = e.seq AND y.id_key = e.id_key AND y.subject_key IS "
        "e.subject_key "
        "AND y.newest_ms = e.newest_ms), EXISTS (SELECT 1 FROM event_id i WHERE i.id_key = e.id_key AND i.seq = "
        "e.seq), "
        "e.subject_key IS NULL OR EXISTS (SELECT 1 FROM event_subject s WHERE s.subject_key = e.subject_key AND "
        "s.seq = e.seq AND s.newest_ms = e.newest_ms) FROM event e WHERE seq >= ? ORDER BY seq LIMIT ?");
    if (!rows.ok()) return found(rows.error().sentence);
    for (Seq before = 0; before != expected_;) {
      before = expected_;
      rows->bind(expected_, rows_per_transaction);
      int code = SQLITE_OK;
      while ((code = rows->step()) == SQLITE_ROW) check_event(*rows);
      rows->reset();
      if (code == SQLITE_DONE) continue;
      return found(database_.error("read the events from " + text_of(expected_) + " on in").sentence);
    }
  }

  void check_event(const Statement &row) {
    const EventRecord record = read_event(row);
    // A damaged tree may hand rows out in any order; going on from the greatest keeps this loop finite.
    if (record.seq < expected_ || record.seq > seq_max) {
      return found("event " + text_of(record.seq) + " stands where event " + text_of(expected_) + " or later should");
    }
    if (record.seq > expected_) check_gap(expected_, record.seq - 1);
    if (report_.events_count++ == 0) report_.first = record.seq;
    report_.newest = std::max(report_.newest, record.seq);
    expected_ = record.seq + 1;
    if (!is_intact(row, record))
      found("event " + text_of(record.seq) + " is not what was written (its checksum differs)");
    const bool is_young = row.integer(16) != 0, has_id = row.integer(17) != 0, has_subject = row.integer(18) != 0;
    if (!is_young && !has_id) found("event " + text_of(record.seq) + " is missing in the index of ids");
    if (!is_young && !has_subject) found("event " + text_of(record.seq) + " is missing in the index of subjects");
  }

  void check_end() {
    if (mark_ < expected_) return;
    check_gap(expected_, mark_);
  }

  void check_instances() {
    Result<Statement> rows = database_.prepare(
        "SELECT " + std::string(instance_columns) +
        ", (SELECT count(*) FROM delivery d WHERE d.instance = instance.id AND d.state = 2) FROM instance ORDER BY id");
    if (!rows.ok()) return found(rows.error().sentence);
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      const InstanceRecord record = read_instance(*rows);
      const std::string name = "instance " + text_of(record.id) + " \"" + record.name + "\"";
      if (!is_intact_instance(*rows, record)) {
        found("the row of " + name + " is not what was written (its checksum differs)");
      } else if (record.delivered_count != rows->integer(6)) {
        found(name + " counts " + text_of(record.delivered_count) + " delivered events, and has rows for " +
              text_of(rows->integer(6)));
      }
    }
    if (code != SQLITE_DONE) found(database_.error("read the instances of").sentence);
  }

  void check_deliveries() {
    Result<Statement> rows = database_.prepare("SELECT " + std::string(delivery_columns) +
                                               " FROM delivery WHERE (instance, seq) > (?, ?) ORDER BY instance, seq "
                                               "LIMIT ?");
    if (!rows.ok()) return found(rows.error().sentence);
    std::int64_t instance = std::numeric_limits<std::int64_t>::min(), seq = instance;
    for (bool has_more = true; has_more;) {  // ends: (instance, seq) grows, or has_more stays false
      has_more = false;
      rows->bind(instance, seq, rows_per_transaction);
      int code = SQLITE_OK;
      while ((code = rows->step()) == SQLITE_ROW) {
        const Settlement settlement = read_delivery(*rows, 0);
        has_more |= std::tie(instance, seq) < std::tie(settlement.key.instance, settlement.key.seq);
        instance = std::max(instance, settlement.key.instance);
        seq = settlement.key.seq;
        if (!is_intact_delivery(*rows, settlement)) {
          found("the delivery of event " + text_of(seq) + " to instance " + text_of(instance) +
                " is not what was written (its checksum differs)");
        }
      }
      rows->reset();
      if (code != SQLITE_DONE) return found(database_.error("read the deliveries in").sentence);
    }
  }

  void check_replays() {
    Result<Statement> rows = database_.prepare("SELECT " + std::string(delivery_columns) +
                                               ", id FROM replay WHERE id > ? ORDER BY id LIMIT ?");
    if (!rows.ok()) return found(rows.error().sentence);
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    for (bool has_more = true; has_more;) {  // ends: id grows, or has_more stays false
      has_more = false;
      rows->bind(id, rows_per_transaction);
      int code = SQLITE_OK;
      while ((code = rows->step()) == SQLITE_ROW) {
        const std::int64_t replay = rows->integer(13);
        has_more |= replay > id;
        id = std::max(id, replay);
        if (!is_intact_delivery(*rows, read_delivery(*rows, replay))) {
          found("replay " + text_of(replay) + " is not what was written (its checksum differs)");
        }
      }
      rows->reset();
      if (code != SQLITE_DONE) return found(database_.error("read the replays in").sentence);
    }
  }

  void check_structure() {
    Result<Statement> rows = database_.prepare("PRAGMA integrity_check(100)");
    if (!rows.ok()) return found(rows.error().sentence);
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      if (rows->bytes(0) != "ok") found("SQLite's own check says: " + rows->text(0));
    }
    if (code != SQLITE_DONE) found(database_.error("check the structure of").sentence);
  }

  Database &database_;
  const Seq mark_;
  Seq expected_ = 1;  // the next one
  std::vector<Hole> holes_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify_all(Database &database, Seq mark) { return Verification(database, mark).run(); }

Result<std::vector<std::string>> check_tail(Database &database, int rows_max) {
  return Verification(database, 0).run_tail(rows_max);
}

Result<VerifyReport> verify_offline(const std::string &path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return Error{Kind::not_found, "verify " + path + ": there is no such file"};
  const Result<File> lock = lock_journal(path);
  if (!lock.ok()) return lock.error();
  const Result<HighWater::Found> mark = HighWater::read(path);
  if (!mark.ok()) return mark.error();
  Result<Database> database = Database::open_reader(path);
  if (!database.ok()) return database.error();
  if (const Result<void> done = check_schema(*database, path); !done.ok()) return done.error();
  if (const Result<void> done = prepare_reader(*database); !done.ok()) return done.error();
  Result<VerifyReport> report = verify_all(*database, mark->mark.value_or(0));
  if (report.ok() && !mark->mark) {
    report->findings.push_back("the high-water file " + HighWater::path_of(path) +
                               " is missing: a lost end of the journal would not be noticed");
  }
  return report;
}

}  // namespace bellhop::core
