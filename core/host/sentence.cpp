// SPDX-License-Identifier: Apache-2.0
#include "host/sentence.hpp"

#include <algorithm>

#include "event/utf8.hpp"

namespace bellhop::core {

std::string clean_utf8(std::string_view text, std::size_t bytes_max) {
  std::string out;
  out.reserve(std::min(text.size(), bytes_max));
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Sequence sequence = utf8_sequence(text, at);
    const auto lead = static_cast<unsigned char>(text[at]);
    const bool is_cut = !sequence.is_valid && at + sequence.size == text.size() && lead >= 0xc2 && lead <= 0xf4;
    if (is_cut) break;
    const std::string_view piece = sequence.is_valid ? text.substr(at, sequence.size) : replacement_character;
    if (out.size() + piece.size() > bytes_max) break;
    out += piece;
    at += sequence.size;
  }
  return out;
}

}  // namespace bellhop::core
