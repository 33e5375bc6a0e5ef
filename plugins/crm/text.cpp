// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <bellhop/json.hpp>

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace crm {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t address_bytes_max = 254, local_part_bytes_max = 64;

// Size of the well-formed character at `at`, 0 when there is none (RFC 3629: no overlong form, no surrogate).
std::size_t character_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : '\0'); };
  const auto follows = [&](std::size_t i, unsigned char min = 0x80, unsigned char max = 0xBF) {
    return byte(i) >= min && byte(i) <= max;
  };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_second = follows(at + 1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return is_second && follows(at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_second = follows(at + 1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return is_second && follows(at + 2) && follows(at + 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string cut(std::string_view text, std::size_t units_max, Lines lines) {
  std::string out;
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = character_size(text, at);
    std::string_view piece = size == 0 ? replacement : text.substr(at, size);
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x20 || first == 0x7F) {
      const bool is_newline = first == '\n' || first == '\r';
      if (first == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;  // CRLF is one
      piece = lines == Lines::many && is_newline ? "\n" : " ";
    }
    const std::size_t piece_units = size == 4 ? 2 : 1;
    if (units + piece_units > units_max) break;
    out += piece;
    units += piece_units;
    at += size == 0 ? 1 : size;
  }
  return out;
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\n':
        out += "<br>";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string soql_escaped(std::string_view text) {
  std::string out;
  for (const char c : cut(text, text.size(), Lines::one)) {
    if (c == '\'' || c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string out;
  bellhop::detail::quote(out, text);
  return out;
}

std::string digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr) != 1 || size < 16) {
    throw std::runtime_error("libcrypto cannot compute SHA-256");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) out += {digits[bytes[i] >> 4U], digits[bytes[i] & 15U]};
  return out;
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a 0
  const int written =
      EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()),
                      reinterpret_cast<const unsigned char *>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char &c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (text.size() > address_bytes_max || at == 0 || at == text.npos || at > local_part_bytes_max ||
      at + 1 == text.size()) {
    return false;
  }
  if (text.find('@', at + 1) != text.npos) return false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = character_size(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (size == 0 || byte <= 0x20 || byte == 0x7F) return false;
    i += size;
  }
  return text.find_first_of("<>,;:\"()[]\\") == text.npos;
}

}  // namespace crm
