// SPDX-License-Identifier: Apache-2.0
// What instances keep, and the attempts of their deliveries: written inside the transaction that settles.
#include <algorithm>

#include "base/check.hpp"
#include "journal/kept.hpp"
#include "journal/storage.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {
namespace {

bool is_token(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

// ---- attempts -------------------------------------------------------------------------------------------------------

int WriteSession::put_attempt(const Settlement &s) {
  Statement &newest = statements_.newest_attempt.bind(s.key.seq, s.key.instance, s.key.replay);
  if (const int code = newest.step(); code != SQLITE_ROW) {
    newest.reset();
    return code;
  }
  AttemptRow row;
  row.number = std::max({static_cast<int>(newest.integer(0)) + 1, s.attempts, 1});
  const std::int64_t count = newest.integer(1), first = newest.integer(2);
  newest.reset();
  row.key = s.key;
  row.state = s.state;
  row.verdict = s.verdict;
  row.settled_ms = s.settled_ms;
  row.took_ms = s.took_ms;
  row.due_ms = s.due_ms;
  row.message = s.message;
  row.exchanges = cut_exchanges(s.exchanges);
  const int code = statements_.put_attempt
                       .bind(s.key.seq, s.key.instance, s.key.replay, row.number, static_cast<int>(s.state),
                             static_cast<int>(s.verdict), s.settled_ms, s.took_ms, s.due_ms, row.message, row.exchanges,
                             static_cast<std::int64_t>(attempt_crc(row)))
                       .run();
  if (code != SQLITE_DONE) return code;
  if (count < attempts_kept_max) return SQLITE_OK;
  return ok_if_done(statements_.trim_attempts.bind(s.key.seq, s.key.instance, s.key.replay, first).run());
}

// ---- what was staged ------------------------------------------------------------------------------------------------

int WriteSession::put_staged(InstanceId instance, const Staged &staged, Milliseconds written_ms) {
  for (const KvWrite &write : staged.kv) {
    if (const int code = put_kv(instance, write); code != SQLITE_OK) return code;
    CRASH_POINT("journal.half_staged");
  }
  for (const DocumentWrite &write : staged.documents) {
    if (const int code = put_document(instance, write, written_ms); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int WriteSession::put_kv(InstanceId instance, const KvWrite &write) {
  using Blob = Statement::Blob;
  Statement &before = statements_.kv_bytes.bind(instance, Blob{write.key});
  const int found = before.step();
  const std::int64_t bytes_before = found == SQLITE_ROW ? before.integer(0) : 0;
  before.reset();
  if (found != SQLITE_ROW && found != SQLITE_DONE) return found;
  if (!write.value && found == SQLITE_DONE) return SQLITE_OK;
  std::int64_t &bytes = change_kept(instance).bytes.kv;
  bytes -= bytes_before;
  if (!write.value) return ok_if_done(statements_.delete_kv.bind(instance, Blob{write.key}).run());
  bytes += kv_bytes(write.key, write.value->size());
  const auto crc = static_cast<std::int64_t>(kv_crc(instance, write.key, *write.value));
  return ok_if_done(statements_.put_kv.bind(instance, Blob{write.key}, crc, Blob{*write.value}).run());
}

// A document that is published again as it was is left alone: reading it costs less than writing it, and its
// modified_ms stays true. A damaged one is mended.
int WriteSession::put_document(InstanceId instance, const DocumentWrite &write, Milliseconds written_ms) {
  Statement &before = statements_.document.bind(instance, write.path);
  const int found = before.step();
  if (found != SQLITE_ROW && found != SQLITE_DONE) {
    before.reset();
    return found;
  }
  std::int64_t bytes_before = 0;
  bool is_same = false;
  if (found == SQLITE_ROW) {
    const std::string_view type = before.bytes(0), etag = before.bytes(1), body = before.bytes(4);
    bytes_before = document_bytes(write.path, type.size(), body.size());
    is_same = write.body && type == write.content_type && body == *write.body &&
              before.integer(3) == document_crc(instance, write.path, type, etag, before.integer(2), body);
  }
  before.reset();
  if (is_same || (!write.body && found == SQLITE_DONE)) return SQLITE_OK;
  std::int64_t &bytes = change_kept(instance).bytes.documents;
  bytes -= bytes_before;
  if (!write.body) return ok_if_done(statements_.delete_document.bind(instance, write.path).run());
  bytes += document_bytes(write.path, write.content_type.size(), write.body->size());
  const std::uint32_t crc = document_crc(instance, write.path, write.content_type, write.etag, written_ms, *write.body);
  return ok_if_done(statements_.put_document
                        .bind(instance, write.path, write.content_type, write.etag, written_ms,
                              static_cast<std::int64_t>(crc), Statement::Blob{*write.body})
                        .run());
}

// ---- the row of each instance ---------------------------------------------------------------------------------------

KeptRecord &WriteSession::change_kept(InstanceId id) {
  KeptRecord &record = kept_.at(id);
  kept_begun_.emplace(id, record);
  return record;
}

int WriteSession::write_kept(const KeptRecord &r) {
  return ok_if_done(
      statements_.put_kept
          .bind(r.instance, r.token, r.bytes.kv, r.bytes.documents, static_cast<std::int64_t>(kept_crc(r)))
          .run());
}

int WriteSession::flush_kept() {
  for (const auto &[id, before] : kept_begun_) {
    if (const int code = write_kept(kept_.at(id)); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

// An instance without a row is older than the table. A damaged row is made anew: the sizes are counted, and the token
// stays when it can still be one, since calendars out there are subscribed to it.
Result<void> WriteSession::load_kept(const Log &log) {
  Result<Statement> rows = database_.prepare("SELECT " + std::string(kept_columns) + " FROM kept ORDER BY instance");
  if (!rows.ok()) return rows.error();
  std::map<InstanceId, KeptRecord> damaged;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    const KeptRecord record = read_kept(*rows);
    (is_intact_kept(*rows, record) ? kept_ : damaged)[record.instance] = record;
  }
  if (code != SQLITE_DONE) return database_.error("read what instances keep in");
  for (const auto &[id, instance] : instances_) {
    if (kept_.count(id) != 0) continue;
    const std::string of = "WHERE instance = " + std::to_string(id);
    const Result<std::int64_t> kv = database_.number("SELECT sum(length(key) + length(value)) FROM kv " + of);
    if (!kv.ok()) return kv.error();
    const Result<std::int64_t> documents = database_.number(
        "SELECT sum(length(CAST(path AS BLOB)) + length(CAST(content_type AS BLOB)) + length(body)) FROM document " +
        of);
    if (!documents.ok()) return documents.error();
    KeptRecord made{id, random_token(), {*kv, *documents}};
    if (const auto row = damaged.find(id); row != damaged.end()) {
      const bool is_kept = is_token(row->second.token);
      if (is_kept) made.token = row->second.token;
      log.error("journal", "the row of what instance \"" + instance.name +
                               "\" keeps is not what was written (its checksum differs); its token " +
                               (is_kept ? "is used as it reads" : "is a new one: what it has published has moved"));
    }
    if (write_kept(made) != SQLITE_OK) return database_.error("write what instance \"" + instance.name + "\" keeps to");
    kept_[id] = made;
  }
  return {};
}

}  // namespace bellhop::core
