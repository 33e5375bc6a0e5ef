// SPDX-License-Identifier: Apache-2.0
// Text that a plugin wrote, made fit to be kept: UTF-8, within a limit, cut between characters. Pure.
#pragma once

#include <string>
#include <string_view>

namespace bellhop::core {

// `text` as UTF-8 of at most `bytes_max` bytes. Bytes that are no UTF-8 become U+FFFD; a character that does not fit
// whole, or that the plugin's own buffer cut at the end, is left out. [any]
std::string clean_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace bellhop::core
