// SPDX-License-Identifier: Apache-2.0
// See inspection.hpp.
#include "inspection.hpp"

#include <array>

namespace bellhop_sqlite {

namespace {

constexpr std::size_t problems_max = 20;  // of one thing; who has more has no need of all

// A query that gives one sentence per row that should not be there.
struct Rule {
  const char *what;
  const char *sql;
};

constexpr std::array rules{
    Rule{"pages, rows and indexes of the file",
         "SELECT integrity_check FROM pragma_integrity_check(20) "
         "WHERE integrity_check <> 'ok'"},
    Rule{"rows that belong to others that are not there",
         "SELECT \"table\" || ': row ' || coalesce(rowid, '?') || ' misses its ' || parent "
         "FROM pragma_foreign_key_check"},
    // An event that was forgotten or is over its time is counted still, so never fewer than there are.
    Rule{"bookings against their events",
         "SELECT 'booking ' || id || ' counts ' || event_count || ' events and ' || reschedule_count || "
         "' reschedules, there are ' || events || ' and ' || moves FROM booking JOIN (SELECT booking_id, "
         "count(DISTINCT event_no) AS events, count(DISTINCT CASE WHEN type = 'booking.rescheduled' THEN event_no END) "
         "AS moves FROM change GROUP BY booking_id) ON booking_id = id "
         "WHERE event_count < events OR reschedule_count < moves"},
    Rule{"times of bookings",
         "SELECT 'booking ' || id || ': start ' || coalesce(start, 'NULL') || ' is not ' || coalesce(start_epoch, "
         "'NULL') FROM booking WHERE CAST(strftime('%s', start) AS INTEGER) IS NOT start_epoch "
         "OR CAST(strftime('%s', \"end\") AS INTEGER) IS NOT end_epoch"},
    Rule{"cancelations",
         "SELECT 'booking ' || id || ' is ' || status || ', canceled ' || coalesce(canceled, 'NULL') FROM booking "
         "WHERE (status = 'canceled') <> (canceled IS NOT NULL)"},
    Rule{"events that can be read", "SELECT 'event ' || id || ' is not JSON' FROM event WHERE NOT json_valid(json)"},
    Rule{"answers that can be read",
         "SELECT 'booking ' || booking_id || ': answer ' || position || ' is not JSON' FROM answer "
         "WHERE NOT json_valid(value)"},
};

}  // namespace

std::vector<Finding> inspect(Database &database) {
  std::vector<Finding> findings;
  for (const Rule &rule : rules) {
    Finding &finding = findings.emplace_back();
    finding.what = rule.what;
    Statement select(database, rule.sql);
    while (finding.problems.size() < problems_max && select.step()) finding.problems.emplace_back(select.text(0));
  }
  return findings;
}

}  // namespace bellhop_sqlite
