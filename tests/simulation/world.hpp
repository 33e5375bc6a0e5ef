// SPDX-License-Identifier: Apache-2.0
// World: an Engine with everything around it made of paper and one virtual clock: the journal and its writer, children
// with habits, clients, restarts. An agenda says what happens next; whatever is random comes from one seed, so a life
// can be lived again to the letter.
//
// A step is one input to the engine, or one happening that leads to some. The oracle is told of everything before the
// engine is, and looks at what the engine makes of it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulation/oracle.hpp"
#include "simulation/simulated_journal.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {

// What the children of one instance do with a call, in so many of a thousand; the rest is OK.
struct Habits {
  int skip = 0, retry = 0, fail = 0, hold = 0, unknown = 0;      // verdicts, drawn for each event
  int hang = 0, death = 0, batch_failure = 0, short_answer = 0;  // drawn for each call
  int defer = 0;                                                 // a batch from some event on
  int unread_death = 0;                                          // before the call was read
  int idle_death = 0;                                            // after an answer
  int start_death = 0, start_refusal = 0, start_hang = 0;
  Milliseconds took_ms_max = 20;
  Milliseconds retry_after_ms_max = 0;
  bool is_batching = false;
  bool is_ticking = false;  // and wishes for the next tick within ten seconds
};

// What the journal's disk does, in so many of a thousand commits.
struct Weather {
  int refused = 0, unavailable = 0;
  Milliseconds commit_ms_max = 5;
};

struct Destination {  // one configured instance and what it is connected to
  DeliveryPlan plan;
  bool is_enabled = true;
  Habits habits;
  std::int64_t delivered_count = 0;
};

class World {
 public:
  using WorkerKey = std::pair<InstanceId, int>;

  explicit World(std::uint64_t seed);

  SimulatedJournal journal;
  FakeClock clock;
  Oracle oracle;
  Weather weather;
  LaneLimits limits;
  std::deque<Destination> destinations;
  std::function<void(const Destination &, const Send &)> on_send;
  std::function<void(const std::string &)> on_line;  // a line of the trace; unset: none is made
  Milliseconds trouble_ms = 0;                       // when the journal last failed

  Destination &add(const std::string &name, const std::vector<std::string> &globs = {"*"});
  Destination *destination_of(InstanceId id);

  // ---- the daemon ----
  void start_daemon();
  // Power goes, now or after so many more actions of the engine have been carried out. The daemon is started again.
  void crash();
  void crash_within(int actions) { crash_countdown_ = actions; }
  void stop_daemon();                // as a person would; when it has stopped it is started again
  std::function<void()> on_restart;  // between two daemons: plans may be changed
  bool is_stopping() const { return is_stopping_; }
  Engine &engine() { return *engine_; }
  void forget_engine() { engine_.reset(); }  // the end of this world

  // ---- the clients ----
  Seq append(const std::string &subject, const std::string &type = "booking.confirmed");
  Seq append_quarantined();
  void append_again(Seq seq);  // the same bytes once more
  void replay(InstanceId instance, Seq seq);
  void drop(InstanceId instance, Seq seq);
  void ask(InstanceId instance);  // a question to the plugin; whoever asks is answered once, and in time
  std::size_t questions_count() const { return questions_.size(); }
  void at(Milliseconds time_ms, std::function<void()> happening);  // survives the daemon

  // ---- time ----
  bool step();  // false: nothing will ever happen again
  void run_until(Milliseconds time_ms);
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool chance(int of_1000) { return of_1000 > 0 && below(1'000) < static_cast<std::uint64_t>(of_1000); }
  Milliseconds now() const { return clock.steady_ms(); }
  void kill_an_idle_child();
  std::int64_t inputs_count() const { return inputs_count_; }

 private:
  struct Child {
    bool is_alive = false, is_ready = false, is_killed = false, is_stopping = false;
    std::optional<Send> call;  // what it has, without what was NotSent
    Milliseconds sent_ms = 0;
    bool is_asked = false;   // a tick or a question, instead of a call
    std::uint64_t life = 0;  // counts the children of this worker, so that an old one's doings do not count
  };

  void soon(Milliseconds in_ms_max, std::function<void()> happening);  // forgotten with the daemon
  // In place: g++ 12 warns wrongly of a moved variant.
  template <class What>
  void post(What what) {
    inputs_.emplace_back(std::in_place_type<What>);
    std::get<What>(inputs_.back()) = std::move(what);
  }
  void give(const Input &input);
  void tell_oracle(const Input &input);
  void look_at_rest();
  std::optional<Milliseconds> next_happening_ms() const;
  Seq append(const std::string &subject, const std::string &type, const std::string &body, bool is_quarantined);
  void hint();
  void commit_some();
  SimulatedJournal::Outcome outcome();
  std::int32_t verdict(const Habits &habits);
  void answer(const WorkerKey &key);
  void die(const WorkerKey &key, const std::string &sentence, bool is_refusal = false, bool is_unread = false);
  void start_child(const WorkerKey &key);
  void line(const std::string &text);

  void carry_out(SpawnWorker &action);
  void carry_out(Send &action);
  void carry_out(SettleDeliveries &action);
  void carry_out(KillWorker &action);
  void carry_out(StopWorker &action);
  void carry_out(Alarm &action);
  void carry_out(Observe &action);
  void carry_out(Ask &action);
  void carry_out(GiveAnswer &action);

  Random random_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t daemon_ = 0;  // counts them
  std::map<std::pair<Milliseconds, std::uint64_t>, std::function<void()>> agenda_;
  std::uint64_t happenings_count_ = 0;
  std::deque<Input> inputs_;  // on their way to the engine
  std::map<WorkerKey, Child> children_;
  std::map<Seq, std::string> bodies_;
  std::map<QuestionTicket, Milliseconds> questions_;  // not yet answered; when each must be
  QuestionTicket last_question_ = 0;
  std::uint64_t bodies_count_ = 0, staged_count_ = 0;
  bool is_hint_under_way_ = false, is_commit_under_way_ = false;
  bool is_stopping_ = false, is_crash_due_ = false;
  int crash_countdown_ = -1;
  // An engine that wants to be looked at, is, and wants it again: it would burn a processor.
  static constexpr int timers_count_max = 1'000;
  Milliseconds timer_ms_ = 0;
  int timers_count_ = 0;
  std::int64_t inputs_count_ = 0;
};

}  // namespace bellhop::core
