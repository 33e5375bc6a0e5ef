// SPDX-License-Identifier: Apache-2.0
// The retry policy. Pure: all that is random comes from the caller's Random, all time is a parameter.
#include "delivery/policy.hpp"

#include <bellhop/plugin.h>

#include <algorithm>

namespace bellhop::core {
namespace {

// "3 days", "90 minutes", "1 second": the largest unit that divides it.
std::string in_words(Milliseconds span_ms) {
  struct Unit {
    Milliseconds size_ms;
    const char *name;
  };
  static constexpr Unit units[] = {
      {86'400'000, "day"}, {3'600'000, "hour"}, {60'000, "minute"}, {1'000, "second"}, {1, "millisecond"}};
  for (const Unit &unit : units) {
    if (span_ms % unit.size_ms != 0) continue;
    const Milliseconds count = span_ms / unit.size_ms;
    return std::to_string(count) + " " + unit.name + (count == 1 ? "" : "s");
  }
  return std::to_string(span_ms) + " milliseconds";
}

}  // namespace

Milliseconds doubled_ms(Milliseconds first_ms, int times, Milliseconds cap_ms) {
  Milliseconds value_ms = std::min(first_ms, cap_ms);
  for (int i = 0; i < times && value_ms < cap_ms; ++i) value_ms = value_ms > cap_ms / 2 ? cap_ms : value_ms * 2;
  return value_ms;
}

Milliseconds backoff_ms(const Policy &policy, int number, Milliseconds retry_after_ms, Random &random) {
  const Milliseconds cap_ms = doubled_ms(policy.backoff_ms_min, number - 1, policy.backoff_ms_max);
  const Milliseconds floor_ms = std::min(policy.backoff_ms_min / 2, cap_ms);
  const Milliseconds drawn_ms =
      floor_ms + static_cast<Milliseconds>(random.below(static_cast<std::uint64_t>(cap_ms - floor_ms) + 1));
  // untrusted: a destination may ask for minus one second or for a century
  const Milliseconds asked_ms = std::clamp<Milliseconds>(retry_after_ms, 0, policy.retry_after_ms_max);
  return std::max(drawn_ms, asked_ms);
}

Verdict verdict_of(std::int32_t code) {
  switch (code) {
    case BHP_OK:
      return Verdict::ok;
    case BHP_SKIP:
      return Verdict::skip;
    case BHP_FAIL:
      return Verdict::fail;
    case BHP_HOLD:
      return Verdict::hold;
    default:
      return Verdict::retry;  // BHP_RETRY, and whatever a plugin makes up
  }
}

Milliseconds wait_ms_max(const Policy &policy) { return std::max(policy.backoff_ms_max, policy.retry_after_ms_max); }

Step next_step(const Policy &policy, std::int32_t code, int attempt, Milliseconds age_ms, Milliseconds retry_after_ms,
               Random &random) {
  switch (verdict_of(code)) {
    case Verdict::ok:
    case Verdict::skip:
      return {Step::What::delivered, 0, ""};
    case Verdict::fail:
      return {Step::What::dead, 0, "the plugin refused it for good"};
    case Verdict::hold:
      return {Step::What::hold, backoff_ms(policy, attempt, retry_after_ms, random), ""};
    case Verdict::retry:
      break;
  }
  if (policy.attempts_max > 0 && attempt >= policy.attempts_max) {
    return {Step::What::dead, 0,
            "gave up after " + std::to_string(attempt) + (attempt == 1 ? " attempt" : " attempts")};
  }
  if (policy.age_ms_max > 0 && age_ms >= policy.age_ms_max) {
    return {Step::What::dead, 0, "gave up " + in_words(policy.age_ms_max) + " after the first attempt"};
  }
  return {Step::What::wait, backoff_ms(policy, attempt, retry_after_ms, random), ""};
}

}  // namespace bellhop::core
