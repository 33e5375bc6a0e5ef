// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <cstdint>

namespace slack {
namespace {

constexpr std::string_view ellipsis = "…", replacement = "\xEF\xBF\xBD";
constexpr std::size_t url_bytes_max = 3'000;

// The character at `at`: its bytes, or one byte and false. Refuses overlong forms, surrogates and what lies beyond
// U+10FFFF (RFC 3629).
std::size_t size_of_character(std::string_view text, std::size_t at, bool &is_valid) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const auto is_tail = [&](std::size_t offset) { return (byte(offset) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  is_valid = true;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF && is_tail(1)) return 2;
  if ((first & 0xF0U) == 0xE0U && is_tail(1) && is_tail(2) && !(first == 0xE0 && second < 0xA0) &&
      !(first == 0xED && second > 0x9F)) {
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4 && is_tail(1) && is_tail(2) && is_tail(3) && !(first == 0xF0 && second < 0x90) &&
      !(first == 0xF4 && second > 0x8F)) {
    return 4;
  }
  is_valid = false;
  return 1;
}

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    default:
      return {};
  }
}

enum class Entities { yes, no };

std::string limited(std::string_view text, std::size_t units_max, Entities entities) {
  std::string out;
  std::size_t units = 0, fits = 0;  // fits: size of `out` up to which an ellipsis still has room
  for (std::size_t at = 0; at < text.size();) {
    bool is_valid = true;
    const std::size_t size = size_of_character(text, at, is_valid);
    std::string_view piece = is_valid ? text.substr(at, size) : replacement;
    std::size_t piece_units = size == 4 ? 2 : 1;
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\n') || byte == 0x7F) piece = " ";
    if (entities == Entities::yes && !entity_of(text[at]).empty()) {
      piece = entity_of(text[at]);
      piece_units = piece.size();
    }
    if (units + piece_units > units_max) {
      out.resize(fits);
      return units_max == 0 ? std::string() : out.append(ellipsis);
    }
    out += piece;
    units += piece_units;
    if (units + 1 <= units_max) fits = out.size();
    at += size;
  }
  return out;
}

}  // namespace

std::string escaped(std::string_view text, std::size_t units_max) { return limited(text, units_max, Entities::yes); }

std::string cut(std::string_view text, std::size_t units_max) { return limited(text, units_max, Entities::no); }

std::size_t units_of(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

bool is_button_url(std::string_view url) {
  if (url.size() > url_bytes_max) return false;
  const bool is_https = url.substr(0, 8) == "https://", is_http = url.substr(0, 7) == "http://";
  if (!is_https && !is_http) return false;
  const std::string_view rest = url.substr(is_https ? 8 : 7);
  if (rest.empty() || rest.front() == '/') return false;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '<' || c == '>' || c == '|' || c == '\\') return false;
  }
  return true;
}

}  // namespace slack
