// SPDX-License-Identifier: Apache-2.0
#include "host/inproc.hpp"

#include <bellhop/plugin.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/mutex.hpp"
#include "host/batch_view.hpp"
#include "host/guest.hpp"
#include "host/library.hpp"
#include "host/program.hpp"

namespace bellhop::core {

namespace {

// One call of the desk that a thread waits for. Two owners, because the reply must find a place when the caller has
// gone: the waiting thread and `done`.
class Pending {
 public:
  void put(ServiceReply reply) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    reply_ = std::move(reply);
    changed_.notify_all();
  }
  ServiceReply wait() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    while (!reply_) changed_.wait(mutex_);
    return std::move(*reply_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::optional<ServiceReply> reply_ GUARDED_BY(mutex_);
};

class Inproc final : public Instance {
 public:
  Inproc(const InstanceSpec &spec, const Clock &clock, Desk *desk)
      : clock_(clock),
        desk_(desk),
        caller_{spec.name, spec.worker},
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this, spec] { live(spec); }) {}
  ~Inproc() override {
    ask_to_stop();
    thread_.join();
  }

  int descriptor() const override { return wake_.get(); }
  bool wants_write() const override { return false; }
  bool is_batching() const override { return is_batching_; }
  bool is_ticking() const override { return is_ticking_; }

  std::vector<Report> poll() override {
    std::uint64_t value = 0;
    static_cast<void>(!::read(wake_.get(), &value, sizeof value));
    std::vector<Report> reports;
    {
      Lock lock(mutex_);
      reports = std::exchange(reports_, {});
    }
    for (const Report &report : reports) {
      if (report.what == Report::What::ready) is_ready_ = true;
      if (report.what == Report::What::answers || report.what == Report::What::told) is_busy_ = false;
    }
    return reports;
  }

  void deliver(Batch batch) override {
    CHECK(is_ready_ && !is_busy_ && !batch.parcels.empty());
    put(std::move(batch));
  }
  void ask(Question question) override {
    CHECK(is_ready_ && !is_busy_);
    put(std::move(question));
  }

  // The budget is not enforced: a thread cannot be ended from outside.
  void stop(Milliseconds) override { ask_to_stop(); }

  // Gives it up: `died` comes at once, what the plugin says later is not heard.
  void kill(std::string why) override {
    ask_to_stop();
    tell(died((is_busy_ ? "given up while delivering: " : "given up: ") + why, false));
  }

 private:
  using Order = std::variant<Batch, Question>;

  void put(Order order) EXCLUDES(mutex_) {
    is_busy_ = true;
    Lock lock(mutex_);
    order_ = std::move(order);
    exchanges_.clear();
    changed_.notify_all();
  }
  void ask_to_stop() EXCLUDES(mutex_) {
    {
      Lock lock(mutex_);
      is_stopping_ = true;
      changed_.notify_all();
    }
    if (desk_ != nullptr) desk_->cancel(caller_);
  }
  std::vector<std::string> take_exchanges() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return std::exchange(exchanges_, {});
  }

  static Report died(std::string sentence, bool is_refusal) {
    Report report;
    report.what = Report::What::died;
    report.text = std::move(sentence);
    report.is_refusal = is_refusal;
    return report;
  }

  // `died` is the last report: whatever comes after it is dropped.
  void tell(Report report) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    if (is_dead_) return;
    is_dead_ = report.what == Report::What::died;
    if (is_dead_) report.exchanges = std::exchange(exchanges_, {});
    reports_.push_back(std::move(report));
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  }

  void live(const InstanceSpec &spec);
  void serve(Guest &guest);
  GuestDoors doors();
  ServiceReply call(ServiceCall call);
  std::optional<Order> next_order();
  Report answers_of(Guest &guest, const Batch &batch);
  Report told_of(Guest &guest, const Question &question);

  static constexpr std::size_t exchanges_count_max = 64;  // as of a child

  const Clock &clock_;
  Desk *const desk_;
  const Caller caller_;
  const Descriptor wake_;
  bool is_ready_ = false, is_busy_ = false;  // the owner's
  std::atomic<bool> is_batching_{false}, is_ticking_{false};

  Mutex mutex_;
  CondVar changed_;
  std::optional<Order> order_ GUARDED_BY(mutex_);
  std::vector<std::string> exchanges_ GUARDED_BY(mutex_);  // of the delivery in hand
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  bool is_dead_ GUARDED_BY(mutex_) = false;
  std::vector<Report> reports_ GUARDED_BY(mutex_);
  std::thread thread_;  // last: everything above is there when it begins
};

// The plugin's whole life, on its thread.
void Inproc::live(const InstanceSpec &spec) {
  if (::mkdir(spec.state_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return tell(died("cannot use the state directory " + spec.state_dir + ": " + std::strerror(errno), false));
  }
  const auto plugin = load_plugin(spec.library, spec.index, desk_ != nullptr ? Offer::everything : Offer::json_alone);
  if (!plugin) return tell(died(plugin.error().sentence, true));
  {
    Guest guest(**plugin,
                {spec.name, spec.settings_json, spec.state_dir, static_cast<std::uint32_t>(spec.worker),
                 desk_ != nullptr ? desk_->public_url(caller_) : ""},
                doors());
    for (const auto &[name, enter] : {std::pair("create", &Guest::create), std::pair("start", &Guest::start)}) {
      const Outcome outcome = (guest.*enter)();
      if (outcome.code == BHP_OK) continue;
      const StartRefusal refusal = refusal_of(name, outcome);
      return tell(died(refusal.sentence, refusal.is_final));
    }
    is_batching_ = guest.is_batching();
    is_ticking_ = guest.is_ticking();
    Report ready;
    ready.what = Report::What::ready;
    tell(std::move(ready));
    serve(guest);
  }
  tell(died("stopped", false));
}

GuestDoors Inproc::doors() {
  GuestDoors doors;
  doors.log = [this](Level level, std::string_view line) {
    Report report;
    report.level = level;
    report.text = line;
    tell(std::move(report));
  };
  doors.now_ms = [this] { return clock_.wall_ms(); };
  doors.steady_ms = [this] { return clock_.steady_ms(); };
  doors.is_stopping = [this] {
    Lock lock(mutex_);
    return is_stopping_;
  };
  doors.output = [this](std::string_view bytes) {
    Report report;
    report.what = Report::What::output;
    report.text = bytes;
    tell(std::move(report));
    return true;
  };
  if (desk_ == nullptr) return doors;
  doors.call = [this](ServiceCall asked) { return call(std::move(asked)); };
  doors.metric = [this](const MetricSample &sample) { desk_->metric(caller_, sample); };
  return doors;
}

ServiceReply Inproc::call(ServiceCall call) {
  const auto pending = std::make_shared<Pending>();
  carry(*desk_, caller_, std::move(call), [pending](ServiceReply reply) { pending->put(std::move(reply)); });
  ServiceReply reply = pending->wait();
  if (!reply.http.exchange.empty()) {
    Lock lock(mutex_);
    if (exchanges_.size() == exchanges_count_max) exchanges_.erase(exchanges_.begin());
    exchanges_.push_back(std::move(reply.http.exchange));
  }
  return reply;
}

void Inproc::serve(Guest &guest) {
  while (const std::optional<Order> order = next_order()) {
    const auto *batch = std::get_if<Batch>(&*order);
    tell(batch != nullptr ? answers_of(guest, *batch) : told_of(guest, std::get<Question>(*order)));
  }
}

std::optional<Inproc::Order> Inproc::next_order() {
  Lock lock(mutex_);
  while (!order_ && !is_stopping_) changed_.wait(mutex_);
  return std::exchange(order_, std::nullopt);  // one that came before the stop is still carried out
}

Report Inproc::answers_of(Guest &guest, const Batch &batch) {
  std::vector<std::string> ids;
  BatchOutcome outcome = guest.deliver(view_of(batch, ids));
  Report report;
  report.what = Report::What::answers;
  report.batch_code = outcome.whole.code;
  report.text = outcome.whole.message;
  for (const Outcome &one : outcome.outcomes) report.answers.push_back({one.code, one.retry_after_ms, one.message});
  report.staged = std::move(outcome.staged);
  report.exchanges = take_exchanges();
  return report;
}

Report Inproc::told_of(Guest &guest, const Question &question) {
  const ToldOutcome told = guest.ask(question);
  Report report;
  report.what = Report::What::told;
  report.asked = question.what;
  report.answers.push_back({told.outcome.code, told.outcome.retry_after_ms, told.outcome.message});
  report.next_tick_ms = told.next_tick_ms;
  report.exchanges = take_exchanges();
  return report;
}

}  // namespace

std::unique_ptr<Instance> start_inproc(const InstanceSpec &spec, const Clock &clock, Desk *desk) {
  return std::make_unique<Inproc>(spec, clock, desk);
}

}  // namespace bellhop::core
