// SPDX-License-Identifier: Apache-2.0
#include "source/json_document.hpp"

#include <algorithm>
#include <cstring>

#include "event/utf8.hpp"
#include "source/json_shape.hpp"
#include "source/json_text.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t quoted_bytes_max = 64;  // of a key in a sentence

// simdjson 3.0 takes "\ud800A" for a pair; only the exact reader looks at both halves. Escapes of U+D800 to U+DFFF are
// rare (emoji of senders that escape all but ASCII), so they may cost a second reading.
bool has_surrogate_escape(std::string_view bytes) {
  const char *at = bytes.data(), *const end = at + bytes.size();
  while ((at = static_cast<const char *>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)))) != nullptr) {
    if (end - at < 3) return false;
    if (at[1] == 'u' && (at[2] == 'd' || at[2] == 'D')) return true;
    at += 2;
  }
  return false;
}

ParsedJson checked(simdjson::dom::element root, std::string_view bytes, std::size_t depth_max) {
  const JsonShape shape = shape_of(root, depth_max);
  if (shape.duplicate_key) {
    return Unusable{"the key \"" + std::string(utf8_prefix(*shape.duplicate_key, quoted_bytes_max)) +
                    "\" occurs twice in one object: readers disagree which one counts"};
  }
  if (!shape.is_too_deep) return root;
  JsonText text = read_json_text(bytes, depth_max);
  if (text.rejection) return *text.rejection;
  return Unusable{"nested too deep by one count and not by the other"};
}

}  // namespace

simdjson::simdjson_result<simdjson::dom::element> JsonParser::parse_quickly(std::string_view bytes) {
  if (padded_.size() < bytes.size() + simdjson::SIMDJSON_PADDING) {
    padded_.resize(bytes.size() + bytes.size() / 2 + simdjson::SIMDJSON_PADDING);
  }
  if (!bytes.empty()) std::memcpy(padded_.data(), bytes.data(), bytes.size());
  std::memset(padded_.data() + bytes.size(), 0, simdjson::SIMDJSON_PADDING);
  return parser_.parse(padded_.data(), bytes.size(), false);
}

ParsedJson JsonParser::parse(std::string_view bytes, std::size_t depth_max) {
  const std::size_t allowed = std::min(depth_max, simdjson::DEFAULT_MAX_DEPTH - 1);  // simdjson counts the root, too
  if (!has_surrogate_escape(bytes)) {
    simdjson::dom::element root;
    if (parse_quickly(bytes).get(root) == simdjson::SUCCESS) return checked(root, bytes, allowed);
  }
  return parse_exactly(bytes, allowed);
}

ParsedJson JsonParser::parse_exactly(std::string_view bytes, std::size_t depth_max) {
  JsonText text = read_json_text(bytes, depth_max);
  if (text.rejection) return *text.rejection;
  if (text.invalid_utf8_offset) {
    const Place place = place_of(bytes, *text.invalid_utf8_offset);
    return Unusable{"a string holds bytes that are not UTF-8, in line " + std::to_string(place.line) + ", column " +
                    std::to_string(place.column)};
  }
  simdjson::dom::element root;
  const auto error = parse_quickly(text.rewritten).get(root);
  // Never dropped: should the two readers ever disagree, a person will see it.
  if (error != simdjson::SUCCESS)
    return Unusable{std::string("two readers disagree: ") + simdjson::error_message(error)};
  return checked(root, bytes, depth_max);
}

}  // namespace bellhop::core
