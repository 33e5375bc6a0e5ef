// SPDX-License-Identifier: Apache-2.0
// UTF-8, one sequence at a time. Says what is well-formed and how long the ill-formed part is, so that every reader of
// untrusted text replaces the same bytes by the same number of U+FFFD. Changes nothing itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace bellhop::core {

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

struct Utf8Sequence {
  std::size_t size = 1;  // bytes; of an ill-formed one: the part to replace by one U+FFFD
  bool is_valid = true;
};

// The sequence that starts at `at` (at < text.size()). [any]
//   source  Unicode 15.0, table 3-7 (well-formed sequences) and "substitution of maximal subparts" in section 3.9
inline Utf8Sequence utf8_sequence(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const unsigned second_min = lead == 0xe0 ? 0xa0U : lead == 0xf0 ? 0x90U : 0x80U;
  const unsigned second_max = lead == 0xed ? 0x9fU : lead == 0xf4 ? 0x8fU : 0xbfU;
  if (byte(1) < second_min || byte(1) > second_max) return {1, false};
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (std::size_t offset = 2; offset < size; ++offset) {
    if ((byte(offset) & 0xc0U) != 0x80U) return {offset, false};
  }
  return {size, true};
}

// The longest prefix of at most bytes_max bytes that does not cut a sequence in two. [any]
inline std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && bytes_max - end < 4 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace bellhop::core
