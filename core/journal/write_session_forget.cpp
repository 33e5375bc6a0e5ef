// SPDX-License-Identifier: Apache-2.0
// Erasing a person, inside a transaction: what was written stays as a row without its contents, so that seq has no hole
// and the sender's repetition is still a duplicate. Overwritten bytes are zeroed, pages that become free too.
#include <string>
#include <vector>

#include "base/check.hpp"
#include "journal/forget.hpp"
#include "journal/mention.hpp"
#include "journal/scrub.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {
namespace {

bool mentions_anywhere(const EventRecord &r, std::string_view email) {
  return mentions(r.body, email) || mentions(r.json, email) || mentions(r.headers, email) ||
         mentions(r.subject, email) || mentions(r.reason, email);
}

}  // namespace

int WriteSession::erase_events(std::string_view email, const std::vector<Seq> &seqs, Milliseconds now_ms,
                               Erasure &out) {
  if (const int code = prepare_retention(); code != SQLITE_OK) return code;
  Result<Statement> find = database_.prepare("SELECT " + std::string(event_columns) + " FROM event WHERE seq=?");
  if (!find.ok()) return sqlite3_extended_errcode(database_.raw());
  for (const Seq seq : seqs) {
    int code = find->bind(seq).step();
    if (code == SQLITE_DONE) continue;  // retention was quicker
    if (code != SQLITE_ROW) return code;
    EventRecord record = read_event(*find);
    if ((record.flags & flag_forgotten) != 0 || !mentions_anywhere(record, email)) continue;
    const std::string id(record.id), source(record.source_name), type(record.type), subject(record.subject);
    record.id = id;
    record.source_name = source;
    record.type = type;
    record.subject = mentions(subject, email) ? std::string_view("forgotten") : std::string_view(subject);
    find->reset();
    ++out.events_count;
    code = redact(record);
    if (code != SQLITE_OK) return code;
    code = let_go(record, now_ms, out);
    if (code != SQLITE_OK) return code;
  }
  CRASH_POINT("journal.before_forget_commit");
  return SQLITE_OK;
}

int WriteSession::redact(EventRecord r) {
  r.headers = r.body = r.json = {};
  r.reason = (r.flags & flag_quarantined) != 0 ? forgotten_sentence : std::string_view();
  r.flags |= flag_forgotten;
  Result<Statement> update = database_.prepare(
      "UPDATE event SET subject=?2, flags=?3, reason=?4, headers=x'', body=x'', json=x'', crc=?5 WHERE seq=?1");
  if (!update.ok()) return sqlite3_extended_errcode(database_.raw());
  const auto crc = static_cast<std::int64_t>(event_crc(r, content_crc(r)));
  return ok_if_done(update->bind(r.seq, r.subject, r.flags, r.reason, crc).run());
}

// Nobody is offered it any more. What was said about it goes too: it may quote the person.
int WriteSession::let_go(const EventRecord &record, Milliseconds now_ms, Erasure &out) {
  Result<Statement> find = database_.prepare(
      "SELECT " + std::string(delivery_columns) + ", 0 FROM delivery WHERE instance=?1 AND seq=?2 UNION ALL SELECT " +
      std::string(delivery_columns) + ", id FROM replay WHERE instance=?1 AND seq=?2");
  if (!find.ok()) return sqlite3_extended_errcode(database_.raw());
  for (const auto &[id, instance] : instances_) {
    std::vector<Settlement> rows;
    bool has_live = false;
    int code = SQLITE_OK;
    find->bind(id, record.seq);
    while ((code = find->step()) == SQLITE_ROW) {
      rows.push_back(read_delivery(*find, find->integer(13)));
      has_live |= rows.back().key.replay == 0;
    }
    find->reset();
    if (code != SQLITE_DONE) return code;
    const std::size_t stored_count = rows.size();
    if (!has_live && record.seq > instance.cursor && (record.flags & flag_quarantined) == 0) {
      Settlement owed;
      owed.key = {id, record.seq, 0};
      owed.subject = record.subject_key.value_or(0);
      owed.state = DeliveryState::waiting;
      rows.push_back(owed);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Settlement &row = rows[i];
      const bool is_stored = i < stored_count;
      if (!row.message.empty()) ++out.messages_count;
      row.message = forgotten_sentence;
      if (row.state == DeliveryState::waiting) ++out.owed_count;
      // A row that waits is let alone: delivery counts on it for the order of the subject, and makes a dead letter of
      // it when it is due and cannot be loaded.
      const bool is_awaited = is_stored && row.state == DeliveryState::waiting && !instance.is_parked;
      if (row.state != DeliveryState::delivered && !is_awaited) {
        row.state = DeliveryState::dropped;
        row.verdict = Verdict::fail;
        row.due_ms = 0;
        row.settled_ms = now_ms;
      }
      code = row.key.replay == 0 ? put_live(row) : put_replay_row(row);
      if (code != SQLITE_OK) return code;
    }
  }
  const int code = ok_if_done(retention_.delete_attempts.bind(record.seq).run());
  out.attempts_count += sqlite3_changes64(database_.raw());
  return code;
}

int WriteSession::erase_attempts(const std::vector<AttemptKey> &attempts, Erasure &out) {
  Result<Statement> remove =
      database_.prepare("DELETE FROM attempt WHERE seq=? AND instance=? AND replay=? AND number=?");
  if (!remove.ok()) return sqlite3_extended_errcode(database_.raw());
  for (const AttemptKey &one : attempts) {
    const int code = remove->bind(one.key.seq, one.key.instance, one.key.replay, one.number).run();
    if (code != SQLITE_DONE) return code;
    out.attempts_count += sqlite3_changes64(database_.raw());
  }
  return SQLITE_OK;
}

// What was written anew between the look and now counts as it stands now.
int WriteSession::erase_kept(std::string_view email, const std::vector<InstanceWrite> &removals, Erasure &out) {
  Result<Statement> entry = database_.prepare("SELECT value FROM kv WHERE instance=? AND key=?");
  Result<Statement> document = database_.prepare("SELECT body FROM document WHERE instance=? AND path=?");
  if (!entry.ok() || !document.ok()) return sqlite3_extended_errcode(database_.raw());
  const auto is_meant = [&](Statement &row, const std::string &name, bool &out_is_meant) {
    const int code = row.step();
    out_is_meant = code == SQLITE_ROW && (mentions(name, email) || mentions(row.bytes(0), email));
    row.reset();
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
  };
  for (const InstanceWrite &removal : removals) {
    if (instances_.count(removal.instance) == 0) continue;
    bool is_found = false;
    for (const KvWrite &write : removal.staged.kv) {
      int code = is_meant(entry->bind(removal.instance, Statement::Blob{write.key}), write.key, is_found);
      if (code == SQLITE_OK && is_found) code = put_kv(removal.instance, write);
      if (code != SQLITE_OK) return code;
      out.entries_count += is_found;
    }
    for (const DocumentWrite &write : removal.staged.documents) {
      int code = is_meant(document->bind(removal.instance, write.path), write.path, is_found);
      if (code == SQLITE_OK && is_found) code = put_document(removal.instance, write, 0);
      if (code != SQLITE_OK) return code;
      out.documents_count += is_found;
    }
  }
  return SQLITE_OK;
}

int WriteSession::erase_messages(std::string_view email, const std::vector<DeliveryKey> &keys, Erasure &out) {
  Result<Statement> live =
      database_.prepare("SELECT " + std::string(delivery_columns) + " FROM delivery WHERE instance=? AND seq=?");
  Result<Statement> replay = database_.prepare("SELECT " + std::string(delivery_columns) + " FROM replay WHERE id=?");
  if (!live.ok() || !replay.ok()) return sqlite3_extended_errcode(database_.raw());
  for (const DeliveryKey &key : keys) {
    Statement &find = key.replay == 0 ? live->bind(key.instance, key.seq) : replay->bind(key.replay);
    int code = find.step();
    if (code == SQLITE_DONE) continue;
    if (code != SQLITE_ROW) return code;
    Settlement row = read_delivery(find, key.replay);
    find.reset();
    if (!mentions(row.message, email)) continue;
    row.message = forgotten_sentence;
    ++out.messages_count;
    code = key.replay == 0 ? write_delivery(row) : put_replay_row(row);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int WriteSession::scrub(const std::vector<std::int64_t> &pages) { return scrub_pages(database_, pages); }

}  // namespace bellhop::core
