// SPDX-License-Identifier: Apache-2.0
// The contract of core/journal/journal.hpp, sentence by sentence, on every implementation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fault_vfs.hpp"
#include "fixtures.hpp"
#include "journal/memory_journal.hpp"

namespace bellhop::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class JournalContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "memory") {
      journal_ = &memory_;
    } else {
      sqlite_.options.vfs = FaultVfs::name;  // what is kept on a disk is for other tests: syncs cost nothing here
      if (GetParam() == "sqlite_merging") sqlite_.options.generation_count = 2;  // merges all the time
      const Result<void> opened = sqlite_.open();
      ASSERT_TRUE(opened.ok()) << opened.error().sentence;
      journal_ = sqlite_.journal.get();
    }
  }
  Journal &journal() { return *journal_; }

  Seq put(int number, const std::string &subject = "booking/1", Milliseconds time_ms = 1'000) {
    const Result<Appended> appended = journal().append(Webhook(number, subject, time_ms).incoming());
    EXPECT_TRUE(appended.ok()) << appended.error().sentence;
    return appended.ok() ? appended->seq : 0;
  }
  InstanceId open(const std::string &name, Start start = Start::beginning) {
    return journal().open_instance(name, start).value().id;
  }
  void settle(const Settlement &one) {
    const Result<void> settled = settle_now(journal(), one);
    ASSERT_TRUE(settled.ok()) << settled.error().sentence;
  }
  static std::vector<Seq> seqs(const Result<std::vector<Owed>> &owed) {
    std::vector<Seq> found;
    for (const Owed &one : owed.value()) found.push_back(one.key.seq);
    return found;
  }

 private:
  MemoryJournal memory_;
  FaultVfs vfs_;
  SqliteFixture sqlite_;
  Journal *journal_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Every, JournalContract, testing::Values("memory", "sqlite", "sqlite_merging"),
                         [](const auto &param_info) { return param_info.param; });

// ---- append and load ------------------------------------------------------------------------------------------------

TEST_P(JournalContract, numbers_events_from_1_without_gaps) {
  EXPECT_EQ(journal().newest(), 0);

  EXPECT_EQ(put(1), 1);
  EXPECT_EQ(put(2), 2);
  EXPECT_EQ(put(3), 3);

  EXPECT_EQ(journal().newest(), 3);
}

TEST_P(JournalContract, gives_back_what_was_appended_byte_for_byte) {
  Webhook webhook(1, "booking/\xc3\xa4", 1'234, 5'678);
  webhook.event.is_test = true;
  webhook.body = std::string("\0\xff raw", 6) + std::string(100'000, 'x');
  ASSERT_TRUE(journal().append(webhook.incoming()).ok());

  const Result<StoredEvent> stored = journal().load(1);

  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->seq, 1);
  EXPECT_EQ(stored->body, webhook.body);
  EXPECT_EQ(stored->event.id, webhook.event.id);
  EXPECT_EQ(stored->event.type, "booking.confirmed");
  EXPECT_EQ(stored->event.subject, "booking/\xc3\xa4");
  EXPECT_EQ(stored->event.time_ms, 1'234);
  EXPECT_EQ(stored->event.received_ms, 5'678);
  EXPECT_TRUE(stored->event.is_test);
  EXPECT_EQ(stored->event.json, webhook.event.json);
  EXPECT_FALSE(stored->is_late);
}

TEST_P(JournalContract, takes_an_empty_body_and_no_headers) {
  Webhook webhook(1);
  webhook.body.clear();
  Incoming incoming = webhook.incoming();
  incoming.headers = nullptr;

  ASSERT_TRUE(journal().append(incoming).ok());

  EXPECT_EQ(journal().load(1)->body, "");
}

TEST_P(JournalContract, answers_a_duplicate_with_the_seq_of_the_first_and_writes_nothing) {
  put(1);
  put(2, "booking/1", 9'000);
  put(3, "booking/1", 8'000);  // late

  const Result<Appended> again = journal().append(Webhook(1).incoming());
  const Result<Appended> late_again = journal().append(Webhook(3, "booking/1", 8'000).incoming());

  EXPECT_TRUE(again->is_duplicate);
  EXPECT_EQ(again->seq, 1);
  EXPECT_FALSE(again->is_late);
  EXPECT_TRUE(late_again->is_duplicate);
  EXPECT_EQ(late_again->seq, 3);
  EXPECT_TRUE(late_again->is_late);
  EXPECT_EQ(journal().newest(), 3);
}

TEST_P(JournalContract, does_not_take_ids_that_share_8_bytes_for_duplicates) {
  Webhook first(1), second(2);
  second.event.id = first.event.id;
  second.event.id.bytes[15] ^= 1;

  EXPECT_EQ(journal().append(first.incoming())->seq, 1);
  const Result<Appended> appended = journal().append(second.incoming());

  EXPECT_FALSE(appended->is_duplicate);
  EXPECT_EQ(appended->seq, 2);
  EXPECT_TRUE(journal().append(first.incoming())->is_duplicate);
  EXPECT_EQ(journal().append(second.incoming())->seq, 2);
}

TEST_P(JournalContract, keeps_quarantined_bodies_and_knows_their_duplicates) {
  const Webhook webhook(1);
  ASSERT_EQ(journal().append(webhook.quarantined("of no known family"))->seq, 1);

  EXPECT_TRUE(journal().append(webhook.quarantined("again"))->is_duplicate);
  const Result<StoredEvent> stored = journal().load(1);
  EXPECT_EQ(stored->body, webhook.body);
  EXPECT_EQ(stored->event.type, "");
  EXPECT_EQ(stored->event.json, "");
  EXPECT_FALSE(stored->is_superseded);
}

TEST_P(JournalContract, says_not_found_for_an_event_that_is_not_there) {
  put(1);

  for (const Seq seq : {Seq{0}, Seq{-1}, Seq{2}}) EXPECT_EQ(journal().load(seq).error().kind, Kind::not_found);
}

// ---- the late rule --------------------------------------------------------------------------------------------------

TEST_P(JournalContract, calls_late_what_is_strictly_older_than_the_newest_of_its_subject) {
  const auto is_late = [this](int number, const std::string &subject, Milliseconds time_ms) {
    return journal().append(Webhook(number, subject, time_ms).incoming())->is_late;
  };

  EXPECT_FALSE(is_late(1, "booking/1", 2'000));
  EXPECT_FALSE(is_late(2, "booking/1", 2'000));
  EXPECT_TRUE(is_late(3, "booking/1", 1'999));
  EXPECT_TRUE(is_late(4, "booking/1", 1'999));  // what was late does not lower the bar
  EXPECT_FALSE(is_late(5, "booking/2", 1));
  EXPECT_FALSE(is_late(6, "booking/1", 2'001));
  EXPECT_TRUE(journal().load(3)->is_late);
}

TEST_P(JournalContract, ignores_times_more_than_an_hour_ahead_of_their_receipt) {
  const auto is_late = [this](int number, Milliseconds time_ms) {
    return journal().append(Webhook(number, "booking/1", time_ms, 10'000).incoming())->is_late;
  };

  EXPECT_FALSE(is_late(1, 253'402'300'799'000));  // the year 9999
  EXPECT_FALSE(is_late(2, 5'000));
  EXPECT_FALSE(is_late(3, 10'000 + 3'600'001));
  EXPECT_FALSE(is_late(4, 5'001));
  EXPECT_FALSE(is_late(5, 10'000 + 3'600'000));  // an hour exactly does count
  EXPECT_TRUE(is_late(6, 5'002));
  EXPECT_TRUE(is_late(7, std::numeric_limits<Milliseconds>::min() + 1));
}

TEST_P(JournalContract, knows_when_something_newer_of_the_subject_was_accepted_since) {
  put(1, "booking/1", 2'000);
  EXPECT_FALSE(journal().load(1)->is_superseded);

  put(2, "booking/2", 9'000);
  put(3, "booking/1", 2'000);
  EXPECT_FALSE(journal().load(1)->is_superseded);

  put(4, "booking/1", 2'001);
  EXPECT_TRUE(journal().load(1)->is_superseded);
  EXPECT_FALSE(journal().load(1)->is_late);
  EXPECT_FALSE(journal().load(4)->is_superseded);
}

// ---- instances ------------------------------------------------------------------------------------------------------

TEST_P(JournalContract, starts_a_new_instance_now_or_at_the_beginning) {
  put(1);
  put(2);

  const Result<OpenedInstance> now = journal().open_instance("crm", Start::now);
  const Result<OpenedInstance> beginning = journal().open_instance("slack", Start::beginning);

  EXPECT_TRUE(now->is_new);
  EXPECT_EQ(now->cursor, 2);
  EXPECT_TRUE(beginning->is_new);
  EXPECT_EQ(beginning->cursor, 0);
  EXPECT_NE(now->id, beginning->id);
  EXPECT_GT(now->id, 0);
}

TEST_P(JournalContract, takes_an_instance_up_again_with_its_cursor_also_when_it_was_parked) {
  put(1);
  put(2);
  const InstanceId id = open("crm");
  ASSERT_TRUE(settle_batch(journal(), {{}, {{id, 1}}}).ok());
  ASSERT_TRUE(journal().park_instances_except({"slack"}).ok());

  const Result<OpenedInstance> again = journal().open_instance("crm", Start::now);

  EXPECT_EQ(again->id, id);
  EXPECT_EQ(again->cursor, 1);
  EXPECT_FALSE(again->is_new);
}

TEST_P(JournalContract, never_moves_a_cursor_back) {
  const InstanceId id = open("crm");
  ASSERT_TRUE(settle_batch(journal(), {{}, {{id, 5}}}).ok());
  ASSERT_TRUE(settle_batch(journal(), {{}, {{id, 3}}}).ok());

  EXPECT_EQ(journal().open_instance("crm", Start::now)->cursor, 5);
}

// ---- owed -----------------------------------------------------------------------------------------------------------

TEST_P(JournalContract, owes_what_has_no_row_oldest_first) {
  const InstanceId crm = open("crm"), slack = open("slack");
  for (int number = 1; number <= 6; ++number) put(number, "booking/" + std::to_string(number % 2));
  settle(settlement(crm, 2, delivered, "booking/0"));
  settle(settlement(crm, 4, waiting, "booking/0", 99));
  settle(settlement(crm, 5, dead, "booking/1"));

  EXPECT_THAT(seqs(journal().owed(crm, 0, 10)), ElementsAre(1, 3, 6));
  EXPECT_THAT(seqs(journal().owed(crm, 1, 10)), ElementsAre(3, 6));
  EXPECT_THAT(seqs(journal().owed(crm, 0, 2)), ElementsAre(1, 3));
  EXPECT_THAT(seqs(journal().owed(crm, 6, 10)), IsEmpty());
  EXPECT_THAT(seqs(journal().owed(crm, 0, 0)), IsEmpty());
  EXPECT_THAT(seqs(journal().owed(slack, 3, 10)), ElementsAre(4, 5, 6));
}

TEST_P(JournalContract, says_of_an_owed_event_what_the_engine_needs) {
  const InstanceId crm = open("crm");
  put(1, "booking/7");

  const Owed owed = journal().owed(crm, 0, 1)->at(0);

  EXPECT_EQ(owed.key, (DeliveryKey{crm, 1, 0}));
  EXPECT_EQ(owed.subject, subject_key("booking/7"));
  EXPECT_EQ(owed.type, "booking.confirmed");
  EXPECT_FALSE(owed.is_quarantined);
  EXPECT_EQ(owed.attempts, 0);
  EXPECT_EQ(owed.strikes, 0);
  EXPECT_EQ(owed.first_ms, 0);
  EXPECT_EQ(owed.due_ms, 0);
}

TEST_P(JournalContract, flags_quarantined_events_among_the_owed) {
  const InstanceId crm = open("crm");
  ASSERT_TRUE(journal().append(Webhook(1).quarantined("of no known family")).ok());
  put(2);

  const Result<std::vector<Owed>> owed = journal().owed(crm, 0, 10);

  EXPECT_THAT(seqs(owed), ElementsAre(1, 2));
  EXPECT_TRUE(owed->at(0).is_quarantined);
  EXPECT_EQ(owed->at(0).type, "");
  EXPECT_FALSE(owed->at(1).is_quarantined);
}

TEST_P(JournalContract, owes_the_events_of_one_subject_within_bounds) {
  const InstanceId crm = open("crm");
  for (int number = 1; number <= 8; ++number) put(number, number % 2 == 0 ? "booking/even" : "booking/odd");
  settle(settlement(crm, 4, delivered, "booking/even"));
  const SubjectKey even = subject_key("booking/even");

  EXPECT_THAT(seqs(journal().owed_of_subject(crm, even, 0, 8, 10)), ElementsAre(2, 6, 8));
  EXPECT_THAT(seqs(journal().owed_of_subject(crm, even, 2, 7, 10)), ElementsAre(6));
  EXPECT_THAT(seqs(journal().owed_of_subject(crm, even, 0, 8, 1)), ElementsAre(2));
  EXPECT_THAT(seqs(journal().owed_of_subject(crm, subject_key("booking/none"), 0, 8, 10)), IsEmpty());
}

// ---- settle, due, waiting -------------------------------------------------------------------------------------------

TEST_P(JournalContract, hands_out_what_is_due_by_due_time_then_seq) {
  const InstanceId crm = open("crm"), slack = open("slack");
  for (int number = 1; number <= 5; ++number) put(number);
  settle(settlement(crm, 1, waiting, "booking/1", 300));
  settle(settlement(crm, 3, waiting, "booking/1", 100));
  settle(settlement(crm, 2, waiting, "booking/1", 100));
  settle(settlement(slack, 4, waiting, "booking/1", 50));

  EXPECT_THAT(seqs(journal().due(crm, 99, 10)), IsEmpty());
  EXPECT_THAT(seqs(journal().due(crm, 100, 10)), ElementsAre(2, 3));
  EXPECT_THAT(seqs(journal().due(crm, 1'000, 10)), ElementsAre(2, 3, 1));
  EXPECT_THAT(seqs(journal().due(crm, 1'000, 1)), ElementsAre(2));
}

TEST_P(JournalContract, remembers_the_attempts_of_what_waits) {
  const InstanceId crm = open("crm");
  put(1, "booking/7");
  Settlement last = settlement(crm, 1, waiting, "booking/7", 500);
  last.attempts = 3;
  last.strikes = 2;
  last.first_ms = 77;
  settle(last);

  const Owed owed = journal().due(crm, 500, 10)->at(0);

  EXPECT_EQ(owed.key, last.key);
  EXPECT_EQ(owed.subject, last.subject);
  EXPECT_EQ(owed.type, "booking.confirmed");
  EXPECT_EQ(owed.attempts, 3);
  EXPECT_EQ(owed.strikes, 2);
  EXPECT_EQ(owed.first_ms, 77);
  EXPECT_EQ(owed.due_ms, 500);
}

TEST_P(JournalContract, the_last_settlement_of_a_delivery_is_the_one_that_counts) {
  const InstanceId crm = open("crm");
  put(1);
  settle(settlement(crm, 1, waiting, "booking/1", 100));
  settle(settlement(crm, 1, waiting, "booking/1", 200));

  EXPECT_THAT(seqs(journal().due(crm, 150, 10)), IsEmpty());
  EXPECT_EQ(**journal().next_due(crm, 0), 200);
  EXPECT_TRUE(*journal().is_waiting(crm, subject_key("booking/1")));

  settle(settlement(crm, 1, delivered));

  EXPECT_THAT(seqs(journal().due(crm, 1'000, 10)), IsEmpty());
  EXPECT_FALSE(journal().next_due(crm, 0)->has_value());
  EXPECT_FALSE(*journal().is_waiting(crm, subject_key("booking/1")));
  EXPECT_THAT(seqs(journal().owed(crm, 0, 10)), IsEmpty());
}

TEST_P(JournalContract, tells_the_next_due_time_after_a_time) {
  const InstanceId crm = open("crm");
  put(1);
  put(2);
  settle(settlement(crm, 1, waiting, "booking/1", 100));
  settle(settlement(crm, 2, waiting, "booking/1", 250));

  EXPECT_EQ(**journal().next_due(crm, 0), 100);
  EXPECT_EQ(**journal().next_due(crm, 100), 250);
  EXPECT_FALSE(journal().next_due(crm, 250)->has_value());
  EXPECT_FALSE(journal().next_due(crm + 1, 0)->has_value());
}

TEST_P(JournalContract, tells_which_subjects_wait_and_where_the_first_one_stands) {
  const InstanceId crm = open("crm"), slack = open("slack");
  put(1, "booking/a");
  put(2, "booking/b");
  put(3, "booking/b");
  EXPECT_FALSE(journal().first_waiting(crm)->has_value());
  settle(settlement(crm, 3, waiting, "booking/b", 10));
  settle(settlement(crm, 2, waiting, "booking/b", 20));

  EXPECT_TRUE(*journal().is_waiting(crm, subject_key("booking/b")));
  EXPECT_FALSE(*journal().is_waiting(crm, subject_key("booking/a")));
  EXPECT_FALSE(*journal().is_waiting(slack, subject_key("booking/b")));
  EXPECT_EQ(**journal().first_waiting(crm), 2);

  settle(settlement(crm, 2, dead, "booking/b"));
  EXPECT_TRUE(*journal().is_waiting(crm, subject_key("booking/b")));
  EXPECT_EQ(**journal().first_waiting(crm), 3);
}

TEST_P(JournalContract, makes_a_batch_of_settlements_and_cursors_durable_as_one) {
  const InstanceId crm = open("crm");
  put(1);
  put(2);

  ASSERT_TRUE(settle_batch(journal(),
                           {{settlement(crm, 1, delivered), settlement(crm, 2, waiting, "booking/1", 5)}, {{crm, 1}}})
                  .ok());

  EXPECT_EQ(journal().open_instance("crm", Start::now)->cursor, 1);
  EXPECT_THAT(seqs(journal().due(crm, 5, 10)), ElementsAre(2));
  EXPECT_THAT(seqs(journal().owed(crm, 0, 10)), IsEmpty());
}

TEST_P(JournalContract, refuses_a_whole_batch_that_names_what_does_not_exist) {
  const InstanceId crm = open("crm");
  put(1);
  const Settlement good = settlement(crm, 1, delivered);

  const Result<void> no_instance = settle_batch(journal(), {{good, settlement(crm + 9, 1, delivered)}, {}});
  const Result<void> no_replay =
      settle_batch(journal(), {{good, settlement(crm, 1, delivered, "booking/1", 0, 4)}, {}});
  const Result<void> no_cursor = settle_batch(journal(), {{good}, {{crm + 9, 1}}});

  EXPECT_EQ(no_instance.error().kind, Kind::invalid);
  EXPECT_THAT(no_instance.error().sentence, HasSubstr("no instance " + std::to_string(crm + 9)));
  EXPECT_EQ(no_replay.error().kind, Kind::invalid);
  EXPECT_THAT(no_replay.error().sentence, HasSubstr("no replay 4"));
  EXPECT_EQ(no_cursor.error().kind, Kind::invalid);
  EXPECT_THAT(seqs(journal().owed(crm, 0, 10)), ElementsAre(1));
}

TEST_P(JournalContract, makes_batches_durable_in_the_order_of_the_calls) {
  const InstanceId crm = open("crm");
  put(1);
  Mutex mutex;
  CondVar changed;
  std::vector<int> order;
  for (int number = 0; number < 50; ++number) {
    journal().settle({{settlement(crm, 1, waiting, "booking/1", 1'000 + number)}, {}}, [&, number](Result<void> done) {
      Lock lock(mutex);
      order.push_back(done.ok() ? number : -1);
      changed.notify_all();
    });
  }
  Lock lock(mutex);
  while (order.size() < 50) changed.wait(mutex);

  std::vector<int> expected(50);
  for (int number = 0; number < 50; ++number) expected[static_cast<std::size_t>(number)] = number;
  EXPECT_EQ(order, expected);
  EXPECT_EQ(**journal().next_due(crm, 0), 1'049);
}

// ---- replay ---------------------------------------------------------------------------------------------------------

TEST_P(JournalContract, replays_an_event_at_once_and_beside_its_delivery) {
  const InstanceId crm = open("crm");
  put(1, "booking/7");
  put(2, "booking/8");
  settle(settlement(crm, 1, delivered, "booking/7"));
  settle(settlement(crm, 2, waiting, "booking/8", 10));

  const Result<std::int64_t> replay = journal().replay(crm, 1);

  ASSERT_TRUE(replay.ok());
  EXPECT_GT(*replay, 0);
  const Result<std::vector<Owed>> due = journal().due(crm, 10, 10);
  EXPECT_THAT(seqs(due), ElementsAre(1, 2));
  EXPECT_EQ(due->at(0).key, (DeliveryKey{crm, 1, *replay}));
  EXPECT_EQ(due->at(0).subject, subject_key("booking/7"));
  EXPECT_EQ(due->at(0).type, "booking.confirmed");
  EXPECT_EQ(due->at(0).attempts, 0);
  EXPECT_FALSE(*journal().is_waiting(crm, subject_key("booking/7")));
  EXPECT_EQ(**journal().first_waiting(crm), 2);
}

TEST_P(JournalContract, settles_a_replay_without_touching_cursor_or_delivery) {
  const InstanceId crm = open("crm");
  put(1);
  const std::int64_t replay = *journal().replay(crm, 1);

  settle(settlement(crm, 1, waiting, "booking/1", 400, replay));
  EXPECT_EQ(**journal().next_due(crm, 0), 400);
  settle(settlement(crm, 1, delivered, "booking/1", 0, replay));

  EXPECT_FALSE(journal().next_due(crm, -1)->has_value());
  EXPECT_THAT(seqs(journal().owed(crm, 0, 10)), ElementsAre(1));
}

TEST_P(JournalContract, gives_every_replay_its_own_id) {
  const InstanceId crm = open("crm");
  put(1);

  const std::int64_t first = *journal().replay(crm, 1), second = *journal().replay(crm, 1);

  EXPECT_NE(first, second);
  EXPECT_THAT(seqs(journal().due(crm, 0, 10)), ElementsAre(1, 1));
}

TEST_P(JournalContract, refuses_to_replay_what_cannot_be_delivered) {
  const InstanceId crm = open("crm");
  put(1);
  ASSERT_TRUE(journal().append(Webhook(2).quarantined("of no known family")).ok());

  EXPECT_EQ(journal().replay(crm, 3).error().kind, Kind::not_found);
  EXPECT_EQ(journal().replay(crm + 1, 1).error().kind, Kind::not_found);
  EXPECT_EQ(journal().replay(crm, 2).error().kind, Kind::invalid);
  EXPECT_THAT(journal().replay(crm, 2).error().sentence, HasSubstr("of no known family"));
}

// ---- the hint -------------------------------------------------------------------------------------------------------

TEST_P(JournalContract, hints_after_new_events_and_replays_and_not_after_duplicates) {
  Mutex mutex;
  CondVar changed;
  int hints = 0;
  journal().on_commit([&] {
    Lock lock(mutex);
    ++hints;
    changed.notify_all();
  });
  const auto wait_for = [&](int count) {
    Lock lock(mutex);
    while (hints < count) changed.wait(mutex);
    return hints;
  };
  const InstanceId crm = open("crm");

  put(1);
  EXPECT_EQ(wait_for(1), 1);
  ASSERT_TRUE(journal().append(Webhook(1).incoming())->is_duplicate);
  settle(settlement(crm, 1, delivered));
  ASSERT_TRUE(journal().replay(crm, 1).ok());
  EXPECT_EQ(wait_for(2), 2);
}

}  // namespace
}  // namespace bellhop::core
