// SPDX-License-Identifier: Apache-2.0
#include "journal/verify_kept.hpp"

#include <limits>
#include <map>
#include <utility>

#include "journal/kept.hpp"
#include "journal/record.hpp"

namespace bellhop::core {
namespace {

constexpr int rows_per_transaction = 256;

std::string text_of(std::int64_t number) { return std::to_string(number); }

// Reads a table in the order of its rowid, in short transactions; `look` sees each row, whose first column is that.
template <class Look>
void read_all(Database &database, const std::string &columns, const std::string &table,
              const std::function<void(std::string)> &found, const Look &look) {
  Result<Statement> rows = database.prepare("SELECT rowid, " + columns + " FROM " + table +
                                            " NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT ?");
  if (!rows.ok()) return found(rows.error().sentence);
  std::int64_t id = std::numeric_limits<std::int64_t>::min();
  for (bool has_more = true; has_more;) {  // ends: id grows, or has_more stays false
    has_more = false;
    rows->bind(id, rows_per_transaction);
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      has_more |= rows->integer(0) > id;
      id = std::max(id, rows->integer(0));
      look(*rows);
    }
    rows->reset();
    if (code != SQLITE_DONE) return found(database.error("read the table " + table + " of").sentence);
  }
}

// Counted beside the row of kept: in one statement, so that a running daemon does not get in between.
void check_sizes_of(Database &database, const std::function<void(std::string)> &found) {
  Result<Statement> rows = database.prepare(
      "SELECT i.id, i.name, " +
      std::string("k.instance, k.token, k.kv_bytes, k.documents_bytes, k.crc, "
                  "(SELECT coalesce(sum(length(key) + length(value)), 0) FROM kv WHERE kv.instance = i.id), "
                  "(SELECT coalesce(sum(length(CAST(path AS BLOB)) + length(CAST(content_type AS BLOB)) + "
                  "length(body)), 0) FROM document d WHERE d.instance = i.id) "
                  "FROM instance i LEFT JOIN kept k ON k.instance = i.id ORDER BY i.id"));
  if (!rows.ok()) return found(rows.error().sentence);
  int code = SQLITE_OK;
  while ((code = rows->step()) == SQLITE_ROW) {
    const std::string name = "instance " + text_of(rows->integer(0)) + " \"" + rows->text(1) + "\"";
    const KeptRecord record{rows->integer(2), rows->text(3), {rows->integer(4), rows->integer(5)}};
    if (rows->is_null(2)) {
      found("there is no row of what " + name + " keeps");
    } else if (rows->integer(6) != kept_crc(record)) {
      found("the row of what " + name + " keeps is not what was written (its checksum differs)");
    } else if (record.bytes.kv != rows->integer(7) || record.bytes.documents != rows->integer(8)) {
      found(name + " counts " + text_of(record.bytes.kv) + " bytes of kv and " + text_of(record.bytes.documents) +
            " of documents, and has " + text_of(rows->integer(7)) + " and " + text_of(rows->integer(8)));
    }
  }
  if (code != SQLITE_DONE) found(database.error("read what instances keep in").sentence);
}

// A table without rowid: pages by its key.
void check_attempts(Database &database, const std::function<void(std::string)> &found) {
  Result<Statement> rows = database.prepare("SELECT " + std::string(attempt_columns) +
                                            " FROM attempt WHERE (seq, instance, replay, number) > (?, ?, ?, ?) "
                                            "ORDER BY seq, instance, replay, number LIMIT ?");
  if (!rows.ok()) return found(rows.error().sentence);
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t> place{first, first, first, first};
  for (bool has_more = true; has_more;) {  // ends: the place grows, or has_more stays false
    has_more = false;
    rows->bind(std::get<0>(place), std::get<1>(place), std::get<2>(place), std::get<3>(place), rows_per_transaction);
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      const auto here = std::make_tuple(rows->integer(0), rows->integer(1), rows->integer(2), rows->integer(3));
      has_more |= here > place;
      place = std::max(place, here);
      const AttemptRow row = read_attempt(*rows);
      if (is_intact_attempt(*rows, row)) continue;
      found("attempt " + text_of(row.number) + " to deliver event " + text_of(row.key.seq) + " to instance " +
            text_of(row.key.instance) + " is not what was written (its checksum differs)");
    }
    rows->reset();
    if (code != SQLITE_DONE) return found(database.error("read the attempts in").sentence);
  }
}

}  // namespace

void check_kept(Database &database, const std::function<void(std::string)> &found) {
  check_sizes_of(database, found);
  read_all(database, "instance, key, crc, value", "kv", found, [&](const Statement &row) {
    if (row.integer(3) == kv_crc(row.integer(1), row.bytes(2), row.bytes(4))) return;
    found(kept_damage("the key", row.bytes(2), row.integer(1)));
  });
  read_all(database, "instance, path, content_type, etag, modified_ms, crc, body", "document", found,
           [&](const Statement &row) {
             const std::uint32_t crc =
                 document_crc(row.integer(1), row.bytes(2), row.bytes(3), row.bytes(4), row.integer(5), row.bytes(7));
             if (row.integer(6) != crc) found(kept_damage("the document", row.bytes(2), row.integer(1)));
           });
  check_attempts(database, found);
}

}  // namespace bellhop::core
