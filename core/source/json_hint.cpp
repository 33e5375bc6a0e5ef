// SPDX-License-Identifier: Apache-2.0
#include "source/json_hint.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "event/utf8.hpp"

namespace bellhop::core {
namespace {

constexpr std::string_view no_break_space = "\xC2\xA0";

bool starts_with(std::string_view bytes, std::size_t offset, std::string_view what) {
  return bytes.substr(offset, what.size()) == what;
}

std::size_t occurrences(std::string_view bytes, std::string_view what) {
  std::size_t count = 0;
  for (auto at = bytes.find(what); at != std::string_view::npos; at = bytes.find(what, at + what.size())) ++count;
  return count;
}

bool looks_like_utf16(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  if (starts_with(bytes, 0, "\xFF\xFE") || starts_with(bytes, 0, "\xFE\xFF")) return true;
  return (bytes[0] == '\0') != (bytes[1] == '\0');
}

unsigned code_point_of(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(sequence[i])); };
  static constexpr std::array<unsigned, 5> lead_masks{0, 0x7f, 0x1f, 0x0f, 0x07};
  unsigned code_point = byte(0) & lead_masks[sequence.size()];
  for (std::size_t i = 1; i < sequence.size(); ++i) code_point = code_point << 6 | (byte(i) & 0x3f);
  return code_point;
}

// Causes that show in the bytes where reading stopped.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> causes{{
    {no_break_space,
     "the text holds no-break spaces (U+00A0), as copied from a web page; replace them by ordinary spaces"},
    {"\xE2\x80\x9C", "the quotes are typographic ones; JSON wants plain double quotes"},
    {"\xE2\x80\x9D", "the quotes are typographic ones; JSON wants plain double quotes"},
    {"'", "strings and keys stand in double quotes, not in single ones"},
    {"NaN", "NaN is no JSON number; send null or leave the member out"},
    {"Infinity", "Infinity is no JSON number; send null or leave the member out"},
    {"True", "JSON's words are small: true"},
    {"False", "JSON's words are small: false"},
    {"None", "JSON's word for nothing is null"},
    {"undefined", "JSON's word for nothing is null"},
    {"//", "JSON has no comments"},
    {"/*", "JSON has no comments"},
    {"#", "JSON has no comments"},
    {"+", "a number has no leading plus sign"},
    {".", "a number begins with a digit"},
    {"<", "this looks like XML or HTML, not JSON"},
}};

}  // namespace

std::string found_at(std::string_view bytes, std::size_t offset) {
  if (offset >= bytes.size()) return "the end of the body";
  const auto byte = static_cast<unsigned char>(bytes[offset]);
  if (byte > 0x20 && byte < 0x7f) return std::string("'") + bytes[offset] + "'";
  if (byte == ' ') return "a space";
  if (byte == '\n') return "the end of the line";
  if (starts_with(bytes, offset, no_break_space)) return "U+00A0 (no-break space)";
  if (starts_with(bytes, offset, "\xEF\xBB\xBF")) return "U+FEFF (byte order mark)";
  char text[24];
  const Utf8Sequence sequence = utf8_sequence(bytes, offset);
  if (byte < 0x80 || !sequence.is_valid) {
    std::snprintf(text, sizeof text, "byte 0x%02x", byte);
  } else {
    std::snprintf(text, sizeof text, "U+%04X", code_point_of(bytes.substr(offset, sequence.size)));
  }
  return text;
}

std::string hint_for(std::string_view bytes, std::size_t offset, bool is_in_string, std::size_t open_count) {
  if (bytes.empty()) return "the body is empty";
  if (looks_like_utf16(bytes)) return "the body looks like UTF-16; JSON is sent as UTF-8";
  if (offset >= bytes.size()) {
    if (is_in_string) return "the body ends inside a string: it was cut off";
    if (open_count == 0) return bytes.find_first_not_of(" \t\r\n") == std::string_view::npos ? "the body is blank" : "";
    return "the body was cut off: " + std::to_string(open_count) +
           (open_count == 1 ? " bracket is still open" : " brackets are still open");
  }
  if (is_in_string) {
    const auto byte = static_cast<unsigned char>(bytes[offset]);
    if (byte == '\n' || byte == '\r') return "a string ends on its own line; a line break inside is written \\n";
    return byte < 0x20 ? "control characters inside a string are written as escapes, \\u0000 say" : "";
  }
  for (const auto &[text, sentence] : causes) {
    if (!starts_with(bytes, offset, text)) continue;
    if (text != no_break_space) return std::string(sentence);
    return std::string(sentence) + " (there are " + std::to_string(occurrences(bytes, text)) + ")";
  }
  const auto before = bytes.substr(0, offset).find_last_not_of(" \t\r\n");
  const bool is_after_comma = before != std::string_view::npos && bytes[before] == ',';
  if (is_after_comma && (bytes[offset] == '}' || bytes[offset] == ']')) return "there is a comma after the last one";
  return "";
}

}  // namespace bellhop::core
