// SPDX-License-Identifier: Apache-2.0
// The engine's rules about several events in one call, one test each.
#include <gtest/gtest.h>

#include "delivery/engine.hpp"
#include "delivery/engine_world.hpp"

namespace bellhop::core {
namespace {

using Seqs = std::vector<Seq>;

class EngineBatch : public ::testing::Test {
 protected:
  EngineWorld w;
};

TEST_F(EngineBatch, puts_at_most_one_event_per_subject_into_a_batch) {
  w.add("crm").batch_max = 3;
  w.is_batching = true;
  for (const char *subject : {"booking/1", "booking/1", "booking/2", "booking/3", "booking/4"}) w.append(subject);
  w.start();
  w.run();
  EXPECT_EQ(w.in_hand(), (Seqs{1, 3, 4}));
  w.answer_all({BHP_OK, BHP_RETRY, BHP_FAIL});
  EXPECT_EQ(w.row(1)->state, DeliveryState::delivered);
  EXPECT_EQ(w.row(3)->state, DeliveryState::waiting);
  EXPECT_EQ(w.row(4)->state, DeliveryState::dead);
  EXPECT_EQ(w.in_hand(), Seqs{5}) << "which did not have to wait for the disk";
  w.answer(BHP_OK);
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineBatch, offers_a_failed_batch_again_singly_and_charges_nobody) {
  w.offer_a_batch_of(2);
  EXPECT_EQ(w.in_hand(), (Seqs{1, 2}));
  w.answer_all({BHP_OK, BHP_OK}, 0, "", BHP_FAIL);
  EXPECT_FALSE(w.row(1));
  EXPECT_EQ(w.in_hand(), Seqs{1});
  EXPECT_EQ(w.child().call->tickets[0].attempt, 1);
  EXPECT_TRUE(w.child().call->tickets[0].flags & BHP_EV_REDELIVERY);
  w.answer(BHP_OK);
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineBatch, offers_what_a_batch_had_no_time_for_as_if_it_had_not_been) {
  w.add("crm").batch_max = 4;
  w.is_batching = true;
  w.start();  // before they arrive: what was there at a start may have been delivered before it
  w.run();
  for (const char *subject : {"booking/1", "booking/2", "booking/3", "booking/4", "booking/2", "booking/5"}) {
    w.append(subject);
  }
  w.commit();
  ASSERT_EQ(w.in_hand(), (Seqs{1, 2, 3, 4}));
  w.answer_all({BHP_OK, BHP_DEFER, BHP_RETRY, BHP_DEFER});
  EXPECT_FALSE(w.row(2));
  EXPECT_FALSE(w.row(4));
  EXPECT_EQ(w.row(3)->state, DeliveryState::waiting);
  EXPECT_EQ(w.in_hand(), (Seqs{2, 4, 6})) << "in their order, and still one of a subject";
  for (const auto &ticket : w.child().call->tickets) {
    EXPECT_EQ(ticket.attempt, 1);
    EXPECT_FALSE(ticket.flags & BHP_EV_REDELIVERY);
  }
  w.answer_all({BHP_OK, BHP_OK, BHP_OK});
  EXPECT_EQ(w.in_hand(), Seqs{5});
}

TEST_F(EngineBatch, takes_a_batch_of_which_nothing_was_begun_for_failed) {
  w.offer_a_batch_of(2);
  w.answer_all({BHP_DEFER, BHP_DEFER});
  EXPECT_EQ(w.in_hand(), Seqs{});
  for (const Seq seq : {1, 2}) {
    EXPECT_EQ(w.row(seq)->state, DeliveryState::waiting);
    EXPECT_EQ(w.row(seq)->attempts, 1);
  }
}

TEST_F(EngineBatch, believes_no_batch_that_answers_for_the_wrong_number) {
  w.offer_a_batch_of(2);
  w.answer_all({BHP_OK});
  EXPECT_FALSE(w.row(1));
  EXPECT_EQ(w.in_hand(), Seqs{1});
}

TEST_F(EngineBatch, holds_whole_batches_by_their_first_hold) {
  w.offer_a_batch_of(3);
  w.answer_all({BHP_OK, BHP_HOLD, BHP_HOLD}, 1'000);
  w.pass(1'000);
  EXPECT_EQ(w.in_hand(), Seqs{2}) << "alone, although the plugin takes batches";
  w.answer(BHP_OK);
  w.pass(1'000);
  EXPECT_EQ(w.in_hand(), Seqs{3});
}

}  // namespace
}  // namespace bellhop::core
