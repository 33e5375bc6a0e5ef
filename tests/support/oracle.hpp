// SPDX-License-Identifier: Apache-2.0
// Compares three truths: what the client was told (Loader), what the journal holds (read with plain sqlite3, none of
// our code), and what a plugin saw (the recorder's file). Returns findings, one sentence each; none is good.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
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
};

std::vector<Stored> stored_events(const std::filesystem::path &journal);
std::vector<Seen> seen_by_recorder(const std::filesystem::path &file);

// acknowledged ⊆ stored (same id at the same seq), seq without gaps from 1.
std::vector<std::string> compare_stored(const std::vector<Acknowledged> &acknowledged,
                                        const std::vector<Stored> &stored);
// Every stored event was delivered (verdict ok) at least once, first offers of a subject came in the order of seq,
// nothing was offered that is not stored, and an event was never offered before its predecessor of the subject was done
// with.
std::vector<std::string> compare_seen(const std::vector<Stored> &stored, const std::vector<Seen> &seen);

// Offers beyond the first successful one: legal only around a kill. Reported, not judged.
std::int64_t duplicates_count(const std::vector<Seen> &seen);

}  // namespace bellhop::test
