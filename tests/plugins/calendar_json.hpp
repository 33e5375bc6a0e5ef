// SPDX-License-Identifier: Apache-2.0
// The host's own JSON service for tests of the plugin's parts: what a Json looks at is what it is in the real host.
#pragma once

#include <bellhop/plugin.hpp>

#include <string>

#include "host/json_tree.hpp"

namespace calendar {

class ParsedJson {
 public:
  explicit ParsedJson(std::string text) : text_(std::move(text)) {
    document_.assign(text_, bellhop::core::JsonDocument::Utf8::checked);
  }
  ParsedJson(const ParsedJson &) = delete;
  ParsedJson &operator=(const ParsedJson &) = delete;
  bellhop::Json root() { return {static_cast<const bhp_json_v1 *>(bellhop::core::json_service()), document_.root()}; }

 private:
  std::string text_;
  bellhop::core::JsonDocument document_;
};

inline std::string json_text(const std::string &text) {
  std::string out;
  bellhop::detail::quote(out, text);
  return out;
}

}  // namespace calendar
