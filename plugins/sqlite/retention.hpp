// SPDX-License-Identifier: Apache-2.0
// Retention: what is older than the settings keep goes, in small transactions between deliveries. A booking goes whole,
// with its answers, attendees, changes and events, and never while its meeting is still ahead.
#pragma once

#include <cstdint>
#include <string>

#include "database.hpp"

namespace bellhop_sqlite {

struct Keep {
  std::int64_t days = 0;      // bookings after their end and their last event; events about none; 0 = for ever
  std::int64_t raw_days = 0;  // bodies as received; 0 = as long as their event
  bool is_endless() const { return days == 0 && raw_days == 0; }
};

struct Removed {
  std::int64_t bookings = 0, events = 0, bodies = 0;  // events: about no booking
  std::int64_t pages = 0;                             // given back to the file system
  bool has_more = false;
};

// One small step, in one transaction.
//   throws    DatabaseError; nothing of the step was done then
Removed remove_old(Database &database, const Keep &keep, std::int64_t now_ms);

// The booking and all that is known about it. Inside a transaction.
void delete_booking(Database &database, std::string_view booking_id);

}  // namespace bellhop_sqlite
