// SPDX-License-Identifier: Apache-2.0
#include "host/inproc.hpp"

#include <bellhop/plugin.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "base/mutex.hpp"
#include "host/batch_view.hpp"
#include "host/guest.hpp"
#include "host/library.hpp"
#include "host/program.hpp"

namespace bellhop::core {

namespace {

class Inproc final : public Instance {
 public:
  Inproc(const InstanceSpec &spec, const Clock &clock)
      : clock_(clock), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this, spec] { live(spec); }) {}
  ~Inproc() override {
    ask_to_stop();
    thread_.join();
  }

  int descriptor() const override { return wake_.get(); }
  bool wants_write() const override { return false; }
  bool is_batching() const override { return is_batching_; }

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
      if (report.what == Report::What::answers) is_busy_ = false;
    }
    return reports;
  }

  void deliver(Batch batch) override {
    CHECK(is_ready_ && !is_busy_ && !batch.parcels.empty());
    is_busy_ = true;
    Lock lock(mutex_);
    batch_ = std::move(batch);
    changed_.notify_all();
  }

  // The budget is not enforced: a thread cannot be ended from outside.
  void stop(Milliseconds) override { ask_to_stop(); }

  // Gives it up: `died` comes at once, what the plugin says later is not heard.
  void kill(std::string why) override {
    ask_to_stop();
    tell(died((is_busy_ ? "given up while delivering: " : "given up: ") + why, false));
  }

 private:
  void ask_to_stop() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
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
    reports_.push_back(std::move(report));
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  }

  void live(const InstanceSpec &spec);
  void serve(Guest &guest);
  std::optional<Batch> next_batch();
  Report answers_of(Guest &guest, const Batch &batch);

  const Clock &clock_;
  const Descriptor wake_;
  bool is_ready_ = false, is_busy_ = false;  // the owner's
  std::atomic<bool> is_batching_{false};

  Mutex mutex_;
  CondVar changed_;
  std::optional<Batch> batch_ GUARDED_BY(mutex_);
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
  const auto plugin = load_plugin(spec.library, spec.index);
  if (!plugin) return tell(died(plugin.error().sentence, true));
  {
    Guest guest(**plugin, {spec.name, spec.settings_json, spec.state_dir, static_cast<std::uint32_t>(spec.worker)},
                {[this](Level level, std::string_view line) {
                   Report report;
                   report.level = level;
                   report.text = line;
                   tell(std::move(report));
                 },
                 [this] { return clock_.wall_ms(); },
                 [this] {
                   Lock lock(mutex_);
                   return is_stopping_;
                 }});
    for (const auto &[name, enter] : {std::pair("create", &Guest::create), std::pair("start", &Guest::start)}) {
      const Outcome outcome = (guest.*enter)();
      if (outcome.code == BHP_OK) continue;
      const StartRefusal refusal = refusal_of(name, outcome);
      return tell(died(refusal.sentence, refusal.is_final));
    }
    is_batching_ = guest.is_batching();
    Report ready;
    ready.what = Report::What::ready;
    tell(std::move(ready));
    serve(guest);
  }
  tell(died("stopped", false));
}

void Inproc::serve(Guest &guest) {
  while (const std::optional<Batch> batch = next_batch()) tell(answers_of(guest, *batch));
}

std::optional<Batch> Inproc::next_batch() {
  Lock lock(mutex_);
  while (!batch_ && !is_stopping_) changed_.wait(mutex_);
  return std::exchange(batch_, std::nullopt);  // one that came before the stop is still delivered
}

Report Inproc::answers_of(Guest &guest, const Batch &batch) {
  std::vector<std::string> ids;
  const BatchOutcome outcome = guest.deliver(view_of(batch, ids));
  Report report;
  report.what = Report::What::answers;
  report.batch_code = outcome.whole.code;
  report.text = outcome.whole.message;
  for (const Outcome &one : outcome.outcomes) report.answers.push_back({one.code, one.retry_after_ms, one.message});
  return report;
}

}  // namespace

std::unique_ptr<Instance> start_inproc(const InstanceSpec &spec, const Clock &clock) {
  return std::make_unique<Inproc>(spec, clock);
}

}  // namespace bellhop::core
