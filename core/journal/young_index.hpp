// SPDX-License-Identifier: Apache-2.0
// YoungIndex: the newest events by id and by subject, in memory. The tables event_id and event_subject know the older
// ones.
//
// Ids and subjects are digests: an index over them has its every entry on another page, and with a million events
// retained each append would rewrite two pages of 8 KiB for 40 bytes (1.8 times the CPU of an empty journal,
// docs/decisions/0021). So an event's entries first go to the end of one narrow table, `young`, and here; a generation
// of them is later merged into the tables in the order of their keys, when many of them share a page. After a restart
// this is read from `young`.
//
// An entry leaves this index only after its merge was committed: who asks here first and the tables then, misses
// nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.hpp"
#include "event/event.hpp"

namespace bellhop::core {

struct YoungEntry {
  Seq seq = 0;
  std::int64_t id_key = 0;
  SubjectKey subject_key = 0;
  Milliseconds newest_ms = 0;  // of the subject, up to and with this event
  bool has_subject = false;    // false: quarantined
  bool is_removed = false;     // by retention: is neither found by its subject nor merged
};

// Entries in the order of their seq, found by either key. Grows only.
class Generation {
 public:
  void add(const YoungEntry &entry);
  const std::vector<YoungEntry> &entries() const { return entries_; }
  void seqs_of_id(std::int64_t id_key, std::vector<Seq> &out) const;
  const YoungEntry *newest_of_subject(SubjectKey subject) const;                                // until the next add
  void seqs_of_subject(SubjectKey subject, Seq after, Seq up_to, std::vector<Seq> &out) const;  // newest first
  void set_removed(Seq seq, bool is_removed);

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  void grow();
  void place(std::uint32_t index);
  std::uint32_t head_of(SubjectKey subject) const;
  std::size_t slot_of(std::int64_t key) const { return static_cast<std::uint64_t>(key) >> shift_; }

  // Open addressing: the keys are digests, so their upper bits are the hash. Half empty at least.
  std::vector<YoungEntry> entries_;
  std::vector<std::uint32_t> previous_;  // entry of the same subject before this one
  std::vector<std::uint32_t> id_slots_, subject_slots_;
  int shift_ = 64;
};

class YoungIndex {
 public:
  // ---- questions [any]; they see what add() was given
  // -----------------------------------------------------------------
  std::optional<Milliseconds> newest_of_subject(SubjectKey subject) const;
  std::vector<Seq> seqs_of_subject(SubjectKey subject, Seq after, Seq up_to) const;  // oldest first
  std::vector<Seq> seqs_of_id(std::int64_t id_key) const;

  // ---- the writer's [journal]
  // -------------------------------------------------------------------------------------------
  void reset(const std::vector<YoungEntry> &entries);  // all that is in the table, oldest first
  void add(const std::vector<YoungEntry> &entries);    // after their commit
  // Makes the young generation the one that is merged, when there is none and it is large enough.
  void begin_merge(std::size_t count_min);
  std::size_t count() const;          // of both generations
  std::size_t merging_count() const;  // 0: none
  Seq merging_first() const;
  Seq merging_last() const;
  // count entries of the merging generation from the first-th on, in the order of a key; fewer at its end. Entries
  // without a subject come last in the order of subjects.
  enum class Order { id, subject };
  std::vector<YoungEntry> slice(Order order, std::size_t first, std::size_t count) const;
  void end_merge();  // forgets the merging generation
  // Retention removed the event, or its transaction was rolled back.
  void set_removed(Seq seq, bool is_removed);

 private:
  mutable Mutex mutex_;
  Generation young_ GUARDED_BY(mutex_);
  std::unique_ptr<Generation> merging_ GUARDED_BY(mutex_);
  std::vector<std::uint32_t> by_id_ GUARDED_BY(mutex_), by_subject_ GUARDED_BY(mutex_);  // of merging_
};

}  // namespace bellhop::core
