// SPDX-License-Identifier: Apache-2.0
// See retention.hpp.
#include "retention.hpp"

#include <algorithm>
#include <vector>

#include "time_text.hpp"

namespace bellhop_sqlite {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t bookings_per_step_max = 50;
constexpr std::int64_t events_per_step_max = 200;
// Free pages that stay for what comes next: giving back and taking again costs more than 8 MB are worth.
constexpr std::int64_t free_pages_kept = 1024;
constexpr std::int64_t pages_per_step_max = 256;

// Over, and not heard of since: both, so that a booking of last year that was just corrected is not lost at once. One
// that never had a time goes by when it was heard of.
constexpr const char *old_bookings_sql =
    "SELECT id FROM booking WHERE start_epoch < ?1 AND coalesce(end_epoch, start_epoch) < ?1 AND updated < ?2 "
    "UNION ALL "
    "SELECT id FROM booking WHERE start_epoch IS NULL AND coalesce(end_epoch, 0) < ?1 AND updated < ?2 LIMIT ?3";

// Pings, tests, changes of meeting types; what is about a booking has a row in change, and goes with it.
constexpr const char *old_events_sql =
    "DELETE FROM event WHERE no IN (SELECT no FROM event AS e WHERE received_ms < ?1 AND NOT EXISTS "
    "(SELECT 1 FROM change WHERE event_no = e.no) ORDER BY received_ms LIMIT ?2)";

constexpr const char *old_bodies_sql =
    "UPDATE event SET raw = NULL WHERE no IN (SELECT no FROM event WHERE raw IS NOT NULL AND received_ms < ?1 "
    "ORDER BY received_ms LIMIT ?2)";

std::vector<std::string> old_bookings(Database &database, std::int64_t before_ms) {
  Statement select(database, old_bookings_sql);
  const std::string before = text_of_ms(before_ms);
  select.bind(1, before_ms / 1000).bind(2, std::string_view(before)).bind(3, bookings_per_step_max);
  std::vector<std::string> ids;
  while (select.step()) ids.emplace_back(select.text(0));
  return ids;
}

std::int64_t run_bounded(Database &database, const char *sql, std::int64_t before_ms) {
  Statement(database, sql).bind(1, before_ms).bind(2, events_per_step_max).run();
  return database.changes();
}

std::int64_t give_back_pages(Database &database) {
  const std::int64_t free = database.integer("PRAGMA freelist_count");
  if (free <= free_pages_kept) return 0;
  const std::int64_t pages = std::min(free - free_pages_kept, pages_per_step_max);
  database.execute(("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")").c_str());
  return pages;
}

}  // namespace

void delete_booking(Database &database, std::string_view booking_id) {
  Statement(database, "DELETE FROM event WHERE no IN (SELECT event_no FROM change WHERE booking_id = ?)")
      .bind(1, booking_id)
      .run();
  Statement(database, "DELETE FROM booking WHERE id = ?").bind(1, booking_id).run();
}

Removed remove_old(Database &database, const Keep &keep, std::int64_t now_ms) {
  Removed removed;
  Transaction transaction(database);
  if (keep.days > 0) {
    const std::int64_t before_ms = now_ms - keep.days * day_ms;
    for (const std::string &id : old_bookings(database, before_ms)) {
      delete_booking(database, id);
      ++removed.bookings;
    }
    removed.events = run_bounded(database, old_events_sql, before_ms);
  }
  if (keep.raw_days > 0) removed.bodies = run_bounded(database, old_bodies_sql, now_ms - keep.raw_days * day_ms);
  removed.pages = give_back_pages(database);
  transaction.commit();
  removed.has_more = removed.bookings == bookings_per_step_max || removed.events == events_per_step_max ||
                     removed.bodies == events_per_step_max || removed.pages == pages_per_step_max;
  return removed;
}

}  // namespace bellhop_sqlite
