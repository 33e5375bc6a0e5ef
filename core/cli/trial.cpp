// SPDX-License-Identifier: Apache-2.0
#include "cli/trial.hpp"

#include <bellhop/plugin.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/log.hpp"
#include "config/keys.hpp"
#include "event/event_json.hpp"
#include "host/child.hpp"

namespace bellhop::core {

namespace {

class Stage {
 public:
  Stage(const InstanceSpec &spec, const TrialOptions &options, Desk &desk, Transcript &transcript)
      : transcript_(transcript), child_(spawn_child(spec, {options.host_program, &clock_, 1'000, &desk})) {}

  // Polls until a report of this kind or `died` is there; nullopt when the time is over.
  std::optional<Report> await(Report::What wanted, Milliseconds limit_ms) {
    const Milliseconds deadline_ms = clock_.steady_ms() + limit_ms;
    for (;;) {
      for (std::size_t index = 0; index < kept_.size(); ++index) {
        if (kept_[index].what != wanted && kept_[index].what != Report::What::died) continue;
        Report found = std::move(kept_[index]);
        kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(index));
        return found;
      }
      const Milliseconds left_ms = deadline_ms - clock_.steady_ms();
      if (left_ms <= 0) return std::nullopt;
      pollfd ready{child_->descriptor(), static_cast<short>(POLLIN | (child_->wants_write() ? POLLOUT : 0)), 0};
      ::poll(&ready, 1, static_cast<int>(std::min<Milliseconds>(left_ms, 1'000)));
      for (Report &report : child_->poll()) take(std::move(report));
    }
  }
  // After an await that found nothing: ends the child and gives its last report.
  Report end(const std::string &why) {
    child_->kill(why);
    const auto died = await(Report::What::died, 5'000);
    return died ? *died : Report{};
  }
  Instance &child() { return *child_; }
  Milliseconds now_ms() const { return clock_.steady_ms(); }

 private:
  void take(Report report) {
    if (report.what != Report::What::log) return kept_.push_back(std::move(report));
    std::string json = "{\"what\":\"log\",\"level\":\"" + std::string(level_name(report.level)) + "\",\"text\":";
    append_json_string(json, report.text);
    transcript_.add({"log", std::string(level_name(report.level)) + "  " + printable(report.text), "", json + "}"});
  }

  SystemClock clock_;
  Transcript &transcript_;
  std::unique_ptr<Instance> child_;
  std::vector<Report> kept_;
};

void bury(Trial &trial, const Report &died, bool is_killed) {
  trial.died = died.text;
  trial.crash = died.crash;
  trial.is_killed = is_killed;
}

// False when it is dead.
bool deliver(Stage &stage, const Parcel &parcel, const TrialOptions &options, Trial &trial,
             const std::function<void(const Staged &)> &settle) {
  Batch batch;
  batch.parcels.push_back(parcel);
  batch.budget_ms = options.budget_ms;
  const Milliseconds begun_ms = stage.now_ms();
  stage.child().deliver(std::move(batch));
  const auto report = stage.await(Report::What::answers, options.budget_ms);
  trial.took_ms += stage.now_ms() - begun_ms;
  if (!report) {
    bury(trial, stage.end("took longer than " + std::to_string(options.budget_ms) + " ms to deliver"), true);
    return false;
  }
  if (report->what == Report::What::died) {
    bury(trial, *report, false);
    return false;
  }
  trial.answers.push_back(report->answers.empty() ? PluginAnswer{BHP_RETRY, 0, ""} : report->answers[0]);
  trial.staged.push_back(report->staged);
  settle(report->staged);
  return true;
}

}  // namespace

Trial run_trial(const InstanceSpec &spec, const std::vector<Parcel> &parcels, const TrialOptions &options, Desk &desk,
                Transcript &transcript, const std::function<void(const Staged &)> &settle) {
  Trial trial;
  Stage stage(spec, options, desk, transcript);
  const Milliseconds begun_ms = stage.now_ms();
  const auto ready = stage.await(Report::What::ready, options.start_ms_max);
  trial.ready_ms = stage.now_ms() - begun_ms;
  if (!ready) {
    bury(trial, stage.end("took longer than " + std::to_string(options.start_ms_max) + " ms to start"), true);
    return trial;
  }
  if (ready->what == Report::What::died) {
    bury(trial, *ready, false);
    trial.is_refused = ready->is_refusal;
    return trial;
  }
  trial.is_ready = true;
  for (const Parcel &parcel : parcels) {
    if (!deliver(stage, parcel, options, trial, settle)) return trial;
  }
  const Milliseconds stopping_ms = stage.now_ms();
  stage.child().stop(options.stop_ms_max);
  const auto died = stage.await(Report::What::died, options.stop_ms_max);
  trial.stopped_ms = stage.now_ms() - stopping_ms;
  if (!died) {
    bury(trial, stage.end("took longer than " + std::to_string(options.stop_ms_max) + " ms to stop"), true);
  } else if (died->text != "stopped") {
    bury(trial, *died, false);
  }
  return trial;
}

std::string verdict_name(std::int32_t code) {
  switch (code) {
    case BHP_OK:
      return "ok";
    case BHP_SKIP:
      return "skip";
    case BHP_RETRY:
      return "retry";
    case BHP_FAIL:
      return "fail";
    case BHP_HOLD:
      return "hold";
    case BHP_DEFER:
      return "defer";
    default:  // a value of the ABI that is not known
      return "retry (" + std::to_string(code) + " is no verdict)";
  }
}

}  // namespace bellhop::core
