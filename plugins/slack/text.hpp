// SPDX-License-Identifier: Apache-2.0
// Text for Slack: what a stranger wrote must stay text. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slack {

// `text` as JSON-free Slack text of at most `units_max` UTF-16 units (Slack counts in JavaScript): & < > become
// entities, so that <!channel> stays seven letters in brackets; control bytes but newline become spaces; what is too
// long ends in "…". Never cuts through a character or an entity. Invalid UTF-8 becomes U+FFFD.
//   source    Slack, "Formatting text for app surfaces": the three characters to escape, in every text object
std::string escaped(std::string_view text, std::size_t units_max);

// The same without entities: for the value of a URL or a name that is no Slack text.
std::string cut(std::string_view text, std::size_t units_max);

// UTF-16 units of valid UTF-8.
std::size_t units_of(std::string_view text);

// True of an absolute http or https URL without control bytes, spaces, quotes and angle brackets, at most 3000 bytes:
// what a button takes.
bool is_button_url(std::string_view url);

}  // namespace slack
