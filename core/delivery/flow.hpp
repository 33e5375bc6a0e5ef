// SPDX-License-Identifier: Apache-2.0
// Flow: one instance's part of the engine. Joins its lanes (which event next), its workers' lives (who can take it),
// the policy (what follows a verdict) and the hold (nobody can). No I/O but journal reads, no clock, no thread.
//
// The order of things for one event: take → Send → Answered → decide (pure) → SettleDeliveries → durable → the next of
// its lane. A child's death, an unreadable row and a batch that failed are all ways of saying what "Answered" was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "delivery/lanes.hpp"
#include "delivery/messages.hpp"
#include "delivery/worker_life.hpp"

namespace bellhop::core {

class Flow {
 public:
  static constexpr Milliseconds cursor_ms_interval = 1'000;  // a late cursor costs only reading at the next start
  static constexpr Milliseconds read_pause_ms_min = 1'000, read_pause_ms_max = 30'000;

  Flow(Journal &journal, DeliveryPlan plan, const LaneLimits &limits, Random &random, Seq newest_at_start);
  Flow(const Flow &) = delete;
  Flow &operator=(const Flow &) = delete;

  void committed() { lanes_.wake(); }
  void stop() { is_stopping_ = true; }
  void ready(const Ready &input);
  void answered(Milliseconds now, const Answered &input, Outbox &out);
  void died(Milliseconds now, const Died &input, Outbox &out);
  void not_sent(Milliseconds now, const NotSent &input, Outbox &out);
  void settled(Milliseconds now, const Decided &decided, Outbox &out);  // it is durable
  void cursor_settled(Milliseconds now, Seq cursor, bool is_durable);
  // Whatever can be done now without another input: spawn, kill what is overdue, read, send, move the cursor.
  void advance(Milliseconds now, Outbox &out);

  std::optional<Milliseconds> next_timer(Milliseconds now) const;
  InstanceStatus status() const;
  bool is_stopped() const;  // no worker runs, and no decision is on its way to the disk
  std::int64_t in_flight_count() const;
  const DeliveryPlan &plan() const { return plan_; }
  const Lanes &lanes() const { return lanes_; }

 private:
  struct Sent {
    DeliveryKey key;
    SubjectKey subject = 0;
  };
  struct Worker {
    WorkerLife life;
    bool is_batching = false;
    std::vector<Sent> sent;  // what the child has; its lanes are out
    Milliseconds sent_ms = 0;
  };
  // Nothing but the probe is sent while there is one of these. The probe's lane stays out from the HOLD to the verdict
  // that ends it.
  struct Hold {
    DeliveryKey probe;
    SubjectKey subject = 0;
    Milliseconds until_ms = 0;
    int number = 1;           // HOLDs in a row
    bool is_durable = false;  // the row that says waiting; not probed before
    bool is_probing = false;  // the probe is with the child
    std::string reason;
  };
  struct Outcome {  // of one attempt
    std::int32_t code = 0;
    Milliseconds retry_after_ms = 0;
    std::string message;
    bool is_death = false;
  };

  void decide(Milliseconds now, Milliseconds took_ms, const Sent &sent, const Outcome &outcome, Outbox &out);
  Step step_of(Milliseconds now, const Offer &offer, int attempt, int strikes, const Outcome &outcome, bool is_probe);
  void begin_or_extend_hold(Milliseconds now, const Sent &sent, const Step &step, const std::string &message,
                            Outbox &out);
  void end_hold(Outbox &out);
  void settle_unsent(const Offer &offer, DeliveryState state, Verdict verdict, std::string message, Outbox &out);
  Attempt attempt_of(const Offer &offer, const Settlement &settlement) const;
  void batch_failed(Worker &worker, bool is_redelivery);

  void look_after(int number, Worker &worker, Milliseconds now, Outbox &out);
  void load(Milliseconds now, Outbox &out);
  void dispatch(int number, Worker &worker, Milliseconds now, Outbox &out);
  void dispatch_probe(int number, Worker &worker, Milliseconds now, Outbox &out);
  void send(int number, Worker &worker, const std::vector<Offer> &offers, Milliseconds now, Outbox &out);
  void move_cursor(Milliseconds now, Outbox &out);
  void pause(Milliseconds now, const std::string &sentence, Outbox &out);
  void note_progress(Milliseconds now);
  bool may_read(Milliseconds now) const { return !is_stopping_ && now >= paused_until_ms_; }
  void say(Level level, std::string sentence, Outbox &out) const;

  const DeliveryPlan plan_;
  Journal &journal_;
  Random &random_;
  Lanes lanes_;  // reads plan_
  std::vector<Worker> workers_;
  std::optional<Hold> hold_;
  bool is_stopping_ = false;
  int settling_count_ = 0;            // decided, not yet durable
  Milliseconds paused_until_ms_ = 0;  // after a read error
  int read_failures_count_ = 0;       // in a row
  Seq cursor_;                        // durable, or on its way there; never above what is settled
  Seq cursor_durable_;
  Seq scan_seen_ = 0;         // the scan position when the cursor was last looked at
  bool has_progress_ = true;  // since the cursor was last looked at
  Milliseconds cursor_due_ms_ = 0;
};

}  // namespace bellhop::core
