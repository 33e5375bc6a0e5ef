// SPDX-License-Identifier: Apache-2.0
// Text that strangers wrote, made fit for a calendar, and names of ours made from it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace calendar {

// `text` of at most `bytes_max` bytes: CR LF and CR become LF; control characters, the line separators of Unicode
// (which some readers take for a line's end) and non-characters become spaces; invalid UTF-8 becomes U+FFFD. What is
// too long ends in "…" and never within a character. No white space at either end.
std::string cleaned(std::string_view text, std::size_t bytes_max);
// The same on one line: LF becomes a space as well.
std::string cleaned_line(std::string_view text, std::size_t bytes_max);

// "" or the URL itself: absolute http or https, printable ASCII without quotes, brackets and backslash, at most 2,000
// bytes. Fit to be a value of type URI, which iCalendar does not escape.
std::string url_or_nothing(std::string_view url);

// The first 16 bytes of SHA-256 as 32 hex digits.
std::string digest(std::string_view text);

// The text itself when it is of [A-Za-z0-9_-]{1,64}, else its digest: fit to be a file's name or a URL's segment.
std::string safe_name(std::string_view text);

std::string base64(std::string_view bytes);

}  // namespace calendar
