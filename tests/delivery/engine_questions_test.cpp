// SPDX-License-Identifier: Apache-2.0
// Ticks and questions: between events, never beside one, and charged to no event.
#include <gtest/gtest.h>

#include "delivery/engine_world.hpp"

namespace bellhop::core {
namespace {

using Seqs = std::vector<Seq>;

class EngineQuestions : public ::testing::Test {
 protected:
  EngineWorld w;
  Milliseconds now() const { return w.clock.steady_ms(); }
  void ask(QuestionTicket ticket) {
    Asked asked;
    asked.instance = w.plans[0].id;
    asked.ticket = ticket;
    asked.question.what = Question::What::health;
    w.step(asked);
    w.run();
  }
};

TEST_F(EngineQuestions, ticks_soon_after_the_start_and_then_when_the_plugin_wants_it) {
  w.add("crm").workers = 3;
  w.is_ticking = true;
  w.start();
  w.run();
  ASSERT_EQ(w.asks.size(), 1u) << "worker 0 alone";
  EXPECT_EQ(w.asks[0].question.what, Question::What::tick);
  EXPECT_EQ(w.asks[0].question.budget_ms, 30'000);
  w.tell(BHP_OK, "", 60'000);
  w.pass(59'999);
  EXPECT_EQ(w.asks.size(), 1u);
  w.pass(1);
  EXPECT_EQ(w.asks.size(), 2u);
  w.tell(BHP_OK, "", -1);
  w.pass(100 * 86'400'000LL);
  EXPECT_EQ(w.asks.size(), 2u) << "no more ticks";
}

TEST_F(EngineQuestions, never_ticks_a_plugin_that_has_no_ticks) {
  w.add("crm");
  w.start();
  w.run();
  EXPECT_TRUE(w.asks.empty());
  EXPECT_FALSE(w.engine->next_timer());
}

TEST_F(EngineQuestions, ticks_between_events_even_when_there_is_always_a_next_one) {
  w.add("crm");
  w.is_ticking = true;
  for (int i = 1; i <= 3; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  w.tell(BHP_OK, "", 1'000);
  ASSERT_EQ(w.in_hand(), Seqs{1});
  w.pass(1'000);
  EXPECT_EQ(w.asks.size(), 1u) << "not beside an event";
  w.answer(BHP_OK);
  EXPECT_EQ(w.asks.size(), 2u);
  EXPECT_TRUE(w.in_hand().empty());
  w.tell(BHP_OK, "", -1);
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineQuestions, kills_a_tick_at_the_deadline_charges_nobody_and_ticks_again_later_each_time) {
  w.add("crm");
  w.is_ticking = true;
  w.start();
  w.run();
  Milliseconds before = now();
  for (const Milliseconds pause_ms : {10'000, 20'000, 40'000}) {
    const std::size_t asks = w.asks.size();
    w.pass(30'000);
    EXPECT_EQ(w.alarms_count("did not come back from a question within 30 s and was killed") > 0, true);
    before = now();
    while (w.asks.size() == asks && now() < before + 100'000) w.pass(500);
    EXPECT_GE(now() - before, pause_ms);
    EXPECT_LE(now() - before, pause_ms + 60'000);
  }
  w.append("booking/1");
  w.commit();
  w.tell(BHP_OK, "", -1);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  EXPECT_FALSE(w.row(1));
}

TEST_F(EngineQuestions, says_why_a_tick_failed) {
  w.add("crm");
  w.is_ticking = true;
  w.start();
  w.run();
  w.tell(BHP_RETRY, "the feed could not be read", 5'000);
  EXPECT_EQ(w.alarms_count("a tick failed: the feed could not be read"), 1);
  w.pass(5'000);
  EXPECT_EQ(w.asks.size(), 2u);
}

TEST_F(EngineQuestions, puts_a_question_to_an_idle_worker_before_the_next_event) {
  w.add("crm");
  for (int i = 1; i <= 2; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  ask(7);
  EXPECT_TRUE(w.asks.empty());
  w.answer(BHP_OK);
  ASSERT_EQ(w.asks.size(), 1u);
  w.tell(BHP_FAIL, "401 Unauthorized");
  ASSERT_EQ(w.replies.size(), 1u);
  EXPECT_EQ(w.replies[0].ticket, 7u);
  EXPECT_EQ(w.replies[0].answer->message, "401 Unauthorized");
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineQuestions, answers_while_the_instance_is_held) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_HOLD, 60'000, "the login was revoked");
  ask(1);
  EXPECT_EQ(w.asks.size(), 1u);
}

TEST_F(EngineQuestions, tells_whoever_asked_in_vain) {
  w.add("crm");
  w.is_spawn_ready = false;
  w.start();
  w.run();
  w.die("create: webhook_url is not a URL", true);
  ask(1);
  w.pass(10'000);
  ASSERT_EQ(w.replies.size(), 1u);
  EXPECT_EQ(w.replies[0].answer.error().kind, Kind::timeout);
  EXPECT_EQ(w.replies[0].answer.error().sentence,
            "crm had no worker that could answer: it is refused, create: webhook_url is not a URL");
}

TEST_F(EngineQuestions, answers_everybody_when_the_child_dies_or_delivery_stops) {
  w.add("crm");
  w.start();
  w.run();
  ask(1);
  ask(2);
  w.die("killed by SIGSEGV while answering");
  ASSERT_EQ(w.replies.size(), 1u);
  EXPECT_EQ(w.replies[0].answer.error().sentence, "crm killed by SIGSEGV while answering");
  for (QuestionTicket ticket = 3; ticket <= 30; ++ticket) ask(ticket);
  w.step(Stop{});
  w.run();
  w.tell(BHP_OK);
  EXPECT_EQ(w.replies.size(), 30u);
  EXPECT_TRUE(w.engine->is_stopped());
}

// ---- a child that ended before it had read --------------------------------------------------------------------------

TEST_F(EngineQuestions, charges_nobody_for_a_child_that_ended_before_it_had_read_the_call) {
  w.add("crm").policy.strikes_max = 1;
  w.append("booking/1");
  w.start();
  w.run();
  ASSERT_EQ(w.in_hand(), Seqs{1});
  w.child().is_alive = false;
  w.child().call.reset();
  w.step(Died{w.plans[0].id, 0, "exited with status 1 while idle", false, true});
  w.run();
  EXPECT_FALSE(w.row(1));
  EXPECT_EQ(w.in_hand(), Seqs{1});
  EXPECT_EQ(w.child().call->tickets[0].attempt, 1);
}

}  // namespace
}  // namespace bellhop::core
