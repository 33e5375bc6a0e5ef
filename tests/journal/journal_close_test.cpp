// SPDX-License-Identifier: Apache-2.0
// The ends of a journal's life: what a clean stop leaves behind, and what a start makes of a damaged cursor.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "journal/fixtures.hpp"

namespace bellhop::core {
namespace {

class JournalClose : public testing::Test {
 protected:
  std::unique_ptr<SqliteJournal> open() {
    JournalOptions options;
    options.path = path_;
    options.durability = Durability::relaxed;
    options.disk_reserve_bytes = 0;
    options.clock = &clock_;
    options.log = &log_;
    Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(options);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().sentence);
    return opened.ok() ? std::move(opened).value() : nullptr;
  }

  TempDir dir_;
  const std::string path_ = dir_.file("journal.db");
  FakeClock clock_;
  Lines lines_;
  const Log log_ = lines_.log();
};

TEST_F(JournalClose, a_clean_stop_leaves_everything_in_the_one_file) {
  auto journal = open();
  ASSERT_NE(journal, nullptr);
  for (int number = 1; number <= 20; ++number) ASSERT_TRUE(journal->append(Webhook(number).incoming()).ok());
  ASSERT_TRUE(journal->load(20).ok());  // a reader has a connection now

  journal.reset();

  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(JournalClose, a_cursor_that_was_damaged_upward_skips_nothing) {
  InstanceId instance = 0;
  {
    auto journal = open();
    ASSERT_NE(journal, nullptr);
    instance = journal->open_instance("crm", Start::beginning)->id;
    for (int number = 1; number <= 5; ++number) ASSERT_TRUE(journal->append(Webhook(number).incoming()).ok());
    SettleBatch batch;
    batch.settlements.push_back(settlement(instance, 1, DeliveryState::delivered));
    bool is_durable = false;
    journal->settle(std::move(batch), [&](const Result<void> &done) { is_durable = done.ok(); });
    ASSERT_TRUE(journal->append(Webhook(6).incoming()).ok());  // settles are durable in the order of the calls
    ASSERT_TRUE(is_durable);
  }
  sqlite3 *database = nullptr;  // damage, from outside
  ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "UPDATE instance SET cursor = 4", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);

  auto journal = open();
  ASSERT_NE(journal, nullptr);
  const OpenedInstance opened = *journal->open_instance("crm", Start::beginning);

  EXPECT_EQ(opened.cursor, 0);
  EXPECT_TRUE(lines_.has("its cursor reads 4")) << lines_.text();
  std::vector<Seq> owed;
  for (const Owed &one : journal->owed(instance, opened.cursor, 10).value()) owed.push_back(one.key.seq);
  EXPECT_EQ(owed, (std::vector<Seq>{2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace bellhop::core
