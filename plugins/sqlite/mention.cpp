// SPDX-License-Identifier: Apache-2.0
// See mention.hpp.
#include "mention.hpp"

#include <algorithm>

namespace bellhop_sqlite {

namespace {

constexpr std::size_t email_bytes_max = 254;

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters, digits, and whatever is not ASCII.
bool is_word(char c) {
  const char s = small(c);
  return (s >= 'a' && s <= 'z') || (s >= '0' && s <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// Such a neighbour before it makes it another address.
bool continues_to_the_left(char c) { return is_word(c) || std::string_view("._%+-").find(c) != std::string_view::npos; }

// "bob@example.org.uk" is somebody else; "bob@example.org." ends a sentence.
bool continues_to_the_right(std::string_view rest) {
  if (rest.empty()) return false;
  if (rest[0] == '.') return rest.size() > 1 && is_word(rest[1]);
  return is_word(rest[0]) || rest[0] == '-';
}

bool contains_address(std::string_view text, std::string_view email) {
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
int hex_number(std::string_view text, std::size_t count) {
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

Escape escape_at(std::string_view text) {
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

std::string without_escapes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const Escape escape = escape_at(text);
    plain += escape.size > 0 ? escape.character : text[0];
    text.remove_prefix(std::max<std::size_t>(escape.size, 1));
  }
  return plain;
}

void call_mentions(sqlite3_context *context, int, sqlite3_value **values) {
  const auto bytes = [](sqlite3_value *value) {
    const void *start = sqlite3_value_blob(value);
    const int size = sqlite3_value_bytes(value);
    return start ? std::string_view(static_cast<const char *>(start), static_cast<std::size_t>(size))
                 : std::string_view();
  };
  try {
    sqlite3_result_int(context, mentions(bytes(values[0]), bytes(values[1])) ? 1 : 0);
  } catch (const std::exception &) {  // memory; nothing may be thrown through SQLite
    sqlite3_result_error_nomem(context);
  }
}

}  // namespace

std::optional<std::string> parse_email(std::string_view text) {
  std::string email;
  for (const char c : text) email += small(c);
  const std::size_t at = email.find('@');
  const bool is_plain = std::all_of(email.begin(), email.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '"' && c != '\\';
  });
  if (at == std::string::npos || at == 0 || at + 1 == email.size() || email.find('@', at + 1) != std::string::npos ||
      email.size() > email_bytes_max || !is_plain) {
    return std::nullopt;
  }
  return email;
}

bool mentions(std::string_view text, std::string_view email) {
  if (contains_address(text, email)) return true;
  return text.find_first_of("\\%") != std::string_view::npos && contains_address(without_escapes(text), email);
}

void add_mentions_function(Database &database) {
  const int code =
      sqlite3_create_function_v2(database.raw(), "mentions", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                 nullptr, call_mentions, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) database.fail(code, "add a function");
}

}  // namespace bellhop_sqlite
