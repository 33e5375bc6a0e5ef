// SPDX-License-Identifier: Apache-2.0
// What happens inside a transaction; opening is in write_session_open.cpp, the index tables in write_session_merge.cpp.
#include "journal/write_session.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "journal/kept.hpp"
#include "journal/late.hpp"
#include "journal/storage.hpp"

namespace bellhop::core {
namespace {

std::string text_of(std::int64_t number) { return std::to_string(number); }

}  // namespace

int WriteSession::begin() {
  next_seq_begun_ = next_seq_;
  instances_begun_.clear();
  instances_made_.clear();
  kept_begun_.clear();
  young_begun_.clear();
  merge_begun_ = merge_;
  retain_from_begun_ = retain_from_;
  removed_begun_.clear();
  bytes_begun_ = 0;
  return ok_if_done(statements_.begin.run());
}

int WriteSession::commit() {
  if (const int code = flush_instances(); code != SQLITE_OK) return code;
  if (const int code = flush_kept(); code != SQLITE_OK) return code;
  merge_due_ += 2 * young_begun_.size();
  const bool is_merge_due = merge_due_ >= std::min(merged_rows, generation_count_ / 4);
  if (is_merge_due) {
    if (const int code = merge_some(merge_due_); code != SQLITE_OK) return code;
  }
  CRASH_POINT("journal.before_commit");
  const int code = ok_if_done(statements_.commit.run());
  if (code != SQLITE_OK) return code;
  CRASH_POINT("journal.after_commit");
  young_.add(young_begun_);
  if (is_merge_due) merge_due_ = 0;
  if (!young_begun_.empty()) backlog_.add(newest(), bytes_begun_);
  removed_count_ += static_cast<std::int64_t>(removed_begun_.size());
  gone_count_ += static_cast<std::int64_t>(removed_begun_.size());
  if (merge_.deleted != 0 && merge_.deleted == young_.merging_last()) {
    young_.end_merge();
    merge_ = {};
  }
  return SQLITE_OK;
}

// SQLite rolls some failed transactions back by itself; what is kept in memory goes back in any case.
void WriteSession::rollback() {
  if (database_.is_in_transaction()) statements_.rollback.run();
  next_seq_ = next_seq_begun_;
  merge_ = merge_begun_;
  retain_from_ = retain_from_begun_;
  for (const Seq seq : removed_begun_) young_.set_removed(seq, false);
  removed_begun_.clear();
  for (auto &[id, record] : instances_begun_) instances_[id] = record;
  for (auto &[id, record] : kept_begun_) kept_[id] = record;
  for (const InstanceId id : instances_made_) {
    instances_.erase(id);
    kept_.erase(id);
  }
}

// ---- events ---------------------------------------------------------------------------------------------------------

// The indexes know 8 bytes of the id; only a row with all 16 is the same event.
int WriteSession::is_same(Seq seq, std::string_view id, Result<Appended> &out, bool &is_found) {
  Statement &row = statements_.id_of_event.bind(seq);
  const int code = row.step();
  if (code == SQLITE_ROW && row.bytes(0) == id) {
    out = Appended{seq, true, (row.integer(1) & flag_late) != 0};
    is_found = true;
  }
  row.reset();
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int WriteSession::find_duplicate(const EventRecord &record, Result<Appended> &out, bool &is_found) {
  std::vector<Seq> seqs = young_.seqs_of_id(record.id_key);
  for (const YoungEntry &entry : young_begun_) {
    if (entry.id_key == record.id_key) seqs.push_back(entry.seq);
  }
  if (merged_ids_.may_hold(record.id_key)) {
    Statement &find = statements_.find_id.bind(record.id_key);
    int code = SQLITE_OK;
    while ((code = find.step()) == SQLITE_ROW) seqs.push_back(find.integer(0));
    find.reset();
    if (code != SQLITE_DONE) return code;
  }
  for (const Seq seq : seqs) {
    const int code = is_same(seq, record.id, out, is_found);
    if (code != SQLITE_OK || is_found) return code;
  }
  return SQLITE_OK;
}

// The newest entry of a subject is in the youngest place that has any.
int WriteSession::newest_of_subject(SubjectKey subject, Milliseconds &newest_ms) {
  for (auto entry = young_begun_.rbegin(); entry != young_begun_.rend(); ++entry) {
    if (!entry->has_subject || entry->subject_key != subject) continue;
    newest_ms = entry->newest_ms;
    return SQLITE_OK;
  }
  if (const std::optional<Milliseconds> young_ms = young_.newest_of_subject(subject)) {
    newest_ms = *young_ms;
    return SQLITE_OK;
  }
  newest_ms = newest_ms_none;
  if (!merged_subjects_.may_hold(subject)) return SQLITE_OK;
  Statement &newest = statements_.newest_of_subject.bind(subject);
  const int code = newest.step();
  newest_ms = code == SQLITE_ROW ? newest.integer(0) : newest_ms_none;
  newest.reset();
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int WriteSession::append(EventRecord r, std::uint32_t content, Result<Appended> &out) {
  bool is_found = false;
  int code = find_duplicate(r, out, is_found);
  if (code != SQLITE_OK || is_found) return code;
  if (r.subject_key) {
    Milliseconds newest_ms = newest_ms_none;
    code = newest_of_subject(*r.subject_key, newest_ms);
    if (code != SQLITE_OK) return code;
    const Lateness late = lateness(newest_ms, r.time_ms, r.received_ms);
    if (late.is_late) r.flags |= flag_late;
    r.newest_ms = late.newest_ms;
  }
  r.seq = next_seq_;
  const auto crc = static_cast<std::int64_t>(event_crc(r, content));
  using Blob = Statement::Blob;
  Statement &insert = statements_.insert_event;
  if (r.subject_key) {
    insert.bind(r.seq, Blob{r.id}, r.id_key, r.source_name, r.type, r.subject, *r.subject_key, r.time_ms, r.received_ms,
                r.flags, r.newest_ms, r.reason, Blob{r.headers}, Blob{r.body}, Blob{r.json}, crc);
  } else {
    insert.bind(r.seq, Blob{r.id}, r.id_key, r.source_name, r.type, r.subject, nullptr, r.time_ms, r.received_ms,
                r.flags, r.newest_ms, r.reason, Blob{r.headers}, Blob{r.body}, Blob{r.json}, crc);
  }
  code = insert.run();
  if (code != SQLITE_DONE) return code;
  CRASH_POINT("journal.after_insert");
  Statement &young = statements_.insert_young;
  code = r.subject_key ? young.bind(r.seq, r.id_key, *r.subject_key, r.newest_ms).run()
                       : young.bind(r.seq, r.id_key, nullptr, r.newest_ms).run();
  if (code != SQLITE_DONE) return code;
  young_begun_.push_back({r.seq, r.id_key, r.subject_key.value_or(0), r.newest_ms, r.subject_key.has_value()});
  bytes_begun_ += static_cast<std::int64_t>(r.body.size() + r.json.size() + r.headers.size());
  ++next_seq_;
  out = Appended{r.seq, false, (r.flags & flag_late) != 0};
  return SQLITE_OK;
}

// ---- deliveries -----------------------------------------------------------------------------------------------------

int WriteSession::check(const SettleBatch &batch, Result<void> &out) {
  for (const Settlement &settlement : batch.settlements) {
    const DeliveryKey &key = settlement.key;
    if (instances_.count(key.instance) == 0) {
      out =
          Error{Kind::invalid, "settle event " + text_of(key.seq) + ": there is no instance " + text_of(key.instance)};
      return SQLITE_OK;
    }
    if (key.replay == 0) continue;
    const int code = statements_.find_replay.bind(key.replay, key.instance, key.seq).run();
    if (code == SQLITE_DONE) {
      out = Error{Kind::invalid, "settle event " + text_of(key.seq) + " for instance " + text_of(key.instance) +
                                     ": there is no replay " + text_of(key.replay)};
      return SQLITE_OK;
    }
    if (code != SQLITE_ROW) return code;
  }
  for (const CursorMove &move : batch.cursors) {
    if (instances_.count(move.instance) != 0) continue;
    out = Error{Kind::invalid,
                "move a cursor to " + text_of(move.cursor) + ": there is no instance " + text_of(move.instance)};
    return SQLITE_OK;
  }
  for (const InstanceWrite &write : batch.writes) {
    if (instances_.count(write.instance) != 0) continue;
    out = Error{Kind::invalid, "write what an instance keeps: there is no instance " + text_of(write.instance)};
    return SQLITE_OK;
  }
  return SQLITE_OK;
}

// A batch that names what does not exist is refused as a whole, before anything of it is written: the other requests of
// the transaction do not suffer.
int WriteSession::settle(const SettleBatch &batch, Result<void> &out) {
  if (const int code = check(batch, out); code != SQLITE_OK || !out.ok()) return code;
  for (const Settlement &settlement : batch.settlements) {
    int code = settlement.key.replay == 0 ? put_live(settlement) : put_replay(settlement);
    if (code == SQLITE_OK && is_attempt_stored(settlement)) code = put_attempt(settlement);
    if (code == SQLITE_OK && settlement.state == DeliveryState::delivered) {
      code = put_staged(settlement.key.instance, settlement.staged, settlement.settled_ms);
    }
    if (code != SQLITE_OK) return code;
  }
  for (const CursorMove &move : batch.cursors) {
    if (instances_.at(move.instance).cursor < move.cursor) change(move.instance)->cursor = move.cursor;
  }
  for (const InstanceWrite &write : batch.writes) {
    const int code = put_staged(write.instance, write.staged, write.written_ms);
    if (code != SQLITE_OK) return code;
  }
  CRASH_POINT("journal.before_settle_commit");
  return SQLITE_OK;
}

int WriteSession::put_live(const Settlement &settlement) {
  Statement &state = statements_.delivery_state.bind(settlement.key.instance, settlement.key.seq);
  const int code = state.step();
  const bool was_delivered = code == SQLITE_ROW && state.integer(0) == static_cast<int>(DeliveryState::delivered);
  state.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
  const bool is_delivered = settlement.state == DeliveryState::delivered;
  if (was_delivered != is_delivered) change(settlement.key.instance)->delivered_count += is_delivered ? 1 : -1;
  return write_delivery(settlement);
}

int WriteSession::write_delivery(const Settlement &s) {
  return ok_if_done(statements_.put_delivery
                        .bind(s.key.instance, s.key.seq, static_cast<int>(s.state), static_cast<int>(s.verdict),
                              s.attempts, s.strikes, s.due_ms, s.first_ms, s.settled_ms, s.took_ms, s.message,
                              s.subject, static_cast<std::int64_t>(delivery_crc(s)))
                        .run());
}

int WriteSession::put_replay_row(const Settlement &s) {
  return ok_if_done(statements_.put_replay
                        .bind(s.key.replay, s.key.instance, s.key.seq, static_cast<int>(s.state),
                              static_cast<int>(s.verdict), s.attempts, s.strikes, s.due_ms, s.first_ms, s.settled_ms,
                              s.took_ms, s.message, s.subject, static_cast<std::int64_t>(delivery_crc(s)))
                        .run());
}

int WriteSession::put_replay(const Settlement &s) {
  const int code = put_replay_row(s);
  if (code != SQLITE_OK) return code;
  return s.state == DeliveryState::delivered ? revive_dead_letter(s) : SQLITE_OK;
}

int WriteSession::revive_dead_letter(const Settlement &replay) {
  Statement &find = statements_.dead_letter.bind(replay.key.instance, replay.key.seq);
  const int code = find.step();
  if (code != SQLITE_ROW) {
    find.reset();
    return ok_if_done(code);
  }
  Settlement letter = read_delivery(find, 0);
  find.reset();
  letter.state = DeliveryState::delivered;
  letter.verdict = replay.verdict;
  letter.settled_ms = replay.settled_ms;
  letter.took_ms = replay.took_ms;
  letter.message = replay.message;
  ++change(replay.key.instance)->delivered_count;
  return write_delivery(letter);
}

int WriteSession::replay(InstanceId instance, Seq seq, Result<std::int64_t> &out) {
  if (instances_.count(instance) == 0) {
    out = Error{Kind::not_found, "replay: there is no instance " + text_of(instance)};
    return SQLITE_OK;
  }
  Statement &find = statements_.event_flags.bind(seq);
  int code = find.step();
  const std::int64_t flags = code == SQLITE_ROW ? find.integer(0) : 0;
  const SubjectKey subject = code == SQLITE_ROW ? find.integer(1) : 0;
  const std::string reason = code == SQLITE_ROW ? find.text(2) : "";
  find.reset();
  if (code == SQLITE_DONE) {
    out = Error{Kind::not_found, "replay: there is no event " + text_of(seq)};
    return SQLITE_OK;
  }
  if (code != SQLITE_ROW) return code;
  if ((flags & flag_quarantined) != 0) {
    out = Error{Kind::invalid, "replay: event " + text_of(seq) + " is quarantined: " + reason};
    return SQLITE_OK;
  }
  if ((flags & flag_forgotten) != 0) {
    out = Error{Kind::invalid, "replay: event " + text_of(seq) + " was forgotten on request"};
    return SQLITE_OK;
  }
  std::int64_t id = 0;
  code = ask_replay(instance, seq, subject, id);
  if (code == SQLITE_OK) out = id;
  return code;
}

int WriteSession::ask_replay(InstanceId instance, Seq seq, SubjectKey subject, std::int64_t &replay) {
  const int code = statements_.insert_replay.bind(instance, seq, subject).run();
  if (code != SQLITE_DONE) return code;
  Settlement asked;  // due at once, whatever the clock says: due_ms 0
  asked.key = {instance, seq, sqlite3_last_insert_rowid(database_.raw())};
  asked.subject = subject;
  asked.state = DeliveryState::waiting;
  replay = asked.key.replay;
  return put_replay(asked);  // with its checksum, which needs the id
}

int WriteSession::replay_all(InstanceId instance, const std::vector<Seq> &seqs, Result<std::int64_t> &out) {
  if (instances_.count(instance) == 0) {
    out = Error{Kind::not_found, "replay: there is no instance " + text_of(instance)};
    return SQLITE_OK;
  }
  std::int64_t written_count = 0;
  for (const Seq seq : seqs) {
    Statement &find = statements_.event_flags.bind(seq);
    int code = find.step();
    const bool is_fit = code == SQLITE_ROW && (find.integer(0) & (flag_quarantined | flag_forgotten)) == 0;
    const SubjectKey subject = is_fit ? find.integer(1) : 0;
    find.reset();
    if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
    if (!is_fit) continue;
    code = statements_.is_replay_waiting.bind(seq, instance).run();
    if (code == SQLITE_ROW) continue;
    if (code != SQLITE_DONE) return code;
    std::int64_t id = 0;
    code = ask_replay(instance, seq, subject, id);
    if (code != SQLITE_OK) return code;
    ++written_count;
  }
  out = written_count;
  return SQLITE_OK;
}

int WriteSession::drop(InstanceId instance, Seq seq, Result<void> &out) {
  Statement &find = statements_.dead_letter.bind(instance, seq);
  const int code = find.step();
  const bool is_found = code == SQLITE_ROW && find.integer(2) == static_cast<int>(DeliveryState::dead);
  Settlement letter;
  if (is_found) letter = read_delivery(find, 0);
  find.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
  if (!is_found) {
    out = no_dead_letter(instance, seq);
    return SQLITE_OK;
  }
  out = {};
  letter.state = DeliveryState::dropped;
  return write_delivery(letter);
}

// ---- instances ------------------------------------------------------------------------------------------------------

InstanceRecord *WriteSession::change(InstanceId id) {
  const auto found = instances_.find(id);
  if (found == instances_.end()) return nullptr;
  instances_begun_.emplace(id, found->second);
  return &found->second;
}

int WriteSession::write_instance(const InstanceRecord &r) {
  return ok_if_done(
      statements_.put_instance
          .bind(r.id, r.is_parked, r.cursor, r.delivered_count, static_cast<std::int64_t>(instance_crc(r)))
          .run());
}

int WriteSession::flush_instances() {
  for (const auto &[id, before] : instances_begun_) {
    if (const int code = write_instance(instances_.at(id)); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int WriteSession::open_instance(std::string_view name, Start start, Result<OpenedInstance> &out) {
  for (const auto &[id, instance] : instances_) {
    if (instance.name != name) continue;
    if (instance.is_parked) change(id)->is_parked = false;
    out = OpenedInstance{id, instance.cursor, false, kept_.at(id).token};
    return SQLITE_OK;
  }
  InstanceRecord made;
  made.name = name;
  made.cursor = start == Start::now ? newest() : 0;
  const int code = statements_.insert_instance.bind(made.name, made.cursor).run();
  if (code != SQLITE_DONE) return code;
  made.id = sqlite3_last_insert_rowid(database_.raw());
  instances_made_.push_back(made.id);
  instances_[made.id] = made;
  KeptRecord kept;
  kept.instance = made.id;
  kept.token = random_token();
  kept_[made.id] = kept;
  out = OpenedInstance{made.id, made.cursor, true, kept.token};
  if (const int written = write_kept(kept); written != SQLITE_OK) return written;
  return write_instance(made);
}

int WriteSession::park_instances_except(const std::vector<std::string> &names) {
  for (const auto &[id, instance] : instances_) {
    const bool is_named = std::find(names.begin(), names.end(), instance.name) != names.end();
    if (!is_named && !instance.is_parked) change(id)->is_parked = true;
  }
  return SQLITE_OK;
}

}  // namespace bellhop::core
