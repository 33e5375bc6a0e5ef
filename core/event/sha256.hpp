// SPDX-License-Identifier: Apache-2.0
// SHA-256 over some pieces of text, as if they were one. For identity (event ids, ordering keys), not for secrets.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace bellhop::core {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::initializer_list<std::string_view> pieces);  // [any]

// Lower-case hex digits, two for each byte. [any]
std::string hex_of(const std::uint8_t *bytes, std::size_t size);

}  // namespace bellhop::core
