// SPDX-License-Identifier: Apache-2.0
// What operators ask of the plugin sqlite, and what goes with time, in a real child with its sandbox: there the
// system's directories for temporary files are closed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <ctime>
#include <fstream>
#include <iterator>

#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using core::Question;
using testing::HasSubstr;
using testing::Not;

const std::string library = BELLHOP_PLUGIN_DIR "/sqlite.so";
const std::string email = "webhooks+sample@appointlet.com";

std::string sample(const std::vector<std::pair<std::string, std::string>> &edits = {}) {
  return with_edits(payload_text("legacy_booking_confirmed.json"), edits);
}

std::string booking(const std::string &id, const std::string &start, const std::string &address = email) {
  return sample({{"BOOKING_ID", id},
                 {R"("start": "2014-01-01T00:00:00Z")", R"("start": ")" + start + '"'},
                 {R"("end": "2014-01-01T00:00:00Z")", R"("end": ")" + start + '"'},
                 {email, address}});
}

std::string bytes_of(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class SqliteStreet : public testing::Test {
 protected:
  explicit SqliteStreet(const std::string &settings = R"({"busy_timeout_ms":50})") : street_({library, settings}) {}

  std::filesystem::path path() const { return street_.state_dir() / "bookings.db"; }

  // Rows as "a|b", lines; read-only, as a stranger.
  std::string ask(const std::string &sql) const {
    sqlite3 *handle = nullptr;
    std::string rows;
    EXPECT_EQ(sqlite3_open_v2(path().c_str(), &handle, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    const auto add = [](void *to, int count, char **values, char **) {
      auto &text = *static_cast<std::string *>(to);
      if (!text.empty()) text += '\n';
      for (int i = 0; i < count; ++i) text += (i > 0 ? "|" : "") + std::string(values[i] ? values[i] : "-");
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), add, &rows, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
    return rows;
  }
  void change(const std::string &sql) const {
    sqlite3 *handle = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  core::PluginAnswer run(const std::string &command, const std::string &arguments = "{}") {
    const core::Report report = street_.ask(Question::What::command, command, arguments);
    return report.answers.empty() ? core::PluginAnswer{BHP_RETRY, 0, street_.death()} : report.answers[0];
  }
  void deliver(const std::string &body) {
    const core::PluginAnswer answer = street_.deliver(body);
    EXPECT_EQ(answer.code, BHP_OK) << answer.message << street_.death();
  }

  PluginStreet street_;
};

// ---- export ----

TEST_F(SqliteStreet, exports_a_column_for_every_field_of_the_forms) {
  deliver(booking("A", "2030-01-02T10:00:00Z"));
  deliver(with_edits(booking("B", "2030-01-01T10:00:00Z"),
                     {{"\"phone-number\"", "\"company\""}, {"+1.888.555.1212", "Smith, \\\"Sons\\\" & Co"}}));

  const core::PluginAnswer answer = run("export");

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(answer.message, "2 bookings");
  std::vector<std::string> rows;
  for (std::size_t at = 0, end; (end = street_.output().find("\r\n", at)) != std::string::npos; at = end + 2) {
    rows.push_back(street_.output().substr(at, end - at));
  }
  ASSERT_EQ(rows.size(), 3U) << street_.output();
  EXPECT_EQ(rows[0].rfind("id,status,start,end,timezone,attendee_name,attendee_email,", 0), 0U) << rows[0];
  EXPECT_THAT(rows[0], testing::EndsWith("updated,answer/first-name,answer/last-name,answer/company,"
                                         "answer/phone-number"));
  EXPECT_EQ(rows[1].rfind("B,confirmed,2030-01-01T10:00:00Z,", 0), 0U) << rows[1];
  EXPECT_THAT(rows[1], testing::EndsWith(R"(,John,Smith,"Smith, ""Sons"" & Co",)"));
  EXPECT_THAT(rows[2], testing::EndsWith(",John,Smith,,'+1.888.555.1212"));
}

TEST_F(SqliteStreet, exports_the_bytes_as_they_are_to_who_says_raw) {
  deliver(booking("A", "2030-01-02T10:00:00Z"));

  EXPECT_EQ(run("export", R"({"raw":true})").code, BHP_OK);

  EXPECT_THAT(street_.output(), HasSubstr(",John,Smith,+1.888.555.1212\r\n"));
}

TEST_F(SqliteStreet, exports_into_a_file_beside_the_database_and_over_nothing_else) {
  deliver(booking("A", "2030-01-02T10:00:00Z"));

  const core::PluginAnswer answer = run("export", R"({"file":"bookings.csv"})");

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(answer.message, "1 bookings in " + (street_.state_dir() / "bookings.csv").string());
  EXPECT_THAT(bytes_of(street_.state_dir() / "bookings.csv"), testing::EndsWith(",'+1.888.555.1212\r\n"));
  EXPECT_EQ(street_.output(), "");
  EXPECT_FALSE(std::filesystem::exists(street_.state_dir() / "bookings.csv.part"));
  for (const std::string name : {"../x.csv", "/tmp/x.csv", "bookings.db", ".csv", "a\\u0000.csv"}) {
    const core::PluginAnswer refused = run("export", R"({"file":")" + name + "\"}");
    EXPECT_EQ(refused.code, BHP_FAIL) << name;
    EXPECT_THAT(refused.message, HasSubstr("want a name like bookings.csv"));
  }
}

TEST_F(SqliteStreet, says_so_when_an_export_does_not_fit_into_an_answer_and_writes_it_into_a_file) {
  const std::string long_text(60'000, 'x');
  for (int i = 0; i < 20; ++i) {
    deliver(with_edits(booking("B" + std::to_string(i), "2030-01-02T10:00:00Z"), {{"+1.888.555.1212", long_text}}));
  }

  const core::PluginAnswer refused = run("export");
  const core::PluginAnswer written = run("export", R"({"file":"large.csv"})");

  EXPECT_EQ(refused.code, BHP_FAIL);
  EXPECT_EQ(refused.message, "the export is larger than the 1 MiB that an answer holds: say file=bookings.csv");
  EXPECT_EQ(street_.output(), "");
  EXPECT_EQ(written.code, BHP_OK) << written.message;
  EXPECT_GT(std::filesystem::file_size(street_.state_dir() / "large.csv"), 20U * 60'000U);
}

TEST_F(SqliteStreet, gives_fields_beyond_what_a_sheet_takes_one_column_together) {
  std::string fields;
  for (int i = 0; i < 300; ++i) {
    fields += R"({"field":{"kind":"CharField","slug":"made-up-)" + std::to_string(i) + R"("},"value":"v)" +
              std::to_string(i) + "\"},";
  }
  deliver(booking("A", "2030-01-02T10:00:00Z"));
  const std::string body = sample();
  const std::size_t mark = body.find('[', body.find("\"fields\""));
  ASSERT_NE(mark, std::string::npos);
  deliver(with_edits(body.substr(0, mark + 1) + fields + body.substr(mark + 1), {{"BOOKING_ID", "FORGED"}}));

  EXPECT_EQ(run("export").code, BHP_OK);

  const std::string header = street_.output().substr(0, street_.output().find("\r\n"));
  std::size_t columns = 0;
  for (std::size_t at = 0; (at = header.find("answer/", at)) != std::string::npos; ++at) ++columns;
  EXPECT_EQ(columns, 200U);
  EXPECT_THAT(header, HasSubstr("answer/first-name")) << "what two bookings have goes before what one has";
  EXPECT_THAT(header, testing::EndsWith(",other answers"));
  EXPECT_THAT(street_.output(), HasSubstr("made-up-99: v99"));
}

// ---- forget ----

TEST_F(SqliteStreet, forgets_a_person_in_every_table_and_in_the_bytes_of_the_file) {
  for (int i = 0; i < 30; ++i) {
    deliver(booking("HERS" + std::to_string(i), "2030-01-02T10:00:00Z", "ada.lovelace@example.org"));
    deliver(booking("HIS" + std::to_string(i), "2030-01-02T10:00:00Z", "bob@example.org"));
  }
  deliver(with_edits(booking("NAMES_HER", "2030-01-02T10:00:00Z", "carl@example.org"),
                     {{"+1.888.555.1212", "bring Ada.Lovelace@example.org"}}));

  const core::PluginAnswer answer = run("forget", R"({"email":"ADA.Lovelace@Example.org"})");

  EXPECT_EQ(answer.code, BHP_OK) << answer.message << street_.death();
  EXPECT_EQ(answer.message,
            "30 bookings, 31 events, 0 attendees and 3 values of other bookings erased; files that were exported are "
            "not touched");
  EXPECT_EQ(ask("SELECT count(*), sum(attendee_email = 'bob@example.org') FROM booking"), "31|30");
  EXPECT_EQ(ask("SELECT count(*) FROM event"), "30");
  EXPECT_EQ(ask("SELECT count(*) FROM answer WHERE booking_id = 'NAMES_HER'"), "2");
  EXPECT_EQ(ask("SELECT (SELECT count(*) FROM answer WHERE booking_id LIKE 'HERS%'), (SELECT count(*) FROM attendee "
                "WHERE booking_id LIKE 'HERS%'), (SELECT count(*) FROM change WHERE booking_id LIKE 'HERS%')"),
            "0|0|0");
  for (const char *suffix : {"", "-wal", "-temporary"}) {
    const std::string bytes = bytes_of(path().string() + suffix);
    for (const char *trace : {"ada.lovelace", "Ada.Lovelace", "HERS"}) {
      EXPECT_EQ(bytes.find(trace), std::string::npos) << trace << " in bookings.db" << suffix;
    }
  }
  EXPECT_NE(bytes_of(path()).find("bob@example.org"), std::string::npos);
  EXPECT_EQ(run("check").code, BHP_OK) << street_.output();
  deliver(booking("AFTER", "2030-01-02T10:00:00Z", "bob@example.org"));
}

TEST_F(SqliteStreet, leaves_a_group_booking_to_the_others_when_its_first_attendee_is_forgotten) {
  const auto attendee = [](const std::string &address, const std::string &name, const std::string &time) {
    return R"({"id":1,"type":"Activity","created_at":")" + time +
           R"(","action":"Attendee.scheduled","entity":{"id":"of )" + address + R"(","type":"Attendee","name":")" +
           name + R"(","email":")" + address + R"(","meeting":2751918}})";
  };
  deliver(attendee("ada@example.org", "Ada L", "2024-05-29T18:56:43Z"));
  deliver(payload_text("v5_meeting_scheduled.partial.json"));
  deliver(attendee("bob@example.org", "Bob", "2024-05-30T18:56:43Z"));
  ASSERT_EQ(ask("SELECT attendee_email FROM booking"), "ada@example.org");

  EXPECT_EQ(run("forget", R"({"email":"ada@example.org"})").code, BHP_OK);

  EXPECT_EQ(ask("SELECT status, coalesce(attendee_email, '-'), coalesce(attendee_name, '-') FROM booking"),
            "confirmed|-|-");
  EXPECT_EQ(ask("SELECT email FROM attendee"), "bob@example.org");
  for (const char *trace : {"ada@example.org", "Ada L"}) {
    EXPECT_EQ(bytes_of(path()).find(trace), std::string::npos) << trace;
  }
}

TEST_F(SqliteStreet, says_so_when_a_reader_keeps_old_copies_in_the_log) {
  deliver(booking("HERS", "2030-01-02T10:00:00Z", "ada@example.org"));
  sqlite3 *reader = nullptr;
  ASSERT_EQ(sqlite3_open_v2(path().c_str(), &reader, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM booking", nullptr, nullptr, nullptr), SQLITE_OK);

  const core::PluginAnswer held = run("forget", R"({"email":"ada@example.org"})");
  sqlite3_close(reader);
  const core::PluginAnswer again = run("forget", R"({"email":"ada@example.org"})");

  EXPECT_EQ(held.code, BHP_RETRY);
  EXPECT_THAT(held.message, HasSubstr("holds old copies still: say it again"));
  EXPECT_EQ(again.code, BHP_OK) << again.message;
  EXPECT_EQ(bytes_of(path().string() + "-wal"), "");
  EXPECT_EQ(bytes_of(path()).find("ada@example.org"), std::string::npos);
}

TEST_F(SqliteStreet, forgets_nobody_by_half_an_address) {
  deliver(booking("A", "2030-01-02T10:00:00Z"));

  const core::PluginAnswer answer = run("forget", R"({"email":"appointlet.com"})");

  EXPECT_EQ(answer.code, BHP_FAIL);
  EXPECT_EQ(answer.message, "\"appointlet.com\" is no e-mail address");
  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "1");
}

// ---- check and health ----

TEST_F(SqliteStreet, finds_a_sound_file_sound_and_names_what_is_not) {
  deliver(booking("A", "2030-01-02T10:00:00Z"));
  deliver(payload_text("v5_meeting_full.assumed.json"));

  const core::PluginAnswer sound = run("check");
  const std::string said = street_.output();
  change(
      "PRAGMA ignore_check_constraints = ON; UPDATE booking SET event_count = 0, start_epoch = 5 WHERE id = 'A'; "
      "UPDATE event SET json = '{' WHERE no = 1; DELETE FROM event WHERE no = 2");
  const core::PluginAnswer unsound = run("check");

  EXPECT_EQ(sound.code, BHP_OK) << said;
  EXPECT_THAT(said, Not(HasSubstr("PROBLEM")));
  EXPECT_EQ(unsound.code, BHP_FAIL);
  EXPECT_THAT(unsound.message, testing::EndsWith("bookings.db has problems: 4"));
  EXPECT_THAT(street_.output(), HasSubstr("booking A counts 0 events and 0 reschedules, there are 1 and 0"));
  EXPECT_THAT(street_.output(), HasSubstr("booking A: start 2030-01-02T10:00:00Z is not 5"));
  EXPECT_THAT(street_.output(), HasSubstr(" is not JSON"));
  EXPECT_THAT(street_.output(), HasSubstr("misses its event"));
}

TEST_F(SqliteStreet, is_healthy_while_it_can_write_and_leaves_nothing_behind) {
  deliver(booking("A", "2030-01-02T10:00:00Z"));

  const core::Report good = street_.ask(Question::What::health);
  sqlite3 *other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const core::Report busy = street_.ask(Question::What::health);
  sqlite3_close(other);

  ASSERT_EQ(good.answers.size(), 1U);
  EXPECT_EQ(good.answers[0].code, BHP_OK);
  EXPECT_THAT(good.answers[0].message, HasSubstr("bookings.db takes writes: schema 2, 1 bookings, newest event 2023-"));
  ASSERT_EQ(busy.answers.size(), 1U);
  EXPECT_EQ(busy.answers[0].code, BHP_RETRY);
  EXPECT_THAT(busy.answers[0].message, HasSubstr("another program is writing to it"));
  EXPECT_EQ(ask("SELECT count(*) FROM event"), "1");
}

// ---- what goes with time ----

class SqliteKeep : public SqliteStreet {
 protected:
  SqliteKeep() : SqliteStreet(R"({"keep_days":30,"keep_raw_days":7,"busy_timeout_ms":0})") {}

  void deliver_heard_now(const std::string &body) {
    core::Parcel parcel = street_.parcel_of(body);
    parcel.received_ms = static_cast<std::int64_t>(std::time(nullptr)) * 1'000;
    EXPECT_EQ(street_.deliver(std::move(parcel)).code, BHP_OK);
  }
  // Ticks until the plugin has nothing to do at once; how many.
  int tick_to_the_end() {
    for (int count = 1; count < 1'000; ++count) {
      if (street_.ask(Question::What::tick).next_tick_ms > 1'000) return count;
    }
    return 1'000;
  }
};

TEST_F(SqliteKeep, removes_what_is_over_and_nothing_that_is_ahead_or_was_just_heard_of) {
  deliver(booking("OVER", "2014-01-01T00:00:00Z"));
  deliver(with_edits(booking("OVER", "2014-01-03T00:00:00Z"), {{"\"confirmed\",", "\"canceled\","}}));
  deliver(booking("AHEAD", "2090-01-01T00:00:00Z"));
  deliver_heard_now(booking("CORRECTED", "2014-01-01T00:00:00Z"));
  deliver(payload_text("legacy_test_ping.json"));
  deliver(payload_text("legacy_service_created.assumed.json"));
  ASSERT_EQ(ask("SELECT count(*) FROM event"), "6");

  EXPECT_EQ(tick_to_the_end(), 1);

  EXPECT_EQ(ask("SELECT id FROM booking ORDER BY id"), "AHEAD\nCORRECTED");
  EXPECT_EQ(ask("SELECT subject, raw IS NULL FROM event ORDER BY no"), "booking/AHEAD|1\nbooking/CORRECTED|0");
  EXPECT_EQ(ask("SELECT DISTINCT booking_id FROM change ORDER BY 1"), "AHEAD\nCORRECTED");
  EXPECT_EQ(ask("SELECT DISTINCT booking_id FROM answer ORDER BY 1"), "AHEAD\nCORRECTED");
  EXPECT_THAT(street_.log(),
              testing::Contains(HasSubstr("removed what is old: 1 bookings, 2 events about none, 1 bodies")));
  EXPECT_EQ(run("check").code, BHP_OK) << street_.output();
}

TEST_F(SqliteKeep, goes_in_small_steps_and_gives_the_room_back) {
  std::vector<core::Parcel> parcels;
  const std::string pad(40'000, 'x');
  for (int i = 0; i < 260; ++i) {
    parcels.push_back(street_.parcel_of(
        with_edits(booking("B" + std::to_string(i), "2014-01-01T00:00:00Z"), {{"+1.888.555.1212", pad}})));
  }
  for (std::size_t at = 0; at < parcels.size(); at += 20) {
    std::vector<core::Parcel> some(parcels.begin() + static_cast<std::ptrdiff_t>(at),
                                   parcels.begin() + static_cast<std::ptrdiff_t>(at + 20));
    for (const auto &answer : street_.deliver_batch(std::move(some))) ASSERT_EQ(answer.code, BHP_OK);
  }
  const std::int64_t pages = std::stoll(ask("SELECT page_count FROM pragma_page_count"));
  ASSERT_GT(pages, 2'000);

  const core::Report first = street_.ask(Question::What::tick);
  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "210");
  EXPECT_EQ(first.next_tick_ms, 100);
  const int steps = tick_to_the_end();

  EXPECT_GT(steps, 5);
  EXPECT_LT(steps, 200);
  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "0");
  EXPECT_LT(std::stoll(ask("SELECT page_count FROM pragma_page_count")), 1'024 + 64);
}

TEST_F(SqliteKeep, waits_while_somebody_else_writes_and_says_so) {
  deliver(booking("OVER", "2014-01-01T00:00:00Z"));
  sqlite3 *other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);

  const core::Report told = street_.ask(Question::What::tick);
  sqlite3_close(other);

  EXPECT_EQ(told.next_tick_ms, 60'000);
  ASSERT_EQ(told.answers.size(), 1U);
  EXPECT_THAT(told.answers[0].message, HasSubstr("what is old stays for now"));
  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "1");
  tick_to_the_end();
  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "0");
}

TEST_F(SqliteStreet, keeps_everything_for_ever_unless_told_otherwise) {
  deliver(booking("OVER", "2014-01-01T00:00:00Z"));

  EXPECT_LT(street_.ask(Question::What::tick).next_tick_ms, 0);

  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "1");
}

}  // namespace
}  // namespace bellhop::test
