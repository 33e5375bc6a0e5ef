// SPDX-License-Identifier: Apache-2.0
// See forget.hpp.
#include "forget.hpp"

#include <string>
#include <vector>

#include "record.hpp"
#include "retention.hpp"

namespace bellhop_sqlite {

namespace {

constexpr std::int64_t events_per_step = 500;  // looked at in one transaction

class Erasing {
 public:
  Erasing(Database &database, std::string_view email) : database_(database), email_(email) {}

  Forgotten run() {
    own_bookings();
    events();
    {
      Transaction transaction(database_);
      shared_bookings();
      forgotten_.attendees = erase("DELETE FROM attendee WHERE mentions(email, ?1)");
      forgotten_.values += erase(blanking_sql("attendee", {"id", "name", "phone", "status"}).c_str());
      forgotten_.values += erase(
          "DELETE FROM answer WHERE mentions(text, ?1) OR mentions(value, ?1) OR mentions(label, ?1) "
          "OR mentions(slug, ?1) OR mentions(kind, ?1)");
      forgotten_.values +=
          erase("DELETE FROM change WHERE mentions(old, ?1) OR mentions(new, ?1) OR mentions(field, ?1)");
      forgotten_.values += erase(blanking_sql("booking", texts_of_booking()).c_str());
      transaction.commit();
    }
    database_.execute("VACUUM");
    forgotten_.is_log_cut = database_.cut_write_ahead_log();
    return forgotten_;
  }

 private:
  std::int64_t erase(const char *sql) {
    Statement(database_, sql).bind(1, email_).run();
    return database_.changes();
  }

  void own_bookings() {
    std::vector<std::string> ids;
    {
      Statement select(database_,
                       "SELECT id FROM booking AS b WHERE mentions(id, ?1) OR (mentions(attendee_email, ?1) AND NOT "
                       "EXISTS (SELECT 1 FROM attendee WHERE booking_id = b.id AND NOT mentions(email, ?1)))");
      select.bind(1, email_);
      while (select.step()) ids.emplace_back(select.text(0));
    }
    for (const std::string &id : ids) {
      Transaction transaction(database_);
      forgotten_.events += count_events(id);
      delete_booking(database_, id);
      transaction.commit();
      ++forgotten_.bookings;
    }
  }

  // Others are in them too. What the person said as the first attendee goes with the address, named or not.
  void shared_bookings() {
    const std::string of_person = "(SELECT id FROM booking WHERE mentions(attendee_email, ?1))";
    forgotten_.values += erase(("DELETE FROM answer WHERE booking_id IN " + of_person).c_str());
    forgotten_.values += erase(("DELETE FROM change WHERE (field LIKE 'answer/%' OR field LIKE 'attendee%') AND "
                                "booking_id IN " +
                                of_person)
                                   .c_str());
    erase(
        "UPDATE booking SET attendee_name = NULL, attendee_first_name = NULL, attendee_last_name = NULL, "
        "attendee_phone = NULL WHERE mentions(attendee_email, ?1)");  // the address itself: blanking_sql()
  }

  std::int64_t count_events(const std::string &booking_id) {
    Statement count(database_, "SELECT count(DISTINCT event_no) FROM change WHERE booking_id = ?");
    return count.bind(1, std::string_view(booking_id)).step() ? count.integer(0) : 0;
  }

  // Their rows in change go with them.
  void events() {
    const std::int64_t last = database_.integer("SELECT max(no) FROM event");
    for (std::int64_t after = 0; after < last; after += events_per_step) {
      Statement erase(database_,
                      "DELETE FROM event WHERE no > ?2 AND no <= ?3 AND "
                      "(mentions(json, ?1) OR mentions(raw, ?1) OR mentions(subject, ?1))");
      Transaction transaction(database_);
      erase.bind(1, email_).bind(2, after).bind(3, after + events_per_step).run();
      forgotten_.events += database_.changes();
      transaction.commit();
    }
  }

  // All but the status, which is one of our own words.
  static std::vector<std::string> texts_of_booking() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i != status_column && columns[i].kind == Column::Kind::text) names.emplace_back(columns[i].name);
    }
    return names;
  }

  // Makes those columns NULL that mention the person.
  static std::string blanking_sql(const std::string &table, const std::vector<std::string> &names) {
    std::string set, where;
    for (const std::string &name : names) {
      const std::string mention = "mentions(" + name + ", ?1)";
      set += (set.empty() ? "" : ", ") + name + " = CASE WHEN " + mention + " THEN NULL ELSE " + name + " END";
      where += (where.empty() ? "" : " OR ") + mention;
    }
    return "UPDATE " + table + " SET " + set + " WHERE " + where;
  }

  Database &database_;
  std::string_view email_;
  Forgotten forgotten_;
};

}  // namespace

Forgotten forget_person(Database &database, std::string_view email) { return Erasing(database, email).run(); }

}  // namespace bellhop_sqlite
