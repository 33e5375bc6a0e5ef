// SPDX-License-Identifier: Apache-2.0
// Flow: one instance's part of the engine. Joins its lanes (which event next), its workers' lives (who can take it),
// the policy (what follows a verdict) and the hold (nobody can). No I/O but journal reads, no clock, no thread.
//
// The order of things for one event: take → Send → Answered → decide (pure) → SettleDeliveries → durable → the next of
// its lane. A child's death, an unreadable row and a batch that failed are all ways of saying what "Answered" was.
//
// Held, by the plugin's HOLD or by the breaker, nothing is sent but one probe at a time. The event that said HOLD
// probes itself; a probe that is told RETRY goes to wait like any other and the next one is another event, so that one
// poisonous event cannot keep the hold up. What a probe or a held event suffers uses up neither attempts nor age.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "delivery/breaker.hpp"
#include "delivery/held_time.hpp"
#include "delivery/lanes.hpp"
#include "delivery/messages.hpp"
#include "delivery/worker_life.hpp"

namespace bellhop::core {

class Flow {
 public:
  static constexpr Milliseconds cursor_ms_interval = 1'000;  // a late cursor costs only reading at the next start
  static constexpr Milliseconds read_pause_ms_min = 1'000, read_pause_ms_max = 30'000;
  static constexpr Milliseconds dead_letters_ms_interval = 600'000;  // one line for a series of dead letters
  static constexpr Milliseconds oldest_alarm_ms = 3'600'000;         // an event that stays the oldest is told, doubling
  static constexpr std::size_t questions_max = 16;                   // of one instance, waiting
  static constexpr Milliseconds tick_ms_max = 366 * 86'400'000LL;    // no later than this, whatever a plugin asks
  static constexpr Milliseconds tick_pause_ms_min = 10'000, tick_pause_ms_max = 3'600'000;  // after deaths in ticks
  static constexpr std::size_t exchanges_bytes_max = 64 << 10;                              // of one settlement

  Flow(Journal &journal, DeliveryPlan plan, const LaneLimits &limits, Random &random, Seq newest_at_start);
  Flow(const Flow &) = delete;
  Flow &operator=(const Flow &) = delete;

  void committed() { lanes_.wake(); }
  void stop() { is_stopping_ = true; }
  void ready(Milliseconds now, const Ready &input);
  void asked(Milliseconds now, const Asked &input, Outbox &out);
  void told(Milliseconds now, const Told &input, Outbox &out);
  void answered(Milliseconds now, const Answered &input, Outbox &out);
  void died(Milliseconds now, const Died &input, Outbox &out);
  void not_sent(Milliseconds now, const NotSent &input, Outbox &out);
  void settled(Milliseconds now, const Decided &decided, Outbox &out);  // it is durable
  // What it staged was refused (a quota): that attempt has failed after all. Nothing of it is durable.
  void unfit(Milliseconds now, const Decided &decided, const std::string &why, Outbox &out);
  void cursor_settled(Milliseconds now, Seq cursor, bool is_durable);
  // Whatever can be done now without another input: spawn, kill what is overdue, read, send, move the cursor.
  void advance(Milliseconds now, Outbox &out);

  std::optional<Milliseconds> next_timer(Milliseconds now) const;
  InstanceStatus status() const;
  bool is_stopped() const;  // no worker runs, and no decision is on its way to the disk
  std::int64_t in_flight_count() const;
  const DeliveryPlan &plan() const { return plan_; }
  const Lanes &lanes() const { return lanes_; }
  bool is_held() const { return hold_.has_value(); }
  std::optional<DeliveryKey> probe() const;  // that is with a child now

 private:
  struct Sent {
    DeliveryKey key;
    SubjectKey subject = 0;
  };
  struct Asking {
    QuestionTicket ticket = 0;
    Question::What what = Question::What::tick;
  };
  struct Waiting {  // for an idle worker
    QuestionTicket ticket = 0;
    Question question;
    Milliseconds until_ms = 0;
  };
  struct Worker {
    WorkerLife life;
    bool is_batching = false;
    std::optional<Asking> asking;  // never together with `sent`
    std::vector<Sent> sent;        // what the child has; its lanes are out
    Milliseconds sent_ms = 0;
  };
  struct Probe {
    DeliveryKey key;
    SubjectKey subject = 0;
    bool is_kept = false;     // it said HOLD: its lane stays out until its verdict is another one
    bool is_durable = false;  // kept: the row that says waiting; not sent before
    bool is_out = false;      // with the child; always, when it is not kept
  };
  struct Hold {  // nothing but a probe is sent while there is one of these
    enum class By { plugin, breaker };
    By by = By::plugin;
    Milliseconds since_ms = 0, until_ms = 0;
    int number = 1;  // probes that found it held, and one
    std::string reason;
    std::optional<Probe> probe;  // nullopt: the next one is drawn from the lanes
  };
  struct Outcome {  // of one attempt
    std::int32_t code = 0;
    Milliseconds retry_after_ms = 0;
    std::string message;
    bool is_death = false;
    bool is_late = false;  // killed at the deadline
    bool is_ours = false;  // says nothing of the destination
    Staged staged = {};
    std::string exchanges = {};
  };

  void decide(Milliseconds now, Milliseconds took_ms, const Sent &sent, Outcome outcome, Outbox &out);
  Step step_of(Milliseconds now, const Offer &offer, int strikes, const Outcome &outcome, bool is_probe);
  Settlement settlement_of(Milliseconds now, const Offer &offer, const Step &step, int strikes, Outcome &outcome) const;
  bool follow(Milliseconds now, const Sent &sent, const Step &step, const Outcome &outcome, Outbox &out);
  void follow_probe(Milliseconds now, const Step &step, const Outcome &outcome, Outbox &out);
  void begin_hold(Milliseconds now, Hold hold, Outbox &out);
  void end_hold(Milliseconds now, Outbox &out);
  bool is_probe(const DeliveryKey &key) const { return hold_ && hold_->probe && hold_->probe->key == key; }
  bool wants_probe(Milliseconds now) const { return hold_ && !hold_->probe && now >= hold_->until_ms; }
  bool may_wake_waiting(Milliseconds now) const { return !hold_ || wants_probe(now); }
  void never_reached(const Sent &sent);
  Milliseconds held_ms(Milliseconds now, const Owed &owed) const;
  void settle_unsent(const Offer &offer, DeliveryState state, Verdict verdict, std::string message, Outbox &out);
  void settle_unwanted(const Offer &offer, Outbox &out);
  Attempt attempt_of(const Offer &offer, const Settlement &settlement) const;
  void batch_failed(Worker &worker, bool is_redelivery);

  void ask(int number, Worker &worker, Milliseconds now, Outbox &out);
  void ask(int number, Worker &worker, QuestionTicket ticket, Question question, Milliseconds now, Outbox &out);
  void asking_died(Milliseconds now, Worker &worker, const std::string &sentence, Outbox &out);
  void expire_questions(Milliseconds now, Outbox &out);
  std::optional<Milliseconds> next_question_timer() const;

  void look_after(int number, Worker &worker, Milliseconds now, Outbox &out);
  void load(Milliseconds now, Outbox &out);
  void dispatch(int number, Worker &worker, Milliseconds now, Outbox &out);
  void dispatch_probe(int number, Worker &worker, Milliseconds now, Outbox &out);
  void send(int number, Worker &worker, const std::vector<Offer> &offers, Milliseconds now, Outbox &out);
  void move_cursor(Milliseconds now, Outbox &out);
  void draw_probe(int number, Worker &worker, Milliseconds now, Outbox &out);
  void look_at_oldest(Milliseconds now, Seq settled, Outbox &out);
  bool is_oldest_due(Milliseconds now) const { return oldest_ != 0 && now >= oldest_since_ms_ + oldest_told_after_ms_; }
  void count_dead_letter(Milliseconds now, const Settlement &settlement, Outbox &out);
  void tell_dead_letters(Milliseconds now, Outbox &out);
  void pause(Milliseconds now, const std::string &sentence, Outbox &out);
  void note_progress(Milliseconds now);
  bool may_read(Milliseconds now) const { return !is_stopping_ && now >= paused_until_ms_; }
  void say(Level level, std::string sentence, Outbox &out) const;

  const DeliveryPlan plan_;
  Journal &journal_;
  Random &random_;
  Lanes lanes_;  // reads plan_
  std::vector<Worker> workers_;
  std::deque<Waiting> questions_;            // oldest first; at most questions_max
  std::optional<Milliseconds> tick_due_ms_;  // of worker 0; nullopt: none wanted
  Milliseconds tick_not_before_ms_ = 0;      // after a death in a tick
  int tick_deaths_count_ = 0;                // in a row
  std::optional<Hold> hold_;
  std::size_t probe_turn_ = 0;  // the worker that is asked first for the next probe to draw
  Breaker breaker_;             // not closed: hold_ is by it
  HeldTime held_time_;          // of hold_
  std::string last_error_;
  std::int64_t dead_letters_count_ = 0, dead_letters_told_count_ = 0;
  Milliseconds dead_letters_quiet_until_ms_ = 0;
  Seq oldest_ = 0;  // not final, as of the last look at the cursor; 0: none
  Milliseconds oldest_since_ms_ = 0, oldest_told_after_ms_ = oldest_alarm_ms;
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
