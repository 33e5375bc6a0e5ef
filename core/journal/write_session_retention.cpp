// SPDX-License-Identifier: Apache-2.0
// Retention, one bounded step inside a transaction: the oldest finished events go, with everything that is known of
// them. What is removed is remembered as ranges in the table `removed`, so that a gap in seq that a disk made is still
// told from one that we made.
//
// Finished: at or below the cursor of every instance that is not parked, with no waiting row, no waiting replay and no
// dead letter younger than dead_age_ms. A damaged event stays for a person to look at. The newest event of a subject
// stays while an older one of that subject does: it knows what is late.
#include <algorithm>
#include <limits>

#include "base/check.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {
namespace {

int ok_if_row_or_done(int code) { return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code; }

}  // namespace

int WriteSession::prepare_retention() {
  if (is_retention_ready_) return SQLITE_OK;
  RetentionStatements &s = retention_;
  const std::pair<Statement *, std::string> all[] = {
      {&s.candidate,
       "SELECT " + std::string(event_columns) + " FROM event WHERE seq>=? AND seq<=? ORDER BY seq LIMIT 1"},
      {&s.delivery, "SELECT state, settled_ms FROM delivery WHERE instance=? AND seq=?"},
      {&s.replays, "SELECT instance, state FROM replay INDEXED BY replay_event WHERE seq=?"},
      {&s.newer_of_subject, "SELECT 1 FROM event_subject WHERE subject_key=? AND seq>? LIMIT 1"},
      {&s.older_of_subject, "SELECT 1 FROM event_subject WHERE subject_key=? AND seq<? LIMIT 1"},
      {&s.delete_event, "DELETE FROM event WHERE seq=?"},
      {&s.delete_young, "DELETE FROM young WHERE seq=?"},
      {&s.delete_id, "DELETE FROM event_id WHERE id_key=? AND seq=?"},
      {&s.delete_subject, "DELETE FROM event_subject WHERE subject_key=? AND seq=?"},
      {&s.delete_delivery, "DELETE FROM delivery WHERE instance=? AND seq=?"},
      {&s.delete_attempts, "DELETE FROM attempt WHERE seq=?"},
      {&s.delete_replays, "DELETE FROM replay WHERE seq=?"},
      {&s.range_before, "SELECT first, last FROM removed WHERE first<=? ORDER BY first DESC LIMIT 1"},
      {&s.range_after, "SELECT last FROM removed WHERE first=?"},
      {&s.delete_range, "DELETE FROM removed WHERE first=?"},
      {&s.put_range, "INSERT OR REPLACE INTO removed(first, last, removed_ms, crc) VALUES(?,?,?,?)"},
      {&s.page_count, "PRAGMA page_count"},
      {&s.free_count, "PRAGMA freelist_count"},
  };
  for (const auto &[statement, sql] : all) {
    Result<Statement> prepared = database_.prepare(sql);
    if (!prepared.ok()) return sqlite3_extended_errcode(database_.raw());
    *statement = std::move(*prepared);
  }
  is_retention_ready_ = true;
  return SQLITE_OK;
}

// ---- what is there --------------------------------------------------------------------------------------------------

// No instance, no backlog: nothing is owed to anybody.
WriteSession::Behind WriteSession::furthest_behind() const {
  Behind behind{newest(), ""};
  for (const auto &[id, instance] : instances_) {
    if (instance.is_parked || instance.cursor >= behind.cursor) continue;
    behind = {instance.cursor, instance.name};
  }
  behind.cursor = std::max<Seq>(behind.cursor, 0);
  return behind;
}

bool WriteSession::has_active_instance() const {
  return std::any_of(instances_.begin(), instances_.end(), [](const auto &one) { return !one.second.is_parked; });
}

int WriteSession::read_pages(Pages &out) {
  if (const int code = prepare_retention(); code != SQLITE_OK) return code;
  int code = retention_.page_count.step();
  if (code == SQLITE_ROW) out.count = retention_.page_count.integer(0);
  retention_.page_count.reset();
  if (code != SQLITE_ROW) return code;
  code = retention_.free_count.step();
  if (code == SQLITE_ROW) out.free_count = retention_.free_count.integer(0);
  retention_.free_count.reset();
  return code == SQLITE_ROW ? SQLITE_OK : code;
}

Result<Seq> WriteSession::oldest(Milliseconds &received_ms) {
  Result<Statement> row = database_.prepare("SELECT seq, received_ms FROM event ORDER BY seq LIMIT 1");
  if (!row.ok()) return row.error();
  const int code = row->step();
  if (code == SQLITE_DONE) return Seq{0};
  if (code != SQLITE_ROW) return database_.error("read the oldest event of");
  received_ms = row->integer(1);
  return row->integer(0);
}

// ---- one step -------------------------------------------------------------------------------------------------------

// Goes on where the last step of the pass ended; what it skipped is looked at again by the next pass from the
// beginning.
int WriteSession::remove_finished(const Limits &limits, const RetentionStep &step, RetentionDone &out) {
  if (const int code = prepare_retention(); code != SQLITE_OK) return code;
  if (step.is_from_beginning) retain_from_ = 1;
  // What this transaction appended is not yet in the young index.
  const Seq up_to = std::min(furthest_behind().cursor, next_seq_begun_ - 1);
  Removing run{};
  for (int row = 0; row < step.rows_max && !out.is_over; ++row) {
    if (const int code = consider(limits, step, up_to, run, out); code != SQLITE_OK) return code;
    if (step.is_late && step.is_late()) break;
  }
  if (const int code = flush_removed(run, step.now_ms); code != SQLITE_OK) return code;
  if (out.removed_count > 0) CRASH_POINT("journal.before_removal_commit");
  return SQLITE_OK;
}

int WriteSession::consider(const Limits &limits, const RetentionStep &step, Seq up_to, Removing &run,
                           RetentionDone &out) {
  Statement &row = retention_.candidate.bind(retain_from_, up_to);
  int code = row.step();
  if (code != SQLITE_ROW) {
    out.is_over = true;
    row.reset();
    return ok_if_done(code);
  }
  const EventRecord record = read_event(row);
  const Candidate event{record.seq, record.id_key, record.subject_key};
  const bool is_whole = is_intact(row, record);
  const bool is_old = limits.retention_age_ms > 0 && record.received_ms <= step.now_ms - limits.retention_age_ms;
  row.reset();
  if (!is_old) {
    bool is_over_size = false;
    code = exceeds(limits.retention_bytes_in_force(), is_over_size);
    if (code != SQLITE_OK) return code;
    if (!is_over_size) {
      out.is_over = true;
      return SQLITE_OK;
    }
  }
  retain_from_ = event.seq + 1;
  bool is_held = !is_whole;
  code = SQLITE_OK;
  if (!is_held) code = find_holder(event, step.now_ms - limits.dead_age_ms, is_held);
  if (code != SQLITE_OK || is_held) return code;
  ++out.removed_count;
  if (run.last != 0 && run.last + 1 != event.seq) {
    code = flush_removed(run, step.now_ms);
    if (code != SQLITE_OK) return code;
  }
  if (run.last == 0) run.first = event.seq;
  run.last = event.seq;
  return remove_event(event);
}

int WriteSession::exceeds(std::int64_t bytes_max, bool &out) {
  if (bytes_max <= 0) return SQLITE_OK;
  Pages pages;
  const int code = read_pages(pages);
  out = (pages.count - pages.free_count) * page_bytes > bytes_max;
  return code;
}

int WriteSession::find_holder(const Candidate &event, Milliseconds dead_since_ms, bool &is_held) {
  for (const auto &[id, instance] : instances_) {
    if (instance.is_parked) continue;
    Statement &row = retention_.delivery.bind(id, event.seq);
    const int code = row.step();
    if (code == SQLITE_ROW) {
      const auto state = static_cast<DeliveryState>(row.integer(0));
      is_held |= state == DeliveryState::waiting || (state == DeliveryState::dead && row.integer(1) > dead_since_ms);
    }
    row.reset();
    if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
  }
  Statement &replays = retention_.replays.bind(event.seq);
  int code = SQLITE_OK;
  while ((code = replays.step()) == SQLITE_ROW) {
    const auto owner = instances_.find(replays.integer(0));
    const bool is_parked = owner != instances_.end() && owner->second.is_parked;
    is_held |= !is_parked && replays.integer(1) == static_cast<int>(DeliveryState::waiting);
  }
  replays.reset();
  if (code != SQLITE_DONE) return code;
  if (is_held || !event.subject_key) return SQLITE_OK;
  return find_older_of_subject(event, is_held);
}

int WriteSession::find_older_of_subject(const Candidate &event, bool &is_held) {
  const SubjectKey subject = *event.subject_key;
  if (!young_.seqs_of_subject(subject, event.seq, std::numeric_limits<Seq>::max()).empty()) return SQLITE_OK;
  int code = retention_.newer_of_subject.bind(subject, event.seq).run();
  if (code != SQLITE_DONE) return ok_if_row_or_done(code);
  is_held = !young_.seqs_of_subject(subject, 0, event.seq - 1).empty();
  if (is_held) return SQLITE_OK;
  code = retention_.older_of_subject.bind(subject, event.seq).run();
  is_held = code == SQLITE_ROW;
  return ok_if_row_or_done(code);
}

int WriteSession::remove_event(const Candidate &event) {
  RetentionStatements &s = retention_;
  for (const auto &[id, instance] : instances_) {
    Statement &row = s.delivery.bind(id, event.seq);
    int code = row.step();
    const bool was_delivered = code == SQLITE_ROW && row.integer(0) == static_cast<int>(DeliveryState::delivered);
    row.reset();
    if (code == SQLITE_DONE) continue;
    if (code != SQLITE_ROW) return code;
    if (was_delivered) --change(id)->delivered_count;
    code = s.delete_delivery.bind(id, event.seq).run();
    if (code != SQLITE_DONE) return code;
  }
  for (Statement *statement : {&s.delete_replays, &s.delete_attempts, &s.delete_young, &s.delete_event}) {
    if (const int code = statement->bind(event.seq).run(); code != SQLITE_DONE) return code;
  }
  if (const int code = s.delete_id.bind(event.id_key, event.seq).run(); code != SQLITE_DONE) return code;
  if (event.subject_key) {
    const int code = s.delete_subject.bind(*event.subject_key, event.seq).run();
    if (code != SQLITE_DONE) return code;
  }
  young_.set_removed(event.seq, true);  // so that a merge does not bring its entries back
  removed_begun_.push_back(event.seq);
  return SQLITE_OK;
}

// Ranges that touch become one: there are no more of them than events that were skipped.
int WriteSession::flush_removed(Removing &run, Milliseconds now_ms) {
  if (run.last == 0) return SQLITE_OK;
  Hole range{run.first, run.last, now_ms};
  run = {};
  Statement &before = retention_.range_before.bind(range.first);
  int code = before.step();
  if (code == SQLITE_ROW && before.integer(1) + 1 == range.first) range.first = before.integer(0);
  before.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
  Statement &after = retention_.range_after.bind(range.last + 1);
  code = after.step();
  const Seq joined = range.last + 1;
  const bool is_joined = code == SQLITE_ROW;
  if (is_joined) range.last = after.integer(0);
  after.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
  if (is_joined) {
    code = retention_.delete_range.bind(joined).run();
    if (code != SQLITE_DONE) return code;
  }
  return ok_if_done(
      retention_.put_range.bind(range.first, range.last, range.found_ms, static_cast<std::int64_t>(hole_crc(range)))
          .run());
}

// ---- pages ----------------------------------------------------------------------------------------------------------

int WriteSession::give_back_pages(int count) {
  const std::string sql = "PRAGMA incremental_vacuum(" + std::to_string(count) + ")";
  return database_.exec(sql.c_str());
}

// Old copies of what was changed stand in the log until it is cut off. Readers can be in the way.
int WriteSession::cut_log() {
  sqlite3_busy_timeout(database_.raw(), busy_ms_checkpoint);
  const int code = sqlite3_wal_checkpoint_v2(database_.raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(database_.raw(), busy_ms_usual);
  return code;
}

}  // namespace bellhop::core
