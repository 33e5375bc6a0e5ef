// SPDX-License-Identifier: Apache-2.0
#include "support/oracle.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bellhop::test {
namespace {

constexpr std::size_t findings_max = 20;

void add(std::vector<std::string> &findings, const std::string &sentence) {
  if (findings.size() < findings_max) findings.push_back(sentence);
}

// One question to the journal's file. It leaves the write-ahead log as it found it, so that a daemon that was killed
// has the same files to recover from whether we looked or not.
class Question {
 public:
  Question(const std::filesystem::path &file, const char *sql, const std::vector<std::string> &values = {}) {
    const int opened = sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_busy_timeout(db_, 5'000);
    if (opened != SQLITE_OK || sqlite3_prepare_v2(db_, sql, -1, &statement_, nullptr) != SQLITE_OK) {
      const std::string why = sqlite3_errmsg(db_);
      sqlite3_close(db_);
      throw std::runtime_error("read " + file.string() + ": " + why);
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      sqlite3_bind_text(statement_, static_cast<int>(i) + 1, values[i].c_str(), -1, SQLITE_TRANSIENT);
    }
  }
  ~Question() {
    sqlite3_finalize(statement_);
    sqlite3_close(db_);
  }
  Question(const Question &) = delete;
  Question &operator=(const Question &) = delete;

  bool has_row() { return sqlite3_step(statement_) == SQLITE_ROW; }
  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) {
    const auto *value = reinterpret_cast<const char *>(sqlite3_column_text(statement_, column));
    return value != nullptr ? value : "";
  }

 private:
  sqlite3 *db_ = nullptr;
  sqlite3_stmt *statement_ = nullptr;
};

bool is_in(const std::vector<Removed> &removed, std::int64_t seq) {
  return std::any_of(removed.begin(), removed.end(),
                     [&](const Removed &range) { return seq >= range.first && seq <= range.last; });
}

}  // namespace

std::vector<Stored> stored_events(const std::filesystem::path &journal) {
  std::vector<Stored> events;
  Question question(journal, "SELECT seq, lower(hex(id)), subject, type FROM event ORDER BY seq");
  while (question.has_row())
    events.push_back({question.number(0), question.text(1), question.text(2), question.text(3)});
  return events;
}

std::vector<Removed> removed_events(const std::filesystem::path &journal) {
  std::vector<Removed> removed;
  Question question(journal, "SELECT first, last FROM removed ORDER BY first");
  while (question.has_row()) removed.push_back({question.number(0), question.number(1)});
  return removed;
}

std::int64_t count_of(const std::vector<Removed> &removed) {
  std::int64_t count = 0;
  for (const Removed &range : removed) count += range.last - range.first + 1;
  return count;
}

std::int64_t unfinished_count(const std::filesystem::path &journal) {
  Question question(journal,
                    "SELECT (SELECT count(*) FROM instance WHERE is_parked = 0 AND"
                    " cursor < (SELECT max(seq) FROM event)) + (SELECT count(*) FROM delivery WHERE state = 1)");
  return question.has_row() ? question.number(0) : -1;
}

std::set<std::int64_t> unsettled_of(const std::filesystem::path &journal, const std::string &instance,
                                    const std::set<std::int64_t> &seqs) {
  std::set<std::int64_t> unsettled = seqs;
  if (seqs.empty()) return unsettled;
  Question question(journal,
                    "SELECT seq FROM delivery WHERE instance = (SELECT id FROM instance WHERE name = ?1)"
                    " AND seq BETWEEN ?2 AND ?3 AND state = 2",
                    {instance, std::to_string(*seqs.begin()), std::to_string(*seqs.rbegin())});
  while (question.has_row()) unsettled.erase(question.number(0));
  for (const Removed &range : removed_events(journal)) {
    unsettled.erase(unsettled.lower_bound(range.first), unsettled.upper_bound(range.last));
  }
  return unsettled;
}

std::vector<Seen> seen_by_recorder(const std::filesystem::path &file) {
  std::ifstream in(file);
  std::vector<Seen> seen;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    Seen one;
    if (words >> one.seq >> one.id >> one.attempt >> one.flags >> one.verdict >> one.subject >> one.type)
      seen.push_back(one);
  }
  return seen;
}

std::vector<std::string> compare_stored(const std::vector<Acknowledged> &acknowledged,
                                        const std::vector<Stored> &stored, const std::vector<Removed> &removed) {
  std::vector<std::string> findings;
  std::map<std::int64_t, std::string> ids;
  std::int64_t expected = 1;
  for (const Stored &event : stored) {
    while (expected < event.seq && is_in(removed, expected)) ++expected;
    if (event.seq != expected) {
      add(findings, "the journal jumps from seq " + std::to_string(expected - 1) + " to " + std::to_string(event.seq));
    }
    expected = event.seq + 1;
    ids[event.seq] = event.id;
  }
  for (const Acknowledged &ack : acknowledged) {
    const auto found = ids.find(ack.seq);
    if (found == ids.end()) {
      if (is_in(removed, ack.seq)) continue;
      add(findings, "acknowledged and lost: seq " + std::to_string(ack.seq) + " id " + ack.id);
    } else if (found->second != ack.id) {
      add(findings, "seq " + std::to_string(ack.seq) + " was acknowledged as " + ack.id + " and is " + found->second);
    }
  }
  return findings;
}

std::vector<Stored> whole_history(const std::vector<Acknowledged> &acknowledged, const std::vector<Stored> &stored,
                                  const std::vector<Removed> &removed, const std::vector<std::vector<Seen>> &seen,
                                  std::vector<std::string> &findings) {
  std::map<std::int64_t, Stored> gone;
  for (const std::vector<Seen> &one_instance : seen) {
    for (const Seen &one : one_instance) {
      if (is_in(removed, one.seq)) gone.emplace(one.seq, Stored{one.seq, one.id, one.subject, one.type});
    }
  }
  for (const Acknowledged &ack : acknowledged) {
    const auto found = gone.find(ack.seq);
    if (found != gone.end() && found->second.id != ack.id) {
      add(findings,
          "seq " + std::to_string(ack.seq) + " was acknowledged as " + ack.id + " and seen as " + found->second.id);
    }
  }
  for (const Removed &range : removed) {
    for (std::int64_t seq = range.first; seq <= range.last; ++seq) {
      if (gone.count(seq) == 0) add(findings, "removed and never seen: seq " + std::to_string(seq));
    }
  }
  std::vector<Stored> history;
  for (const auto &[seq, event] : gone) history.push_back(event);
  for (const Stored &event : stored) history.push_back(event);
  std::sort(history.begin(), history.end(), [](const Stored &a, const Stored &b) { return a.seq < b.seq; });
  return history;
}

std::vector<std::string> compare_seen(const std::vector<Stored> &stored, const std::vector<Seen> &seen) {
  std::vector<std::string> findings;
  std::map<std::int64_t, const Stored *> by_seq;
  std::map<std::string, std::vector<std::int64_t>> order;  // subject → its seqs
  for (const Stored &event : stored) {
    by_seq[event.seq] = &event;
    order[event.subject].push_back(event.seq);
  }
  std::set<std::int64_t> offered, done;
  std::map<std::string, std::size_t> next;  // subject → index of the next first offer
  for (const Seen &one : seen) {
    const auto found = by_seq.find(one.seq);
    if (found == by_seq.end() || found->second->id != one.id) {
      add(findings, "offered but not stored: seq " + std::to_string(one.seq) + " id " + one.id);
      continue;
    }
    if (offered.insert(one.seq).second) {
      auto &seqs = order[one.subject];
      std::size_t &index = next[one.subject];
      if (index >= seqs.size() || seqs[index] != one.seq) {
        add(findings, one.subject + ": seq " + std::to_string(one.seq) + " was offered out of order");
      } else if (index > 0 && done.count(seqs[index - 1]) == 0) {
        add(findings, one.subject + ": seq " + std::to_string(one.seq) + " was offered before " +
                          std::to_string(seqs[index - 1]) + " was done");
      }
      ++index;
    }
    if (one.verdict == "ok" || one.verdict == "fail") done.insert(one.seq);
  }
  for (const Stored &event : stored) {
    if (done.count(event.seq) == 0)
      add(findings, "never delivered: seq " + std::to_string(event.seq) + " " + event.subject);
  }
  return findings;
}

std::int64_t duplicates_count(const std::vector<Seen> &seen) {
  std::set<std::int64_t> done;
  std::int64_t count = 0;
  for (const Seen &one : seen) {
    if (done.count(one.seq) != 0) ++count;
    if (one.verdict == "ok") done.insert(one.seq);
  }
  return count;
}

}  // namespace bellhop::test
