// SPDX-License-Identifier: Apache-2.0
// bellhop/verdict.hpp -- Verdict and Abort: what became of an event. Part of plugin.hpp.
#pragma once

#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "plugin.h"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

// What became of an event (or of start): one code, one sentence for the operator.
struct Verdict {
  int32_t code = BHP_OK;
  std::string message{};
  int64_t retry_after_ms = 0;

  static Verdict ok(std::string message = {}) { return {BHP_OK, std::move(message), 0}; }
  static Verdict skip(std::string message = {}) { return {BHP_SKIP, std::move(message), 0}; }
  static Verdict retry(std::string message, int64_t after_ms = 0) { return {BHP_RETRY, std::move(message), after_ms}; }
  static Verdict fail(std::string message) { return {BHP_FAIL, std::move(message), 0}; }
  static Verdict hold(std::string message, int64_t after_ms = 0) { return {BHP_HOLD, std::move(message), after_ms}; }
  static Verdict defer() { return {BHP_DEFER, {}, 0}; }  // deliver_batch only: not begun, for want of time
};

// The same, to be thrown from deep inside. Thrown in the constructor it refuses the settings.
struct Abort : std::runtime_error {
  Verdict verdict;
  explicit Abort(Verdict what) : std::runtime_error(what.message), verdict(std::move(what)) {}
};

namespace detail {

inline int32_t put(bhp_reply *reply, const Verdict &verdict) noexcept {
  if (reply != nullptr) {
    reply->verdict = verdict.code;
    reply->retry_after_ms = verdict.retry_after_ms;
    if (reply->message != nullptr && reply->message_size != 0) {
      std::snprintf(reply->message, reply->message_size, "%s", verdict.message.c_str());
    }
  }
  return verdict.code;
}

inline int32_t put_text(bhp_reply *reply, int32_t code, const char *text) noexcept {
  if (reply != nullptr && reply->message != nullptr && reply->message_size != 0) {
    std::snprintf(reply->message, reply->message_size, "unexpected: %s", text);
  }
  return code;
}

// Rule R7: nothing thrown gets past this. `otherwise` is the verdict for an exception that carries none.
template <class F>
int32_t guard(bhp_reply *reply, int32_t otherwise, F &&f) noexcept {
  try {
    return put(reply, f());
  } catch (const Abort &abort) {
    return put(reply, abort.verdict);
  } catch (const std::exception &error) {
    return put_text(reply, otherwise, error.what());
  } catch (...) {
    return put_text(reply, otherwise, "something was thrown that is no std::exception");
  }
}

inline std::string_view view(const bhp_str &text) { return {text.ptr != nullptr ? text.ptr : "", text.size}; }

}  // namespace detail

}  // namespace bellhop

#pragma GCC visibility pop
