// SPDX-License-Identifier: Apache-2.0
// The words that the parts of the request framing share: how far a part got, and why a request is refused.
//
// A refusal of framing always closes the connection: after a framing error nobody knows where the next request starts.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bellhop::core {

enum class Progress { need_more, complete, refused };

struct Refusal {
  int status = 400;
  std::string sentence;  // for the sender: what is wrong and what is wanted; never quotes the input
};

// Byte classes of RFC 9110 section 5.6.2 (token), 5.5 (field value) and RFC 3986 (path and query).
enum ByteClass : std::uint8_t { token_byte = 1, value_byte = 2, target_byte = 4 };

namespace detail {
constexpr std::array<std::uint8_t, 256> make_byte_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int b = 0; b < 256; ++b) {
    const bool is_alnum = (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
    std::uint8_t c = 0;
    if (is_alnum || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(b)) != std::string_view::npos)
      c |= token_byte;
    if (b == '\t' || (b >= 0x20 && b != 0x7f)) c |= value_byte;
    if (is_alnum || std::string_view("-._~!$&'()*+,;=:@/?%").find(static_cast<char>(b)) != std::string_view::npos)
      c |= target_byte;
    classes[static_cast<std::size_t>(b)] = b == 0 ? 0 : c;
  }
  return classes;
}
inline constexpr auto byte_classes = make_byte_classes();
}  // namespace detail

inline bool is_byte_of(ByteClass wanted, char byte) {
  return (detail::byte_classes[static_cast<unsigned char>(byte)] & wanted) != 0;
}
inline bool all_bytes_of(ByteClass wanted, std::string_view text) {
  for (const char byte : text)
    if (!is_byte_of(wanted, byte)) return false;
  return true;
}

// ASCII only, as header names and tokens are.
bool equals_ignoring_case(std::string_view a, std::string_view b);
// -1 when it is not a hex digit.
int hex_digit(char c);

}  // namespace bellhop::core
