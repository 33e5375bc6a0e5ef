// SPDX-License-Identifier: Apache-2.0
// The tables, as numbered migrations, and the rules about whose file this is. A migration that was released is never
// edited: the next one changes what it made.
#pragma once

#include <stdexcept>
#include <string>

#include "database.hpp"

namespace bellhop_sqlite {

// "BHbk" as a number, in the header of the file: `file bookings.db` shows it.
constexpr std::int64_t application_id = 0x4248626b;
// Version of the newest schema this code knows; user_version in the header of the file.
int schema_version();

// The file is not one that this plugin may write: another program's, a newer Bellhop's, not a database. One sentence.
class ForeignFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Makes an empty file a bookings database, or brings an older one up to date, each step in a transaction of its own;
// then sets what this connection needs (write-ahead log, full synchronisation, foreign keys).
//   throws    ForeignFile before anything was written; DatabaseError
void prepare_file(Database &database);

}  // namespace bellhop_sqlite
