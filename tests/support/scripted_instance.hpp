// SPDX-License-Identifier: Apache-2.0
// ScriptedInstance: an Instance without a plugin, for tests of the delivery shell. The script decides, in the delivery
// thread, what becomes of each call; a Stage owned by the test sees every call and outlives all instances.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/mutex.hpp"
#include "host/instance.hpp"

namespace bellhop::core {

// What the script says to a call. Several answers fit a batch.
struct Reply {
  enum class How { answer, die, hang };
  How how = How::answer;
  std::vector<PluginAnswer> answers;
  std::int32_t batch_code = 0;
  Staged staged = {};
  std::vector<std::string> exchanges = {};
};

class Stage {
 public:
  using Script = std::function<Reply(const Batch &)>;

  void play(Script script) {
    Lock lock(mutex_);
    script_ = std::move(script);
  }
  Reply call(const Batch &batch) {
    Lock lock(mutex_);
    for (const Parcel &parcel : batch.parcels) parcels_.push_back(parcel);
    Reply reply;
    if (script_) {
      reply = script_(batch);
    } else {
      reply.answers.resize(batch.parcels.size());
    }
    changed_.notify_all();
    return reply;
  }
  void died() {
    Lock lock(mutex_);
    ++deaths_count_;
    changed_.notify_all();
  }
  // Waits until so many parcels have come; at most 20 s.
  bool wait_for_parcels(std::size_t count) {
    Lock lock(mutex_);
    while (parcels_.size() < count) {
      if (!changed_.wait_for(mutex_, std::chrono::seconds(20))) return parcels_.size() >= count;
    }
    return true;
  }
  std::vector<Parcel> parcels() const {
    Lock lock(mutex_);
    return parcels_;
  }
  int deaths_count() const {
    Lock lock(mutex_);
    return deaths_count_;
  }

  // Before the first instance.
  bool is_batching = false;
  bool is_writing_slowly = false;  // the first poll after a call only empties the pipe
  std::string refusal;             // die with this instead of becoming ready

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  Script script_ GUARDED_BY(mutex_);
  std::vector<Parcel> parcels_ GUARDED_BY(mutex_);
  int deaths_count_ GUARDED_BY(mutex_) = 0;
};

class ScriptedInstance final : public Instance {
 public:
  ScriptedInstance(Stage &stage, const InstanceSpec &spec)
      : stage_(stage), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(wake_ >= 0);
    Report log;
    log.text = "worker " + std::to_string(spec.worker) + " starts";
    say(std::move(log));
    Report first;
    first.what = stage_.refusal.empty() ? Report::What::ready : Report::What::died;
    first.text = stage_.refusal;
    first.is_refusal = !stage_.refusal.empty();
    is_ready_ = stage_.refusal.empty();
    say(std::move(first));
  }
  ~ScriptedInstance() override { close(wake_); }

  int descriptor() const override { return wake_; }
  bool wants_write() const override { return is_writing_; }
  bool is_batching() const override { return is_ready_ && stage_.is_batching; }

  std::vector<Report> poll() override {
    std::uint64_t spent = 0;
    [[maybe_unused]] const auto got = read(wake_, &spent, sizeof spent);
    if (is_writing_) {
      is_writing_ = false;
      arrive();
    }
    return std::exchange(reports_, {});
  }
  void deliver(Batch batch) override {
    CHECK(is_ready_ && !is_busy_ && !batch.parcels.empty());
    is_busy_ = true;
    call_ = std::move(batch);
    is_writing_ = stage_.is_writing_slowly;
    if (!is_writing_) arrive();
  }
  // Says what it was asked as a command's output, and then OK.
  void ask(Question question) override {
    CHECK(is_ready_ && !is_busy_);
    if (question.what == Question::What::command) {
      Report output;
      output.what = Report::What::output;
      output.text = question.command + " " + question.arguments_json;
      say(std::move(output));
    }
    Report told;
    told.what = Report::What::told;
    told.asked = question.what;
    told.answers = {{0, 0, "as you like it"}};
    say(std::move(told));
  }
  void stop(Milliseconds) override { die("stopped"); }
  void kill(std::string why) override { die("killed: " + why); }

 private:
  void arrive() {
    const Reply reply = stage_.call(call_);
    if (reply.how == Reply::How::hang) return;
    if (reply.how == Reply::How::die) return die("killed by SIGSEGV while delivering");
    is_busy_ = false;
    Report report;
    report.what = Report::What::answers;
    report.answers = reply.answers;
    report.batch_code = reply.batch_code;
    report.staged = reply.staged;
    report.exchanges = reply.exchanges;
    say(std::move(report));
  }
  void die(std::string sentence) {
    if (is_dead_) return;
    is_dead_ = true;
    stage_.died();
    Report report;
    report.what = Report::What::died;
    report.text = std::move(sentence);
    say(std::move(report));
  }
  void say(Report report) {
    reports_.push_back(std::move(report));
    const std::uint64_t one = 1;
    CHECK(write(wake_, &one, sizeof one) == sizeof one);
  }

  Stage &stage_;
  const int wake_;
  Batch call_;
  std::vector<Report> reports_;
  bool is_ready_ = false, is_busy_ = false, is_dead_ = false, is_writing_ = false;
};

}  // namespace bellhop::core
