// SPDX-License-Identifier: Apache-2.0
// Mention: does a text name a person's e-mail address? By the rule of `bellhop forget`, which erases the same person
// from the journal (tests/plugins/sqlite_mention_test.cpp compares the two). Also as an SQL function.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "database.hpp"

namespace bellhop_sqlite {

// The address in small letters; nullopt: it is none (one '@' with something on both sides, 254 bytes, no blanks).
std::optional<std::string> parse_email(std::string_view text);

// Case-insensitively (ASCII), as a whole address and not as part of a longer one, also where it is written with the
// escapes of JSON (\u0040) or of URLs (%40).
//   email     as parse_email returns it
bool mentions(std::string_view text, std::string_view email);

// mentions(text, email) in the SQL of this connection: 1 or 0, also of a BLOB; 0 of NULL.
void add_mentions_function(Database &database);

}  // namespace bellhop_sqlite
