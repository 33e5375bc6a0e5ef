// SPDX-License-Identifier: Apache-2.0
// What a failure of the database means for the delivery: try again soon, or keep the backlog until a person has looked.
// FAIL only where the tables themselves refuse what an event says: no event is at fault for a full disk.
#pragma once

#include <bellhop/plugin.hpp>

#include "database.hpp"

namespace bellhop_sqlite {

bellhop::Verdict verdict_of(const DatabaseError &error);

// True when the connection cannot be trusted any more: it is closed, and opened anew (and its log recovered) by the
// next delivery. So after a failed sync nothing is confirmed on the word of pages that were perhaps never written.
bool is_connection_spoilt(const DatabaseError &error);

}  // namespace bellhop_sqlite
