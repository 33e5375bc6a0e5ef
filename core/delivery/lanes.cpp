// SPDX-License-Identifier: Apache-2.0
// Lanes: the order of one instance's events; the invariants I1 to I4 are in lanes.hpp. Reads are in lanes_load.cpp.
#include "delivery/lanes.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace bellhop::core {

Lanes::Lanes(Journal &journal, const DeliveryPlan &plan, const LaneLimits &limits, Seq newest_at_start)
    : journal_(journal),
      plan_(plan),
      limits_(limits),
      newest_at_start_(newest_at_start),
      scan_position_(plan.cursor),
      queues_(static_cast<std::size_t>(plan.workers)) {}

int Lanes::worker_of(SubjectKey subject) const {
  return static_cast<int>(static_cast<std::uint64_t>(subject) % queues_.size());
}

std::size_t Lanes::offers_count() const {
  std::size_t total = 0;
  for (const auto &[subject, lane] : lanes_) total += lane.live.size() + lane.replays.size();
  return total;
}

std::int64_t Lanes::backlog_count() const {
  std::size_t queued = 0;
  for (const auto &queue : queues_) queued += queue.size();
  return std::max<Seq>(0, journal_.newest() - scan_position_) + static_cast<std::int64_t>(queued);
}

void Lanes::count(const Offer &offer, int by) {
  switch (offer.origin) {
    case Offer::Origin::scan:
      window_count_ += by;
      break;
    case Offer::Origin::due:
      due_count_ += by;
      break;
    case Offer::Origin::refill:
      break;
  }
}

void Lanes::enqueue(SubjectKey subject, Lane &lane) {
  if (lane.state != State::idle) return;
  lane.state = State::queued;
  queues_[static_cast<std::size_t>(worker_of(subject))].push_back(subject);
}

std::vector<Offer> Lanes::take(int worker, int count_max) {
  std::deque<SubjectKey> &queue = queues_[static_cast<std::size_t>(worker)];
  std::vector<Offer> taken;
  while (!queue.empty() && static_cast<int>(taken.size()) < count_max) {
    Lane &lane = lanes_.at(queue.front());
    CHECK(lane.state == State::queued);
    // Live traffic first: a replay is a person's second look and never holds up what is new.
    lane.is_replay_turn = lane.live.empty();
    const Offer &front = lane.is_replay_turn ? lane.replays.front() : lane.live.front();
    if (front.is_single && !taken.empty()) break;
    queue.pop_front();
    lane.state = State::out;
    taken.push_back(front);
    if (front.is_single) break;
  }
  return taken;
}

const Offer &Lanes::out_of(SubjectKey subject) const {
  const Lane &lane = lanes_.at(subject);
  CHECK(lane.state == State::out);
  return lane.is_replay_turn ? lane.replays.front() : lane.live.front();
}

void Lanes::give_back(SubjectKey subject, bool is_redelivery, bool is_single) {
  Lane &lane = lanes_.at(subject);
  CHECK(lane.state == State::out);
  Offer &front = lane.is_replay_turn ? lane.replays.front() : lane.live.front();
  front.is_redelivery |= is_redelivery;
  front.is_single |= is_single;
  lane.state = State::queued;
  queues_[static_cast<std::size_t>(worker_of(subject))].push_front(subject);
}

void Lanes::waits(SubjectKey subject) {
  Lane &lane = lanes_.at(subject);
  CHECK(lane.state == State::out);
  if (lane.is_replay_turn) return;  // it blocks nobody
  lane.is_backlogged = true;        // I3: from here on nothing of this subject may join
  while (lane.live.size() > 1) {    // found again on disk, behind the head
    count(lane.live.back(), -1);
    lane.live.pop_back();
  }
}

Offer Lanes::pop(Lane &lane) {
  CHECK(lane.state == State::out);
  std::deque<Offer> &offers = lane.is_replay_turn ? lane.replays : lane.live;
  Offer offer = std::move(offers.front());
  offers.pop_front();
  count(offer, -1);
  is_due_stalled_ = false;
  if (!lane.is_replay_turn) lane.floor = offer.owed.key.seq;
  lane.state = State::idle;
  return offer;
}

void Lanes::parked(SubjectKey subject, Milliseconds due_ms) {
  Lane &lane = lanes_.at(subject);
  const bool is_live = !lane.is_replay_turn;
  pop(lane);
  if (is_live) {
    CHECK(lane.live.empty());
    lane.is_backlogged = false;  // I3: is_waiting() says it from now on
  }
  if (!next_due_ms_ || due_ms < *next_due_ms_) next_due_ms_ = due_ms;
  go_on(subject, lane);
}

void Lanes::held(const Settlement &settlement) {
  Lane &lane = lanes_.at(settlement.subject);
  CHECK(lane.state == State::out);
  Offer &front = lane.is_replay_turn ? lane.replays.front() : lane.live.front();
  front.owed.attempts = settlement.attempts;
  front.owed.strikes = settlement.strikes;
  front.owed.first_ms = settlement.first_ms;
  front.owed.due_ms = settlement.due_ms;
  front.is_redelivery = true;
  count(front, -1);
  front.origin = Offer::Origin::due;  // as its row will be among those of due()
  count(front, +1);
}

void Lanes::finished(SubjectKey subject) {
  Lane &lane = lanes_.at(subject);
  pop(lane);
  go_on(subject, lane);
}

void Lanes::go_on(SubjectKey subject, Lane &lane) {
  if (lane.is_backlogged && lane.live.empty() &&
      std::find(refills_.begin(), refills_.end(), subject) == refills_.end()) {
    refills_.push_back(subject);  // a live event may be fetched before a replay takes the turn: see load()
  }
  if (!lane.live.empty() || !lane.replays.empty()) {
    enqueue(subject, lane);
  } else if (!lane.is_backlogged) {
    lanes_.erase(subject);
  }
}

Result<Seq> Lanes::settled_up_to() {
  Seq settled = scan_position_;
  for (const auto &[subject, lane] : lanes_) {
    if (!lane.live.empty()) {
      settled = std::min(settled, lane.live.front().owed.key.seq - 1);
    } else if (lane.is_backlogged) {
      settled = std::min(settled, lane.floor);  // left behind: somewhere above the floor
    }
  }
  Result<std::optional<Seq>> first = journal_.first_waiting(plan_.id);
  if (!first.ok()) return first.error();
  if (*first) settled = std::min(settled, **first - 1);
  return settled;
}

}  // namespace bellhop::core
