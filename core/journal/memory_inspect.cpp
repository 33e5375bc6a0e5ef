// SPDX-License-Identifier: Apache-2.0
// MemoryJournal's answers to Inspect, and what tests may do to it.
#include <algorithm>
#include <utility>

#include "journal/memory_journal.hpp"
#include "journal/reference.hpp"

namespace bellhop::core {

DeliveryRow MemoryJournal::row_of(const Instance &instance, const Settlement &last) const {
  DeliveryRow row;
  row.key = last.key;
  row.instance_name = instance.name;
  const auto event = events_.find(last.key.seq);
  if (event != events_.end()) {
    row.event_type = event->second.row.type;
    row.event_subject = event->second.row.subject;
    row.event_id = event->second.row.id;
  }
  row.state = last.state;
  row.verdict = last.verdict;
  row.attempts = last.attempts;
  row.strikes = last.strikes;
  row.due_ms = last.due_ms;
  row.settled_ms = last.settled_ms;
  row.took_ms = last.took_ms;
  row.message = last.message;
  return row;
}

EventDetail MemoryJournal::detail_of(const Stored &stored) const {
  return {stored.row, stored.json, stored.body, stored.headers, stored.is_intact};
}

Result<std::vector<EventRow>> MemoryJournal::events(const EventQuery &query) {
  Lock lock(mutex_);
  const auto count_max = static_cast<std::size_t>(std::clamp(query.count_max, 0, 1000));
  std::vector<EventRow> found;
  for (auto event = events_.rbegin(); event != events_.rend() && found.size() < count_max; ++event) {
    const EventRow &row = event->second.row;
    if (query.before && row.seq >= *query.before) continue;
    if (query.after && row.seq <= *query.after) break;
    if (query.only_quarantined && !row.is_quarantined) continue;
    if (matches_glob(query.type_glob, row.type)) found.push_back(row);
  }
  return found;
}

Result<EventDetail> MemoryJournal::event(std::string_view text) {
  const Result<Reference> reference = parse_reference(text);
  if (!reference.ok()) return reference.error();
  Lock lock(mutex_);
  if (reference->seq) {
    const auto event = events_.find(*reference->seq);
    if (event != events_.end()) return detail_of(event->second);
  }
  const Stored *found = nullptr;
  for (const auto &[seq, stored] : events_) {
    if (!reference->fits(stored.row.id)) continue;
    if (found != nullptr) {
      return Error{Kind::conflict, "\"" + std::string(text) + "\" fits several events, among them " +
                                       std::to_string(found->row.seq) + " and " + std::to_string(seq) +
                                       ": give more digits"};
    }
    found = &stored;
  }
  if (found == nullptr) return Error{Kind::not_found, "there is no event \"" + std::string(text) + "\""};
  return detail_of(*found);
}

Result<std::vector<DeliveryRow>> MemoryJournal::deliveries_of(Seq seq) {
  Lock lock(mutex_);
  std::vector<DeliveryRow> found;
  for (const auto &[id, instance] : instances_) {
    for (auto delivery = instance.deliveries.lower_bound({seq, 0});
         delivery != instance.deliveries.end() && delivery->first.first == seq; ++delivery) {
      found.push_back(row_of(instance, delivery->second.last));
    }
  }
  return found;
}

Result<std::vector<AttemptRow>> MemoryJournal::attempts_of(Seq seq) {
  Lock lock(mutex_);
  std::vector<AttemptRow> found;
  for (const auto &[id, instance] : instances_) {
    for (auto delivery = instance.deliveries.lower_bound({seq, 0});
         delivery != instance.deliveries.end() && delivery->first.first == seq; ++delivery) {
      const std::vector<AttemptRow> &stored = delivery->second.attempts;
      for (const AttemptRow &attempt : stored) {
        found.push_back(attempt);
        found.back().instance_name = instance.name;
      }
      const DeliveryRow row = row_of(instance, delivery->second.last);
      if (const auto last = attempt_of(row, stored.empty() ? nullptr : &stored.back())) found.push_back(*last);
    }
  }
  return found;
}

Result<std::vector<DeliveryRow>> MemoryJournal::dead(const DeadQuery &query) {
  Lock lock(mutex_);
  std::vector<DeliveryRow> found;
  for (const auto &[id, instance] : instances_) {
    if (!query.instance_name.empty() && instance.name != query.instance_name) continue;
    for (const auto &[place, delivery] : instance.deliveries) {
      if (place.second != 0 || delivery.last.state != DeliveryState::dead) continue;
      const DeliveryRow row = row_of(instance, delivery.last);
      const auto order = std::tie(row.settled_ms, row.key.seq, row.key.instance);
      if (query.before && order >= std::tie(query.before->settled_ms, query.before->seq, query.before->instance))
        continue;
      if (matches_glob(query.type_glob, row.event_type)) found.push_back(row);
    }
  }
  std::sort(found.begin(), found.end(), [](const DeliveryRow &a, const DeliveryRow &b) {
    return std::tie(a.settled_ms, a.key.seq, a.key.instance) > std::tie(b.settled_ms, b.key.seq, b.key.instance);
  });
  const auto count_max = static_cast<std::size_t>(std::clamp(query.count_max, 0, inspect_rows_max));
  if (found.size() > count_max) found.resize(count_max);
  return found;
}

Result<SeqPage> MemoryJournal::select_seqs(const SeqQuery &query, Seq after, int count_max) {
  Lock lock(mutex_);
  SeqPage page;
  page.after = std::max(after, query.from_seq.value_or(1) - 1);
  const Instance *instance = nullptr;
  if (query.dead_of) {
    if (const auto found = instances_.find(*query.dead_of); found != instances_.end()) instance = &found->second;
  }
  const auto is_dead = [&query, instance](Seq seq) {
    if (!query.dead_of) return true;
    if (instance == nullptr) return false;
    const auto live = instance->deliveries.find({seq, 0});
    return live != instance->deliveries.end() && live->second.last.state == DeliveryState::dead;
  };
  int looked_at_count = 0;
  auto event = events_.upper_bound(page.after);
  for (; event != events_.end() && event->first <= query.to_seq.value_or(newest_); ++event) {
    if (static_cast<int>(page.seqs.size()) >= count_max || looked_at_count++ >= select_rows_max) return page;
    page.after = event->first;
    const EventRow &row = event->second.row;
    if (row.is_quarantined || !matches_glob(query.type_glob, row.type) || !is_dead(row.seq)) continue;
    if (query.from_ms && row.received_ms < *query.from_ms) continue;
    if (query.to_ms && row.received_ms >= *query.to_ms) continue;
    page.seqs.push_back(row.seq);
  }
  page.is_last = true;
  return page;
}

Result<std::vector<InstanceRow>> MemoryJournal::instances() {
  Lock lock(mutex_);
  std::vector<InstanceRow> found;
  for (const auto &[id, instance] : instances_) {
    InstanceRow row;
    row.id = id;
    row.name = instance.name;
    row.is_parked = instance.is_parked;
    row.cursor = instance.cursor;
    for (const auto &[place, delivery] : instance.deliveries) {
      const bool is_live = place.second == 0;
      row.waiting_count += is_live && delivery.is_waiting();
      row.replays_waiting_count += !is_live && delivery.is_waiting();
      row.dead_count += is_live && delivery.last.state == DeliveryState::dead;
      row.delivered_count += is_live && delivery.last.state == DeliveryState::delivered;
      row.dropped_count += is_live && delivery.last.state == DeliveryState::dropped;
    }
    row.kept = instance.kept;
    found.push_back(std::move(row));
  }
  std::sort(found.begin(), found.end(), [](const InstanceRow &a, const InstanceRow &b) { return a.name < b.name; });
  return found;
}

Result<VerifyReport> MemoryJournal::verify() {
  Lock lock(mutex_);
  VerifyReport report;
  report.newest = newest_;
  report.events_count = static_cast<std::int64_t>(events_.size());
  if (!events_.empty()) report.first = events_.begin()->first;
  Seq expected = 1;
  const auto gap = [&report, this](Seq first, Seq last) REQUIRES(mutex_) {
    while (first <= last && removed_.count(first) != 0) ++first;
    while (first <= last && removed_.count(last) != 0) --last;
    if (first > last) return;
    report.findings.push_back("events " + std::to_string(first) + " to " + std::to_string(last) + " are missing");
  };
  for (const auto &[seq, stored] : events_) {
    if (seq > expected) gap(expected, seq - 1);
    if (!stored.is_intact) report.findings.push_back("event " + std::to_string(seq) + " is not what was written");
    expected = seq + 1;
  }
  if (expected <= newest_) gap(expected, newest_);
  for (const auto &[id, instance] : instances_) {
    for (const auto &[key, kept] : instance.kv) {
      if (!kept.is_intact) report.findings.push_back(kept_damage("the key", key, id));
    }
    for (const auto &[path, kept] : instance.documents) {
      if (!kept.is_intact) report.findings.push_back(kept_damage("the document", path, id));
    }
  }
  return report;
}

// ---- what tests do to it --------------------------------------------------------------------------------------------

void MemoryJournal::fail_appends(Error error, int count) {
  Lock lock(mutex_);
  append_failure_ = {std::move(error), count};
}

void MemoryJournal::fail_settles(Error error, int count) {
  Lock lock(mutex_);
  settle_failure_ = {std::move(error), count};
}

void MemoryJournal::fail_reads(Error error, int count) {
  Lock lock(mutex_);
  read_failure_ = {std::move(error), count};
}

void MemoryJournal::hold_settles() {
  Lock lock(mutex_);
  is_holding_ = true;
}

std::size_t MemoryJournal::held_settles_count() const {
  Lock lock(mutex_);
  return held_.size();
}

bool MemoryJournal::complete_settle() {
  Held held;
  Result<void> result;
  {
    Lock lock(mutex_);
    if (held_.empty()) return false;
    held = std::move(held_.front());
    held_.pop_front();
    result = is_due(settle_failure_) ? Result<void>(settle_failure_.error) : apply(held.batch);
  }
  held.done(std::move(result));
  return true;
}

// What `done` settles in its turn is held too, until the last one is through: batches stay in order.
void MemoryJournal::release_settles() {
  for (;;) {
    while (complete_settle()) {
    }
    Lock lock(mutex_);
    if (!held_.empty()) continue;
    is_holding_ = false;
    return;
  }
}

void MemoryJournal::corrupt(Seq seq) {
  Lock lock(mutex_);
  if (const auto event = events_.find(seq); event != events_.end()) event->second.is_intact = false;
}

void MemoryJournal::lose(Seq seq) {
  Lock lock(mutex_);
  events_.erase(seq);
}

}  // namespace bellhop::core
