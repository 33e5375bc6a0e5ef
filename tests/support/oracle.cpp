// SPDX-License-Identifier: Apache-2.0
#include "support/oracle.hpp"

#include <sqlite3.h>

#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace bellhop::test {
namespace {

constexpr std::size_t findings_max = 20;

void add(std::vector<std::string> &findings, const std::string &sentence) {
  if (findings.size() < findings_max) findings.push_back(sentence);
}

}  // namespace

std::vector<Stored> stored_events(const std::filesystem::path &journal) {
  sqlite3 *db = nullptr;
  if (sqlite3_open_v2(journal.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
    throw std::runtime_error("cannot open " + journal.string());
  }
  sqlite3_stmt *statement = nullptr;
  const char *question = "SELECT seq, lower(hex(id)), subject, type FROM event ORDER BY seq";
  if (sqlite3_prepare_v2(db, question, -1, &statement, nullptr) != SQLITE_OK) {
    const std::string why = sqlite3_errmsg(db);
    sqlite3_close(db);
    throw std::runtime_error(why);
  }
  const auto text = [&](int column) {
    const auto *value = reinterpret_cast<const char *>(sqlite3_column_text(statement, column));
    return std::string(value != nullptr ? value : "");
  };
  std::vector<Stored> events;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    events.push_back({sqlite3_column_int64(statement, 0), text(1), text(2), text(3)});
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return events;
}

std::vector<Seen> seen_by_recorder(const std::filesystem::path &file) {
  std::ifstream in(file);
  std::vector<Seen> seen;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    Seen one;
    if (words >> one.seq >> one.id >> one.attempt >> one.flags >> one.verdict >> one.subject) seen.push_back(one);
  }
  return seen;
}

std::vector<std::string> compare_stored(const std::vector<Acknowledged> &acknowledged,
                                        const std::vector<Stored> &stored) {
  std::vector<std::string> findings;
  std::map<std::int64_t, std::string> ids;
  std::int64_t expected = 1;
  for (const Stored &event : stored) {
    if (event.seq != expected) {
      add(findings, "the journal jumps from seq " + std::to_string(expected - 1) + " to " + std::to_string(event.seq));
    }
    expected = event.seq + 1;
    ids[event.seq] = event.id;
  }
  for (const Acknowledged &ack : acknowledged) {
    const auto found = ids.find(ack.seq);
    if (found == ids.end()) {
      add(findings, "acknowledged and lost: seq " + std::to_string(ack.seq) + " id " + ack.id);
    } else if (found->second != ack.id) {
      add(findings, "seq " + std::to_string(ack.seq) + " was acknowledged as " + ack.id + " and is " + found->second);
    }
  }
  return findings;
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
