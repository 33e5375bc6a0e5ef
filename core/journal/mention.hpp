// SPDX-License-Identifier: Apache-2.0
// Mention: does a text name a person's e-mail address? Pure; both journals use it for forget().
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bellhop::core {

// The address in small letters.
//   errors    invalid: not an address (one '@' with something on both sides, 254 bytes at most, no blanks)
Result<std::string> parse_email(std::string_view text);

// Case-insensitively (ASCII), as a whole address and not as part of a longer one, also where it is written with the
// escapes of JSON (\u0040) or of URLs (%40).
//   email     as parse_email returns it
bool mentions(std::string_view text, std::string_view email);

}  // namespace bellhop::core
