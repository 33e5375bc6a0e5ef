// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace calendar {
namespace {

constexpr std::string_view ellipsis = "\xE2\x80\xA6", replacement = "\xEF\xBF\xBD";
constexpr std::size_t url_bytes_max = 2'000, name_bytes_max = 64, digest_bytes = 16;

struct Character {
  std::size_t size = 1;
  char32_t code = 0;
  bool is_valid = false;
};

// The character at `at`, by RFC 3629: no overlong form, no surrogate, nothing beyond U+10FFFF.
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, first, true};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  char32_t code = size == 4 ? first & 0x07U : size == 3 ? first & 0x0FU : first & 0x1FU;
  for (std::size_t offset = 1; offset < size; ++offset) {
    if ((byte(offset) & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (byte(offset) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool is_valid = first >= 0xC2 && code >= least[size] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  return is_valid ? Character{size, code, true} : Character{};
}

// Would it end a line somewhere, or may it not stand in XML, which CalDAV wraps around calendars?
bool is_harmful(char32_t code) {
  return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code <= 0x9F) || code == 0x2028 ||
         code == 0x2029 || (code & 0xFFFEU) == 0xFFFE || code == 0xFEFF;
}

std::string limited(std::string_view text, std::size_t bytes_max, bool has_lines) {
  std::string out;
  std::size_t fits = 0;  // size of `out` up to which the ellipsis has room
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    std::string_view piece = character.is_valid ? text.substr(at, character.size) : replacement;
    if (text[at] == '\r') piece = at + 1 < text.size() && text[at + 1] == '\n' ? "" : "\n";
    if (piece != "\n" && !piece.empty() && character.is_valid && is_harmful(character.code)) piece = " ";
    if (piece == "\n" && !has_lines) piece = " ";
    at += character.size;
    if (out.size() + piece.size() > bytes_max) {
      out.resize(fits);
      return bytes_max < ellipsis.size() ? std::string() : out.append(ellipsis);
    }
    out += piece;
    if (out.size() + ellipsis.size() <= bytes_max) fits = out.size();
  }
  return out;
}

// Without the white space at both ends: a value of nothing else is none, which libical takes for an error of ours.
std::string trimmed(const std::string &text) {
  constexpr const char *white = " \t\n";
  const std::size_t first = text.find_first_not_of(white);
  return first == text.npos ? std::string() : text.substr(first, text.find_last_not_of(white) - first + 1);
}

bool is_one_of(char c, std::string_view set) { return set.find(c) != set.npos; }

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string cleaned(std::string_view text, std::size_t bytes_max) { return trimmed(limited(text, bytes_max, true)); }

std::string cleaned_line(std::string_view text, std::size_t bytes_max) {
  return trimmed(limited(text, bytes_max, false));
}

std::string url_or_nothing(std::string_view url) {
  const bool is_http = url.substr(0, 7) == "http://", is_https = url.substr(0, 8) == "https://";
  if (url.size() > url_bytes_max || (!is_http && !is_https)) return {};
  const std::string_view rest = url.substr(is_https ? 8 : 7);
  if (rest.empty() || is_one_of(rest.front(), "/?#")) return {};
  for (const char c : url) {
    if (c <= 0x20 || c >= 0x7F || is_one_of(c, "\"<>\\^`{|}")) return {};
  }
  return std::string(url);
}

std::string digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("libcrypto refuses SHA-256");
  }
  std::string hex;
  for (std::size_t index = 0; index < digest_bytes; ++index) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += digits[bytes[index] >> 4U];
    hex += digits[bytes[index] & 0x0FU];
  }
  return hex;
}

std::string safe_name(std::string_view text) {
  bool is_safe = !text.empty() && text.size() <= name_bytes_max;
  for (const char c : text) is_safe = is_safe && (is_alphanumeric(c) || c == '_' || c == '-');
  return is_safe ? std::string(text) : digest(text);
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char *>(out.data()),
                      reinterpret_cast<const unsigned char *>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace calendar
