// SPDX-License-Identifier: Apache-2.0
// JSON as text: what can be done without reading numbers into machine types, so that 1800.0 stays 1800.0. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bellhop::core {

// Valid JSON, one member or element per line, two spaces deep per level; nothing but white space changes.
std::string indent_json(std::string_view json);

struct TextPosition {
  std::size_t line = 1, column = 1;  // from 1; the column in code points
};
TextPosition position_of(std::string_view text, std::size_t offset);

// U+00A0, the no-break space that help pages and word processors indent with, outside of JSON strings.
struct StraySpaces {
  std::size_t count = 0;
  std::size_t first = 0;  // byte offset, only when count > 0
};
StraySpaces find_stray_spaces(std::string_view text);
// The same text with a plain space for each of them. Strings are left as they are.
std::string repair_stray_spaces(std::string_view text);

// "JSON-pointer=value" into `json`: the value as JSON, else as a string. Only what stands on the way must exist; the
// last member may be new.
//   errors    invalid: no '=', not a pointer, or nothing there
Result<std::string> set_members(const std::string &json, const std::vector<std::string> &assignments);

}  // namespace bellhop::core
