// SPDX-License-Identifier: Apache-2.0
// Compares three truths: what the client was told (Loader), what the journal holds (read with plain sqlite3, none of
// our code), and what a plugin saw (the recorder's file). Returns findings, one sentence each; none is good.
//
// With retention on, the journal also says which events it has removed. Such an event is not lost if every instance
// that wanted it was done with it: what it was is put together again from the other two truths.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/loader.hpp"

namespace bellhop::test {

struct Stored {
  std::int64_t seq = 0;
  std::string id, subject, type;
};

// One line of the recorder: a call of deliver, in the order of the calls.
struct Seen {
  std::int64_t seq = 0;
  std::string id, subject;
  int attempt = 0;
  std::uint32_t flags = 0;
  std::string verdict;  // ok | retry | fail | die
  std::string type;
};

// What retention has removed, both included.
struct Removed {
  std::int64_t first = 0, last = 0;
};

std::vector<Stored> stored_events(const std::filesystem::path &journal);
std::vector<Removed> removed_events(const std::filesystem::path &journal);
std::int64_t count_of(const std::vector<Removed> &removed);
// Deliveries that are not over: instances that are behind the newest event, and rows that wait.
std::int64_t unfinished_count(const std::filesystem::path &journal);
// Those of `seqs` that the journal does not take for delivered to the instance.
std::set<std::int64_t> unsettled_of(const std::filesystem::path &journal, const std::string &instance,
                                    const std::set<std::int64_t> &seqs);
std::vector<Seen> seen_by_recorder(const std::filesystem::path &file);

// acknowledged ⊆ stored (same id at the same seq) ∪ removed, seq without gaps from 1.
std::vector<std::string> compare_stored(const std::vector<Acknowledged> &acknowledged,
                                        const std::vector<Stored> &stored, const std::vector<Removed> &removed = {});

// All events that there ever were: those stored, and those removed as the instances saw them. A removed event that
// nobody ever saw is a finding, and so is one that was acknowledged with another id than it was seen with.
std::vector<Stored> whole_history(const std::vector<Acknowledged> &acknowledged, const std::vector<Stored> &stored,
                                  const std::vector<Removed> &removed, const std::vector<std::vector<Seen>> &seen,
                                  std::vector<std::string> &findings);
// Every stored event was delivered (verdict ok) at least once, first offers of a subject came in the order of seq,
// nothing was offered that is not stored, and an event was never offered before its predecessor of the subject was done
// with.
std::vector<std::string> compare_seen(const std::vector<Stored> &stored, const std::vector<Seen> &seen);

// Offers beyond the first successful one: legal only around a kill. Reported, not judged.
std::int64_t duplicates_count(const std::vector<Seen> &seen);

}  // namespace bellhop::test
