// SPDX-License-Identifier: Apache-2.0
// Storage that fails: no append is ever answered with ok for an event that is not there after a restart.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fault_vfs.hpp"
#include "fixtures.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

constexpr int faults_count = 60;  // n of "the n-th call fails"
constexpr int appends_count = 40;

class JournalFault : public testing::Test {
 protected:
  JournalFault() {
    f_.options.vfs = FaultVfs::name;
    f_.options.generation_count = 16;
    f_.options.fatal = [this](const std::string &sentence) {
      ++fatal_count_;
      fatal_ = sentence;
    };
  }

  static Webhook webhook(int number) {
    Webhook made(number, "booking/" + std::to_string(number % 5));
    made.body += std::string(6'000, static_cast<char>('a' + number % 26));
    return made;
  }

  // Every event that was answered with ok is there, whole, after a restart without faults.
  void check_after_restart(const std::vector<Seq> &seqs, int first_number) {
    vfs_.disarm();
    ASSERT_TRUE(f_.reopen().ok());
    for (std::size_t i = 0; i < seqs.size(); ++i) {
      if (seqs[i] == 0) continue;
      const Result<StoredEvent> stored = f_.journal->load(seqs[i]);
      ASSERT_TRUE(stored.ok()) << stored.error().sentence;
      ASSERT_EQ(stored->body, webhook(first_number + static_cast<int>(i)).body);
    }
    const Result<VerifyReport> report = f_.journal->verify();
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(text_of(report->findings), "");
  }

  // Appends, settles now and then; a failed append leaves 0.
  std::vector<Seq> append_some(InstanceId crm, int first_number, Kind expected) {
    std::vector<Seq> seqs;
    for (int i = 0; i < appends_count; ++i) {
      const Result<Appended> appended = f_.journal->append(webhook(first_number + i).incoming());
      seqs.push_back(appended.ok() ? appended->seq : 0);
      if (!appended.ok()) {
        EXPECT_EQ(appended.error().kind, expected) << appended.error().sentence;
        continue;
      }
      if (i % 4 != 0) continue;
      const Result<void> settled = settle_now(*f_.journal, settlement(crm, appended->seq, delivered));
      if (!settled.ok()) {
        EXPECT_EQ(settled.error().kind, expected) << settled.error().sentence;
      }
    }
    return seqs;
  }

  void sweep(FaultVfs::What what, int code, Kind expected) {
    ASSERT_TRUE(f_.open().ok());
    const InstanceId crm = f_.journal->open_instance("crm", Start::beginning)->id;
    int struck_count = 0;
    for (int number = 1; number <= faults_count; ++number) {
      SCOPED_TRACE("fault at call " + std::to_string(number));
      vfs_.arm(what, number, 1, code);
      const std::vector<Seq> seqs = append_some(crm, number * 1'000, expected);
      struck_count += vfs_.struck_count();
      if (vfs_.struck_count() == 0) continue;
      ASSERT_NO_FATAL_FAILURE(check_after_restart(seqs, number * 1'000));
    }
    EXPECT_GT(struck_count, faults_count / 2);
    EXPECT_EQ(fatal_count_, 0) << fatal_;
  }

  FaultVfs vfs_;  // outlives the journal
  SqliteFixture f_;
  std::atomic<int> fatal_count_{0};
  std::string fatal_;
};

TEST_F(JournalFault, loses_nothing_when_the_nth_sync_fails) {
  sweep(FaultVfs::What::sync, SQLITE_IOERR_FSYNC, Kind::unavailable);
}

TEST_F(JournalFault, loses_nothing_when_the_nth_write_fails) {
  sweep(FaultVfs::What::write, SQLITE_IOERR_WRITE, Kind::unavailable);
}

TEST_F(JournalFault, loses_nothing_when_the_nth_write_finds_the_disk_full) {
  sweep(FaultVfs::What::write, SQLITE_FULL, Kind::full);
}

TEST_F(JournalFault, starts_on_what_a_failed_first_start_left) {
  int refused_count = 0;
  for (int number = 1; number <= 30; ++number) {
    SCOPED_TRACE("fault at call " + std::to_string(number));
    f_.options.path = f_.directory.file("first-" + std::to_string(number) + ".db");
    vfs_.arm(number % 2 == 0 ? FaultVfs::What::sync : FaultVfs::What::write, (number + 1) / 2, 1, SQLITE_IOERR);
    const Result<void> opened = f_.open();
    refused_count += !opened.ok();
    vfs_.disarm();

    ASSERT_TRUE(f_.reopen().ok());
    EXPECT_EQ(f_.journal->append(webhook(number).incoming())->seq, 1);
    EXPECT_EQ(text_of(f_.journal->verify()->findings), "");
    f_.journal.reset();
  }
  EXPECT_GT(refused_count, 5);
}

TEST_F(JournalFault, gives_up_after_the_third_failure_in_a_row_and_says_so_once) {
  ASSERT_TRUE(f_.open().ok());
  ASSERT_EQ(f_.journal->append(webhook(1).incoming())->seq, 1);
  vfs_.arm(FaultVfs::What::sync, 1, 1'000'000, SQLITE_IOERR_FSYNC);

  for (int i = 0; i < 5; ++i) EXPECT_EQ(f_.journal->append(webhook(2).incoming()).error().kind, Kind::unavailable);
  vfs_.disarm();
  const Result<Appended> refused = f_.journal->append(webhook(2).incoming());

  EXPECT_EQ(refused.error().kind, Kind::unavailable);
  EXPECT_THAT(refused.error().sentence, HasSubstr("failed 3 times in a row"));
  EXPECT_EQ(f_.journal->load(1)->body, webhook(1).body);
  EXPECT_EQ(fatal_count_, 1);
  EXPECT_THAT(fatal_, HasSubstr("3 times in a row"));
  EXPECT_TRUE(f_.lines.has("failure 1 of 3"));
  EXPECT_TRUE(f_.lines.has("failure 3 of 3"));
  check_after_restart({1}, 1);
}

TEST_F(JournalFault, counts_only_failures_in_a_row) {
  ASSERT_TRUE(f_.open().ok());
  for (int i = 0; i < 10; ++i) {
    vfs_.arm(FaultVfs::What::sync, 1, 1, SQLITE_IOERR_FSYNC);
    EXPECT_FALSE(f_.journal->append(webhook(2 * i).incoming()).ok());
    EXPECT_TRUE(f_.journal->append(webhook(2 * i + 1).incoming()).ok());
  }

  EXPECT_EQ(fatal_count_, 0);
  EXPECT_FALSE(f_.lines.has("failure 2 of 3"));
}

TEST_F(JournalFault, tells_every_caller_of_a_failed_batch_and_the_settlements_too) {
  ASSERT_TRUE(f_.open().ok());
  const InstanceId crm = f_.journal->open_instance("crm", Start::beginning)->id;
  ASSERT_TRUE(f_.journal->append(webhook(1).incoming()).ok());
  vfs_.arm(FaultVfs::What::sync, 1, 1'000'000, SQLITE_IOERR_FSYNC);
  std::atomic<int> refused_count{0};
  std::vector<std::thread> threads;
  for (int number = 10; number < 26; ++number) {
    threads.emplace_back([&, number] {
      refused_count += f_.journal->append(webhook(number).incoming()).error().kind == Kind::unavailable;
    });
  }
  EXPECT_EQ(settle_now(*f_.journal, settlement(crm, 1, delivered)).error().kind, Kind::unavailable);
  EXPECT_EQ(f_.journal->replay(crm, 1).error().kind, Kind::unavailable);
  EXPECT_EQ(f_.journal->open_instance("slack", Start::now).error().kind, Kind::unavailable);
  EXPECT_EQ(f_.journal->park_instances_except({}).error().kind, Kind::unavailable);
  for (std::thread &thread : threads) thread.join();

  EXPECT_EQ(refused_count, 16);
  vfs_.disarm();
  ASSERT_TRUE(f_.reopen().ok());
  EXPECT_EQ(text_of(f_.journal->verify()->findings), "");  // what was refused may have reached the disk, but whole
  EXPECT_TRUE(f_.journal->append(webhook(30).incoming()).ok());
}

TEST_F(JournalFault, forgets_in_memory_what_a_failed_transaction_had_changed) {
  ASSERT_TRUE(f_.open().ok());
  const InstanceId crm = f_.journal->open_instance("crm", Start::beginning)->id;
  ASSERT_TRUE(f_.journal->append(webhook(1).incoming()).ok());
  vfs_.arm(FaultVfs::What::write, 1, 1, SQLITE_FULL);
  EXPECT_EQ(settle_batch(*f_.journal, {{settlement(crm, 1, delivered)}, {{crm, 1}}}).error().kind, Kind::full);
  vfs_.arm(FaultVfs::What::write, 1, 1, SQLITE_FULL);
  EXPECT_EQ(f_.journal->open_instance("slack", Start::beginning).error().kind, Kind::full);
  vfs_.arm(FaultVfs::What::write, 1, 1, SQLITE_FULL);
  EXPECT_EQ(f_.journal->append(webhook(2).incoming()).error().kind, Kind::full);

  f_.clock.advance(10'000);
  EXPECT_EQ(f_.journal->open_instance("crm", Start::now)->cursor, 0);
  EXPECT_TRUE(f_.journal->open_instance("slack", Start::beginning)->is_new);
  EXPECT_EQ(f_.journal->append(webhook(3).incoming())->seq, 2);
  EXPECT_EQ(f_.journal->instances()->at(0).delivered_count, 0);
  EXPECT_EQ(text_of(f_.journal->verify()->findings), "");
  EXPECT_TRUE(f_.lines.has("there is room again: events are taken; "));
}

// A daemon that was killed between write and sync leaves a log that can be read and is not safe; its events may not be
// acknowledged as duplicates before they are.
TEST_F(JournalFault, makes_the_log_of_a_killed_predecessor_durable_before_the_first_answer) {
  ASSERT_TRUE(f_.open().ok());
  ASSERT_TRUE(f_.journal->append(webhook(1).incoming()).ok());
  const std::string left = f_.directory.file("left.db");
  for (const char *suffix : {"", "-wal", ".mark"}) {
    std::filesystem::copy_file(f_.options.path + suffix, left + suffix);
  }
  f_.journal.reset();
  f_.options.path = left;
  ASSERT_GT(std::filesystem::file_size(left + "-wal"), 0u);
  vfs_.arm(FaultVfs::What::sync, 2, 1, SQLITE_IOERR_FSYNC);  // the database's, after the log's
  EXPECT_EQ(f_.open().error().kind, Kind::unavailable);
  vfs_.disarm();
  const int syncs_before = vfs_.syncs_count();

  ASSERT_TRUE(f_.open().ok());

  EXPECT_GE(vfs_.syncs_count() - syncs_before, 2);
  EXPECT_EQ(std::filesystem::file_size(left + "-wal"), 0u);
  EXPECT_TRUE(f_.journal->append(webhook(1).incoming())->is_duplicate);
}

}  // namespace
}  // namespace bellhop::core
