// SPDX-License-Identifier: Apache-2.0
// Writer and Reader: numbers and texts of a frame's payload. For host/wire*.cpp alone.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "host/wire.hpp"

namespace bellhop::core::wire {

// Writes one frame: the header first with a size of 0, mended by finish().
class Writer {
 public:
  Writer(std::string &out, Type type) : out_(out), begin_(out.size()) {
    out_.append(header_bytes, '\0');
    out_[begin_ + 4] = static_cast<char>(type);
  }
  template <class Number>
  Writer &number(Number value) {
    static_assert(std::is_integral_v<Number> && !std::is_same_v<Number, bool>);
    out_.append(reinterpret_cast<const char *>(&value), sizeof value);
    return *this;
  }
  Writer &flag(bool value) { return number(static_cast<std::uint8_t>(value)); }
  Writer &text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value).push_back('\0');
    return *this;
  }
  void finish() {
    const auto size = static_cast<std::uint32_t>(out_.size() - begin_ - header_bytes);
    std::memcpy(out_.data() + begin_, &size, sizeof size);
  }

 private:
  std::string &out_;
  std::size_t begin_;
};

// Reads a payload; after the first read past its end everything is zero and complete() is false.
// untrusted: a plugin may have written the bytes
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Number number() {
    Number value = 0;
    if (!has(sizeof value)) return 0;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string_view text() {
    const std::size_t size = number<std::uint32_t>();
    if (!has(size + 1) || bytes_[at_ + size] != '\0') {
      is_broken_ = true;
      return {};
    }
    const std::string_view value = bytes_.substr(at_, size);
    at_ += size + 1;
    return value;
  }
  std::string text_of(std::size_t bytes_max) {
    const std::string_view value = text();
    if (value.size() > bytes_max) is_broken_ = true;
    return std::string(value);
  }
  bool flag() {
    const auto value = number<std::uint8_t>();
    if (value > 1) is_broken_ = true;
    return value == 1;
  }
  // How many items follow; 0 and broken when there are more than `count_max` or more than the bytes can hold: checked
  // before anything is reserved, the count alone must not cost memory.
  std::uint32_t count(std::size_t count_max, std::size_t item_bytes_min) {
    const auto value = number<std::uint32_t>();
    if (value > count_max || value > left() / item_bytes_min) is_broken_ = true;
    return is_broken_ ? 0 : value;
  }
  bool is_sound(bool condition) {
    if (!condition) is_broken_ = true;
    return condition;
  }
  std::size_t left() const { return bytes_.size() - at_; }
  bool complete() const { return !is_broken_ && at_ == bytes_.size(); }

 private:
  bool has(std::size_t size) {
    if (size > bytes_.size() - at_) is_broken_ = true;
    return !is_broken_;
  }
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool is_broken_ = false;
};

constexpr std::size_t number_bytes(std::size_t four_count, std::size_t eight_count) {
  return 4 * four_count + 8 * eight_count;
}
constexpr std::size_t text_bytes = 4 + 1;  // beside the text itself

// Writes of a delivery: in the frame `answers` and in a call. (host/wire_services.cpp)
void put(Writer &writer, const Staged &staged);
Staged take_staged(Reader &reader);  // untrusted: breaks the reader when a write is over a limit

}  // namespace bellhop::core::wire
