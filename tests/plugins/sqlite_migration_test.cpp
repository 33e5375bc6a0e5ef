// SPDX-License-Identifier: Apache-2.0
// Files that older versions of the plugin wrote, frozen in tests/data/sqlite, are brought up to date and lose nothing.
#include <fstream>
#include <iterator>

#include "plugins/sqlite_fixture.hpp"

namespace bellhop::test {
namespace {

void make_database(const std::filesystem::path &path, const std::string &dump) {
  std::ifstream file(std::string(BELLHOP_TEST_DATA "/sqlite/") + dump, std::ios::binary);
  const std::string sql{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(sql.empty()) << dump;
  sqlite3 *handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  char *message = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_close(handle);
}

const char *const everything_sql =
    "SELECT count(*), sum(length(json)), sum(length(raw)) FROM event UNION ALL "
    "SELECT status, reschedule_count, event_count FROM booking UNION ALL "
    "SELECT count(*), sum(length(text)), sum(length(value)) FROM answer UNION ALL "
    "SELECT count(*), min(email), max(position) FROM attendee UNION ALL "
    "SELECT count(*), max(event_no), max(seq) FROM change";

TEST_F(SqlitePlugin, brings_a_file_of_version_1_up_to_date_and_loses_nothing) {
  make_database(path(), "bookings-1.sql");
  ASSERT_EQ(ask("SELECT user_version FROM pragma_user_version"), "1");
  const std::string before = ask(everything_sql);

  const core::PluginAnswer answer = host().deliver(parcel_of(legacy_body({.booking_id = "NEW"}), 6));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(ask("SELECT user_version FROM pragma_user_version"), "2");
  EXPECT_EQ(ask("SELECT group_concat(id) FROM (SELECT id FROM booking ORDER BY id)"), "BOOKING_ID,NEW");
  EXPECT_EQ(ask("SELECT integrity_check FROM pragma_integrity_check"), "ok");
  run_sql("DELETE FROM event WHERE subject = 'booking/NEW'; DELETE FROM booking WHERE id = 'NEW'");
  EXPECT_EQ(ask(everything_sql), before);
}

TEST_F(SqlitePlugin, has_the_same_tables_whether_made_anew_or_brought_up_to_date) {
  const char *const schema_sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
  host();
  const std::string made_anew = ask(schema_sql);
  host_.reset();
  for (const char *suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path().string() + suffix);
  make_database(path(), "bookings-1.sql");

  host();

  EXPECT_EQ(ask(schema_sql), made_anew);
}

TEST_F(SqlitePlugin, knows_the_events_of_an_older_file_again) {
  make_database(path(), "bookings-1.sql");
  const std::string id = ask("SELECT id FROM event WHERE no = 1");
  const std::string body = ask("SELECT raw FROM event WHERE no = 1");

  const core::PluginAnswer answer = host().deliver(parcel_of(body, 1));

  EXPECT_EQ(answer.code, BHP_SKIP);
  EXPECT_EQ(parcel_of(body, 1).id.text(), id);
}

}  // namespace
}  // namespace bellhop::test
