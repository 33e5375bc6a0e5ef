// SPDX-License-Identifier: Apache-2.0
#include "journal/reference.hpp"

#include <algorithm>
#include <charconv>

namespace bellhop::core {
namespace {

constexpr std::size_t id_digits = 32;
constexpr std::size_t key_digits = 16;

// The 16 digits as the key they stand for; two's complement, so that order within one leading digit is kept.
std::int64_t key_of_digits(const std::string &digits) {
  std::uint64_t key = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), key, 16);
  return static_cast<std::int64_t>(key);
}

}  // namespace

bool Reference::fits(const EventId &id) const {
  return !id_prefix.empty() && id.text().compare(0, id_prefix.size(), id_prefix) == 0;
}

Result<Reference> parse_reference(std::string_view text) {
  Reference reference;
  const bool is_decimal =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool is_hex = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (is_decimal) {
    Seq seq = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
    if (error == std::errc() && end == text.data() + text.size()) reference.seq = seq;
  }
  if (is_hex && text.size() >= reference_digits_min && text.size() <= id_digits) {
    reference.id_prefix = text;
    for (char &c : reference.id_prefix) {
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    std::string digits = reference.id_prefix.substr(0, key_digits);
    digits.resize(key_digits, '0');
    reference.low = key_of_digits(digits);
    digits = reference.id_prefix.substr(0, key_digits);
    digits.resize(key_digits, 'f');
    reference.high = key_of_digits(digits);
  }
  if (!reference.seq && reference.id_prefix.empty()) {
    return Error{Kind::invalid,
                 "\"" + std::string(text.substr(0, 64)) +
                     "\" names no event: a number (its seq), or 6 to 32 hex digits (the beginning of its "
                     "id) are allowed"};
  }
  return reference;
}

std::int64_t id_key(const EventId &id) {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | id.bytes[i];
  return static_cast<std::int64_t>(key);
}

bool matches_glob(std::string_view glob, std::string_view text) {
  if (glob.empty()) return true;
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, resume = 0;  // the last '*' seen, and the text it has swallowed so far
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g, ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace bellhop::core
