// SPDX-License-Identifier: Apache-2.0
// JsonParser: untrusted bytes → one simdjson document that is safe to read: valid UTF-8, no duplicate keys, no deeper
// than allowed. Two readers share the work: simdjson is quick and takes nearly everything; what it refuses, and what it
// is lax about (halves of surrogate pairs), goes through the exact reader (json_text.hpp), which has the last word.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "source/source.hpp"

namespace bellhop::core {

// Why JSON is not used; one sentence.
struct Unusable {
  std::string reason;
};

using ParsedJson = std::variant<simdjson::dom::element, Unusable, Rejection>;

class JsonParser {
 public:
  // The element lives until the next parse or the end of this object. [one]
  ParsedJson parse(std::string_view bytes, std::size_t depth_max);

 private:
  // simdjson wants some bytes after the end that it may read.
  simdjson::simdjson_result<simdjson::dom::element> parse_quickly(std::string_view bytes);
  ParsedJson parse_exactly(std::string_view bytes, std::size_t depth_max);

  simdjson::dom::parser parser_;
  std::vector<char> padded_;
};

}  // namespace bellhop::core
