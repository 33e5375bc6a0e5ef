// SPDX-License-Identifier: Apache-2.0
// The engine's rules about events, one test each. Those about children are in engine_life_test.cpp, about
// batches in engine_batch_test.cpp.
#include "delivery/engine.hpp"

#include <gtest/gtest.h>

#include "delivery/engine_world.hpp"

namespace bellhop::core {
namespace {

using Seqs = std::vector<Seq>;

class EngineTest : public ::testing::Test {
 protected:
  EngineWorld w;
  Milliseconds now() const { return w.clock.steady_ms(); }
};

TEST_F(EngineTest, delivers_what_is_there_and_moves_the_cursor_once_it_is_durable) {
  w.add("crm");
  w.append("booking/1");
  w.append("booking/2");
  w.start();
  w.run();
  EXPECT_EQ(w.in_hand(), Seqs{1});
  w.answer(BHP_OK);
  w.answer(BHP_SKIP, 0, "not of interest");
  EXPECT_EQ(w.row(1)->state, DeliveryState::delivered);
  EXPECT_EQ(w.row(2)->verdict, Verdict::skip);
  EXPECT_EQ(w.row(2)->message, "not of interest");

  w.pass(Flow::cursor_ms_interval);

  EXPECT_EQ(w.cursor(), 2);
  EXPECT_FALSE(w.engine->next_timer());
  EXPECT_EQ(w.observed.size(), 2u);
}

TEST_F(EngineTest, sends_only_what_the_filter_wants_and_never_quarantine) {
  w.add("crm", {"booking.*"});
  w.append("booking/1", "attendee.updated");
  w.append_quarantined();
  w.append("booking/1", "booking.canceled");
  w.append("booking/1", "ping");
  w.start();
  w.run();
  EXPECT_EQ(w.in_hand(), Seqs{3});
  w.answer(BHP_OK);
  EXPECT_TRUE(w.in_hand().empty());
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 4);
}

TEST_F(EngineTest, sends_the_next_of_a_subject_only_when_the_former_is_durable) {
  w.add("crm").workers = 2;
  w.append("booking/1");
  w.append("booking/1");
  w.start();
  w.run();
  const int worker = w.in_hand(0, 0).empty() ? 1 : 0;
  w.journal.hold_settles();
  w.child(0, worker).call.reset();
  w.step(Answered{w.plans[0].id, worker, BHP_OK, {{BHP_OK, 0, ""}}});
  w.run();
  EXPECT_EQ(w.sends.size(), 1u);

  w.journal.release_settles();
  w.run();

  ASSERT_EQ(w.sends.size(), 2u);
  EXPECT_EQ(w.sends[1].tickets[0].key.seq, 2);
}

TEST_F(EngineTest, lets_a_waiting_event_block_only_its_own_subject) {
  w.add("crm");
  for (const char *subject : {"booking/1", "booking/1", "booking/2"}) w.append(subject);
  w.start();
  w.run();
  w.answer(BHP_RETRY, 30'000, "busy");
  EXPECT_EQ(w.row(1)->state, DeliveryState::waiting);
  EXPECT_EQ(w.row(1)->message, "busy");
  EXPECT_EQ(w.in_hand(), Seqs{3});
  w.answer(BHP_OK);
  EXPECT_TRUE(w.in_hand().empty());
  EXPECT_EQ(w.engine->flow(w.plans[0].id).lanes().offers_count(), 0u) << "what waits costs no memory";
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 0) << "1 waits";

  w.pass(29'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  EXPECT_EQ(w.child().call->tickets[0].attempt, 2);
  EXPECT_TRUE(w.child().call->tickets[0].flags & BHP_EV_REDELIVERY);
  w.answer(BHP_OK);
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineTest, gives_up_after_attempts_max_with_the_sentence_of_the_last_and_goes_on) {
  w.add("crm").policy.attempts_max = 2;
  w.append("booking/1");
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_RETRY, 0, "no route to host");
  w.pass(10'000);
  w.answer(BHP_RETRY, 0, "no route to host");
  EXPECT_EQ(w.row(1)->state, DeliveryState::dead);
  EXPECT_EQ(w.row(1)->message, "gave up after 2 attempts: no route to host");
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineTest, keeps_the_plugins_own_sentence_of_a_refusal) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_FAIL, 0, "the contact has no e-mail");
  EXPECT_EQ(w.row(1)->state, DeliveryState::dead);
  EXPECT_EQ(w.row(1)->message, "the contact has no e-mail");
}

TEST_F(EngineTest, names_an_unknown_verdict) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(4711);
  EXPECT_EQ(w.row(1)->state, DeliveryState::waiting);
  EXPECT_EQ(w.row(1)->message, "the plugin answered with the unknown verdict 4711");
}

TEST_F(EngineTest, takes_up_after_a_restart_where_the_journal_is) {
  w.add("crm");
  for (int i = 0; i < 2; ++i) w.append("booking/1");
  w.append("booking/2");
  w.start();
  w.run();
  w.answer(BHP_RETRY, 5'000);
  EXPECT_EQ(w.in_hand(), Seqs{3});

  w.start();  // 3 was in flight

  w.run();
  EXPECT_EQ(w.in_hand(), Seqs{3});
  EXPECT_TRUE(w.child().call->tickets[0].flags & BHP_EV_REDELIVERY);
  w.answer(BHP_OK);
  EXPECT_TRUE(w.in_hand().empty()) << "2 may not overtake 1, which waits on disk";
  w.pass(5'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
}

TEST_F(EngineTest, does_not_flag_what_is_new) {
  w.add("crm");
  w.start();
  w.append("booking/1");
  w.commit();
  EXPECT_EQ(w.child().call->tickets[0].flags, 0u);
  EXPECT_EQ(w.child().call->tickets[0].attempt, 1);
}

TEST_F(EngineTest, writes_a_refused_settle_again_and_sends_nothing_twice) {
  w.add("crm");
  w.append("booking/1");
  w.append("booking/1");
  w.start();
  w.run();
  w.journal.fail_settles({Kind::full, "the disk is full"}, 3);
  w.answer(BHP_OK);
  EXPECT_EQ(w.alarms_count("the disk is full"), 1);
  EXPECT_EQ(w.sends.size(), 1u);
  w.pass(1'000);
  w.pass(2'000);
  EXPECT_EQ(w.sends.size(), 1u);
  EXPECT_FALSE(w.row(1));
  w.pass(3'999);
  EXPECT_FALSE(w.row(1)) << "the pause doubles";
  w.pass(1);
  EXPECT_EQ(w.row(1)->state, DeliveryState::delivered);
  EXPECT_EQ(w.alarms_count("can be written down again"), 1);
  EXPECT_EQ(w.alarms_count("the disk is full"), 1) << "one alarm for one failure";
  ASSERT_EQ(w.sends.size(), 2u);
  EXPECT_EQ(w.sends[1].tickets[0].key.seq, 2);
}

TEST_F(EngineTest, moves_a_cursor_again_whose_first_move_was_refused) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_OK);
  w.journal.fail_settles({Kind::full, "the disk is full"}, 1);
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 0);
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 1);
}

TEST_F(EngineTest, pauses_when_the_journal_cannot_be_read_and_loses_nothing) {
  w.add("crm");
  w.append("booking/1");
  w.journal.fail_reads({Kind::unavailable, "disk I/O error"}, 2);
  w.start();
  w.run();
  EXPECT_TRUE(w.in_hand().empty());
  EXPECT_EQ(w.alarms_count("disk I/O error"), 1);
  w.pass(1'000);
  EXPECT_TRUE(w.in_hand().empty());
  w.pass(2'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  EXPECT_EQ(w.alarms_count("can be read again"), 1);
}

TEST_F(EngineTest, buries_a_damaged_event_without_sending_it) {
  w.add("crm");
  w.append("booking/1");
  w.append("booking/1");
  w.journal.corrupt(1);
  w.start();
  w.run();
  EXPECT_EQ(w.row(1)->state, DeliveryState::dead);
  EXPECT_EQ(w.row(1)->message, "the stored event is damaged (checksum)");
  EXPECT_EQ(w.row(1)->attempts, 0);
  EXPECT_EQ(w.in_hand(), Seqs{2});
  EXPECT_EQ(w.alarms_count("event 1 is dead"), 1);
}

TEST_F(EngineTest, replays_beside_live_traffic_without_moving_the_cursor_back) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_FAIL);
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 1);
  const std::int64_t replay = w.journal.replay(w.plans[0].id, 1).value();
  w.commit();
  ASSERT_EQ(w.in_hand(), Seqs{1});
  EXPECT_TRUE(w.child().call->tickets[0].flags & BHP_EV_REPLAY);

  w.answer(BHP_RETRY, 60'000);
  w.append("booking/1");
  w.commit();
  EXPECT_EQ(w.in_hand(), Seqs{2}) << "a waiting replay blocks nobody";
  w.answer(BHP_OK);
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 2) << "nor the cursor";
  w.pass(60'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  w.answer(BHP_OK);
  EXPECT_EQ(w.row(1, 0, replay)->state, DeliveryState::delivered);
  EXPECT_EQ(w.row(1)->state, DeliveryState::delivered) << "the dead letter has been delivered after all";
}

TEST_F(EngineTest, shares_the_lane_between_a_replay_and_live_traffic) {
  w.add("crm").workers = 3;
  w.append("booking/1");
  w.start();
  w.run();
  for (int worker = 0; worker < 3; ++worker) {
    if (!w.child(0, worker).call) continue;
    w.child(0, worker).call.reset();
    w.step(Answered{w.plans[0].id, worker, BHP_OK, {{BHP_OK, 0, ""}}});
  }
  w.run();
  EXPECT_TRUE(w.journal.replay(w.plans[0].id, 1).ok());
  w.commit();
  w.append("booking/1");
  w.commit();
  std::size_t busy_count = 0;
  for (int worker = 0; worker < 3; ++worker) busy_count += w.in_hand(0, worker).size();
  EXPECT_EQ(busy_count, 1u) << "one of a subject is out, replay or not";
}

TEST_F(EngineTest, settles_a_waiting_event_that_a_new_filter_does_not_want) {
  w.add("crm");
  w.append("booking/1", "booking.canceled");
  w.append("booking/1", "booking.confirmed");
  w.start();
  w.run();
  w.answer(BHP_RETRY, 5'000);
  w.plans[0].filter = Filter::parse({"booking.confirmed"}).value();
  w.start();
  w.pass(5'000);
  EXPECT_EQ(w.row(1)->state, DeliveryState::delivered);
  EXPECT_EQ(w.row(1)->verdict, Verdict::skip);
  EXPECT_EQ(w.row(1)->message, "the filter does not want booking.canceled any more");
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineTest, keeps_few_events_in_memory_whatever_the_backlog) {
  w.add("crm").policy.breaker.failures_percent = 0;
  for (int i = 0; i < 9'000; ++i) w.append("booking/" + std::to_string(i % 4'500));
  w.start();
  w.run();
  const Lanes &lanes = w.engine->flow(w.plans[0].id).lanes();
  const auto window = static_cast<std::size_t>(LaneLimits().window_events_max);
  std::size_t most = 0;
  // The destination is down: everything waits.
  for (int i = 0; i < 4'500; ++i) {
    w.answer(BHP_RETRY, 1'000'000);
    most = std::max(most, lanes.offers_count());
  }
  EXPECT_TRUE(w.in_hand().empty());
  EXPECT_EQ(lanes.offers_count(), 0u);
  EXPECT_LE(most, window);
  w.pass(1'000'000);
  for (int i = 0; i < 9'000; ++i) {
    w.answer(BHP_OK);
    most = std::max(most, lanes.offers_count());
  }
  EXPECT_LE(most, 2 * window + static_cast<std::size_t>(LaneLimits().page_events));
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 9'000);
}

TEST_F(EngineTest, lets_no_busy_subject_crowd_out_the_others) {
  w.add("crm");
  for (int i = 0; i < 1'000; ++i) w.append("booking/hot");
  const Seq other = w.append("booking/other");
  w.start();
  w.run();
  w.answer(BHP_OK);
  EXPECT_EQ(w.in_hand(), Seqs{other});
}

// ---- hold -----------------------------------------------------------------------------------------------------------

TEST_F(EngineTest, sends_nothing_but_the_probe_while_held) {
  w.add("crm");
  for (int i = 1; i <= 3; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  w.answer(BHP_HOLD, 10'000, "the login was revoked");
  EXPECT_TRUE(w.in_hand().empty());
  EXPECT_EQ(w.row(1)->state, DeliveryState::waiting);
  EXPECT_EQ(w.row(1)->attempts, 0) << "a hold uses up no attempt";
  EXPECT_EQ(w.engine->status()[0].state, "held");
  EXPECT_EQ(w.engine->status()[0].reason, "the login was revoked");
  w.append("booking/9");
  w.commit();
  EXPECT_TRUE(w.in_hand().empty());

  w.pass(10'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  w.answer(BHP_HOLD, 10'000);
  w.pass(10'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  w.answer(BHP_RETRY, 10'000);
  w.pass(10'000);
  EXPECT_EQ(w.in_hand(), Seqs{2}) << "told to come again, it goes to wait and another one probes";
  EXPECT_EQ(w.alarms_count("held:"), 1);
  w.answer(BHP_OK);

  EXPECT_EQ(w.in_hand(), Seqs{3});
  EXPECT_EQ(w.alarms_count("takes events again"), 1);
  EXPECT_EQ(w.engine->status()[0].state, "running");
}

TEST_F(EngineTest, resumes_when_the_probe_is_refused_for_good) {
  w.add("crm");
  w.append("booking/1");
  w.append("booking/2");
  w.start();
  w.run();
  w.answer(BHP_HOLD, 1'000);
  w.pass(1'000);
  w.answer(BHP_FAIL);
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineTest, counts_the_deaths_of_a_probe_and_resumes_after_the_last) {
  w.add("crm").policy.strikes_max = 2;
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_HOLD, 1'000);
  w.pass(1'000);
  w.die();
  EXPECT_TRUE(w.in_hand().empty());
  w.pass(5'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  w.append("booking/2");
  w.commit();
  w.die();
  EXPECT_EQ(w.row(1)->state, DeliveryState::dead);
  w.pass(5'000);
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

}  // namespace
}  // namespace bellhop::core
