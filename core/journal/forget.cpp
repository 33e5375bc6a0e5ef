// SPDX-License-Identifier: Apache-2.0
#include "journal/forget.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "journal/mention.hpp"
#include "journal/reader.hpp"
#include "journal/scrub.hpp"
#include "journal/upkeep_requests.hpp"

namespace bellhop::core {
namespace {

constexpr int page_rows = 256;          // read in one transaction
constexpr std::size_t erase_rows = 32;  // written in one
constexpr int cut_tries_max = 40;       // of the log, 50 ms each

class EraseEventsRequest final : public Waiting<WriteSession::Erasure> {
 public:
  EraseEventsRequest(std::string_view email, const std::vector<Seq> &seqs, Milliseconds now_ms)
      : email_(email), seqs_(seqs), now_ms_(now_ms) {}
  int apply(WriteSession &session) override {
    WriteSession::Erasure erasure;
    const int code = session.erase_events(email_, seqs_, now_ms_, erasure);
    result = erasure;
    return code;
  }
  std::size_t weight() const override { return 4 * seqs_.size(); }

 private:
  const std::string_view email_;
  const std::vector<Seq> &seqs_;
  const Milliseconds now_ms_;
};

class EraseMessagesRequest final : public Waiting<WriteSession::Erasure> {
 public:
  EraseMessagesRequest(std::string_view email, const std::vector<DeliveryKey> &keys) : email_(email), keys_(keys) {}
  int apply(WriteSession &session) override {
    WriteSession::Erasure erasure;
    const int code = session.erase_messages(email_, keys_, erasure);
    result = erasure;
    return code;
  }
  std::size_t weight() const override { return keys_.size(); }

 private:
  const std::string_view email_;
  const std::vector<DeliveryKey> &keys_;
};

class EraseAttemptsRequest final : public Waiting<WriteSession::Erasure> {
 public:
  explicit EraseAttemptsRequest(const std::vector<WriteSession::AttemptKey> &attempts) : attempts_(attempts) {}
  int apply(WriteSession &session) override {
    WriteSession::Erasure erasure;
    const int code = session.erase_attempts(attempts_, erasure);
    result = erasure;
    return code;
  }
  std::size_t weight() const override { return attempts_.size(); }

 private:
  const std::vector<WriteSession::AttemptKey> &attempts_;
};

class EraseKeptRequest final : public Waiting<WriteSession::Erasure> {
 public:
  EraseKeptRequest(std::string_view email, const std::vector<InstanceWrite> &removals)
      : email_(email), removals_(removals) {}
  int apply(WriteSession &session) override {
    WriteSession::Erasure erasure;
    const int code = session.erase_kept(email_, removals_, erasure);
    result = erasure;
    return code;
  }
  std::size_t weight() const override { return removals_.size(); }

 private:
  const std::string_view email_;
  const std::vector<InstanceWrite> &removals_;
};

class Erasing {
 public:
  Erasing(ReaderPool &readers, Writer &writer, const Clock &clock, std::string email)
      : readers_(readers), writer_(writer), clock_(clock), email_(std::move(email)) {}

  Result<Forgotten> run() {
    if (Result<void> done = events(); !done.ok()) return done.error();
    if (Result<void> done = messages("delivery", "instance, seq, 0"); !done.ok()) return done.error();
    if (Result<void> done = messages("replay", "id, seq, id"); !done.ok()) return done.error();
    if (Result<void> done = attempts(); !done.ok()) return done.error();
    if (Result<void> done = kept("kv", "key", "value"); !done.ok()) return done.error();
    if (Result<void> done = kept("document", "path", "body"); !done.ok()) return done.error();
    if (Result<void> done = old_copies(); !done.ok()) return done.error();
    return forgotten_;
  }

 private:
  Result<void> events() {
    for (Seq after = 0;;) {  // ends: `after` grows up to the newest
      std::vector<Seq> found;
      const Result<Seq> last = find_events(after, found);
      if (!last.ok()) return last.error();
      for (std::size_t at = 0; at < found.size(); at += erase_rows) {
        const std::size_t end = std::min(found.size(), at + erase_rows);
        const std::vector<Seq> some(found.begin() + static_cast<std::ptrdiff_t>(at),
                                    found.begin() + static_cast<std::ptrdiff_t>(end));
        if (Result<void> done = add(EraseEventsRequest(email_, some, clock_.wall_ms()).write_with(writer_)); !done.ok())
          return done;
      }
      if (*last <= after) return {};
      after = *last;
    }
  }

  Result<Seq> find_events(Seq after, std::vector<Seq> &found) {
    Result<ReaderPool::Loan> reader = readers_.lend();
    if (!reader.ok()) return reader.error();
    Database &database = (*reader)->database();
    Result<Statement> rows = database.prepare(
        "SELECT seq, body, json, headers, subject, reason FROM event WHERE seq>? ORDER BY seq LIMIT ?");
    if (!rows.ok()) return rows.error();
    rows->bind(after, page_rows);
    Seq last = after;
    int code = SQLITE_OK;
    while ((code = rows->step()) == SQLITE_ROW) {
      last = std::max(last, rows->integer(0));
      bool is_mentioned = false;
      for (int column = 1; column <= 5 && !is_mentioned; ++column) is_mentioned = mentions(rows->bytes(column), email_);
      if (is_mentioned) found.push_back(rows->integer(0));
    }
    if (code != SQLITE_DONE) return database.error("look for a person in");
    return last;
  }

  // What plugins said of other events.
  Result<void> messages(const std::string &table, const std::string &columns) {
    const bool is_live = table == "delivery";
    const std::string sql = "SELECT " + columns + ", message FROM " + table + " WHERE " +
                            (is_live ? "(instance, seq)>(?1, ?2) ORDER BY instance, seq" : "id>?1+0*?2 ORDER BY id") +
                            " LIMIT ?3";
    std::int64_t first = std::numeric_limits<std::int64_t>::min(), second = first;
    for (bool has_more = true; has_more;) {  // ends: the place grows, or has_more stays false
      has_more = false;
      std::vector<DeliveryKey> found;
      {
        Result<ReaderPool::Loan> reader = readers_.lend();
        if (!reader.ok()) return reader.error();
        Result<Statement> rows = (*reader)->database().prepare(sql);
        if (!rows.ok()) return rows.error();
        rows->bind(first, second, page_rows);
        int code = SQLITE_OK;
        while ((code = rows->step()) == SQLITE_ROW) {
          has_more |= std::pair(first, second) < std::pair(rows->integer(0), rows->integer(1));
          first = rows->integer(0);
          second = rows->integer(1);
          if (mentions(rows->bytes(3), email_)) found.push_back({first, second, rows->integer(2)});
        }
        if (code != SQLITE_DONE) return (*reader)->database().error("look for a person in");
      }
      if (found.empty()) continue;
      if (Result<void> done = add(EraseMessagesRequest(email_, found).write_with(writer_)); !done.ok()) return done;
    }
    return {};
  }

  // What was said and sent in earlier attempts of other events.
  Result<void> attempts() {
    WriteSession::AttemptKey last{{-1, -1, -1}, -1};
    for (bool has_more = true; has_more;) {  // ends: the place grows, or has_more stays false
      has_more = false;
      std::vector<WriteSession::AttemptKey> found;
      {
        Result<ReaderPool::Loan> reader = readers_.lend();
        if (!reader.ok()) return reader.error();
        Result<Statement> rows = (*reader)->database().prepare(
            "SELECT seq, instance, replay, number, message, exchanges FROM attempt WHERE "
            "(seq, instance, replay, number)>(?,?,?,?) ORDER BY seq, instance, replay, number LIMIT ?");
        if (!rows.ok()) return rows.error();
        rows->bind(last.key.seq, last.key.instance, last.key.replay, last.number, page_rows);
        int code = SQLITE_OK;
        while ((code = rows->step()) == SQLITE_ROW) {
          const WriteSession::AttemptKey here{{rows->integer(1), rows->integer(0), rows->integer(2)},
                                              static_cast<int>(rows->integer(3))};
          const auto place = [](const WriteSession::AttemptKey &a) {
            return std::tuple(a.key.seq, a.key.instance, a.key.replay, a.number);
          };
          has_more |= place(last) < place(here);
          last = here;
          if (mentions(rows->bytes(4), email_) || mentions(rows->bytes(5), email_)) found.push_back(here);
        }
        if (code != SQLITE_DONE) return (*reader)->database().error("look for a person in");
      }
      if (found.empty()) continue;
      if (Result<void> done = add(EraseAttemptsRequest(found).write_with(writer_)); !done.ok()) return done;
    }
    return {};
  }

  // What plugins kept and published; they make it anew without the person.
  Result<void> kept(const std::string &table, const std::string &name, const std::string &contents) {
    const bool is_kv = table == "kv";
    const std::string sql = "SELECT rowid, instance, " + name + ", " + contents + " FROM " + table +
                            " WHERE rowid>? ORDER BY rowid LIMIT ?";
    std::int64_t after = std::numeric_limits<std::int64_t>::min();
    for (bool has_more = true; has_more;) {  // ends: `after` grows, or has_more stays false
      has_more = false;
      std::vector<InstanceWrite> removals;
      {
        Result<ReaderPool::Loan> reader = readers_.lend();
        if (!reader.ok()) return reader.error();
        Result<Statement> rows = (*reader)->database().prepare(sql);
        if (!rows.ok()) return rows.error();
        rows->bind(after, page_rows);
        int code = SQLITE_OK;
        while ((code = rows->step()) == SQLITE_ROW) {
          has_more |= rows->integer(0) > after;
          after = std::max(after, rows->integer(0));
          if (!mentions(rows->bytes(2), email_) && !mentions(rows->bytes(3), email_)) continue;
          InstanceWrite &removal = removals.emplace_back();
          removal.instance = rows->integer(1);
          if (is_kv) {
            removal.staged.kv.push_back({rows->text(2), std::nullopt});
          } else {
            removal.staged.documents.push_back({rows->text(2), "", std::nullopt});
          }
        }
        if (code != SQLITE_DONE) return (*reader)->database().error("look for a person in");
      }
      if (removals.empty()) continue;
      if (Result<void> done = add(EraseKeptRequest(email_, removals).write_with(writer_)); !done.ok()) return done;
    }
    return {};
  }

  Result<void> add(const Result<WriteSession::Erasure> &erased) {
    if (!erased.ok()) return erased.error();
    forgotten_.events_count += erased->events_count;
    forgotten_.owed_count += erased->owed_count;
    forgotten_.messages_count += erased->messages_count;
    forgotten_.attempts_count += erased->attempts_count;
    forgotten_.entries_count += erased->entries_count;
    forgotten_.documents_count += erased->documents_count;
    return {};
  }

  // Free pages hold what was there before they became free, and the log holds pages as they were.
  Result<void> old_copies() {
    for (bool has_more = true; has_more;) {  // ends: each step makes the file smaller
      const Result<GivenBack> given = GiveBackRequest().write_with(writer_);
      if (!given.ok()) return given.error();
      has_more = given->pages_count > 0 && given->left_count > 0;
    }
    if (Result<void> done = cut_log({}); !done.ok() || !forgotten_.is_log_cut) return done;
    for (std::int64_t next = 1; next != 0;) {  // ends: `next` grows up to the end of the file
      std::vector<std::int64_t> found;
      {
        Result<ReaderPool::Loan> reader = readers_.lend();
        if (!reader.ok()) return reader.error();
        Database &database = (*reader)->database();
        if (find_pages(database, email_, next, page_rows, found, next) != SQLITE_OK) {
          return database.error("look for old copies in");
        }
      }
      if (found.empty()) continue;
      if (Result<void> done = cut_log(found); !done.ok() || !forgotten_.is_log_cut) return done;
    }
    return {};
  }

  Result<void> cut_log(const std::vector<std::int64_t> &pages) {
    for (int tries = 0; tries < cut_tries_max; ++tries) {
      const Result<bool> is_cut = CutLogRequest(pages).write_with(writer_);
      if (!is_cut.ok()) return is_cut.error();
      forgotten_.is_log_cut = *is_cut;
      if (*is_cut) break;
    }
    return {};
  }

  ReaderPool &readers_;
  Writer &writer_;
  const Clock &clock_;
  const std::string email_;
  Forgotten forgotten_;
};

}  // namespace

Result<Forgotten> forget_person(ReaderPool &readers, Writer &writer, const Clock &clock, std::string_view text) {
  Result<std::string> email = parse_email(text);
  if (!email.ok()) return email.error();
  return Erasing(readers, writer, clock, std::move(*email)).run();
}

}  // namespace bellhop::core
