// SPDX-License-Identifier: Apache-2.0
// Forget: erases a person, known by an e-mail address, from the file and from what the file was: rows, free pages, the
// write-ahead log.
//
// A booking whose only attendee is that person goes whole. Of other bookings (a group, an answer that names somebody)
// the person's attendee row, answers, changes and values go, and every event that mentions the address, as `bellhop
// forget` does in the journal; so the booking stays as it is shown, without the person.
#pragma once

#include <cstdint>
#include <string_view>

#include "database.hpp"

namespace bellhop_sqlite {

struct Forgotten {
  std::int64_t bookings = 0;   // gone whole
  std::int64_t events = 0;     // of them or of others
  std::int64_t attendees = 0;  // of bookings that stay
  std::int64_t values = 0;     // answers, changes and columns of bookings that stay
  bool is_log_cut = false;     // false: a reader holds the old log open; say it again
};

// Outside a transaction. Erases in small transactions, each of them whole; then writes the file anew (VACUUM), because
// free space and the middle of pages hold old copies.
//   email     as bellhop::parse_email returns it (bellhop/mention.hpp)
//   throws    DatabaseError; what was erased until then stays erased
Forgotten forget_person(Database &database, std::string_view email);

}  // namespace bellhop_sqlite
