// SPDX-License-Identifier: Apache-2.0
// MergedKeys: which keys are certainly not in one of the journal's index tables. In memory, for one thread.
//
// Almost every id is new, and so is every booking's subject once. To learn that from event_id and event_subject costs
// a read of a random page each, which with a million events retained is seldom in the cache: 10 us of an append that
// has 40 in all (docs/decisions/0029). A Bloom filter answers it with one line of memory. It may be wrong in one
// direction only: may_hold() says true for about one absent key in 150, and the table is asked as before.
//
// After a restart the table's keys are read a slice at a time, while events come in; until that is done every key may
// be held. Keys are never taken out: when retention has removed many, the owner begins anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bellhop::core {

class Statement;

// A Bloom filter of blocks of 32 bytes with one bit in each of their eight words (as Putze, Sanders and Singler's
// "Cache-, Hash- and Space-Efficient Bloom Filters" has it). Grows by layers, each as large as all before it.
class KeyFilter {
 public:
  explicit KeyFilter(std::size_t keys_count);  // how many are expected
  void add(std::int64_t key);
  bool may_hold(std::int64_t key) const;  // false: was not added
  std::size_t keys_count() const { return keys_count_; }
  std::size_t bytes() const;

 private:
  struct alignas(32) Block {
    std::array<std::uint32_t, 8> words{};
  };
  struct Layer {
    std::vector<Block> blocks;
    std::size_t room = 0;  // keys that still fit
  };
  static Layer layer_for(std::size_t keys_count);

  std::vector<Layer> layers_;
  std::size_t keys_count_ = 0;
};

class MergedKeys {
 public:
  static constexpr std::size_t keys_max = 8'000'000;  // 12 to 24 MB; with more, every key may be held

  // Forgets everything; the table's keys, about keys_count of them, are to be learnt.
  void restart(std::size_t keys_count);
  // The key is about to be put into the table.
  void add(std::int64_t key);
  bool may_hold(std::int64_t key) const { return !is_known() || filter_.may_hold(key); }

  bool is_learning() const { return state_ == State::learning; }
  bool is_known() const { return state_ == State::known; }
  // Of a table that holds keys_count now: it has lost most of the keys that are remembered.
  bool is_outgrown(std::size_t keys_count) const;
  // Reads the next slice, of 2 rows or more.
  //   keys   "SELECT key FROM table WHERE key > ? ORDER BY key LIMIT ?"
  // SQLITE_OK, or an error, also when the keys are out of order: then nothing is learnt any more, and every key may be
  // held.
  int learn(Statement &keys, int count);
  std::size_t bytes() const { return filter_.bytes(); }

 private:
  enum class State { unknown, learning, known };
  void give_up();

  KeyFilter filter_{0};
  std::int64_t learnt_ = 0;  // up to this key
  State state_ = State::unknown;
};

}  // namespace bellhop::core
