// SPDX-License-Identifier: Apache-2.0
// Lanes: what they read from the journal. Every read is bounded, and an error leaves all that was known as it was.
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "delivery/lanes.hpp"

namespace bellhop::core {

bool Lanes::has_scan_room() const {
  // In strides of a page, so that a long backlog does not cost one read per delivery.
  const int room = limits_.window_events_max - window_count_;
  if (room >= limits_.page_events) return true;
  return room > 0 && std::all_of(queues_.begin(), queues_.end(), [](const auto &queue) { return queue.empty(); });
}

bool Lanes::wants_load(Milliseconds now, bool with_due) const {
  if (!refills_.empty()) return true;
  if (is_scan_wanted_ && has_scan_room()) return true;
  return with_due && wants_due(now);
}

bool Lanes::wants_due(Milliseconds now) const {
  if (due_count_ >= limits_.window_events_max || is_due_stalled_) return false;
  return is_due_wanted_ || (next_due_ms_ && *next_due_ms_ <= now);
}

Result<void> Lanes::load(Milliseconds now, bool with_due) {
  if (Result<void> result = refill(); !result.ok()) return result;
  if (with_due && wants_due(now)) {
    if (Result<void> result = load_due(now); !result.ok()) return result;
  }
  if (is_scan_wanted_ && has_scan_room()) return scan();
  return {};
}

Result<void> Lanes::scan() {
  const Result<std::optional<Seq>> first = journal_.first_waiting(plan_.id);
  if (!first.ok()) return first.error();
  const bool is_any_waiting = first->has_value();  // spares one read per event in the usual case

  for (int looked_at = 0; looked_at < limits_.scan_events_max;) {
    const int asked = std::max(limits_.window_events_max - window_count_, limits_.page_events);
    // Read before owed(): everything at or below it that owed() does not name has a row.
    const Seq newest = journal_.newest();
    const Result<std::vector<Owed>> rows = journal_.owed(plan_.id, scan_position_, asked);
    if (!rows.ok()) return rows.error();
    for (const Owed &owed : *rows) {
      ++looked_at;
      if (is_wanted(owed)) {
        if (window_count_ >= limits_.window_events_max) return {};  // still wanted
        const Result<bool> joins = may_join(owed, is_any_waiting);
        if (!joins.ok()) return joins.error();  // scan_position_ still stands before it
        if (*joins) {
          Lane &lane = lanes_[owed.subject];
          lane.live.push_back({owed, Offer::Origin::scan, owed.key.seq <= newest_at_start_, false, false});
          ++window_count_;
          enqueue(owed.subject, lane);
        }
      }
      scan_position_ = owed.key.seq;
    }
    if (static_cast<int>(rows->size()) < asked) {
      scan_position_ = std::max(scan_position_, newest);
      is_scan_wanted_ = false;
      return {};
    }
  }
  return {};  // still wanted
}

Result<bool> Lanes::may_join(const Owed &owed, bool is_any_waiting) {
  const auto lane = lanes_.find(owed.subject);
  if (lane != lanes_.end()) {
    if (lane->second.is_backlogged) return false;
    if (static_cast<int>(lane->second.live.size()) >= limits_.lane_events_max) {
      lane->second.is_backlogged = true;  // I2: from here on the rest of it is left behind
      return false;
    }
    if (!lane->second.live.empty()) return true;  // I1; its head is here, so none waits on disk
  }
  if (!is_any_waiting) return true;
  const Result<bool> is_waiting = journal_.is_waiting(plan_.id, owed.subject);
  if (!is_waiting.ok()) return is_waiting.error();
  return !*is_waiting;
}

Result<void> Lanes::load_due(Milliseconds now) {
  // Rows that are in memory come again until they are settled, so ask for these and a page more.
  const int asked = due_count_ + limits_.page_events;
  const Result<std::vector<Owed>> rows = journal_.due(plan_.id, now, asked);
  if (!rows.ok()) return rows.error();
  if (static_cast<int>(rows->size()) < asked) {
    const Result<std::optional<Milliseconds>> next = journal_.next_due(plan_.id, now);
    if (!next.ok()) return next.error();
    next_due_ms_ = *next;
    is_due_wanted_ = false;
    if (is_looking_for_strays_) {
      if (Result<void> result = load_strays(now); !result.ok()) {
        is_due_wanted_ = true;  // what is due has not joined
        return result;
      }
    }
  } else {
    is_due_wanted_ = true;
  }
  const int count_before = due_count_;
  for (const Owed &owed : *rows) {
    if (!is_held_in_memory(owed)) join_due(owed);
  }
  is_due_stalled_ = is_due_wanted_ && due_count_ == count_before;
  return {};
}

// A row due later than any wait of this policy from now was written by a clock that stood ahead: nobody will be there
// when it comes, so it is due now. The journal names waiting rows by their time only, so the strays are seen once what
// waits rightly fits into a page; until then they are looked for again with every read.
Result<void> Lanes::load_strays(Milliseconds now) {
  const Milliseconds latest_ms = now + wait_ms_max(plan_.policy);
  const Result<std::optional<Milliseconds>> stray = journal_.next_due(plan_.id, latest_ms);
  if (!stray.ok()) return stray.error();
  if (!*stray) {
    is_looking_for_strays_ = false;  // this run writes none
    return {};
  }
  const Result<std::vector<Owed>> rows = journal_.due(plan_.id, **stray, due_count_ + limits_.page_events);
  if (!rows.ok()) return rows.error();
  for (const Owed &owed : *rows) {
    if (owed.due_ms > latest_ms && !is_held_in_memory(owed)) join_due(owed);
  }
  // More of them at a later time, or behind what waits rightly: look again soon, whatever is due then.
  const Milliseconds again_ms = now + strays_ms_interval;
  if (!next_due_ms_ || again_ms < *next_due_ms_) next_due_ms_ = again_ms;
  return {};
}

bool Lanes::is_held_in_memory(const Owed &owed) const {
  const auto lane = lanes_.find(owed.subject);
  if (lane == lanes_.end()) return false;
  const std::deque<Offer> &offers = owed.key.replay == 0 ? lane->second.live : lane->second.replays;
  return std::any_of(offers.begin(), offers.end(), [&](const Offer &offer) { return offer.owed.key == owed.key; });
}

void Lanes::join_due(const Owed &owed) {
  Lane &lane = lanes_[owed.subject];
  ++due_count_;
  if (owed.key.replay != 0) {
    lane.replays.push_back({owed, Offer::Origin::due, owed.attempts > 0, false, false});
    enqueue(owed.subject, lane);
    return;
  }
  CHECK(lane.live.empty());   // scan and refill keep out while a row of the subject waits on disk
  lane.is_backlogged = true;  // I2: what the scan left behind comes after it
  lane.live.push_back({owed, Offer::Origin::due, true, false, !plan_.filter.matches(owed.type)});
  enqueue(owed.subject, lane);
}

Result<void> Lanes::refill() {
  for (std::size_t left = refills_.size(); left > 0; --left) {
    const SubjectKey subject = refills_.front();
    const auto lane = lanes_.find(subject);
    CHECK(lane != lanes_.end());
    const Result<bool> is_done = refill(subject, lane->second);
    if (!is_done.ok()) return is_done.error();
    refills_.pop_front();
    if (!*is_done) refills_.push_back(subject);
  }
  return {};
}

// Returns false when there is more to look at than one load() may.
Result<bool> Lanes::refill(SubjectKey subject, Lane &lane) {
  CHECK(lane.is_backlogged && lane.live.empty());
  for (int round = 0; round < limits_.fetch_rounds_max; ++round) {
    const Result<std::vector<Owed>> rows =
        journal_.owed_of_subject(plan_.id, subject, lane.floor, scan_position_, limits_.lane_events_max);
    if (!rows.ok()) return rows.error();
    for (const Owed &owed : *rows) {
      if (is_wanted(owed)) {
        lane.live.push_back({owed, Offer::Origin::refill, owed.key.seq <= newest_at_start_, false, false});
      } else if (lane.live.empty()) {
        lane.floor = owed.key.seq;
      }
    }
    const bool is_end = static_cast<int>(rows->size()) < limits_.lane_events_max;
    if (lane.live.empty() && !is_end) continue;
    if (lane.live.empty()) {
      lane.is_backlogged = false;  // I4
      if (lane.state == State::idle && lane.replays.empty()) lanes_.erase(subject);
    } else {
      enqueue(subject, lane);
    }
    return true;
  }
  return false;
}

}  // namespace bellhop::core
