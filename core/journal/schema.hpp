// SPDX-License-Identifier: Apache-2.0
// Schema: the journal's tables, as numbered migrations. user_version is the number of the last one that ran;
// application_id says whose file it is. A file of a newer Bellhop or of another program is refused, never guessed at.
#pragma once

#include <string>

#include "base/result.hpp"
#include "journal/sqlite.hpp"

namespace bellhop::core {

inline constexpr int schema_version = 3;

// Refuses a file that is not ours or newer than we are, changing nothing. Before anything else.
//   errors    as prepare_schema
Result<void> refuse_foreign(Database &database, const std::string &path);
// Page size, log mode and the like for the writer's connection. Before prepare_schema.
Result<void> prepare_writer(Database &database);
Result<void> prepare_reader(Database &database);

// Creates the tables or brings them to this version.
//   errors    conflict: of a newer version (both are named) or another program's; corrupt; full; unavailable
//   up_to     of use for tests: an older version
Result<void> prepare_schema(Database &database, const std::string &path, int up_to = schema_version);
// The same refusals, changing nothing; an older version is refused too.
Result<void> check_schema(Database &database, const std::string &path);

// All definitions in a file as one text. Equal for all whole files of one version: a damaged definition could make
// SQLite read undamaged rows wrongly.
Result<std::string> definitions_of(Database &database);
Result<std::string> expected_definitions();

}  // namespace bellhop::core
