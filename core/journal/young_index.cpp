// SPDX-License-Identifier: Apache-2.0
#include "journal/young_index.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace bellhop::core {
namespace {

constexpr std::size_t slots_count_min = 256;  // a power of two

}  // namespace

// ---- one generation -------------------------------------------------------------------------------------------------

void Generation::add(const YoungEntry &entry) {
  entries_.push_back(entry);
  previous_.push_back(none);
  if (entries_.size() * 2 > id_slots_.size()) return grow();
  place(static_cast<std::uint32_t>(entries_.size() - 1));
}

void Generation::grow() {
  const std::size_t count = std::max(id_slots_.size() * 2, slots_count_min);
  shift_ = 64;
  for (std::size_t left = count; left > 1; left /= 2) --shift_;
  id_slots_.assign(count, none);
  subject_slots_.assign(count, none);
  entries_.reserve(count / 2);
  previous_.reserve(count / 2);
  for (std::uint32_t index = 0; index < entries_.size(); ++index) place(index);
}

// A subject's slot holds its newest entry, which leads to the older ones.
void Generation::place(std::uint32_t index) {
  const YoungEntry &entry = entries_[index];
  const std::size_t mask = id_slots_.size() - 1;
  std::size_t slot = slot_of(entry.id_key);
  while (id_slots_[slot] != none) slot = (slot + 1) & mask;
  id_slots_[slot] = index;
  if (!entry.has_subject) return;
  slot = slot_of(entry.subject_key);
  while (subject_slots_[slot] != none && entries_[subject_slots_[slot]].subject_key != entry.subject_key) {
    slot = (slot + 1) & mask;
  }
  previous_[index] = subject_slots_[slot];
  subject_slots_[slot] = index;
}

void Generation::seqs_of_id(std::int64_t id_key, std::vector<Seq> &out) const {
  if (entries_.empty()) return;
  const std::size_t mask = id_slots_.size() - 1;
  for (std::size_t slot = slot_of(id_key); id_slots_[slot] != none; slot = (slot + 1) & mask) {
    const YoungEntry &entry = entries_[id_slots_[slot]];
    if (entry.id_key == id_key) out.push_back(entry.seq);
  }
}

std::uint32_t Generation::head_of(SubjectKey subject) const {
  if (entries_.empty()) return none;
  const std::size_t mask = subject_slots_.size() - 1;
  for (std::size_t slot = slot_of(subject); subject_slots_[slot] != none; slot = (slot + 1) & mask) {
    if (entries_[subject_slots_[slot]].subject_key == subject) return subject_slots_[slot];
  }
  return none;
}

const YoungEntry *Generation::newest_of_subject(SubjectKey subject) const {
  std::uint32_t index = head_of(subject);
  while (index != none && entries_[index].is_removed) index = previous_[index];
  return index == none ? nullptr : &entries_[index];
}

void Generation::seqs_of_subject(SubjectKey subject, Seq after, Seq up_to, std::vector<Seq> &out) const {
  for (std::uint32_t index = head_of(subject); index != none; index = previous_[index]) {
    const Seq seq = entries_[index].seq;
    if (seq <= after) return;
    if (seq <= up_to && !entries_[index].is_removed) out.push_back(seq);
  }
}

void Generation::set_removed(Seq seq, bool is_removed) {
  const auto entry = std::lower_bound(entries_.begin(), entries_.end(), seq,
                                      [](const YoungEntry &one, Seq sought) { return one.seq < sought; });
  if (entry != entries_.end() && entry->seq == seq) entry->is_removed = is_removed;
}

// ---- both of them ---------------------------------------------------------------------------------------------------

std::optional<Milliseconds> YoungIndex::newest_of_subject(SubjectKey subject) const {
  Lock lock(mutex_);
  const YoungEntry *newest = young_.newest_of_subject(subject);
  if (newest == nullptr && merging_ != nullptr) newest = merging_->newest_of_subject(subject);
  if (newest == nullptr) return std::nullopt;
  return newest->newest_ms;
}

std::vector<Seq> YoungIndex::seqs_of_subject(SubjectKey subject, Seq after, Seq up_to) const {
  std::vector<Seq> seqs;
  Lock lock(mutex_);
  young_.seqs_of_subject(subject, after, up_to, seqs);
  if (merging_ != nullptr) merging_->seqs_of_subject(subject, after, up_to, seqs);
  std::reverse(seqs.begin(), seqs.end());
  return seqs;
}

std::vector<Seq> YoungIndex::seqs_of_id(std::int64_t id_key) const {
  std::vector<Seq> seqs;
  Lock lock(mutex_);
  if (merging_ != nullptr) merging_->seqs_of_id(id_key, seqs);
  young_.seqs_of_id(id_key, seqs);
  return seqs;
}

void YoungIndex::reset(const std::vector<YoungEntry> &entries) {
  Generation all;
  for (const YoungEntry &entry : entries) all.add(entry);
  Lock lock(mutex_);
  young_ = std::move(all);
  merging_.reset();
}

void YoungIndex::add(const std::vector<YoungEntry> &entries) {
  Lock lock(mutex_);
  for (const YoungEntry &entry : entries) young_.add(entry);
}

// Sorted under no lock: the merging generation does not change, and only this thread ends it.
void YoungIndex::begin_merge(std::size_t count_min) {
  const Generation *generation = nullptr;
  {
    Lock lock(mutex_);
    if (merging_ != nullptr || young_.entries().size() < count_min) return;
    merging_ = std::make_unique<Generation>(std::exchange(young_, {}));
    generation = merging_.get();
  }
  const std::vector<YoungEntry> &all = generation->entries();
  std::vector<std::uint32_t> by_id(all.size());
  std::iota(by_id.begin(), by_id.end(), 0);
  std::vector<std::uint32_t> by_subject = by_id;
  std::sort(by_id.begin(), by_id.end(), [&all](std::uint32_t a, std::uint32_t b) {
    return std::tie(all[a].id_key, a) < std::tie(all[b].id_key, b);
  });
  std::sort(by_subject.begin(), by_subject.end(), [&all](std::uint32_t a, std::uint32_t b) {
    return std::tie(all[b].has_subject, all[a].subject_key, a) < std::tie(all[a].has_subject, all[b].subject_key, b);
  });
  Lock lock(mutex_);
  by_id_ = std::move(by_id);
  by_subject_ = std::move(by_subject);
}

std::size_t YoungIndex::count() const {
  Lock lock(mutex_);
  return young_.entries().size() + (merging_ == nullptr ? 0 : merging_->entries().size());
}

std::size_t YoungIndex::merging_count() const {
  Lock lock(mutex_);
  return merging_ == nullptr ? 0 : merging_->entries().size();
}

Seq YoungIndex::merging_first() const {
  Lock lock(mutex_);
  return merging_ == nullptr ? 0 : merging_->entries().front().seq;
}

Seq YoungIndex::merging_last() const {
  Lock lock(mutex_);
  return merging_ == nullptr ? 0 : merging_->entries().back().seq;
}

std::vector<YoungEntry> YoungIndex::slice(Order order, std::size_t first, std::size_t count) const {
  Lock lock(mutex_);
  std::vector<YoungEntry> found;
  if (merging_ == nullptr) return found;
  const std::vector<std::uint32_t> &sorted = order == Order::id ? by_id_ : by_subject_;
  for (std::size_t at = first; at < sorted.size() && found.size() < count; ++at) {
    found.push_back(merging_->entries()[sorted[at]]);
  }
  return found;
}

void YoungIndex::set_removed(Seq seq, bool is_removed) {
  Lock lock(mutex_);
  young_.set_removed(seq, is_removed);
  if (merging_ != nullptr) merging_->set_removed(seq, is_removed);
}

void YoungIndex::end_merge() {
  std::unique_ptr<Generation> done;
  Lock lock(mutex_);
  done.swap(merging_);
  by_id_.clear();
  by_subject_.clear();
}

}  // namespace bellhop::core
