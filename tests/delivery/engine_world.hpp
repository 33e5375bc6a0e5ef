// SPDX-License-Identifier: Apache-2.0
// EngineWorld: an Engine on a MemoryJournal with everything around it made of paper. The test says what each child
// answers and when a settle becomes durable; nothing happens by itself but spawning (and even that can be turned off).
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bellhop/plugin.h"
#include "delivery/engine.hpp"
#include "journal/memory_journal.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {

// Reads that fail now and then, wherever in a step they stand.
class FlakyJournal : public Journal {
 public:
  explicit FlakyJournal(Journal &inner) : inner_(inner) {}
  int failures_per_1000 = 0;
  int fail_in = 0;  // so many reads from now, once; 0: none

  Result<Appended> append(const Incoming &incoming) override { return inner_.append(incoming); }
  void settle(SettleBatch batch, std::function<void(Result<void>)> done) override {
    inner_.settle(std::move(batch), std::move(done));
  }
  Result<std::int64_t> replay(InstanceId instance, Seq seq) override { return inner_.replay(instance, seq); }
  Result<std::int64_t> replay_all(InstanceId instance, const std::vector<Seq> &seqs) override {
    return inner_.replay_all(instance, seqs);
  }
  Result<void> drop(InstanceId instance, Seq seq) override { return inner_.drop(instance, seq); }
  Result<OpenedInstance> open_instance(std::string_view name, Start start) override {
    return inner_.open_instance(name, start);
  }
  Result<void> park_instances_except(const std::vector<std::string> &names) override {
    return inner_.park_instances_except(names);
  }
  Result<std::vector<Owed>> owed(InstanceId instance, Seq after, int count_max) override {
    if (fails()) return failure_;
    return inner_.owed(instance, after, count_max);
  }
  Result<std::vector<Owed>> owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                            int count_max) override {
    if (fails()) return failure_;
    return inner_.owed_of_subject(instance, subject, after, up_to, count_max);
  }
  Result<std::vector<Owed>> due(InstanceId instance, Milliseconds now_ms, int count_max) override {
    if (fails()) return failure_;
    return inner_.due(instance, now_ms, count_max);
  }
  Result<std::optional<Milliseconds>> next_due(InstanceId instance, Milliseconds after_ms) override {
    if (fails()) return failure_;
    return inner_.next_due(instance, after_ms);
  }
  Result<bool> is_waiting(InstanceId instance, SubjectKey subject) override {
    if (fails()) return failure_;
    return inner_.is_waiting(instance, subject);
  }
  Result<std::optional<Seq>> first_waiting(InstanceId instance) override {
    if (fails()) return failure_;
    return inner_.first_waiting(instance);
  }
  Result<StoredEvent> load(Seq seq) override {
    if (fails()) return failure_;
    return inner_.load(seq);
  }
  Result<std::optional<std::string>> kv_get(InstanceId instance, std::string_view key) override {
    if (fails()) return failure_;
    return inner_.kv_get(instance, key);
  }
  Result<std::vector<std::pair<std::string, std::string>>> kv_list(InstanceId instance, std::string_view prefix,
                                                                   std::string_view after, int count_max) override {
    if (fails()) return failure_;
    return inner_.kv_list(instance, prefix, after, count_max);
  }
  Result<std::optional<Document>> document(InstanceId instance, std::string_view path) override {
    if (fails()) return failure_;
    return inner_.document(instance, path);
  }
  Result<KeptBytes> kept_bytes(InstanceId instance) override {
    if (fails()) return failure_;
    return inner_.kept_bytes(instance);
  }
  Result<void> check_staged(InstanceId instance, const Staged &staged) override {
    if (fails()) return failure_;
    return inner_.check_staged(instance, staged);
  }
  Seq newest() const override { return inner_.newest(); }
  void on_commit(std::function<void()> hint) override { inner_.on_commit(std::move(hint)); }

 private:
  bool fails() {
    if (fail_in > 0 && --fail_in == 0) return true;
    return random_.below(1'000) < static_cast<std::uint64_t>(failures_per_1000);
  }
  Journal &inner_;
  Random random_{99};
  const Error failure_{Kind::unavailable, "disk I/O error"};
};

class EngineWorld {
 public:
  struct Child {
    bool is_alive = false;
    bool is_stopping = false;
    std::optional<Send> call;  // what it has, without what was NotSent
    std::optional<Ask> question;
    std::string killed;  // why, once the engine killed it
    int spawns_count = 0;
  };
  using WorkerKey = std::pair<InstanceId, int>;

  MemoryJournal journal;
  FlakyJournal reads{journal};  // what the engine sees of it
  FakeClock clock;
  std::vector<DeliveryPlan> plans;
  LaneLimits limits;
  std::unique_ptr<Engine> engine;
  std::map<WorkerKey, Child> children;
  std::deque<Input> inputs;  // not yet given to the engine
  std::vector<Send> sends;
  std::vector<Alarm> alarms;
  std::vector<Attempt> observed;
  std::vector<Ask> asks;
  std::vector<GiveAnswer> replies;
  std::uint64_t seed = 1;
  bool is_spawn_ready = true;  // a spawned child is ready at once
  bool is_batching = false;    // and has the batch extension
  bool is_ticking = false;     // and that of ticks
  bool is_kill_deadly = true;  // a killed child dies at once
  std::function<void(const Send &)> on_send;
  std::function<void(const SettleDeliveries &)> on_settle;

  DeliveryPlan &add(const std::string &name, const std::vector<std::string> &globs = {"*"}) {
    DeliveryPlan plan;
    plan.name = name;
    plan.filter = Filter::parse(globs).value();
    plan.policy.backoff_ms_min = 1'000;
    plans.push_back(std::move(plan));
    return plans.back();
  }

  // A daemon starts: on this journal, knowing nothing else.
  void start() {
    inputs.clear();
    for (auto &[key, child] : children) child = {false, false, std::nullopt, std::nullopt, "", child.spawns_count};
    for (DeliveryPlan &plan : plans) {
      const OpenedInstance opened = journal.open_instance(plan.name, Start::beginning).value();
      plan.id = opened.id;
      plan.cursor = opened.cursor;
    }
    engine = std::make_unique<Engine>(reads, plans, Random(seed++), limits);
    step(Timer{});
  }

  Seq append(const std::string &subject, const std::string &type = "booking.confirmed") {
    const std::string body = std::to_string(++bodies_count_);
    Event event;
    event.id = EventId::of("test", body);
    event.type = type;
    event.subject = subject;
    event.time_ms = event.received_ms = clock.wall_ms();
    event.json = "{}";
    Incoming incoming;
    incoming.source_name = "test";
    incoming.body = body;
    incoming.event = &event;
    incoming.id = event.id;
    incoming.received_ms = event.received_ms;
    return journal.append(incoming).value().seq;
  }
  Seq append_quarantined() {
    const std::string body = std::to_string(++bodies_count_);
    Incoming incoming;
    incoming.source_name = "test";
    incoming.body = body;
    incoming.id = EventId::of("test", body);
    incoming.quarantine_reason = "of no known family";
    return journal.append(incoming).value().seq;
  }

  // One input; its actions are carried out, what comes of them waits in `inputs`.
  void step(const Input &input) {
    for (Action &action : engine->step(clock.steady_ms(), input)) {
      std::visit([this](auto &each) { carry_out(each); }, action);
    }
  }
  bool step_next() {
    if (inputs.empty()) return false;
    const Input input = std::move(inputs.front());
    inputs.pop_front();
    step(input);
    return true;
  }
  // Everything that happens by itself now; returns how many steps that took.
  int run() {
    int steps = 0;
    for (; steps < 100'000; ++steps) {
      if (step_next()) continue;
      const std::optional<Milliseconds> timer = engine->next_timer();
      if (!timer || *timer > clock.steady_ms()) break;
      step(Timer{});
    }
    CHECK(steps < 100'000);  // the engine spins
    return steps;
  }
  // Begins with an instance "crm" that takes batches, and is handed "booking/1", "booking/2" … in one.
  void offer_a_batch_of(int events_count) {
    add("crm");
    is_batching = true;
    for (int i = 1; i <= events_count; ++i) append("booking/" + std::to_string(i));
    start();
    run();
  }
  void commit() {
    step(Committed{});
    run();
  }
  void pass(Milliseconds by_ms) {
    clock.advance(by_ms);
    run();
  }

  Child &child(std::size_t plan = 0, int worker = 0) { return children[{plans[plan].id, worker}]; }
  // What the child has in its hands, as seqs; empty when idle.
  std::vector<Seq> in_hand(std::size_t plan = 0, int worker = 0) {
    std::vector<Seq> seqs;
    if (child(plan, worker).call) {
      for (const Ticket &ticket : child(plan, worker).call->tickets) seqs.push_back(ticket.key.seq);
    }
    return seqs;
  }
  void answer(std::int32_t code, Milliseconds retry_after_ms = 0, const std::string &message = "") {
    answer_all(std::vector<std::int32_t>(child().call->tickets.size(), code), retry_after_ms, message);
  }
  void answer_all(const std::vector<std::int32_t> &codes, Milliseconds retry_after_ms = 0,
                  const std::string &message = "", std::int32_t batch_code = BHP_OK) {
    Answered answered{plans[0].id, 0, batch_code, {}};
    for (const std::int32_t code : codes) answered.answers.push_back({code, retry_after_ms, message});
    child().call.reset();
    step(answered);
    run();
  }
  void die(const std::string &sentence = "killed by SIGSEGV", bool is_refusal = false, std::size_t plan = 0,
           int worker = 0) {
    Child &dead = child(plan, worker);
    dead.is_alive = false;
    dead.call.reset();
    dead.question.reset();
    step(Died{plans[plan].id, worker, sentence, is_refusal});
    run();
  }

  // What the child says to the question it has.
  void tell(std::int32_t code, const std::string &message = "", Milliseconds next_tick_ms = -1, std::size_t plan = 0) {
    child(plan).question.reset();
    step(Told{plans[plan].id, 0, {code, 0, message}, next_tick_ms});
    run();
  }

  std::optional<DeliveryRow> row(Seq seq, std::size_t plan = 0, std::int64_t replay = 0) {
    const std::vector<DeliveryRow> rows = journal.deliveries_of(seq).value();
    for (const DeliveryRow &row : rows) {
      if (row.key == DeliveryKey{plans[plan].id, seq, replay}) return row;
    }
    return std::nullopt;
  }
  Seq cursor(std::size_t plan = 0) {
    const std::vector<InstanceRow> rows = journal.instances().value();
    for (const InstanceRow &row : rows) {
      if (row.id == plans[plan].id) return row.cursor;
    }
    return -1;
  }
  int alarms_count(const std::string &part) const {
    return static_cast<int>(std::count_if(alarms.begin(), alarms.end(), [&](const Alarm &alarm) {
      return alarm.sentence.find(part) != std::string::npos;
    }));
  }

 private:
  void carry_out(SpawnWorker &action) {
    Child &child = children[{action.instance, action.worker}];
    CHECK(!child.is_alive);
    child = {true, false, std::nullopt, std::nullopt, "", child.spawns_count + 1};
    if (is_spawn_ready) inputs.push_back(Ready{action.instance, action.worker, is_batching, is_ticking});
  }
  void carry_out(Send &action) {
    Child &child = children[{action.instance, action.worker}];
    CHECK(child.is_alive && !child.call && !child.question && child.killed.empty() && !child.is_stopping);
    if (on_send) on_send(action);
    sends.push_back(action);
    std::vector<Ticket> taken;
    for (const Ticket &ticket : action.tickets) {
      const Result<StoredEvent> loaded = reads.load(ticket.key.seq);
      if (loaded.ok()) {
        taken.push_back(ticket);
        continue;
      }
      const bool is_damaged = loaded.error().kind == Kind::corrupt;
      inputs.emplace_front(std::in_place_type<NotSent>);  // in place: g++ 12 warns wrongly of a moved variant
      std::get<NotSent>(inputs.front()) = {action.instance, action.worker, ticket.key,
                                           is_damaged ? NotSent::Why::damaged : NotSent::Why::unreadable,
                                           loaded.error().sentence};
    }
    if (taken.empty()) return;
    child.call = action;
    child.call->tickets = taken;
  }
  void carry_out(Ask &action) {
    Child &child = children[{action.instance, action.worker}];
    CHECK(child.is_alive && !child.call && !child.question && child.killed.empty());
    child.question = action;
    asks.push_back(action);
  }
  void carry_out(GiveAnswer &action) { replies.push_back(action); }
  void carry_out(SettleDeliveries &action) {
    if (on_settle) on_settle(action);
    // Bound to the engine that asked: a later one has never heard of this ticket.
    journal.settle(action.batch, [this, ticket = action.ticket, asker = engine.get()](Result<void> result) {
      if (asker == engine.get()) inputs.push_back(Settled{ticket, std::move(result)});
    });
  }
  void carry_out(KillWorker &action) {
    Child &child = children[{action.instance, action.worker}];
    CHECK(child.is_alive);
    child.killed = action.why;
    if (!is_kill_deadly) return;
    child.is_alive = false;
    child.call.reset();
    child.question.reset();
    inputs.push_back(Died{action.instance, action.worker, "killed: " + action.why, false});
  }
  void carry_out(StopWorker &action) {
    Child &child = children[{action.instance, action.worker}];
    CHECK(child.is_alive && !child.call);
    child.is_alive = false;
    inputs.push_back(Died{action.instance, action.worker, "stopped", false});
  }
  void carry_out(Alarm &action) { alarms.push_back(action); }
  void carry_out(Observe &action) { observed.push_back(action.attempt); }

  int bodies_count_ = 0;
};

}  // namespace bellhop::core
