// SPDX-License-Identifier: Apache-2.0
// The exact reader of JSON text: the second opinion on every body that the quick parser refuses.
//
// Decides by the grammar of RFC 8259, byte by byte, without recursion, and says where and why text is not JSON. What is
// JSON but beyond the quick parser (a BOM, numbers wider than 64 bits, lone surrogates) it rewrites into an equal text
// that the quick parser takes. It builds no tree and keeps no state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "source/source.hpp"

namespace bellhop::core {

struct JsonText {
  std::optional<Rejection> rejection;              // not JSON, or nested too deep; nothing else is set then
  std::optional<std::size_t> invalid_utf8_offset;  // of the first ill-formed bytes inside a string
  // The same document: no BOM, numbers that no double or 64-bit integer carries as strings of their digits, lone
  // surrogates and ill-formed bytes as U+FFFD.
  std::string rewritten;
};

// Reads the whole text. [any]
//   source  RFC 8259
JsonText read_json_text(std::string_view bytes, std::size_t depth_max);

struct Place {
  std::size_t line = 1, column = 1;  // from 1; see Rejection
};
Place place_of(std::string_view bytes, std::size_t offset);  // [any]

}  // namespace bellhop::core
