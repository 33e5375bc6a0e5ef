// SPDX-License-Identifier: Apache-2.0
// The index tables event_id and event_subject: how young entries get into them, and what is remembered of their keys.
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {

// Twice as many as were appended, so that a generation is merged before the next one is full; some hundreds at once,
// since the pages at both ends of a slice are written for its neighbours too. What a restart interrupts begins anew: an
// entry that is there already is left alone.
int WriteSession::merge_some(std::size_t count) {
  const std::size_t merging_count = count == 0 ? 0 : young_.merging_count();
  if (merging_count == 0) return SQLITE_OK;
  for (const YoungEntry &entry : young_.slice(YoungIndex::Order::id, merge_.ids_count, count)) {
    ++merge_.ids_count;
    if (entry.is_removed) continue;
    merged_ids_.add(entry.id_key);
    const int code = statements_.merge_id.bind(entry.id_key, entry.seq).run();
    if (code != SQLITE_DONE) return code;
  }
  for (const YoungEntry &entry : young_.slice(YoungIndex::Order::subject, merge_.subjects_count, count)) {
    ++merge_.subjects_count;
    if (!entry.has_subject || entry.is_removed) continue;
    merged_subjects_.add(entry.subject_key);
    const int code = statements_.merge_subject.bind(entry.subject_key, entry.seq, entry.newest_ms).run();
    if (code != SQLITE_DONE) return code;
  }
  if (merge_.ids_count < merging_count || merge_.subjects_count < merging_count) return SQLITE_OK;
  CRASH_POINT("journal.merged");
  if (merge_.deleted == 0) merge_.deleted = young_.merging_first() - 1;
  merge_.deleted = std::min(merge_.deleted + 8 * static_cast<Seq>(count), young_.merging_last());
  return ok_if_done(statements_.delete_young.bind(merge_.deleted).run());
}

std::size_t WriteSession::merged_count() const {
  const std::int64_t count = kept_count() - static_cast<std::int64_t>(young_.count());
  return static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
}

// An index table that cannot be read is asked about every key, as if nothing were known: who needs the damaged page is
// told so then.
void WriteSession::learn_merged() {
  const std::pair<MergedKeys *, Statement *> tables[] = {{&merged_ids_, &statements_.ids_above},
                                                         {&merged_subjects_, &statements_.subjects_above}};
  const std::size_t count = merged_count();
  for (const auto &[keys, above] : tables) {
    if (keys->is_outgrown(count)) keys->restart(count);
    if (keys->is_learning()) keys->learn(*above, learnt_rows);
  }
}

}  // namespace bellhop::core
