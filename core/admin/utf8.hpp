// SPDX-License-Identifier: Apache-2.0
// Is a byte string UTF-8 as RFC 3629 has it (no overlong forms, no surrogates, nothing above U+10FFFF)? Decides whether a
// raw body can be shown as a JSON string without changing a byte of it. Pure.
#pragma once

#include <string_view>

namespace bellhop::core {

inline bool is_utf8(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const int following = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2
                          : lead >= 0xf0 && lead < 0xf5 ? 3 : -1;
    if (following < 0 || i + static_cast<std::size_t>(following) >= bytes.size()) return false;
    for (int k = 1; k <= following; ++k) {
      const auto next = static_cast<unsigned char>(bytes[i + static_cast<std::size_t>(k)]);
      // The second byte carries the rules against overlong forms, surrogates and code points past the end.
      const unsigned low = k > 1 ? 0x80u : lead == 0xe0 ? 0xa0u : lead == 0xf0 ? 0x90u : 0x80u;
      const unsigned high = k > 1 ? 0xbfu : lead == 0xed ? 0x9fu : lead == 0xf4 ? 0x8fu : 0xbfu;
      if (next < low || next > high) return false;
    }
    i += static_cast<std::size_t>(following) + 1;
  }
  return true;
}

}  // namespace bellhop::core
