// SPDX-License-Identifier: Apache-2.0
// World: time, the daemon, the clients and the journal's writer. The children are in world_children.cpp.
#include "simulation/world.hpp"

#include <algorithm>

namespace bellhop::core {

World::World(std::uint64_t seed) : journal(seed * 31 + 7), random_(seed) {
  journal.on_durable = [this](const SettleBatch &batch) { oracle.durable(batch); };
  journal.on_read_failure = [this] { trouble_ms = now(); };
  journal.on_commit([this] { hint(); });
}

Destination &World::add(const std::string &name, const std::vector<std::string> &globs) {
  Destination &added = destinations.emplace_back();
  added.plan.name = name;
  added.plan.filter = Filter::parse(globs).value();
  return added;
}

Destination *World::destination_of(InstanceId id) {
  const auto found = std::find_if(destinations.begin(), destinations.end(),
                                  [id](const Destination &each) { return each.plan.id == id; });
  CHECK(found != destinations.end());
  return &*found;
}

void World::line(const std::string &text) {
  if (on_line) on_line(std::to_string(now() % 1'000'000'000) + "  " + text);
}

// ---- the daemon -----------------------------------------------------------------------------------------------------

void World::start_daemon() {
  ++daemon_;
  inputs_.clear();
  children_.clear();
  questions_.clear();
  is_hint_under_way_ = is_commit_under_way_ = is_stopping_ = is_crash_due_ = false;
  crash_countdown_ = -1;
  std::vector<DeliveryPlan> plans;
  std::vector<std::string> names;
  for (Destination &destination : destinations) {
    if (!destination.is_enabled) continue;
    const OpenedInstance opened = journal.open_instance(destination.plan.name, Start::beginning).value();
    destination.plan.id = opened.id;
    destination.plan.cursor = opened.cursor;
    plans.push_back(destination.plan);
    names.push_back(destination.plan.name);
  }
  CHECK(journal.park_instances_except(names).ok());
  oracle.started(now(), plans, limits);
  line("a daemon starts");
  engine_ = std::make_unique<Engine>(journal, plans, Random(random_.next()), limits);
  post(Timer{});
  post(Committed{});
}

void World::crash() {
  line("power goes");
  const std::size_t queued = journal.queued_count();
  journal.crash(below(queued + 1), below(2) == 0);
  engine_.reset();
  clock.advance(static_cast<Milliseconds>(below(3'000)));
  if (on_restart) on_restart();
  start_daemon();
}

void World::stop_daemon() {
  if (is_stopping_) return;
  line("delivery is told to stop");
  is_stopping_ = true;
  post(Stop{});
}

// ---- the clients ----------------------------------------------------------------------------------------------------

Seq World::append(const std::string &subject, const std::string &type) {
  return append(subject, type, std::to_string(++bodies_count_), false);
}

Seq World::append_quarantined() { return append("", "", std::to_string(++bodies_count_), true); }

void World::append_again(Seq seq) {
  const Result<StoredEvent> stored = journal.inner.load(seq);
  if (!stored.ok() || stored->event.type.empty()) return;
  append(stored->event.subject, stored->event.type, bodies_.at(seq), false);
}

Seq World::append(const std::string &subject, const std::string &type, const std::string &body, bool is_quarantined) {
  Event event;
  event.id = EventId::of("simulation", body);
  event.type = type;
  event.subject = subject;
  event.time_ms = event.received_ms = clock.wall_ms();
  event.json = "{}";
  Incoming incoming;
  incoming.source_name = "simulation";
  incoming.body = body;
  incoming.event = is_quarantined ? nullptr : &event;
  incoming.id = event.id;
  incoming.quarantine_reason = is_quarantined ? "of no known family" : "";
  incoming.received_ms = event.received_ms;
  const Appended appended = journal.append(incoming).value();
  line((appended.is_duplicate ? "once more " : "append ") + std::to_string(appended.seq) + " " + type + " " + subject);
  if (appended.is_duplicate) {
    if (bodies_.at(appended.seq) != body) oracle.fail("a duplicate was taken for another event");
    return appended.seq;
  }
  bodies_[appended.seq] = body;
  oracle.appended(appended.seq, {type, is_quarantined ? 0 : subject_key(subject), is_quarantined, now()});
  return appended.seq;
}

void World::replay(InstanceId instance, Seq seq) {
  const Result<std::int64_t> asked = journal.replay(instance, seq);
  if (!asked.ok()) return;
  line("replay " + std::to_string(*asked) + " of " + std::to_string(seq));
  oracle.replay_asked({instance, seq, *asked});
}

void World::drop(InstanceId instance, Seq seq) {
  const Oracle::Row *row = oracle.row({instance, seq, 0});
  if (row == nullptr || row->state != DeliveryState::dead || !journal.drop(instance, seq).ok()) return;
  line("drop " + std::to_string(seq));
  oracle.dropped(instance, seq);
}

void World::ask(InstanceId instance) {
  const Destination *asked = destination_of(instance);
  if (is_stopping_ || !asked->is_enabled) return;
  Asked question;
  question.instance = instance;
  question.ticket = ++last_question_;
  question.question.what = Question::What::health;
  line("question " + std::to_string(question.ticket) + " to " + asked->plan.name);
  // For an idle worker, then for its answer, then for the death of one that gave none.
  questions_[question.ticket] = now() + question.wait_ms_max + asked->plan.policy.deadline_ms + 100;
  post(std::move(question));
}

void World::hint() {
  if (engine_ == nullptr || is_hint_under_way_) return;
  is_hint_under_way_ = true;
  soon(3, [this] { post(Committed{}); });
}

// ---- the writer -----------------------------------------------------------------------------------------------------

SimulatedJournal::Outcome World::outcome() {
  using Outcome = SimulatedJournal::Outcome;
  const auto dice = static_cast<int>(below(1'000));
  if (dice < weather.refused) return Outcome::refused;
  if (dice >= weather.refused + weather.unavailable) return Outcome::durable;
  static constexpr Outcome kinds[] = {Outcome::unavailable_written, Outcome::unavailable_lost,
                                      Outcome::unavailable_until_reopened};
  return kinds[below(3)];
}

void World::commit_some() {
  is_commit_under_way_ = false;
  const SimulatedJournal::Outcome what = outcome();  // of the whole group
  if (what != SimulatedJournal::Outcome::durable) {
    trouble_ms = now();
    line("a commit fails");
  }
  const std::size_t count = what == SimulatedJournal::Outcome::durable ? 1 + below(journal.queued_count()) : 1;
  for (std::size_t i = 0; i < count; ++i) journal.commit_next(what);
  if (journal.queued_count() == 0) return;
  is_commit_under_way_ = true;
  soon(weather.commit_ms_max, [this] { commit_some(); });
}

void World::carry_out(SettleDeliveries &action) {
  for (Settlement &settlement : action.batch.settlements) {
    settlement.settled_ms = clock.wall_ms();
    line("settle " + std::to_string(settlement.key.seq) + " state " +
         std::to_string(static_cast<int>(settlement.state)) + " attempts " + std::to_string(settlement.attempts));
  }
  oracle.settle_asked(now(), action.batch);
  journal.settle(std::move(action.batch), [this, ticket = action.ticket, asker = daemon_](Result<void> result) {
    // A later daemon has never heard of this ticket.
    if (asker == daemon_) post(Settled{ticket, std::move(result)});
  });
  if (is_commit_under_way_) return;
  is_commit_under_way_ = true;
  soon(weather.commit_ms_max, [this] { commit_some(); });
}

// ---- time -----------------------------------------------------------------------------------------------------------

void World::at(Milliseconds time_ms, std::function<void()> happening) {
  agenda_.emplace(std::make_pair(std::max(time_ms, now()), ++happenings_count_), std::move(happening));
}

void World::soon(Milliseconds in_ms_max, std::function<void()> happening) {
  const auto in_ms = static_cast<Milliseconds>(below(static_cast<std::uint64_t>(in_ms_max) + 1));
  at(now() + in_ms, [this, mine = daemon_, happening = std::move(happening)] {
    if (mine == daemon_) happening();
  });
}

std::optional<Milliseconds> World::next_happening_ms() const {
  std::optional<Milliseconds> next = engine_->next_timer();
  if (!agenda_.empty() && (!next || agenda_.begin()->first.first < *next)) next = agenda_.begin()->first.first;
  return next;
}

bool World::step() {
  if (!inputs_.empty()) {
    const Input input = std::move(inputs_.front());
    inputs_.pop_front();
    give(input);
    return true;
  }
  if (is_stopping_ && engine_->is_stopped()) {
    engine_.reset();
    if (on_restart) on_restart();
    start_daemon();
    return true;
  }
  look_at_rest();
  const std::optional<Milliseconds> next = next_happening_ms();
  if (!next) return false;
  if (*next > now()) clock.advance(*next - now());
  if (!agenda_.empty() && agenda_.begin()->first.first <= now()) {
    const auto happening = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    happening();
  } else {
    const Milliseconds before_ms = timer_ms_;
    timer_ms_ = now();
    timers_count_ = before_ms == timer_ms_ ? timers_count_ + 1 : 0;
    if (timers_count_ > timers_count_max) oracle.fail("the engine asks for the same moment again and again");
    give(Timer{});
  }
  return true;
}

void World::run_until(Milliseconds time_ms) {
  while (!oracle.violation()) {
    const std::optional<Milliseconds> next = next_happening_ms();
    if (inputs_.empty() && (!next || *next > time_ms)) break;
    step();
  }
  if (now() < time_ms) clock.advance(time_ms - now());
}

void World::give(const Input &input) {
  ++inputs_count_;
  tell_oracle(input);
  std::vector<Action> actions = engine_->step(now(), input);
  oracle.look_at_holds(*engine_);
  for (Action &action : actions) {
    if (crash_countdown_ >= 0 && crash_countdown_-- == 0) {
      is_crash_due_ = true;  // the rest of what the engine wants never happens
      break;
    }
    std::visit([this](auto &each) { carry_out(each); }, action);
  }
  if (is_crash_due_) return crash();
  oracle.check_step(*engine_);
  for (const auto &[key, child] : children_) {
    if ((!child.call && !child.is_asked) || child.is_killed) continue;
    const DeliveryPlan &plan = destination_of(key.first)->plan;
    if (now() >= child.sent_ms + plan.policy.deadline_ms) {
      oracle.fail("a child of " + plan.name + " hangs and is not killed at its deadline");
    }
  }
}

void World::look_at_rest() {
  if (is_hint_under_way_) return;  // the engine has not heard of it
  if (const auto timer = engine_->next_timer(); timer && *timer <= now()) return;
  std::map<InstanceId, std::vector<Oracle::Worker>> workers;
  for (const Destination &each : destinations) {
    if (each.is_enabled) workers[each.plan.id].resize(static_cast<std::size_t>(each.plan.workers));
  }
  for (const auto &[key, child] : children_) {
    Oracle::Worker &worker = workers.at(key.first).at(static_cast<std::size_t>(key.second));
    worker.is_killed = child.is_killed;
    worker.is_idle =
        child.is_alive && child.is_ready && !child.call && !child.is_asked && !child.is_killed && !child.is_stopping;
    if (child.call || child.is_asked) {
      worker.deadline_ms = child.sent_ms + destination_of(key.first)->plan.policy.deadline_ms;
    }
  }
  for (const auto &[ticket, until_ms] : questions_) {
    if (now() > until_ms) oracle.fail("question " + std::to_string(ticket) + " is not answered in time");
  }
  oracle.check_rest(now(), *engine_, workers, trouble_ms);
}

}  // namespace bellhop::core
