// SPDX-License-Identifier: Apache-2.0
// Inspect's answers about ranges of events and about what instances keep.
#include <algorithm>
#include <limits>

#include "journal/record.hpp"
#include "journal/reference.hpp"
#include "journal/sqlite_journal.hpp"

namespace bellhop::core {

// No index by time: it would cost each append something, for a rare question. A page looks at a bounded number of rows
// instead, and types and times are compared here.
Result<SeqPage> SqliteJournal::select_seqs(const SeqQuery &query, Seq after, int count_max) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  Result<Statement> rows = database.prepare(
      query.dead_of
          ? "SELECT d.seq, e.type, e.received_ms, e.flags FROM (SELECT seq FROM delivery INDEXED BY "
            "delivery_dead WHERE state = 3 AND instance = ?4 AND seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3) "
            "d LEFT JOIN event e ON e.seq = d.seq ORDER BY d.seq"
          : "SELECT seq, type, received_ms, flags FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq "
            "LIMIT ?3");
  if (!rows.ok()) return rows.error();
  SeqPage page;
  page.after = std::max(after, query.from_seq.value_or(1) - 1);
  rows->bind(page.after, query.to_seq.value_or(std::numeric_limits<Seq>::max()), select_rows_max + 1,
             query.dead_of.value_or(0));
  int looked_at_count = 0, code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    if (static_cast<int>(page.seqs.size()) >= count_max || looked_at_count++ >= select_rows_max) return page;
    page.after = rows->integer(0);
    if (rows->is_null(3) || (rows->integer(3) & flag_quarantined) != 0) continue;
    const Milliseconds received_ms = rows->integer(2);
    if (query.from_ms && received_ms < *query.from_ms) continue;
    if (query.to_ms && received_ms >= *query.to_ms) continue;
    if (matches_glob(query.type_glob, rows->bytes(1))) page.seqs.push_back(page.after);
  }
  if (code != SQLITE_DONE) return database.error("select events of");
  page.is_last = true;
  return page;
}

Result<std::vector<KvRow>> SqliteJournal::kv_of(InstanceId instance, std::string_view after, int count_max) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  Result<Statement> rows =
      database.prepare("SELECT key, length(value) FROM kv WHERE instance = ? AND key > ? ORDER BY key LIMIT ?");
  if (!rows.ok()) return rows.error();
  rows->bind(instance, Statement::Blob{after}, std::clamp(count_max, 0, inspect_rows_max));
  std::vector<KvRow> found;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) found.push_back({rows->text(0), rows->integer(1)});
  if (code != SQLITE_DONE) return database.error("list the keys of");
  return found;
}

Result<std::vector<DocumentRow>> SqliteJournal::documents_of(InstanceId instance, std::string_view after,
                                                             int count_max) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  Database &database = (*reader)->database();
  Result<Statement> rows = database.prepare(
      "SELECT path, content_type, etag, length(body), modified_ms FROM document WHERE instance = ? AND path > ? "
      "ORDER BY path LIMIT ?");
  if (!rows.ok()) return rows.error();
  rows->bind(instance, after, std::clamp(count_max, 0, inspect_rows_max));
  std::vector<DocumentRow> found;
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    found.push_back({rows->text(0), rows->text(1), rows->text(2), rows->integer(3), rows->integer(4)});
  }
  if (code != SQLITE_DONE) return database.error("list the documents of");
  return found;
}

}  // namespace bellhop::core
