// SPDX-License-Identifier: Apache-2.0
// What the memory journal offers to tests beyond the contract: faults, and settlements that wait for a word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures.hpp"
#include "journal/memory_journal.hpp"

namespace bellhop::core {
namespace {

using testing::ElementsAre;

TEST(MemoryJournal, fails_as_many_appends_as_it_is_told) {
  MemoryJournal journal;
  journal.fail_appends({Kind::full, "the disk is full"}, 2);

  EXPECT_EQ(journal.append(Webhook(1).incoming()).error().kind, Kind::full);
  EXPECT_EQ(journal.open_instance("crm", Start::now).error().kind, Kind::full);
  EXPECT_EQ(journal.append(Webhook(1).incoming())->seq, 1);
}

TEST(MemoryJournal, fails_settlements_and_reads_without_changing_anything) {
  MemoryJournal journal;
  const InstanceId crm = journal.open_instance("crm", Start::beginning)->id;
  ASSERT_TRUE(journal.append(Webhook(1).incoming()).ok());
  journal.fail_settles({Kind::unavailable, "no disk"});
  journal.fail_reads({Kind::unavailable, "no disk"}, 2);

  EXPECT_EQ(settle_now(journal, settlement(crm, 1, delivered)).error().kind, Kind::unavailable);
  EXPECT_EQ(journal.load(1).error().kind, Kind::unavailable);
  EXPECT_EQ(journal.owed(crm, 0, 10).error().kind, Kind::unavailable);
  EXPECT_EQ(journal.owed(crm, 0, 10)->size(), 1u);
}

TEST(MemoryJournal, lets_held_settlements_through_one_by_one) {
  MemoryJournal journal;
  const InstanceId crm = journal.open_instance("crm", Start::beginning)->id;
  ASSERT_TRUE(journal.append(Webhook(1).incoming()).ok());
  ASSERT_TRUE(journal.append(Webhook(2).incoming()).ok());
  std::vector<Seq> done;
  journal.hold_settles();
  for (const Seq seq : {1, 2}) {
    journal.settle({{settlement(crm, seq, delivered)}, {}}, [&done, seq](Result<void>) { done.push_back(seq); });
  }
  EXPECT_EQ(journal.held_settles_count(), 2u);
  EXPECT_EQ(journal.owed(crm, 0, 10)->size(), 2u);

  EXPECT_TRUE(journal.complete_settle());

  EXPECT_THAT(done, ElementsAre(1));
  EXPECT_EQ(journal.owed(crm, 0, 10)->size(), 1u);
  journal.release_settles();
  EXPECT_THAT(done, ElementsAre(1, 2));
  EXPECT_FALSE(journal.complete_settle());
  EXPECT_TRUE(settle_now(journal, settlement(crm, 1, dead)).ok());
}

TEST(MemoryJournal, shows_damage_and_loss_as_a_disk_would) {
  MemoryJournal journal;
  for (int number = 1; number <= 4; ++number) ASSERT_TRUE(journal.append(Webhook(number).incoming()).ok());
  journal.corrupt(1);
  journal.lose(2);
  journal.lose(4);

  EXPECT_EQ(journal.load(1).error().kind, Kind::corrupt);
  EXPECT_FALSE(journal.event("1")->is_intact);
  EXPECT_EQ(journal.load(2).error().kind, Kind::not_found);
  EXPECT_THAT(journal.verify()->findings,
              ElementsAre("event 1 is not what was written", "events 2 to 2 are missing", "events 4 to 4 are missing"));
}

}  // namespace
}  // namespace bellhop::core
