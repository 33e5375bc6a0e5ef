// SPDX-License-Identifier: Apache-2.0
// Mention: the SDK's rule of who is meant by an address (bellhop/mention.hpp), as an SQL function.
#pragma once

#include "database.hpp"

namespace bellhop_sqlite {

// mentions(text, email) in the SQL of this connection: 1 or 0, also of a BLOB; 0 of NULL.
void add_mentions_function(Database &database);

}  // namespace bellhop_sqlite
