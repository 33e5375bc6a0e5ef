// SPDX-License-Identifier: Apache-2.0
// IpAddress: 16 bytes, IPv4 in its mapped form ::ffff:a.b.c.d, so that an address has one value however it came.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bellhop::core {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const IpAddress &) const = default;

  // "127.0.0.1" (four plain decimal numbers) or "2001:db8::1" (no brackets, no zone). Nothing else is an address.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress v4(const std::uint8_t *four_bytes);

  bool is_v4() const;
  std::string text() const;  // the canonical form, no brackets
};

}  // namespace bellhop::core
