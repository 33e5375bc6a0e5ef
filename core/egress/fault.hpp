// SPDX-License-Identifier: Apache-2.0
// Fault: why a step of a call did not succeed, in the words of HttpReply; false when it did.
#pragma once

#include <string>

#include "egress/http_call.hpp"

namespace bellhop::core {

struct [[nodiscard]] Fault {
  HttpFailure failure = HttpFailure::none;
  std::string sentence;  // what came back; the caller puts what was tried in front of it
  explicit operator bool() const { return failure != HttpFailure::none; }
};

}  // namespace bellhop::core
