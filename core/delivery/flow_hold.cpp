// SPDX-License-Identifier: Apache-2.0
// Flow: what an attempt says about the whole instance. It is held by the plugin's word or by the breaker, and takes
// events again when a probe has found out that it can.
#include <bellhop/plugin.h>

#include <algorithm>
#include <utility>

#include "delivery/flow.hpp"

namespace bellhop::core {
namespace {

std::string in_whole_seconds(Milliseconds span_ms) { return std::to_string((span_ms + 999) / 1'000) + " s"; }

}  // namespace

// What the attempt says about the instance. Returns whether its event is kept as the probe of a hold.
bool Flow::follow(Milliseconds now, const Sent &sent, const Step &step, const Outcome &outcome, Outbox &out) {
  const Verdict verdict = verdict_of(outcome.code);
  const bool was_probe = is_probe(sent.key);
  if (verdict == Verdict::hold && (!hold_ || was_probe)) {
    Hold hold;
    hold.since_ms = was_probe ? hold_->since_ms : now;
    hold.until_ms = now + step.delay_ms;
    hold.number = was_probe ? hold_->number + 1 : 1;
    hold.reason = outcome.message.empty() ? "the plugin said HOLD" : outcome.message;
    hold.probe = Probe{sent.key, sent.subject, true, false, false};
    begin_hold(now, std::move(hold), out);
    return true;
  }
  if (was_probe) {
    follow_probe(now, step, outcome, out);
    return false;
  }
  if (hold_ || outcome.is_ours || (verdict == Verdict::skip && !outcome.is_death)) return false;
  const Milliseconds asked_ms = std::clamp<Milliseconds>(outcome.retry_after_ms, 0, plan_.policy.retry_after_ms_max);
  if (!breaker_.note(now, sent.subject, verdict == Verdict::retry, asked_ms, random_)) return false;
  Hold hold;
  hold.by = Hold::By::breaker;
  hold.since_ms = now;
  hold.until_ms = breaker_.until_ms();
  hold.reason = std::to_string(breaker_.failures_count()) + " of the last " +
                std::to_string(breaker_.attempts_count()) + " attempts failed" +
                (outcome.message.empty() ? "" : ", the last: " + outcome.message);
  begin_hold(now, std::move(hold), out);
  return false;
}

// Of a probe that did not say HOLD. Its event goes the way of every other.
void Flow::follow_probe(Milliseconds now, const Step &step, const Outcome &outcome, Outbox &out) {
  hold_->probe.reset();
  const Milliseconds asked_ms = std::clamp<Milliseconds>(outcome.retry_after_ms, 0, plan_.policy.retry_after_ms_max);
  const Verdict verdict = verdict_of(outcome.code);
  if (hold_->by == Hold::By::plugin) {
    if (step.what != Step::What::hold) return end_hold(now, out);
    hold_->until_ms = now + backoff_ms(plan_.policy, ++hold_->number, outcome.retry_after_ms, random_);
    return;
  }
  if (verdict == Verdict::retry) {
    ++hold_->number;
    breaker_.probe_failed(now, asked_ms, random_);
  } else if (verdict == Verdict::skip) {
    breaker_.probe_said_nothing(now);
  } else {
    // Without anything left to probe with, one success must do.
    const bool is_last = lanes_.backlog_count() == 0 && !lanes_.next_due();
    if (breaker_.probe_succeeded(now) || is_last) return end_hold(now, out);
  }
  hold_->until_ms = breaker_.until_ms();
}

// Begins it, or goes on with one that has another reason now.
void Flow::begin_hold(Milliseconds now, Hold hold, Outbox &out) {
  const bool is_first = !hold_ || hold_->by != hold.by;
  if (hold.by == Hold::By::plugin) breaker_.close();  // the plugin knows better
  hold_ = std::move(hold);
  held_time_.begin(now);
  if (!is_first) return;  // one alarm for one hold
  say(Level::error,
      "held: " + hold_->reason + "; " + std::to_string(lanes_.backlog_count()) +
          " events and all that come wait, one probes in " + in_whole_seconds(hold_->until_ms - now),
      out);
}

void Flow::end_hold(Milliseconds now, Outbox &out) {
  say(Level::info,
      "takes events again, after " + in_whole_seconds(now - hold_->since_ms) + " and " + std::to_string(hold_->number) +
          (hold_->number == 1 ? " probe" : " probes"),
      out);
  hold_.reset();
  breaker_.close();
  held_time_.end(now);
}

std::optional<DeliveryKey> Flow::probe() const {
  if (!hold_ || !hold_->probe || !hold_->probe->is_out) return std::nullopt;
  return hold_->probe->key;
}

}  // namespace bellhop::core
