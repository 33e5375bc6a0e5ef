// SPDX-License-Identifier: Apache-2.0
// What only a journal on disk has to do: survive a restart, refuse what is not its file, notice what was lost, keep
// space, and answer many at once.
#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "fixtures.hpp"
#include "journal/high_water.hpp"
#include "journal/schema.hpp"
#include "journal/verify.hpp"

namespace bellhop::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

void exec(const std::string &path, const std::string &sql) {
  Result<Database> database = Database::open_writer(path);
  ASSERT_TRUE(database.ok()) << database.error().sentence;
  ASSERT_EQ(database->exec(sql.c_str()), SQLITE_OK) << database->error(sql).sentence;
}

TEST(SqliteJournal, has_everything_after_a_restart) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 3; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  ASSERT_TRUE(settle_batch(*f.journal,
                           {{settlement(crm, 1, delivered), settlement(crm, 2, waiting, "booking/1", 40)}, {{crm, 1}}})
                  .ok());
  const std::int64_t replay = *f.journal->replay(crm, 1);

  ASSERT_TRUE(f.reopen().ok());

  EXPECT_EQ(f.journal->newest(), 3);
  EXPECT_EQ(f.journal->load(2)->body, Webhook(2).body);
  EXPECT_TRUE(f.journal->append(Webhook(2).incoming())->is_duplicate);
  EXPECT_EQ(f.journal->append(Webhook(4).incoming())->seq, 4);
  const OpenedInstance opened = *f.journal->open_instance("crm", Start::now);
  EXPECT_EQ(opened.id, crm);
  EXPECT_EQ(opened.cursor, 1);
  EXPECT_FALSE(opened.is_new);
  EXPECT_EQ(f.journal->due(crm, 40, 10)->size(), 2u);
  EXPECT_EQ(f.journal->instances()->at(0).delivered_count, 1);
  EXPECT_GT(*f.journal->replay(crm, 1), replay);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  EXPECT_EQ(f.lines.text(), f.lines.has("file system in memory") ? f.lines.text() : "");
}

TEST(SqliteJournal, keeps_its_settings_in_the_file) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  f.journal.reset();

  Result<Database> database = Database::open_reader(f.options.path);

  EXPECT_EQ(*database->number("PRAGMA page_size"), 8192);
  EXPECT_EQ(*database->number("PRAGMA auto_vacuum"), 2);
  EXPECT_EQ(*database->number("PRAGMA user_version"), schema_version);
  EXPECT_EQ(*database->number("PRAGMA application_id"), 0x42484c50);
  EXPECT_EQ(*database->number("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

TEST(SqliteJournal, a_reader_can_neither_write_nor_move_the_log) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  ASSERT_TRUE(f.journal->append(Webhook(1).incoming()).ok());
  {
    Result<Database> reader = Database::open_reader(f.options.path);
    EXPECT_EQ(reader->exec("DELETE FROM event") & 0xff, SQLITE_READONLY);
    EXPECT_NE(reader->exec("PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
  }
  EXPECT_GT(std::filesystem::file_size(f.options.path + "-wal"), 0u);
}

// ---- refusals -------------------------------------------------------------------------------------------------------

TEST(SqliteJournal, refuses_a_second_daemon_and_names_the_first) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());

  const Result<std::unique_ptr<SqliteJournal>> second = SqliteJournal::open(f.options);

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, Kind::conflict);
  EXPECT_THAT(second.error().sentence, HasSubstr("process " + std::to_string(getpid())));
  EXPECT_EQ(verify_offline(f.options.path).error().kind, Kind::conflict);
}

TEST(SqliteJournal, refuses_a_newer_file_and_names_both_versions) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  f.journal.reset();
  exec(f.options.path, "PRAGMA user_version=99");

  const Result<void> opened = f.open();

  EXPECT_EQ(opened.error().kind, Kind::conflict);
  EXPECT_THAT(opened.error().sentence, HasSubstr("version 99"));
  EXPECT_THAT(opened.error().sentence, HasSubstr("up to version " + std::to_string(schema_version)));
  EXPECT_EQ(verify_offline(f.options.path).error().kind, Kind::conflict);
}

TEST(SqliteJournal, refuses_the_database_of_another_program_and_leaves_it_as_it_was) {
  SqliteFixture f;
  exec(f.options.path, "CREATE TABLE theirs(x)");
  const std::string before = read_file(f.options.path);

  const Result<void> opened = f.open();

  EXPECT_EQ(opened.error().kind, Kind::conflict);
  EXPECT_THAT(opened.error().sentence, HasSubstr("another program"));
  EXPECT_EQ(read_file(f.options.path), before);
}

TEST(SqliteJournal, refuses_what_is_no_database) {
  SqliteFixture f;
  write_file(f.options.path, std::string(20'000, 'x'));

  EXPECT_EQ(f.open().error().kind, Kind::corrupt);
}

TEST(SqliteJournal, refuses_a_directory_that_is_not_there) {
  SqliteFixture f;
  f.options.path = f.directory.file("none/journal.db");

  EXPECT_EQ(f.open().error().kind, Kind::unavailable);
}

TEST(SqliteJournal, refuses_to_start_without_its_high_water_file) {
  SqliteFixture f;
  std::filesystem::create_directory(HighWater::path_of(f.options.path));

  const Result<void> opened = f.open();

  EXPECT_EQ(opened.error().kind, Kind::unavailable);
  EXPECT_THAT(opened.error().sentence, HasSubstr("journal.db.mark"));
}

TEST(SqliteJournal, refuses_a_file_system_in_memory_unless_told_otherwise) {
  struct statfs place {};
  if (statfs("/dev/shm", &place) != 0 || place.f_type != TMPFS_MAGIC || access("/dev/shm", W_OK) != 0) {
    GTEST_SKIP() << "/dev/shm is no tmpfs that we may write to";
  }
  std::string directory = "/dev/shm/bellhop-journal-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  SqliteFixture f;
  f.options.path = directory + "/journal.db";
  f.options.durability = Durability::strict;

  const Result<void> strict = f.open();
  f.options.durability = Durability::relaxed;
  const Result<void> relaxed = f.open();
  f.journal.reset();
  std::filesystem::remove_all(directory);

  EXPECT_EQ(strict.error().kind, Kind::denied);
  EXPECT_THAT(strict.error().sentence, HasSubstr("in memory"));
  EXPECT_TRUE(relaxed.ok());
  EXPECT_TRUE(f.lines.has("warn journal: the journal's directory " + directory));
}

// ---- losses ---------------------------------------------------------------------------------------------------------

TEST(SqliteJournal, names_a_lost_end_once_and_goes_on_above_it) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  for (int number = 1; number <= 5; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  f.journal.reset();
  exec(f.options.path, "DELETE FROM event WHERE seq > 3");

  ASSERT_TRUE(f.open().ok());
  EXPECT_TRUE(f.lines.has("error journal: acknowledged events 4 to 5 are missing"));
  const Result<Appended> again = f.journal->append(Webhook(5).incoming());
  EXPECT_FALSE(again->is_duplicate);
  EXPECT_EQ(again->seq, 6);
  EXPECT_EQ(f.journal->newest(), 6);

  EXPECT_THAT(f.journal->verify()->findings,
              ElementsAre("acknowledged events 4 to 5 are missing, as an earlier start found"));
  ASSERT_TRUE(f.reopen().ok());
  EXPECT_EQ(f.journal->append(Webhook(7).incoming())->seq, 7);
  EXPECT_EQ(f.journal->verify()->findings.size(), 1u);
  EXPECT_EQ(f.lines.text().find("missing"), f.lines.text().rfind("missing"));
}

TEST(SqliteJournal, verifies_offline_and_finds_what_no_start_has_seen) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 9; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  ASSERT_TRUE(settle_batch(*f.journal, {{settlement(crm, 1, delivered), settlement(crm, 2, dead)}, {}}).ok());
  ASSERT_TRUE(f.journal->replay(crm, 2).ok());
  f.journal.reset();
  EXPECT_EQ(text_of(verify_offline(f.options.path)->findings), "");

  exec(f.options.path,
       "DELETE FROM event WHERE seq IN (2, 3, 9); UPDATE event SET body = x'00' WHERE seq = 5; "
       "UPDATE delivery SET attempts = 4294967297 WHERE seq = 1; DELETE FROM delivery WHERE seq = 1 AND attempts = 7; "
       "UPDATE replay SET due_ms = 1; UPDATE instance SET cursor = 4; INSERT INTO hole VALUES(2, 3, 1, 1);"
       "CREATE INDEX stray ON event(flags)");
  const Result<VerifyReport> report = verify_offline(f.options.path);

  ASSERT_TRUE(report.ok()) << report.error().sentence;
  EXPECT_EQ(report->newest, 8);
  EXPECT_EQ(report->events_count, 6);
  EXPECT_THAT(report->findings,
              testing::UnorderedElementsAre(
                  HasSubstr("definitions of the tables"), HasSubstr("record of missing events at 2"),
                  "events 2 to 3 are missing", "event 5 is not what was written (its checksum differs)",
                  "events 9 to 9 are missing", HasSubstr("instance 1 \"crm\" is not what was written"),
                  HasSubstr("delivery of event 1 to instance 1 is not"), HasSubstr("replay 1 is not")));
}

TEST(SqliteJournal, compares_the_count_of_delivered_events_with_their_rows) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  ASSERT_TRUE(f.journal->append(Webhook(1).incoming()).ok());
  ASSERT_TRUE(settle_now(*f.journal, settlement(crm, 1, delivered)).ok());
  f.journal.reset();
  exec(f.options.path, "DELETE FROM delivery");

  EXPECT_THAT(verify_offline(f.options.path)->findings,
              ElementsAre("instance 1 \"crm\" counts 1 delivered events, and has rows for 0"));
}

TEST(SqliteJournal, says_so_when_the_high_water_file_is_missing_or_damaged) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  ASSERT_TRUE(f.journal->append(Webhook(1).incoming()).ok());
  f.journal.reset();
  const std::string mark = HighWater::path_of(f.options.path);

  std::string bytes = read_file(mark);
  bytes[9] ^= 1;
  write_file(mark, bytes);
  ASSERT_TRUE(f.open().ok());
  EXPECT_TRUE(f.lines.has("warn journal: a slot of the high-water file"));
  f.journal.reset();

  std::filesystem::remove(mark);
  EXPECT_THAT(verify_offline(f.options.path)->findings, ElementsAre(HasSubstr("is missing")));
  ASSERT_TRUE(f.open().ok());
  EXPECT_TRUE(f.lines.has("was missing: whether"));
  EXPECT_EQ(HighWater::read(f.options.path)->mark, 1);
}

TEST(SqliteJournal, checks_the_newest_rows_at_its_start) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  for (int number = 1; number <= 3; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  f.journal.reset();
  exec(f.options.path, "UPDATE event SET json = x'41' WHERE seq = 3");

  ASSERT_TRUE(f.open().ok());

  EXPECT_TRUE(f.lines.has("error journal: event 3 is not what was written"));
  EXPECT_EQ(f.journal->load(3).error().kind, Kind::corrupt);
  EXPECT_FALSE(f.journal->event("3")->is_intact);
  EXPECT_TRUE(f.journal->load(2).ok());
}

TEST(SqliteJournal, does_not_trip_over_garbage_in_columns_that_are_read_unchecked) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 3; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  ASSERT_TRUE(settle_now(*f.journal, settlement(crm, 1, waiting, "booking/1", 5)).ok());
  f.journal.reset();
  exec(
      f.options.path,
      "UPDATE event SET type = char(0) || 'x', flags = -1, id = x'01', headers = x'ff', subject_key = 9 WHERE seq = 2; "
      "UPDATE delivery SET verdict = 900, attempts = -1, message = ''; DELETE FROM event WHERE seq = 1; "
      "UPDATE instance SET cursor = -7");

  ASSERT_TRUE(f.open().ok());

  EXPECT_EQ(f.journal->owed(crm, 0, 10)->size(), 2u);
  EXPECT_EQ(f.journal->due(crm, 5, 10)->at(0).type, "");
  EXPECT_EQ(f.journal->open_instance("crm", Start::now)->cursor, 0);
  EXPECT_TRUE(f.lines.has("the row of instance \"crm\" is not what was written"));
  EXPECT_EQ(f.journal->events({})->size(), 2u);
  EXPECT_FALSE(f.journal->event("2")->is_intact);
  EXPECT_EQ(f.journal->deliveries_of(1)->size(), 1u);
}

// ---- space ----------------------------------------------------------------------------------------------------------

TEST(SqliteJournal, refuses_events_below_the_reserve_and_recovers_by_itself) {
  SqliteFixture f;
  std::atomic<std::int64_t> free_bytes{2'000};
  f.options.disk_reserve_bytes = 1'000;
  f.options.free_bytes = [&free_bytes] { return free_bytes.load(); };
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  ASSERT_TRUE(f.journal->append(Webhook(1).incoming()).ok());

  free_bytes = 999;
  f.clock.advance(1'000);
  const Result<Appended> refused = f.journal->append(Webhook(2).incoming());
  EXPECT_EQ(refused.error().kind, Kind::full);
  EXPECT_THAT(refused.error().sentence, HasSubstr("less than 1000 bytes"));
  EXPECT_TRUE(settle_now(*f.journal, settlement(crm, 1, delivered)).ok());  // what makes space goes on
  EXPECT_TRUE(f.journal->load(1).ok());
  EXPECT_EQ(f.journal->append(Webhook(1).incoming()).error().kind, Kind::full);

  free_bytes = 1'000;
  f.clock.advance(10'000);
  EXPECT_EQ(f.journal->append(Webhook(2).incoming())->seq, 2);
  EXPECT_EQ(f.lines.text().find("events are refused"), f.lines.text().rfind("events are refused"));
  EXPECT_TRUE(f.lines.has("there is room again: events are taken; 2 were refused"));
}

// ---- many at once ---------------------------------------------------------------------------------------------------

TEST(SqliteJournal, numbers_the_events_of_32_threads_without_gaps_and_their_duplicates_alike) {
  constexpr int threads_count = 32, appends_count = 200, bodies_count = threads_count * appends_count / 2;
  SqliteFixture f;
  f.options.batch_max = 20;  // fewer than threads: batches are cut
  f.options.generation_count = 500;
  ASSERT_TRUE(f.open().ok());
  std::vector<std::atomic<Seq>> seqs(bodies_count);
  std::atomic<int> first_count{0}, wrong_count{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < threads_count; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < appends_count; ++i) {
        const int number = (thread * appends_count + i) % bodies_count;  // each body comes from two threads
        const Result<Appended> appended =
            f.journal->append(Webhook(number, "booking/" + std::to_string(number % 7)).incoming());
        if (!appended.ok() || f.journal->newest() < appended->seq) {
          ++wrong_count;
          continue;
        }
        first_count += !appended->is_duplicate;
        Seq expected = 0;
        if (!seqs[static_cast<std::size_t>(number)].compare_exchange_strong(expected, appended->seq)) {
          wrong_count += expected != appended->seq;
        }
      }
    });
  }
  for (std::thread &thread : threads) thread.join();

  EXPECT_EQ(wrong_count, 0);
  EXPECT_EQ(first_count, bodies_count);
  EXPECT_EQ(f.journal->newest(), bodies_count);
  std::set<Seq> distinct;
  for (const std::atomic<Seq> &seq : seqs) distinct.insert(seq);
  EXPECT_EQ(distinct.size(), static_cast<std::size_t>(bodies_count));
  EXPECT_EQ(*distinct.begin(), 1);
  EXPECT_EQ(*distinct.rbegin(), bodies_count);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  EXPECT_LT(std::filesystem::file_size(f.options.path + "-wal"), 8u << 20);
}

TEST(SqliteJournal, answers_readers_while_it_writes) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  std::atomic<bool> is_done{false};
  std::atomic<int> wrong_count{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < ReaderPool::readers_max + 2; ++reader) {  // more than there are connections
    readers.emplace_back([&] {
      while (!is_done) {
        const Seq newest = f.journal->newest();
        if (newest == 0) continue;
        const Result<StoredEvent> stored = f.journal->load(newest);
        wrong_count += !stored.ok() || stored->body != Webhook(static_cast<int>(newest)).body;
        wrong_count += f.journal->owed(crm, newest - 1, 1).value().empty();
      }
    });
  }
  for (int number = 1; number <= 60; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  is_done = true;
  for (std::thread &reader : readers) reader.join();

  EXPECT_EQ(wrong_count, 0);
}

TEST(SqliteJournal, writes_what_is_queued_before_it_closes) {
  SqliteFixture f;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 100; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  std::atomic<int> done_count{0};
  for (Seq seq = 1; seq <= 100; ++seq) {
    f.journal->settle({{settlement(crm, seq, delivered)}, {}}, [&](Result<void> done) { done_count += done.ok(); });
  }

  ASSERT_TRUE(f.reopen().ok());

  EXPECT_EQ(done_count, 100);
  EXPECT_EQ(f.journal->instances()->at(0).delivered_count, 100);
}

}  // namespace
}  // namespace bellhop::core
