// SPDX-License-Identifier: Apache-2.0
// The shell: carries inputs to the engine and carries out its actions, on one thread. What it adds is what the engine
// must not touch: the clock, descriptors, the events' bytes. Every decision is somewhere else.
#include "delivery/delivery.hpp"

#include <bellhop/plugin.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "base/check.hpp"
#include "base/mutex.hpp"
#include "delivery/engine.hpp"
#include "delivery/waiter.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t call_bytes_max = 4u << 20;  // of one Send; what does not fit is offered in the next
constexpr Milliseconds sleep_ms_max = 60'000;

using WorkerKey = std::pair<InstanceId, int>;

struct Inquiry {
  std::string instance;
  Question question;
  Delivery::Output output;  // may be empty
  Delivery::Answer done;
};

// What other threads say to the delivery thread. The engine has at most one settle under way for each lane in memory,
// which bounds `settled`.
// Shared by the shell and by the journal's callbacks, which may come when the shell is gone.
struct Mailbox {
  Waiter waiter;
  Mutex mutex;
  std::vector<Settled> settled GUARDED_BY(mutex);
  bool is_committed GUARDED_BY(mutex) = true;  // at start: look at everything
  std::optional<Milliseconds> stop_budget_ms GUARDED_BY(mutex);
  std::vector<Inquiry> inquiries GUARDED_BY(mutex);
  bool is_closed GUARDED_BY(mutex) = false;  // nobody reads any more

  // Returns false when nobody reads any more.
  bool post_inquiry(Inquiry &inquiry) {
    {
      Lock lock(mutex);
      if (is_closed) return false;
      inquiries.push_back(std::move(inquiry));
    }
    waiter.wake();
    return true;
  }
  void post_settled(SettleTicket ticket, Result<void> result) {
    {
      Lock lock(mutex);
      settled.push_back({ticket, std::move(result)});
    }
    waiter.wake();
  }
  void post_committed() {
    {
      Lock lock(mutex);
      if (is_committed) return;  // said and not yet heard
      is_committed = true;
    }
    waiter.wake();
  }
  void post_stop(Milliseconds budget_ms) {
    {
      Lock lock(mutex);
      if (!stop_budget_ms || budget_ms < *stop_budget_ms) stop_budget_ms = budget_ms;
    }
    waiter.wake();
  }
};

}  // namespace

struct Delivery::Shell {
  Shell(Journal &journal, const Clock &clock, const Log &log, std::vector<DeliveryPlan> plans, Spawn spawn,
        Observer observer, std::uint64_t random_seed)
      : journal_(journal),
        clock_(clock),
        log_(log),
        spawn_(std::move(spawn)),
        observer_(std::move(observer)),
        engine_(journal, plans, Random(random_seed)),
        status_(engine_.status()) {
    for (DeliveryPlan &plan : plans) plans_.emplace(plan.id, std::move(plan));
  }

  void run();
  bool stop(Milliseconds budget_ms);

  Journal &journal_;
  const Clock &clock_;
  const Log &log_;
  const Spawn spawn_;
  const Observer observer_;
  std::map<InstanceId, DeliveryPlan> plans_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();

  // ---- the delivery thread's own ----
  struct Worker {
    std::unique_ptr<Instance> instance;
    int descriptor = -1;
    bool was_writing = false;
    QuestionTicket question = 0;  // what it was asked last
  };
  struct Label {  // what the engine does not know of an event, from its Send to its Observe
    EventId id;
    std::string subject;
    Milliseconds received_ms = 0;
  };
  Engine engine_;
  std::map<WorkerKey, Worker> workers_;
  std::map<DeliveryKey, Label> labels_;          // at most one per lane in memory
  std::map<QuestionTicket, Inquiry> inquiries_;  // not yet answered
  QuestionTicket last_question_ = 0;
  std::deque<Input> inputs_;
  std::optional<Milliseconds> stop_deadline_ms_;

  mutable Mutex status_mutex_;
  std::vector<InstanceStatus> status_ GUARDED_BY(status_mutex_);
  std::atomic<bool> is_clean_{true};  // after the thread: everything in flight was settled
  std::jthread thread_;               // last: joined before anything above goes

 private:
  void read_mailbox();
  void take_up(Inquiry &&inquiry);
  void give_up_inquiries();
  void drain_inputs();
  void poll(const WorkerKey &key);
  void report(const WorkerKey &key, Report &&report);
  void hold_over_quota(InstanceId instance, Report &report);
  void watch(const WorkerKey &key, Worker &worker);
  void publish_status();
  int wait_ms() const;

  void carry_out(SpawnWorker &&action);
  void carry_out(Send &&action);
  void carry_out(Ask &&action);
  void carry_out(GiveAnswer &&action);
  void carry_out(SettleDeliveries &&action);
  void carry_out(KillWorker &&action);
  void carry_out(StopWorker &&action);
  void carry_out(Alarm &&action);
  void carry_out(Observe &&action);
  std::optional<Parcel> load(const Send &send, const Ticket &ticket, std::size_t &bytes);
};

// ---- the loop -------------------------------------------------------------------------------------------------------

void Delivery::Shell::run() {
  inputs_.push_back(Timer{});
  for (;;) {
    read_mailbox();
    drain_inputs();
    publish_status();
    if (engine_.is_stopped()) break;
    if (stop_deadline_ms_ && clock_.steady_ms() >= *stop_deadline_ms_) break;
    for (const Waiter::Key &key : mailbox_->waiter.wait(wait_ms())) poll({key.instance, key.worker});
    const std::optional<Milliseconds> timer = engine_.next_timer();
    if (timer && clock_.steady_ms() >= *timer) inputs_.push_back(Timer{});
  }
  give_up_inquiries();
  is_clean_ = engine_.in_flight_count() == 0;
  for (auto &[key, worker] : workers_) mailbox_->waiter.forget(worker.descriptor);
  workers_.clear();  // kills what still runs
}

int Delivery::Shell::wait_ms() const {
  const Milliseconds now = clock_.steady_ms();
  Milliseconds wait_ms = sleep_ms_max;
  if (const std::optional<Milliseconds> timer = engine_.next_timer()) wait_ms = std::min(wait_ms, *timer - now);
  if (stop_deadline_ms_) wait_ms = std::min(wait_ms, *stop_deadline_ms_ - now);
  return static_cast<int>(std::max<Milliseconds>(wait_ms, 0));
}

void Delivery::Shell::read_mailbox() {
  std::vector<Settled> settled;
  std::optional<Milliseconds> stop_budget_ms;
  bool is_committed = false;
  std::vector<Inquiry> inquiries;
  {
    Lock lock(mailbox_->mutex);
    inquiries.swap(mailbox_->inquiries);
    settled.swap(mailbox_->settled);
    std::swap(is_committed, mailbox_->is_committed);
    stop_budget_ms = std::exchange(mailbox_->stop_budget_ms, std::nullopt);
  }
  if (!settled.empty()) CRASH_POINT("delivery.after_settle");
  for (Settled &each : settled) inputs_.push_back(std::move(each));
  if (is_committed) inputs_.push_back(Committed{});
  for (Inquiry &inquiry : inquiries) take_up(std::move(inquiry));
  if (!stop_budget_ms) return;
  const Milliseconds deadline_ms = clock_.steady_ms() + *stop_budget_ms;
  stop_deadline_ms_ = stop_deadline_ms_ ? std::min(*stop_deadline_ms_, deadline_ms) : deadline_ms;
  inputs_.push_back(Stop{});
}

// Actions may bring inputs of their own (an event that cannot be read), so until nothing is left.
void Delivery::Shell::drain_inputs() {
  while (!inputs_.empty()) {
    const Input input = std::move(inputs_.front());
    inputs_.pop_front();
    for (Action &action : engine_.step(clock_.steady_ms(), input)) {
      std::visit([this](auto &&each) { carry_out(std::move(each)); }, std::move(action));
    }
  }
}

void Delivery::Shell::publish_status() {
  std::vector<InstanceStatus> status = engine_.status();
  Lock lock(status_mutex_);
  status_ = std::move(status);
}

// ---- instances ------------------------------------------------------------------------------------------------------

void Delivery::Shell::watch(const WorkerKey &key, Worker &worker) {
  // Out of descriptors or processes it could not even be started: its first poll() says that it died.
  if (worker.instance->descriptor() < 0) return;
  const bool wants_write = worker.instance->wants_write();
  if (worker.descriptor < 0) {
    worker.descriptor = worker.instance->descriptor();
    mailbox_->waiter.watch(worker.descriptor, {key.first, key.second}, wants_write);
  } else if (wants_write != worker.was_writing) {
    mailbox_->waiter.change(worker.descriptor, {key.first, key.second}, wants_write);
  }
  worker.was_writing = wants_write;
}

void Delivery::Shell::poll(const WorkerKey &key) {
  const auto found = workers_.find(key);
  if (found == workers_.end()) return;  // died earlier in this round
  std::vector<Report> reports = found->second.instance->poll();
  const bool is_dead = !reports.empty() && reports.back().what == Report::What::died;
  for (Report &each : reports) report(key, std::move(each));
  if (is_dead) {
    mailbox_->waiter.forget(found->second.descriptor);
    workers_.erase(found);
  } else {
    watch(key, found->second);
  }
}

void Delivery::Shell::report(const WorkerKey &key, Report &&report) {
  switch (report.what) {
    case Report::What::ready:
      inputs_.push_back(Ready{key.first, key.second, workers_.at(key).instance->is_batching(),
                              workers_.at(key).instance->is_ticking()});
      break;
    case Report::What::answers:
      CRASH_POINT("delivery.after_answer");
      hold_over_quota(key.first, report);
      inputs_.push_back(Answered{key.first, key.second, report.batch_code, std::move(report.answers),
                                 std::move(report.staged), std::move(report.exchanges)});
      break;
    case Report::What::log:
      log_.line(report.level, "instance " + plans_.at(key.first).name, report.text);
      break;
    case Report::What::output:
      if (const auto inquiry = inquiries_.find(workers_.at(key).question);
          inquiry != inquiries_.end() && inquiry->second.output) {
        inquiry->second.output(report.text);
      }
      break;
    case Report::What::told:
      inputs_.push_back(Told{key.first, key.second, report.answers.empty() ? PluginAnswer{} : report.answers.front(),
                             report.next_tick_ms});
      break;
    case Report::What::died:
      inputs_.push_back(Died{key.first, key.second, std::move(report.text), report.is_refusal, report.is_unread,
                             std::move(report.exchanges), std::move(report.crash)});
      break;
  }
}

// A full instance is nothing that another attempt of this event would mend, and nothing that is wrong with this event:
// the instance is held, so that its backlog is kept until the plugin or the operator has made room. Other objections
// are the journal's, when it is settled.
void Delivery::Shell::hold_over_quota(InstanceId instance, Report &report) {
  if (report.staged.empty()) return;
  const Result<void> checked = journal_.check_staged(instance, report.staged);
  if (checked.ok() || checked.error().kind != Kind::full) return;
  report.staged = {};
  for (PluginAnswer &answer : report.answers) {
    if (answer.code != BHP_OK && answer.code != BHP_SKIP) continue;
    answer = {BHP_HOLD, 0, "what it keeps would be larger than its quota: " + checked.error().sentence};
  }
}

void Delivery::Shell::carry_out(SpawnWorker &&action) {
  const WorkerKey key{action.instance, action.worker};
  InstanceSpec spec = plans_.at(action.instance).spec;
  spec.worker = action.worker;
  std::unique_ptr<Instance> instance = spawn_(spec);
  CHECK(instance != nullptr);
  Worker &worker = workers_[key];
  CHECK(worker.instance == nullptr);
  worker.instance = std::move(instance);
  watch(key, worker);
  poll(key);
}

void Delivery::Shell::carry_out(KillWorker &&action) {
  const WorkerKey key{action.instance, action.worker};
  const auto found = workers_.find(key);
  if (found == workers_.end()) return;  // its death is among the inputs already
  found->second.instance->kill(std::move(action.why));
  poll(key);
}

void Delivery::Shell::carry_out(StopWorker &&action) {
  const WorkerKey key{action.instance, action.worker};
  const auto found = workers_.find(key);
  if (found == workers_.end()) return;
  const Milliseconds left_ms = stop_deadline_ms_ ? *stop_deadline_ms_ - clock_.steady_ms() : 0;
  found->second.instance->stop(std::max<Milliseconds>(left_ms, 0));
  poll(key);
}

// ---- questions ------------------------------------------------------------------------------------------------------

void Delivery::Shell::take_up(Inquiry &&inquiry) {
  const auto plan = std::find_if(plans_.begin(), plans_.end(),
                                 [&](const auto &each) { return each.second.name == inquiry.instance; });
  if (plan == plans_.end()) {
    return inquiry.done(Error{Kind::not_found, "there is no running instance " + inquiry.instance});
  }
  const QuestionTicket ticket = ++last_question_;
  inputs_.push_back(Asked{plan->first, ticket, inquiry.question});
  inquiries_.emplace(ticket, std::move(inquiry));
}

void Delivery::Shell::carry_out(Ask &&action) {
  const auto found = workers_.find({action.instance, action.worker});
  if (found == workers_.end()) return;  // its death is among the inputs already
  found->second.question = action.ticket;
  found->second.instance->ask(std::move(action.question));
  watch(found->first, found->second);
}

void Delivery::Shell::carry_out(GiveAnswer &&action) {
  auto inquiry = inquiries_.extract(action.ticket);
  CHECK(!inquiry.empty());
  inquiry.mapped().done(std::move(action.answer));
}

void Delivery::Shell::give_up_inquiries() {
  std::vector<Inquiry> left;
  {
    Lock lock(mailbox_->mutex);
    mailbox_->is_closed = true;
    left.swap(mailbox_->inquiries);
  }
  for (auto &[ticket, inquiry] : inquiries_) left.push_back(std::move(inquiry));
  inquiries_.clear();
  for (const Inquiry &inquiry : left) inquiry.done(Error{Kind::unavailable, "delivery has stopped"});
}

// ---- events ---------------------------------------------------------------------------------------------------------

std::optional<Parcel> Delivery::Shell::load(const Send &send, const Ticket &ticket, std::size_t &bytes) {
  Result<StoredEvent> loaded = journal_.load(ticket.key.seq);
  if (!loaded.ok()) {
    // A row that is gone is as damaged as one that changed; anything else may be better later.
    const Kind kind = loaded.error().kind;
    const bool is_damaged = kind == Kind::corrupt || kind == Kind::not_found;
    inputs_.push_back(NotSent{send.instance, send.worker, ticket.key,
                              is_damaged ? NotSent::Why::damaged : NotSent::Why::unreadable, loaded.error().sentence});
    return std::nullopt;
  }
  StoredEvent &stored = *loaded;
  const std::size_t size = stored.event.json.size() + stored.body.size();
  if (bytes > 0 && bytes + size > call_bytes_max) {
    inputs_.push_back(NotSent{send.instance, send.worker, ticket.key, NotSent::Why::no_room, ""});
    return std::nullopt;
  }
  bytes += size;
  Parcel parcel;
  parcel.flags = ticket.flags;
  // What was in time when it came may be overtaken when a person asks for it again.
  const bool is_late = stored.is_late || (ticket.key.replay != 0 && stored.is_superseded);
  if (is_late) parcel.flags |= BHP_EV_LATE;
  if (stored.event.is_test) parcel.flags |= BHP_EV_TEST;
  parcel.id = stored.event.id;
  parcel.json = with_late(stored.event.json, is_late);
  parcel.type = std::move(stored.event.type);
  parcel.subject = std::move(stored.event.subject);
  parcel.occurred_ms = stored.event.time_ms;
  parcel.received_ms = stored.event.received_ms;
  parcel.seq = stored.seq;
  parcel.attempt = static_cast<std::uint32_t>(ticket.attempt);
  parcel.attempts_max = static_cast<std::uint32_t>(plans_.at(send.instance).policy.attempts_max);
  parcel.body = std::move(stored.body);
  return parcel;
}

void Delivery::Shell::carry_out(Send &&action) {
  const auto found = workers_.find({action.instance, action.worker});
  if (found == workers_.end()) {
    // Its death is among the inputs already, but behind; these events had no part in it.
    for (auto ticket = action.tickets.rbegin(); ticket != action.tickets.rend(); ++ticket) {
      inputs_.push_front(NotSent{action.instance, action.worker, ticket->key, NotSent::Why::no_child, ""});
    }
    return;
  }
  Batch batch;
  batch.budget_ms = action.budget_ms;
  batch.backlog_count = action.backlog_count;
  std::size_t bytes = 0;
  for (const Ticket &ticket : action.tickets) {
    std::optional<Parcel> parcel = load(action, ticket, bytes);
    if (!parcel) continue;
    labels_[ticket.key] = {parcel->id, parcel->subject, parcel->received_ms};
    batch.parcels.push_back(std::move(*parcel));
  }
  if (batch.parcels.empty()) return;  // NotSent has said so for each
  CRASH_POINT("delivery.before_send");
  found->second.instance->deliver(std::move(batch));
  watch(found->first, found->second);
}

void Delivery::Shell::carry_out(SettleDeliveries &&action) {
  const Milliseconds now_wall_ms = clock_.wall_ms();
  for (Settlement &settlement : action.batch.settlements) settlement.settled_ms = now_wall_ms;
  journal_.settle(std::move(action.batch), [mailbox = mailbox_, ticket = action.ticket](Result<void> result) {
    mailbox->post_settled(ticket, std::move(result));
  });
}

void Delivery::Shell::carry_out(Alarm &&action) {
  const auto plan = plans_.find(action.instance);
  log_.line(action.level, plan == plans_.end() ? "delivery" : "instance " + plan->second.name, action.sentence);
}

void Delivery::Shell::carry_out(Observe &&action) {
  auto label = labels_.extract(action.key);
  if (!label.empty()) {
    action.attempt.id = label.mapped().id;
    action.attempt.subject = std::move(label.mapped().subject);
    action.attempt.received_ms = label.mapped().received_ms;
  }
  if (observer_) observer_(action.attempt);
}

// ---- the door -------------------------------------------------------------------------------------------------------

bool Delivery::Shell::stop(Milliseconds budget_ms) {
  if (!thread_.joinable()) return is_clean_;
  mailbox_->post_stop(budget_ms);
  thread_.join();
  return is_clean_;
}

Delivery::Delivery(Journal &journal, const Clock &clock, const Log &log, std::vector<DeliveryPlan> plans, Spawn spawn,
                   Observer observer, std::uint64_t random_seed)
    : shell_(std::make_unique<Shell>(journal, clock, log, std::move(plans), std::move(spawn), std::move(observer),
                                     random_seed)) {}

Delivery::~Delivery() { stop(0); }

void Delivery::start() {
  CHECK(!shell_->thread_.joinable());
  shell_->thread_ = std::jthread([shell = shell_.get()] { shell->run(); });
}

bool Delivery::stop(Milliseconds budget_ms) { return shell_->stop(budget_ms); }

void Delivery::wake() { shell_->mailbox_->post_committed(); }

void Delivery::check(std::string instance, Answer done) {
  Inquiry inquiry{std::move(instance), {}, {}, std::move(done)};
  inquiry.question.what = Question::What::health;
  if (!shell_->mailbox_->post_inquiry(inquiry)) inquiry.done(Error{Kind::unavailable, "delivery has stopped"});
}

void Delivery::run(std::string instance, std::string command, std::string arguments_json, Output output, Answer done) {
  Inquiry inquiry{std::move(instance), {}, std::move(output), std::move(done)};
  inquiry.question.what = Question::What::command;
  inquiry.question.command = std::move(command);
  inquiry.question.arguments_json = std::move(arguments_json);
  if (!shell_->mailbox_->post_inquiry(inquiry)) inquiry.done(Error{Kind::unavailable, "delivery has stopped"});
}

std::vector<InstanceStatus> Delivery::status() const {
  Lock lock(shell_->status_mutex_);
  return shell_->status_;
}

}  // namespace bellhop::core
