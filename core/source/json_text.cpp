// SPDX-License-Identifier: Apache-2.0
// One loop over states and a stack of brackets; see docs/decisions/0010-own-exact-json-reader.md for why it is ours.
#include "source/json_text.hpp"

#include <charconv>
#include <cstdint>
#include <vector>

#include "event/utf8.hpp"
#include "source/json_hint.hpp"

namespace bellhop::core {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_digit(int c) { return c >= '0' && c <= '9'; }

int hex_digit(int c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_high_surrogate(int unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(int unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

// Can a 64-bit integer or a double carry it? from_chars also calls the too small out of range: its digits are kept,
// too.
bool is_ordinary_number(std::string_view digits) {
  const char *begin = digits.data(), *end = begin + digits.size();
  if (digits.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t number = 0;
    std::uint64_t positive = 0;
    return std::from_chars(begin, end, number).ec == std::errc() ||
           std::from_chars(begin, end, positive).ec == std::errc();
  }
  double number = 0;
  return std::from_chars(begin, end, number).ec == std::errc();
}

class Reader {
 public:
  Reader(std::string_view bytes, std::size_t depth_max) : bytes_(bytes), depth_max_(depth_max) {}

  JsonText read() {
    text_.rewritten.reserve(bytes_.size() + 16);
    if (bytes_.substr(0, byte_order_mark.size()) == byte_order_mark) at_ = byte_order_mark.size();
    State state = State::value;
    bool is_good = true;
    while (is_good && state != State::done) {
      skip_space();
      is_good = step(state);
    }
    if (!is_good) text_.rewritten.clear();
    return std::move(text_);
  }

 private:
  enum class State { value, value_or_end, key, key_or_end, colon, after_value, done };

  bool step(State &state) {
    switch (state) {
      case State::value:
        return value(state, "a value");
      case State::value_or_end:
        if (peek() == ']') return close(state);
        return value(state, "a value or ']'");
      case State::key:
        return key(state, "a key in double quotes after ','");
      case State::key_or_end:
        if (peek() == '}') return close(state);
        return key(state, "a key in double quotes or '}'");
      case State::colon:
        if (peek() != ':') return fail("':' after a key");
        take();
        state = State::value;
        return true;
      case State::after_value:
        return after_value(state);
      case State::done:
        break;
    }
    return true;
  }

  bool after_value(State &state) {
    if (open_.empty()) {
      if (at_ < bytes_.size()) return fail("nothing after the end of the document");
      state = State::done;
      return true;
    }
    const bool is_object = open_.back() == '{';
    if (peek() == (is_object ? '}' : ']')) return close(state);
    if (peek() != ',') return fail(is_object ? "',' or '}' after a member" : "',' or ']' after an element");
    take();
    state = is_object ? State::key : State::value;
    return true;
  }

  bool close(State &state) {
    take();
    open_.pop_back();
    state = State::after_value;
    return true;
  }

  bool key(State &state, const char *expected) {
    if (peek() != '"') return fail(expected);
    state = State::colon;
    return string();
  }

  bool value(State &state, const char *expected) {
    const int c = peek();
    if (c == '{' || c == '[') {
      if (open_.size() >= depth_max_) {
        return fail("no more than " + std::to_string(depth_max_) + " arrays and objects inside each other");
      }
      open_ += static_cast<char>(c);
      take();
      state = c == '{' ? State::key_or_end : State::value_or_end;
      return true;
    }
    state = State::after_value;
    if (c == '"') return string();
    if (c == '-' || is_digit(c)) return number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (c == word[0]) return literal(word);
    }
    return fail(expected);
  }

  bool literal(std::string_view word) {
    for (const char c : word) {
      if (peek() != c) return fail("the word " + std::string(word));
      take();
    }
    return true;
  }

  bool number() {
    const std::size_t begin = at_;
    const auto digits = [&] {
      while (is_digit(peek())) ++at_;
    };
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) return fail("a digit after '-'");
    if (peek() == '0') {
      ++at_;
      if (is_digit(peek())) return fail("no digit after a leading zero");
    }
    digits();
    if (peek() == '.') {
      ++at_;
      if (!is_digit(peek())) return fail("a digit after the decimal point");
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!is_digit(peek())) return fail("a digit in the exponent");
      digits();
    }
    const std::string_view token = bytes_.substr(begin, at_ - begin);
    const bool is_ordinary = is_ordinary_number(token);
    if (!is_ordinary) text_.rewritten += '"';
    text_.rewritten += token;
    if (!is_ordinary) text_.rewritten += '"';
    return true;
  }

  bool string() {
    is_in_string_ = true;
    take();
    for (;;) {
      const int c = peek();
      if (c < 0) return fail("the closing '\"' of a string");
      if (c == '"') break;
      if (c < 0x20) return fail("no raw control character inside a string");
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x80) {
        take();
      } else {
        take_sequence();
      }
    }
    take();
    is_in_string_ = false;
    return true;
  }

  void take_sequence() {
    const Utf8Sequence sequence = utf8_sequence(bytes_, at_);
    if (sequence.is_valid) {
      text_.rewritten += bytes_.substr(at_, sequence.size);
    } else {
      if (!text_.invalid_utf8_offset) text_.invalid_utf8_offset = at_;
      text_.rewritten += replacement_character;
    }
    at_ += sequence.size;
  }

  bool escape() {
    const std::size_t begin = at_++;
    const int c = peek();
    if (c != 'u') {
      if (c < 0 || std::string_view("\"\\/bfnrt").find(static_cast<char>(c)) == std::string_view::npos) {
        return fail("one of \" \\ / b f n r t u after a backslash");
      }
      ++at_;
      text_.rewritten += bytes_.substr(begin, 2);
      return true;
    }
    ++at_;
    const int unit = code_unit();
    if (unit < 0) return false;
    if (is_high_surrogate(unit)) {
      const int low = code_unit_at(at_ + 2);
      if (bytes_.substr(at_, 2) == "\\u" && is_low_surrogate(low)) {
        at_ += 6;
        text_.rewritten += bytes_.substr(begin, 12);
        return true;
      }
    }
    const bool is_lone = is_high_surrogate(unit) || is_low_surrogate(unit);
    text_.rewritten += is_lone ? replacement_character : bytes_.substr(begin, 6);
    return true;
  }

  int code_unit() {
    int unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = hex_digit(peek());
      if (digit < 0) {
        fail("four hex digits after \\u");
        return -1;
      }
      unit = unit * 16 + digit;
    }
    return unit;
  }
  int code_unit_at(std::size_t at) const {
    int unit = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const int digit = at + i < bytes_.size() ? hex_digit(static_cast<unsigned char>(bytes_[at + i])) : -1;
      if (digit < 0) return -1;
      unit = unit * 16 + digit;
    }
    return unit;
  }

  int peek() const { return at_ < bytes_.size() ? static_cast<unsigned char>(bytes_[at_]) : -1; }
  void take() { text_.rewritten += bytes_[at_++]; }
  void skip_space() {
    while (at_ < bytes_.size() && std::string_view(" \t\n\r").find(bytes_[at_]) != std::string_view::npos) ++at_;
  }

  bool fail(const std::string &expected) {
    const Place place = place_of(bytes_, at_);
    const std::string found = found_at(bytes_, at_);
    text_.rejection = Rejection{at_, place.line, place.column, "expected " + expected + ", found " + found,
                                hint_for(bytes_, at_, is_in_string_, open_.size())};
    return false;
  }

  const std::string_view bytes_;
  const std::size_t depth_max_;
  std::size_t at_ = 0;
  std::string open_;  // the brackets that are open, outermost first; never longer than depth_max_
  bool is_in_string_ = false;
  JsonText text_;
};

}  // namespace

Place place_of(std::string_view bytes, std::size_t offset) {
  const std::string_view before = bytes.substr(0, offset);
  Place place;
  std::size_t line_begin = before.substr(0, byte_order_mark.size()) == byte_order_mark ? byte_order_mark.size() : 0;
  for (std::size_t at = before.find('\n'); at != std::string_view::npos; at = before.find('\n', at + 1)) {
    ++place.line;
    line_begin = at + 1;
  }
  std::size_t code_points_count = 0;
  for (std::size_t at = line_begin; at < before.size(); ++code_points_count) {
    const Utf8Sequence sequence = utf8_sequence(before, at);
    if (!sequence.is_valid) {  // no code points to count: bytes
      code_points_count = before.size() - line_begin;
      break;
    }
    at += sequence.size;
  }
  place.column = code_points_count + 1;
  return place;
}

JsonText read_json_text(std::string_view bytes, std::size_t depth_max) { return Reader(bytes, depth_max).read(); }

}  // namespace bellhop::core
