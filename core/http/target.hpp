// SPDX-License-Identifier: Apache-2.0
// The request target: from the bytes on the request line to a path that is safe to compare, decoded exactly once.
//
// It refuses every spelling that two programs in a row could read differently: dot segments, empty segments, encoded
// slashes, control bytes and NUL, plain or encoded. It never repairs a path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/framing.hpp"

namespace bellhop::core {

struct Target {
  std::string_view origin;  // "/path?query" as sent, inside the text that was given
  std::string path;         // decoded
  std::string_view query;   // raw, without '?', inside the text that was given
};

// Splits and checks `text`; `host` is the Host field, which an absolute form must repeat.
//   returns   nullopt and fills `target`, or why not
std::optional<Refusal> parse_target(std::string_view method, std::string_view text, std::string_view host,
                                    Target &target);

}  // namespace bellhop::core
