// SPDX-License-Identifier: Apache-2.0
#include "journal/merged_keys.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.hpp"
#include "journal/sqlite.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t keys_count_min = 64 * 1024;
constexpr std::size_t bits_per_key = 12;  // one absent key in 150 is taken for a present one
constexpr std::size_t block_bits = 256;

// Any odd numbers without a pattern: the multiples' upper five bits choose a bit in each word.
constexpr std::array<std::uint32_t, 8> salts{0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f,
                                             0x165667b1, 0xd3a2646d, 0xfd7046c5, 0xb55a4f09};

// The keys are digests, but nothing here should depend on which of their bits are good.
std::uint64_t spread(std::int64_t key) {
  std::uint64_t hash = static_cast<std::uint64_t>(key);
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93ULL;
  return hash ^ (hash >> 32);
}

std::size_t block_of(std::uint64_t hash, std::size_t blocks_count) {
  return static_cast<std::size_t>(((hash >> 32) * blocks_count) >> 32);
}

}  // namespace

// ---- one filter -----------------------------------------------------------------------------------------------------

KeyFilter::Layer KeyFilter::layer_for(std::size_t keys_count) {
  Layer layer;
  layer.room = std::max(keys_count, keys_count_min);
  layer.blocks.resize(layer.room * bits_per_key / block_bits + 1);
  return layer;
}

KeyFilter::KeyFilter(std::size_t keys_count) {
  if (keys_count > 0) layers_.push_back(layer_for(keys_count));
}

void KeyFilter::add(std::int64_t key) {
  if (may_hold(key)) return;
  if (layers_.empty() || layers_.back().room == 0) layers_.push_back(layer_for(keys_count_));
  Layer &layer = layers_.back();
  --layer.room;
  ++keys_count_;
  const std::uint64_t hash = spread(key);
  Block &block = layer.blocks[block_of(hash, layer.blocks.size())];
  for (std::size_t word = 0; word < salts.size(); ++word) {
    block.words[word] |= 1U << ((static_cast<std::uint32_t>(hash) * salts[word]) >> 27);
  }
}

bool KeyFilter::may_hold(std::int64_t key) const {
  const std::uint64_t hash = spread(key);
  return std::any_of(layers_.begin(), layers_.end(), [hash](const Layer &layer) {
    const Block &block = layer.blocks[block_of(hash, layer.blocks.size())];
    std::uint32_t missing = 0;
    for (std::size_t word = 0; word < salts.size(); ++word) {
      missing |= ~(block.words[word] >> ((static_cast<std::uint32_t>(hash) * salts[word]) >> 27)) & 1U;
    }
    return missing == 0;
  });
}

std::size_t KeyFilter::bytes() const {
  std::size_t count = 0;
  for (const Layer &layer : layers_) count += layer.blocks.size() * sizeof(Block);
  return count;
}

// ---- one table ------------------------------------------------------------------------------------------------------

// The slices ask for keys above the last one: the smallest there is must be thought of here.
void MergedKeys::restart(std::size_t keys_count) {
  give_up();
  if (keys_count > keys_max) return;
  filter_ = KeyFilter(keys_count + keys_count / 4 + 1);
  learnt_ = std::numeric_limits<std::int64_t>::min();
  filter_.add(learnt_);
  state_ = State::learning;
}

void MergedKeys::give_up() {
  filter_ = KeyFilter(0);
  state_ = State::unknown;
}

void MergedKeys::add(std::int64_t key) {
  if (state_ == State::unknown) return;
  filter_.add(key);
  if (filter_.keys_count() > keys_max) give_up();
}

bool MergedKeys::is_outgrown(std::size_t keys_count) const {
  if (!is_known()) return false;
  return filter_.keys_count() / 2 > std::max(keys_count, keys_count_min);
}

// Equal keys that a slice's end parts are in the filter already. The last row of a slice is read again with the next
// one: a damaged key there would lead past others, and shows only beside its successor.
int MergedKeys::learn(Statement &keys, int count) {
  CHECK(count >= 2);
  keys.bind(learnt_, count);
  int code = SQLITE_OK, rows_count = 0;
  std::int64_t last = learnt_;
  bool is_sorted = true;
  while ((code = keys.step()) == SQLITE_ROW) {
    learnt_ = std::exchange(last, keys.integer(0));
    is_sorted &= learnt_ <= last;
    filter_.add(last);
    ++rows_count;
  }
  keys.reset();
  if (code != SQLITE_DONE || !is_sorted) {
    give_up();
    return code == SQLITE_DONE ? SQLITE_CORRUPT : code;
  }
  if (rows_count < count) state_ = State::known;
  return SQLITE_OK;
}

}  // namespace bellhop::core
