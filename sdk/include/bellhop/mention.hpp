// SPDX-License-Identifier: Apache-2.0
// bellhop/mention.hpp -- does a text name a person's e-mail address? For a command `forget`: by the rule of `bellhop
// forget`, so that a person who is erased from the journal does not stay in a plugin's own files. Optional; not part of
// plugin.hpp.
//
//   const std::optional<std::string> email = bellhop::parse_email(arguments["email"].text());
//   if (email && bellhop::mentions(row, *email)) erase(row);
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

// The address in small letters; nullopt: it is none (one '@' with something on both sides, 254 bytes at most, no
// blanks).
inline std::optional<std::string> parse_email(std::string_view text);

// Case-insensitively (ASCII), as a whole address and not as part of a longer one, also where it is written with the
// escapes of JSON (\u0040) or of URLs (%40).
//   email     as parse_email returns it
inline bool mentions(std::string_view text, std::string_view email);

// ---- how it is done -------------------------------------------------------------------------------------------------

namespace detail::mention {

inline constexpr std::size_t email_bytes_max = 254;

inline char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters, digits, and whatever is not ASCII.
inline bool is_word(char c) {
  const char s = small(c);
  return (s >= 'a' && s <= 'z') || (s >= '0' && s <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// Such a neighbour before it makes it another address.
inline bool continues_to_the_left(char c) {
  return is_word(c) || std::string_view("._%+-").find(c) != std::string_view::npos;
}

// "bob@example.org.uk" is somebody else; "bob@example.org." ends a sentence.
inline bool continues_to_the_right(std::string_view rest) {
  if (rest.empty()) return false;
  if (rest[0] == '.') return rest.size() > 1 && is_word(rest[1]);
  return is_word(rest[0]) || rest[0] == '-';
}

inline bool contains_address(std::string_view text, std::string_view email) {
  const auto is_equal = [](char a, char b) { return small(a) == b; };
  for (auto from = text.begin();; ++from) {
    from = std::search(from, text.end(), email.begin(), email.end(), is_equal);
    if (from == text.end()) return false;
    const auto at = static_cast<std::size_t>(from - text.begin());
    const bool is_longer =
        (at > 0 && continues_to_the_left(text[at - 1])) || continues_to_the_right(text.substr(at + email.size()));
    if (!is_longer) return true;
  }
}

// The number that `count` hexadecimal digits name, -1 when they are none.
inline int hex_number(std::string_view text, std::size_t count) {
  if (text.size() < count) return -1;
  int number = 0;
  for (const char c : text.substr(0, count)) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(small(c));
    if (digit == std::string_view::npos) return -1;
    number = number * 16 + static_cast<int>(digit);
  }
  return number;
}

// An escape at the beginning of the text: the character it stands for (a blank, which is in no address, for all that
// is not printable ASCII), and its length. Length 0: there is none.
struct Escape {
  char character = ' ';
  std::size_t size = 0;
};

inline Escape escape_at(std::string_view text) {
  if (text[0] == '%') {
    const int number = hex_number(text.substr(1), 2);
    return number > 0 && number < 0x80 ? Escape{static_cast<char>(number), 3} : Escape{};
  }
  if (text[0] != '\\' || text.size() < 2) return {};
  if (text[1] != 'u') return {std::string_view("bfnrt").find(text[1]) == std::string_view::npos ? text[1] : ' ', 2};
  const int number = hex_number(text.substr(2), 4);
  if (number < 0) return {' ', 2};
  return {number > 0 && number < 0x80 ? static_cast<char>(number) : ' ', 6};
}

inline std::string without_escapes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const Escape escape = escape_at(text);
    plain += escape.size > 0 ? escape.character : text[0];
    text.remove_prefix(std::max<std::size_t>(escape.size, 1));
  }
  return plain;
}

}  // namespace detail::mention

inline std::optional<std::string> parse_email(std::string_view text) {
  std::string email;
  for (const char c : text) email += detail::mention::small(c);
  const std::size_t at = email.find('@');
  const bool is_plain = std::all_of(email.begin(), email.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '"' && c != '\\';
  });
  if (at == std::string::npos || at == 0 || at + 1 == email.size() || email.find('@', at + 1) != std::string::npos ||
      email.size() > detail::mention::email_bytes_max || !is_plain) {
    return std::nullopt;
  }
  return email;
}

inline bool mentions(std::string_view text, std::string_view email) {
  if (detail::mention::contains_address(text, email)) return true;
  return text.find_first_of("\\%") != std::string_view::npos &&
         detail::mention::contains_address(detail::mention::without_escapes(text), email);
}

}  // namespace bellhop

#pragma GCC visibility pop
