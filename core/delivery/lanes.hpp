// SPDX-License-Identifier: Apache-2.0
// Lanes: which events of one instance are in memory, in which order they may go, and how far everything is settled.
// Decides nothing about verdicts or children; reads the journal, never writes it.
//
// A lane is one subject. At most one event of a lane is out (sent, or decided and not yet durable); the next one goes
// when that is durable. What waits for a time lies on disk and costs no memory:
//
//   journal  ──scan──> window of lanes ──take──> out ──finished──> next of the lane
//      ^  ^                                       └──waits, parked──> only the row on disk, found again by due()
//      │  └── events of a lane whose head waits on disk are stepped over by the scan ("left behind")
//      └───── and fetched by subject once that head is final
//
// Why nothing is lost and nothing overtakes. For each subject, in every state between two calls:
//   I1  the live events of a lane in memory are a gapless run of what the lane is owed: nothing owed lies before the
//       front or between two of them.
//   I2  events left behind (seq <= scan_position_, no row, not in memory) exist only while the lane is_backlogged in
//       memory or a live row of the subject waits on disk; all of them come after that row and after the lane's floor.
//   I3  a decision to wait makes the lane is_backlogged at once and drops its later events; that ends when the row is
//       durable, from when on is_waiting() says it. So there is no moment at which neither says it.
//   I4  a lane ceases to be is_backlogged otherwise only when owed_of_subject(floor, scan_position_) is empty.
// So scan may append to a lane only when it is not is_backlogged and nothing of it waits on disk; and due() may bring
// back a waiting head only into a lane without live events. Replays live beside the live events and touch none of this.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "delivery/plan.hpp"

namespace bellhop::core {

// One owed event in memory.
struct Offer {
  Owed owed;
  enum class Origin { scan, refill, due };
  Origin origin = Origin::scan;
  bool is_redelivery = false;  // an earlier attempt may have had an effect
  bool is_single = false;      // a batch with it failed: never in a batch again
  bool is_unwanted = false;    // its row outlived the filter that wanted it: settle it without sending
};

// What one instance may keep in memory, and how much one load() may read. Tests make them small.
struct LaneLimits {
  // In memory through the scan, and as many again through due(), and a page: some batches, so that the next is whole
  // while one is out.
  int window_events_max = 1'024;
  int lane_events_max = 8;      // of one subject; the rest is left behind, so that it crowds out nobody
  int page_events = 64;         // read at least at once
  int scan_events_max = 2'048;  // looked at in one load(); more in the next
  int fetch_rounds_max = 64;    // reads for one lane in one load(); more in the next
};

class Lanes {
 public:
  static constexpr Milliseconds strays_ms_interval = 1'000;

  // Everything at or below `newest_at_start` may have been sent by an earlier run of the daemon.
  Lanes(Journal &journal, const DeliveryPlan &plan, const LaneLimits &limits, Seq newest_at_start);

  // ---- from the journal ----
  void wake() { is_scan_wanted_ = is_due_wanted_ = true; }
  // Reads what fits. May leave work behind: wants_load().
  //   errors    those of the journal; nothing is lost, the next load() goes on
  Result<void> load(Milliseconds now, bool with_due);
  bool wants_load(Milliseconds now, bool with_due) const;
  std::optional<Milliseconds> next_due() const { return next_due_ms_; }

  // ---- to the workers ----
  int worker_of(SubjectKey subject) const;
  // The next ones of this worker's lanes, in order of their turn, one per lane; they are out from now on.
  std::vector<Offer> take(int worker, int count_max);
  const Offer &out_of(SubjectKey subject) const;  // the one that is out
  // It did not count: back to the front of its lane and of the queue. Call in reverse order of take().
  void give_back(SubjectKey subject, bool is_redelivery, bool is_single);

  // ---- from verdicts: first what was decided, then that it is durable ----
  void waits(SubjectKey subject);                        // decided: will wait on disk (or be held)
  void parked(SubjectKey subject, Milliseconds due_ms);  // durable: leaves memory
  void held(const Settlement &settlement);  // durable: but stays in memory, and out, to be sent again as a probe
  void finished(SubjectKey subject);        // durable and final: the next of the lane may go

  // ---- figures ----
  // Everything at or below is settled for this instance, on disk. One pass over the lanes and one cheap read.
  Result<Seq> settled_up_to();
  Seq scan_position() const { return scan_position_; }
  std::int64_t backlog_count() const;  // owed and not out, about
  std::size_t offers_count() const;    // in memory
  std::size_t lanes_count() const { return lanes_.size(); }

 private:
  enum class State { idle, queued, out };
  struct Lane {
    std::deque<Offer> live;     // by seq, see I1
    std::deque<Offer> replays;  // by the order in which they came due
    State state = State::idle;
    bool is_replay_turn = false;  // which front is out
    bool is_backlogged = false;   // see I2
    Seq floor = 0;                // newest live seq known settled or unwanted; meaningful when live is empty
  };

  Result<void> scan();
  Result<bool> may_join(const Owed &owed, bool is_any_waiting);
  Result<void> load_due(Milliseconds now);
  Result<void> load_strays(Milliseconds now);
  void join_due(const Owed &owed);
  bool is_held_in_memory(const Owed &owed) const;
  Result<void> refill();
  Result<bool> refill(SubjectKey subject, Lane &lane);
  void enqueue(SubjectKey subject, Lane &lane);
  void go_on(SubjectKey subject, Lane &lane);  // after its turn: queue it, refill it or forget it
  Offer pop(Lane &lane);
  void count(const Offer &offer, int by);
  bool is_wanted(const Owed &owed) const { return !owed.is_quarantined && plan_.filter.matches(owed.type); }
  bool has_scan_room() const;
  bool wants_due(Milliseconds now) const;

  Journal &journal_;
  const DeliveryPlan &plan_;
  const LaneLimits limits_;
  const Seq newest_at_start_;
  Seq scan_position_;  // every event at or below has been looked at by the scan
  bool is_scan_wanted_ = true, is_due_wanted_ = true;
  bool is_looking_for_strays_ = true;  // rows of an earlier run whose clock was ahead
  bool is_due_stalled_ = false;        // due() named only rows in memory: nothing new before one of them is settled
  std::optional<Milliseconds> next_due_ms_;  // no waiting row that is not in memory is due before; nullopt: none waits
  int window_count_ = 0;                     // offers in memory that the scan brought
  int due_count_ = 0;  // that due() brought. Those of refills: at most lane_events_max for each lane of these two
  std::unordered_map<SubjectKey, Lane> lanes_;
  std::vector<std::deque<SubjectKey>> queues_;  // per worker: exactly the lanes that are queued, in order of their turn
  std::deque<SubjectKey> refills_;              // backlogged lanes without a live event, to be fetched
};

}  // namespace bellhop::core
