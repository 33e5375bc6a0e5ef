// SPDX-License-Identifier: Apache-2.0
// MemoryJournal's caps, retention and forget(): the rules of the SQLite journal, without its steps.
#include <algorithm>

#include "journal/forget.hpp"
#include "journal/late.hpp"
#include "journal/memory_journal.hpp"
#include "journal/mention.hpp"

namespace bellhop::core {

void MemoryJournal::limit(const Limits &limits, const Clock &clock) {
  Lock lock(mutex_);
  limits_ = limits;
  clock_ = &clock;
}

Milliseconds MemoryJournal::now_ms() const {
  return clock_ == nullptr ? 0 : std::min(clock_->wall_ms(), clock_->steady_ms());
}

Seq MemoryJournal::floor(std::string &name) const {
  Seq smallest = newest_;
  for (const auto &[id, instance] : instances_) {
    if (instance.is_parked || instance.cursor >= smallest) continue;
    smallest = instance.cursor;
    name = instance.name;
  }
  return smallest;
}

std::int64_t MemoryJournal::bytes_above(Seq floor) const {
  std::int64_t bytes = 0;
  for (auto event = events_.upper_bound(floor); event != events_.end(); ++event) {
    bytes += static_cast<std::int64_t>(event->second.body.size() + event->second.json.size());
    for (const auto &[name, value] : event->second.headers)
      bytes += static_cast<std::int64_t>(name.size() + value.size());
  }
  return bytes;
}

std::optional<Error> MemoryJournal::refusal() const {
  std::string name;
  const Seq smallest = floor(name);
  const std::string whose = " wait for instance \"" + name + "\", which is furthest behind";
  if (name.empty()) return std::nullopt;
  if (limits_.backlog_events_max > 0 && newest_ - smallest >= limits_.backlog_events_max) {
    return Error{Kind::full, "append: " + std::to_string(newest_ - smallest) + " events" + whose +
                                 " (backlog_events_max in [journal])"};
  }
  if (limits_.backlog_bytes_max > 0 && bytes_above(smallest) >= limits_.backlog_bytes_max) {
    return Error{Kind::full, "append: " + std::to_string(bytes_above(smallest)) + " bytes of events" + whose +
                                 " (backlog_bytes_max in [journal])"};
  }
  return std::nullopt;
}

bool MemoryJournal::is_held(const Stored &stored, Milliseconds dead_since_ms) const {
  const Seq seq = stored.row.seq;
  for (const auto &[id, instance] : instances_) {
    if (instance.is_parked) continue;
    for (auto one = instance.deliveries.lower_bound({seq, 0});
         one != instance.deliveries.end() && one->first.first == seq; ++one) {
      const Settlement &last = one->second.last;
      const bool is_young_dead =
          one->first.second == 0 && last.state == DeliveryState::dead && last.settled_ms > dead_since_ms;
      if (one->second.is_waiting() || is_young_dead) return true;
    }
  }
  if (stored.row.is_quarantined) return false;
  // The newest of a subject knows what is late, and stays while an older one does.
  const std::vector<Seq> &seqs = subjects_.at(stored.subject).seqs;
  return seqs.back() == seq && seqs.front() != seq;
}

void MemoryJournal::remove(Seq seq) {
  const Stored &stored = events_.at(seq);
  ids_.erase(stored.row.id.bytes);
  if (!stored.row.is_quarantined) {
    const auto subject = subjects_.find(stored.subject);
    std::vector<Seq> &seqs = subject->second.seqs;
    seqs.erase(std::remove(seqs.begin(), seqs.end(), seq), seqs.end());
    if (seqs.empty()) subjects_.erase(subject);
  }
  for (auto &[id, instance] : instances_) {
    for (auto one = instance.deliveries.lower_bound({seq, 0});
         one != instance.deliveries.end() && one->first.first == seq;) {
      forget_waiting(instance, one->second.last);
      one = instance.deliveries.erase(one);
    }
  }
  events_.erase(seq);
  removed_.insert(seq);
}

Result<Retained> MemoryJournal::retain() {
  Lock lock(mutex_);
  if (is_due(append_failure_)) return append_failure_.error;
  Retained all;
  if (limits_.retention_age_ms <= 0) return all;
  std::string name;
  const Seq up_to = floor(name);
  for (auto event = events_.begin(); event != events_.end() && event->first <= up_to;) {
    const Stored &stored = (event++)->second;
    if (stored.row.received_ms > now_ms() - limits_.retention_age_ms) break;
    if (!stored.is_intact || is_held(stored, now_ms() - limits_.dead_age_ms)) continue;
    remove(stored.row.seq);
    ++all.removed_count;
  }
  return all;
}

void MemoryJournal::let_go(const Stored &stored, Forgotten &out) {
  const Seq seq = stored.row.seq;
  for (auto &[id, instance] : instances_) {
    const bool has_live = instance.deliveries.count({seq, 0}) != 0;
    std::vector<Settlement> rows;
    for (auto one = instance.deliveries.lower_bound({seq, 0});
         one != instance.deliveries.end() && one->first.first == seq; ++one) {
      rows.push_back(one->second.last);
    }
    const std::size_t stored_count = rows.size();
    if (!has_live && seq > instance.cursor && !stored.row.is_quarantined) {
      Settlement owed;
      owed.key = {id, seq, 0};
      owed.subject = stored.subject;
      owed.state = DeliveryState::waiting;
      rows.push_back(owed);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Settlement &row = rows[i];
      if (!row.message.empty()) ++out.messages_count;
      row.message = forgotten_sentence;
      if (row.state == DeliveryState::waiting) ++out.owed_count;
      const bool is_awaited = i < stored_count && row.state == DeliveryState::waiting && !instance.is_parked;
      if (row.state != DeliveryState::delivered && !is_awaited) {
        row.state = DeliveryState::dropped;
        row.verdict = Verdict::fail;
        row.due_ms = 0;
        row.settled_ms = now_ms();
      }
      put(instance, row);
      std::vector<AttemptRow> &attempts = instance.deliveries.at({seq, row.key.replay}).attempts;
      out.attempts_count += static_cast<std::int64_t>(attempts.size());
      attempts.clear();
    }
  }
}

// What plugins said, sent, kept and published; they make it anew without the person.
void MemoryJournal::erase_kept(Instance &instance, std::string_view email, Forgotten &out) {
  for (auto &[place, delivery] : instance.deliveries) {
    out.attempts_count += static_cast<std::int64_t>(std::erase_if(delivery.attempts, [&](const AttemptRow &row) {
      return mentions(row.message, email) || mentions(row.exchanges, email);
    }));
    if (!mentions(delivery.last.message, email)) continue;
    delivery.last.message = forgotten_sentence;
    ++out.messages_count;
  }
  Staged removals;
  for (const auto &[key, kept] : instance.kv) {
    if (mentions(key, email) || mentions(kept.value, email)) removals.kv.push_back({key, std::nullopt});
  }
  for (const auto &[path, kept] : instance.documents) {
    if (mentions(path, email) || mentions(kept.document.body, email)) {
      removals.documents.push_back({path, "", std::nullopt});
    }
  }
  put_staged(instance, removals, 0);
  out.entries_count += static_cast<std::int64_t>(removals.kv.size());
  out.documents_count += static_cast<std::int64_t>(removals.documents.size());
}

Result<Forgotten> MemoryJournal::forget(std::string_view text) {
  const Result<std::string> email = parse_email(text);
  if (!email.ok()) return email.error();
  Lock lock(mutex_);
  if (is_due(append_failure_)) return append_failure_.error;
  Forgotten out;
  for (auto &[seq, stored] : events_) {
    EventRow &row = stored.row;
    bool is_meant = mentions(stored.body, *email) || mentions(stored.json, *email) || mentions(row.subject, *email) ||
                    mentions(row.quarantine_reason, *email);
    for (const auto &[name, value] : stored.headers) is_meant |= mentions(name, *email) || mentions(value, *email);
    if (!is_meant || stored.is_forgotten) continue;
    stored.body.clear();
    stored.json.clear();
    stored.headers.clear();
    stored.is_forgotten = row.is_forgotten = true;
    row.body_bytes = 0;
    if (mentions(row.subject, *email)) row.subject = "forgotten";
    if (row.is_quarantined) row.quarantine_reason = forgotten_sentence;
    ++out.events_count;
    let_go(stored, out);
  }
  for (auto &[id, instance] : instances_) erase_kept(instance, *email, out);
  return out;
}

Result<JournalUsage> MemoryJournal::usage() {
  Lock lock(mutex_);
  JournalUsage usage;
  const Seq smallest = floor(usage.furthest_behind);
  usage.events_count = static_cast<std::int64_t>(events_.size());
  usage.first = events_.empty() ? 0 : events_.begin()->first;
  usage.newest = newest_;
  usage.backlog_events = newest_ - smallest;
  usage.backlog_bytes = bytes_above(smallest);
  if (const std::optional<Error> refused = refusal()) {
    usage.is_full = true;
    usage.why_full = refused->sentence;
  }
  usage.removed_count = static_cast<std::int64_t>(removed_.size());
  if (!events_.empty() && limits_.retention_age_ms > 0) {
    usage.retention_next_ms = events_.begin()->second.row.received_ms + limits_.retention_age_ms;
  }
  return usage;
}

}  // namespace bellhop::core
