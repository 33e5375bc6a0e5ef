// SPDX-License-Identifier: Apache-2.0
// Text: how what a stranger wrote gets into a SOQL string, an HTML field or a name without leaving it (into an URL:
// bellhop::percent_encoded). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace crm {

// At most `units_max` UTF-16 units (the vendors count in Java or JavaScript), never through a character; invalid UTF-8
// becomes U+FFFD. Control characters become spaces, in a text of several lines all but the newline (CRLF counts as
// one).
enum class Lines { one, many };
std::string cut(std::string_view text, std::size_t units_max, Lines lines = Lines::one);

// & < > " ' as entities, newlines as <br>: for the fields that a vendor shows as HTML.
std::string html(std::string_view text);

// Inside the quotes of a SOQL string: backslash, quotes and control characters escaped.
//   source  Salesforce, "SOQL and SOSL Reference: Quoted String Escape Sequences"
std::string soql_escaped(std::string_view text);

std::string json_quoted(std::string_view text);

// 32 hex digits of SHA-256: names a contact or a booking where its text must not stand (keys of kv, external ids).
std::string digest(std::string_view text);

std::string base64(std::string_view bytes);

// ASCII letters in lower case: how addresses are compared.
std::string lower(std::string_view text);

// An address that is worth asking a vendor for: one '@' with something on both sides, no space, no control character,
// none of <>,;:"()[]\, at most 254 bytes. What else it must be, the vendor says.
bool is_address(std::string_view text);

}  // namespace crm
