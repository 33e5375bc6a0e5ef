// SPDX-License-Identifier: Apache-2.0
// What simdjson does not look at: keys that occur twice in one object (parsers disagree which one wins), and our own
// limit of depth. One walk over the document, quick for small objects and never quadratic for big ones.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>

namespace bellhop::core {

struct JsonShape {
  bool is_too_deep = false;
  std::optional<std::string> duplicate_key;  // the first one found, decoded
};

JsonShape shape_of(simdjson::dom::element root, std::size_t depth_max);  // [any]

}  // namespace bellhop::core
