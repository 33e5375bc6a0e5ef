// SPDX-License-Identifier: Apache-2.0
// What only a file has to keep small: pages, the log, and the bytes of what was erased.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fault_vfs.hpp"
#include "fixtures.hpp"
#include "journal/backlog.hpp"
#include "journal/schema.hpp"

namespace bellhop::core {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr Milliseconds day_ms = 86'400'000;

struct Upkept : SqliteFixture {
  Webhook webhook(int number, std::size_t more_bytes = 0) const {
    Webhook made(number, "booking/" + std::to_string(number), 1'000, clock.wall_ms());
    made.body += std::string(more_bytes, 'x');
    return made;
  }
  void put(int first, int last, std::size_t more_bytes = 0) {
    for (int number = first; number <= last; ++number) {
      const Result<Appended> appended = journal->append(webhook(number, more_bytes).incoming());
      ASSERT_TRUE(appended.ok()) << appended.error().sentence;
    }
  }
  std::int64_t number(const std::string &sql) {
    Result<Database> database = Database::open_reader(options.path);
    return *database->number(sql);
  }
  std::int64_t orphans() {
    return number(
        "SELECT (SELECT count(*) FROM event_id WHERE seq NOT IN (SELECT seq FROM event)) + "
        "(SELECT count(*) FROM event_subject WHERE seq NOT IN (SELECT seq FROM event)) + "
        "(SELECT count(*) FROM young WHERE seq NOT IN (SELECT seq FROM event))");
  }
};

TEST(SqliteUpkeep, gives_pages_back_to_the_file_system) {
  Upkept f;
  f.options.limits.retention_age_ms = day_ms;
  ASSERT_TRUE(f.open().ok());
  f.put(1, 300, 6'000);
  f.clock.advance(2 * day_ms);
  f.put(301, 301);
  const std::int64_t before = f.journal->usage()->file_bytes + f.journal->usage()->wal_bytes;

  const Result<Retained> retained = f.journal->retain();

  ASSERT_TRUE(retained.ok());
  EXPECT_EQ(f.journal->usage()->removed_count, 300);  // some of them by and by
  EXPECT_EQ(f.journal->usage()->free_page_bytes, 0);
  ASSERT_TRUE(f.reopen().ok());  // moves the log
  EXPECT_LT(f.journal->usage()->file_bytes, before - 300 * 6'000);
  EXPECT_EQ(f.journal->usage()->first, 301);
  EXPECT_EQ(f.journal->usage()->events_count, 1);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
}

TEST(SqliteUpkeep, removes_by_and_by_while_events_come) {
  Upkept f;
  f.options.limits.retention_age_ms = day_ms;
  ASSERT_TRUE(f.open().ok());
  f.put(1, 600);
  f.clock.advance(2 * day_ms);

  for (int number = 601; number < 620; ++number) {
    f.put(number, number);
    f.clock.advance(1'000);
  }

  EXPECT_EQ(f.journal->usage()->first, 601);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  EXPECT_EQ(f.orphans(), 0);
}

TEST(SqliteUpkeep, removes_by_size_whatever_the_age) {
  Upkept f;
  f.options.limits.retention_bytes = 1 << 20;
  ASSERT_TRUE(f.open().ok());
  f.put(1, 200, 7'000);

  ASSERT_TRUE(f.journal->retain().ok());

  const JournalUsage usage = *f.journal->usage();
  EXPECT_LE(f.number("PRAGMA page_count") * 8'192, 1 << 20);
  EXPECT_GT(usage.events_count, 60);
  EXPECT_EQ(usage.newest, 200);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
}

TEST(SqliteUpkeep, keeps_its_numbers_and_the_ranges_it_removed_over_a_restart) {
  Upkept f;
  f.options.limits.retention_age_ms = day_ms;
  f.options.generation_count = 8;
  ASSERT_TRUE(f.open().ok());
  f.put(1, 40);
  f.clock.advance(2 * day_ms);
  ASSERT_TRUE(f.journal->retain().ok());
  ASSERT_EQ(f.journal->usage()->removed_count, 40);

  ASSERT_TRUE(f.reopen().ok());

  EXPECT_EQ(f.journal->newest(), 40);
  EXPECT_FALSE(f.lines.has("are missing"));
  f.put(41, 60);
  EXPECT_EQ(f.journal->newest(), 60);
  EXPECT_EQ(f.number("SELECT count(*) FROM removed"), 1);
  EXPECT_EQ(f.orphans(), 0);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
}

TEST(SqliteUpkeep, tells_a_hole_of_damage_from_one_of_retention) {
  Upkept f;
  f.options.limits.retention_age_ms = day_ms;
  ASSERT_TRUE(f.open().ok());
  f.put(1, 10);
  f.clock.advance(2 * day_ms);
  f.put(11, 20);
  ASSERT_TRUE(f.journal->retain().ok());
  ASSERT_EQ(f.journal->usage()->removed_count, 10);
  f.journal.reset();
  {
    Result<Database> database = Database::open_writer(f.options.path);
    ASSERT_EQ(database->exec("DELETE FROM event WHERE seq IN (11, 15)"), SQLITE_OK);
  }
  ASSERT_TRUE(f.open().ok());
  EXPECT_THAT(f.journal->verify()->findings, Contains("events 11 to 11 are missing"));
  EXPECT_THAT(f.journal->verify()->findings, Contains("events 15 to 15 are missing"));
  f.journal.reset();
  {
    Result<Database> database = Database::open_writer(f.options.path);
    ASSERT_EQ(database->exec("UPDATE removed SET last = 15"), SQLITE_OK);
  }
  ASSERT_TRUE(f.open().ok());
  EXPECT_THAT(f.journal->verify()->findings, Contains("the record of removed events at 1 is not what was written"));
  EXPECT_THAT(f.journal->verify()->findings, Contains("events 1 to 11 are missing"));
}

TEST(SqliteUpkeep, leaves_a_damaged_event_for_a_person_to_look_at) {
  Upkept f;
  f.options.limits.retention_age_ms = day_ms;
  ASSERT_TRUE(f.open().ok());
  f.put(1, 3);
  f.journal.reset();
  {
    Result<Database> database = Database::open_writer(f.options.path);
    ASSERT_EQ(database->exec("UPDATE event SET body = x'00' WHERE seq = 2"), SQLITE_OK);
  }
  ASSERT_TRUE(f.open().ok());
  f.clock.advance(2 * day_ms);

  ASSERT_TRUE(f.journal->retain().ok());
  EXPECT_EQ(f.journal->usage()->removed_count, 2);
  EXPECT_FALSE(f.journal->event("2")->is_intact);
}

TEST(SqliteUpkeep, refuses_beyond_the_most_bytes_and_says_so_once) {
  Upkept f;
  f.options.limits.bytes_max = 1 << 20;
  ASSERT_TRUE(f.open().ok());
  ASSERT_TRUE(f.journal->open_instance("crm", Start::beginning).ok());
  int taken_count = 0;
  Error last;
  for (int number = 1; number <= 300; ++number) {
    const Result<Appended> appended = f.journal->append(f.webhook(number, 7'000).incoming());
    taken_count += appended.ok();
    if (!appended.ok()) last = appended.error();
    f.clock.advance(1);
  }

  EXPECT_GT(taken_count, 20);
  EXPECT_LT(taken_count, 200);
  EXPECT_EQ(last.kind, Kind::full);
  EXPECT_THAT(last.sentence, HasSubstr("bytes_max in [journal]"));
  EXPECT_THAT(last.sentence, HasSubstr("instance \"crm\""));
  EXPECT_EQ(f.lines.text().find("events are refused"), f.lines.text().rfind("events are refused"));
  f.clock.advance(10'000);
  EXPECT_FALSE(f.journal->append(f.webhook(999).incoming()).ok());
  EXPECT_TRUE(f.lines.has(std::to_string(301 - taken_count) + " events were refused so far")) << f.lines.text();
}

// ---- forget ---------------------------------------------------------------------------------------------------------

TEST(SqliteUpkeep, leaves_no_byte_of_a_person_in_any_file) {
  Upkept f;
  f.options.generation_count = 16;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  const std::string email = "ada.lovelace@example.org";
  for (int number = 1; number <= 200; ++number) {
    Webhook made = f.webhook(number, number % 3 == 0 ? 20'000 : 300);  // with overflow pages, and without
    const bool is_hers = number % 5 == 0;
    if (is_hers) {
      made.body.insert(made.body.size() / 2, email);
      made.event.json = "{\"email\":\"" + email + "\"}";
      made.headers.emplace_back("X-From", email);
    }
    const std::string reason = "from " + email;
    const Incoming incoming = number % 10 == 0 ? made.quarantined(reason) : made.incoming();
    ASSERT_TRUE(f.journal->append(incoming).ok());
    Settlement said = settlement(crm, number, number % 4 == 0 ? waiting : delivered, made.event.subject, 1);
    said.message =
        (number % 7 == 0 ? "wrote to " + email : "done") + std::string(static_cast<std::size_t>(number), '.');
    if (said.state == delivered) {
      const std::string of = std::to_string(number);
      said.staged.kv = {{"guest/" + of, number % 6 == 0 ? email : of}};
      said.staged.documents = {{of + ".ics", "text/calendar", std::string(9'000, 'i') + " " + (is_hers ? email : of)}};
    } else {
      said.exchanges = "[{\"url\":\"https://crm.example/" + email + "\"}]";
    }
    ASSERT_TRUE(settle_now(*f.journal, said).ok());
  }
  // Where the person still is: "journal.db page 12 at 700".
  const auto places = [&] {
    std::string found;
    for (const auto &entry : std::filesystem::directory_iterator(f.directory.path())) {
      const std::string bytes = read_file(entry.path().string());
      for (std::size_t at = bytes.find(email); at != std::string::npos; at = bytes.find(email, at + 1)) {
        found += entry.path().filename().string() + " page " + std::to_string(at / 8'192 + 1) + " at " +
                 std::to_string(at % 8'192) + " flag " + std::to_string(bytes[at / 8'192 * 8'192]) + "\n";
      }
    }
    return found;
  };
  ASSERT_NE(places(), "");

  const Result<Forgotten> forgotten = f.journal->forget(email);

  ASSERT_TRUE(forgotten.ok()) << forgotten.error().sentence;
  EXPECT_EQ(forgotten->events_count, 40);
  EXPECT_TRUE(forgotten->is_log_cut);
  EXPECT_EQ(places(), "");
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  ASSERT_TRUE(f.reopen().ok());
  EXPECT_EQ(places(), "");
  EXPECT_EQ(f.journal->instances()->at(0).waiting_count, 50);  // delivery ends them, in their turn
}

// ---- faults ---------------------------------------------------------------------------------------------------------

TEST(SqliteUpkeep, is_whole_after_the_nth_write_or_sync_of_a_removal_failed) {
  FaultVfs vfs;
  int struck_count = 0;
  for (int number = 1; number <= 24; ++number) {
    SCOPED_TRACE("fault at call " + std::to_string(number));
    Upkept f;
    f.options.vfs = FaultVfs::name;
    f.options.limits.retention_age_ms = day_ms;
    f.options.generation_count = 8;
    ASSERT_TRUE(f.open().ok());
    f.put(1, 30, 3'000);
    f.clock.advance(2 * day_ms);
    const auto what = number % 2 == 0 ? FaultVfs::What::write : FaultVfs::What::sync;
    vfs.arm(what, (number + 1) / 2, 1, number % 4 == 0 ? SQLITE_FULL : SQLITE_IOERR);
    (void)f.journal->retain();
    struck_count += vfs.struck_count();
    vfs.disarm();

    f.put(31, 50, 3'000);
    ASSERT_TRUE(f.journal->retain().ok());
    EXPECT_EQ(f.journal->usage()->first, 31);
    EXPECT_EQ(text_of(f.journal->verify()->findings), "");
    ASSERT_TRUE(f.reopen().ok());
    EXPECT_EQ(text_of(f.journal->verify()->findings), "");
    EXPECT_EQ(f.journal->newest(), 50);
  }
  EXPECT_GT(struck_count, 5);
}

// ---- the backlog's bytes --------------------------------------------------------------------------------------------

TEST(Backlog, sums_in_constant_memory) {
  Backlog backlog;
  backlog.reset(100, 200, 1'000);
  EXPECT_EQ(backlog.bytes_above(200), 0);
  EXPECT_EQ(backlog.bytes_above(150), 500);
  EXPECT_EQ(backlog.bytes_above(0), 1'000);

  std::int64_t sum = 0;
  for (Seq seq = 201; seq <= 3'000'000; ++seq) {
    const std::int64_t bytes = seq % 2 == 0 ? 700 : 300;
    backlog.add(seq, bytes);
    sum += bytes;
  }

  EXPECT_NEAR(static_cast<double>(backlog.bytes_above(200)), static_cast<double>(sum), 1'024 * 700.0);
  EXPECT_NEAR(static_cast<double>(backlog.bytes_above(1'500'000)), 1'500'000 * 500.0, 1'024 * 700.0);
  EXPECT_NEAR(static_cast<double>(backlog.bytes_above(2'999'999)), 700, 1'024 * 700.0);
}

}  // namespace
}  // namespace bellhop::core
