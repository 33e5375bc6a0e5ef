// SPDX-License-Identifier: Apache-2.0
// Dead letters that are dropped, and many replays at once: the contract, sentence by sentence, on every implementation.
#include "kept_fixture.hpp"

namespace bellhop::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LettersContract : public KeptContract {};

INSTANTIATE_TEST_SUITE_P(Every, LettersContract, testing::Values("memory", "sqlite"),
                         [](const auto &param_info) { return param_info.param; });

// ---- dead letters ---------------------------------------------------------------------------------------------------

TEST_P(LettersContract, drops_a_dead_letter_and_counts_it) {
  put(1);
  settle(settlement(crm_, 1, dead));

  ASSERT_TRUE(journal().drop(crm_, 1).ok());

  EXPECT_EQ(inspect().deliveries_of(1)->at(0).state, DeliveryState::dropped);
  EXPECT_EQ(inspect().deliveries_of(1)->at(0).message, "answer of 1");
  EXPECT_THAT(inspect().dead({}).value(), IsEmpty());
  EXPECT_EQ(inspect().instances()->at(0).dropped_count, 1);
  EXPECT_EQ(inspect().instances()->at(0).dead_count, 0);
  EXPECT_THAT(journal().owed(crm_, 0, 10).value(), IsEmpty());
  EXPECT_THAT(journal().due(crm_, 1'000'000, 10).value(), IsEmpty());
  EXPECT_FALSE(journal().first_waiting(crm_)->has_value());
  EXPECT_THAT(attempts(1), ElementsAre("crm 1 fail dead: answer of 1"));
}

TEST_P(LettersContract, drops_nothing_but_dead_letters) {
  put(1);
  put(2);
  settle(settlement(crm_, 1, delivered));
  settle(settlement(crm_, 2, dead));
  ASSERT_TRUE(journal().drop(crm_, 2).ok());

  const std::vector<std::pair<InstanceId, Seq>> others{{crm_, 1}, {crm_, 2}, {crm_, 3}, {slack_, 2}, {99, 2}};
  for (const auto &[instance, seq] : others) {
    const Result<void> dropped = journal().drop(instance, seq);
    EXPECT_EQ(dropped.error().kind, Kind::not_found);
    EXPECT_THAT(dropped.error().sentence, HasSubstr("event " + std::to_string(seq) + " is no dead letter"));
  }
  EXPECT_EQ(inspect().instances()->at(0).delivered_count, 1);
}

TEST_P(LettersContract, a_replay_delivers_a_dropped_letter_after_all) {
  put(1);
  settle(settlement(crm_, 1, dead));
  ASSERT_TRUE(journal().drop(crm_, 1).ok());
  const std::int64_t replay = *journal().replay(crm_, 1);

  settle(settlement(crm_, 1, delivered, "booking/1", 0, replay));

  EXPECT_EQ(inspect().deliveries_of(1)->at(0).state, DeliveryState::delivered);
  EXPECT_EQ(inspect().instances()->at(0).dropped_count, 0);
  EXPECT_EQ(inspect().instances()->at(0).delivered_count, 1);
}

TEST_P(LettersContract, lists_dead_letters_of_an_instance_and_of_types_page_by_page) {
  put(1, "booking.confirmed");
  put(2, "booking.canceled");
  put(3, "booking.confirmed");
  for (const Seq seq : {1, 2, 3}) {
    settle(settlement(crm_, seq, dead));
    settle(settlement(slack_, seq, dead));
  }
  const auto listed = [this](const DeadQuery &query) {
    std::string found;
    for (const DeliveryRow &row : inspect().dead(query).value()) {
      found += row.instance_name + std::to_string(row.key.seq) + ' ';
    }
    return found;
  };

  EXPECT_EQ(listed({}), "slack3 crm3 slack2 crm2 slack1 crm1 ");
  EXPECT_EQ(listed({"crm", "", std::nullopt, 50}), "crm3 crm2 crm1 ");
  EXPECT_EQ(listed({"", "booking.c*d", std::nullopt, 50}), "slack3 crm3 slack2 crm2 slack1 crm1 ");
  EXPECT_EQ(listed({"crm", "*.canceled", std::nullopt, 50}), "crm2 ");
  EXPECT_EQ(listed({"none", "", std::nullopt, 50}), "");
  EXPECT_EQ(listed({"", "", std::nullopt, 3}), "slack3 crm3 slack2 ");
  EXPECT_EQ(listed({"", "", DeadPlace{7'002, 2, slack_}, 2}), "crm2 slack1 ");
  EXPECT_EQ(listed({"", "", DeadPlace{7'001, 1, crm_}, 2}), "");
  EXPECT_EQ(listed({"", "", std::nullopt, -1}), "");
}

// ---- many replays ---------------------------------------------------------------------------------------------------

TEST_P(LettersContract, replays_many_events_and_skips_what_cannot_or_need_not_be_replayed) {
  for (int number = 1; number <= 4; ++number) put(number);
  ASSERT_TRUE(journal().append(Webhook(5).quarantined("of no known family")).ok());
  ASSERT_TRUE(journal().replay(crm_, 2).ok());
  const std::int64_t done = *journal().replay(crm_, 3);
  settle(settlement(crm_, 3, delivered, "booking/1", 0, done));
  ASSERT_TRUE(journal().replay(slack_, 4).ok());

  EXPECT_EQ(*journal().replay_all(crm_, {1, 2, 3, 4, 4, 5, 6, 0}), 3);

  std::vector<Seq> due;
  for (const Owed &owed : journal().due(crm_, 0, 10).value()) due.push_back(owed.key.seq);
  EXPECT_THAT(due, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(*journal().replay_all(crm_, {1, 2, 3, 4}), 0);
  EXPECT_EQ(*journal().replay_all(crm_, {}), 0);
  EXPECT_EQ(inspect().instances()->at(0).replays_waiting_count, 4);
}

TEST_P(LettersContract, refuses_many_replays_for_nobody_or_too_many) {
  put(1);

  EXPECT_EQ(journal().replay_all(99, {1}).error().kind, Kind::not_found);
  const Result<std::int64_t> many = journal().replay_all(crm_, std::vector<Seq>(Journal::replays_max + 1, 1));
  EXPECT_EQ(many.error().kind, Kind::invalid);
  EXPECT_THAT(many.error().sentence, HasSubstr("1001 events at once; 1000 are the limit"));
  EXPECT_EQ(*journal().replay_all(crm_, std::vector<Seq>(Journal::replays_max, 1)), 1);
}

TEST_P(LettersContract, hints_once_after_many_replays_and_not_when_there_are_none) {
  Mutex mutex;
  CondVar changed;
  int hints = 0;
  journal().on_commit([&] {
    Lock lock(mutex);
    ++hints;
    changed.notify_all();
  });
  put(1);
  put(2);
  EXPECT_EQ(*journal().replay_all(crm_, {7}), 0);
  EXPECT_EQ(*journal().replay_all(crm_, {1, 2}), 2);

  Lock lock(mutex);
  while (hints < 3) changed.wait(mutex);
  EXPECT_EQ(hints, 3);
}

TEST_P(LettersContract, selects_events_by_number_time_and_type) {
  for (int number = 1; number <= 6; ++number) {
    put(number, number % 2 == 0 ? "booking.canceled" : "booking.confirmed", 5'000 + number * 100);
  }
  ASSERT_TRUE(journal().append(Webhook(7).quarantined("of no known family")).ok());
  SeqQuery query;

  EXPECT_THAT(selected(query), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(selected(query, 4), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(selected(query, 1), ElementsAre(1, 2, 3, 4, 5, 6));
  query.from_seq = 2;
  query.to_seq = 5;
  EXPECT_THAT(selected(query, 2), ElementsAre(2, 3, 4, 5));
  query.type_glob = "*.confirmed";
  EXPECT_THAT(selected(query), ElementsAre(3, 5));
  query = {};
  query.from_ms = 5'200;
  query.to_ms = 5'500;
  EXPECT_THAT(selected(query), ElementsAre(2, 3, 4));
}

TEST_P(LettersContract, selects_the_dead_letters_of_an_instance) {
  for (int number = 1; number <= 5; ++number) put(number, number == 4 ? "booking.canceled" : "booking.confirmed");
  settle(settlement(crm_, 1, delivered));
  for (const Seq seq : {2, 3, 4, 5}) settle(settlement(crm_, seq, dead));
  settle(settlement(slack_, 1, dead));
  ASSERT_TRUE(journal().drop(crm_, 3).ok());
  SeqQuery query;
  query.dead_of = crm_;

  EXPECT_THAT(selected(query), ElementsAre(2, 4, 5));
  EXPECT_THAT(selected(query, 1), ElementsAre(2, 4, 5));
  query.type_glob = "*.confirmed";
  query.from_seq = 3;
  EXPECT_THAT(selected(query), ElementsAre(5));
  query = {};
  query.dead_of = 99;
  EXPECT_THAT(selected(query), IsEmpty());
}

TEST_P(LettersContract, looks_at_a_bounded_stretch_of_the_journal_for_each_page) {
  for (int number = 1; number <= select_rows_max + 5; ++number) put(number, number % 5'000 == 0 ? "rare" : "usual");
  SeqQuery query;
  query.type_glob = "rare";

  const SeqPage first = inspect().select_seqs(query, 0, 100).value();
  const SeqPage second = inspect().select_seqs(query, first.after, 100).value();

  EXPECT_THAT(first.seqs, ElementsAre(5'000, 10'000));
  EXPECT_EQ(first.after, select_rows_max);
  EXPECT_FALSE(first.is_last);
  EXPECT_THAT(second.seqs, IsEmpty());
  EXPECT_TRUE(second.is_last);
}

}  // namespace
}  // namespace bellhop::core
