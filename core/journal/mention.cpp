// SPDX-License-Identifier: Apache-2.0
#include "journal/mention.hpp"

#include <algorithm>

namespace bellhop::core {
namespace {

constexpr std::size_t email_bytes_max = 254;

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word(char c) {
  const char s = small(c);
  return (s >= 'a' && s <= 'z') || (s >= '0' && s <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// What may stand in the part before the '@' in practice: such a neighbour makes it another address.
bool is_local(char c) { return is_word(c) || std::string_view("._%+-").find(c) != std::string_view::npos; }

// "bob@example.org" is not meant by "bob@example.org.uk", but by "bob@example.org." at the end of a sentence.
bool ends_address(std::string_view rest) {
  if (rest.empty()) return true;
  if (rest[0] == '.') return rest.size() == 1 || !is_word(rest[1]);
  return !is_word(rest[0]) && rest[0] != '-';
}

bool contains(std::string_view text, std::string_view email) {
  const auto equal = [](char a, char b) { return small(a) == b; };
  for (auto at = text.begin();;) {
    at = std::search(at, text.end(), email.begin(), email.end(), equal);
    if (at == text.end()) return false;
    const auto index = static_cast<std::size_t>(at - text.begin());
    if ((index == 0 || !is_local(text[index - 1])) && ends_address(text.substr(index + email.size()))) return true;
    ++at;
  }
}

int digit_of(char c) {
  const char s = small(c);
  if (s >= '0' && s <= '9') return s - '0';
  return s >= 'a' && s <= 'f' ? s - 'a' + 10 : -1;
}

// The value of `count` hex digits, -1 when they are none.
int number_of(std::string_view text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = digit_of(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Escapes of ASCII characters undone; others become a blank, which belongs to no address.
std::string without_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_json = text[i] == '\\' && i + 1 < text.size();
    if (is_json && text[i + 1] == 'u') {
      const int value = number_of(text.substr(i + 2), 4);
      out += value > 0 && value < 0x80 ? static_cast<char>(value) : ' ';
      i += value < 0 ? 1 : 5;
    } else if (is_json) {
      ++i;
      out += std::string_view("bfnrt").find(text[i]) != std::string_view::npos ? ' ' : text[i];
    } else if (const int value = text[i] == '%' ? number_of(text.substr(i + 1), 2) : -1; value > 0 && value < 0x80) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Result<std::string> parse_email(std::string_view text) {
  std::string email;
  for (const char c : text) email += small(c);
  const std::size_t at = email.find('@');
  const bool is_plain = std::all_of(email.begin(), email.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '"' && c != '\\';
  });
  if (at == std::string::npos || at == 0 || at + 1 == email.size() || email.find('@', at + 1) != std::string::npos ||
      email.size() > email_bytes_max || !is_plain) {
    return Error{Kind::invalid, "forget: \"" + std::string(text.substr(0, 64)) + "\" is no e-mail address"};
  }
  return email;
}

bool mentions(std::string_view text, std::string_view email) {
  if (contains(text, email)) return true;
  if (text.find_first_of("\\%") == std::string_view::npos) return false;
  return contains(without_escapes(text), email);
}

}  // namespace bellhop::core
