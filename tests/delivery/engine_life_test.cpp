// SPDX-License-Identifier: Apache-2.0
// The engine's rules about children: deadlines, deaths, strikes, back-off, refusals, stop.
#include <gtest/gtest.h>

#include "delivery/engine_world.hpp"

namespace bellhop::core {
namespace {

using Seqs = std::vector<Seq>;

class EngineLife : public ::testing::Test {
 protected:
  EngineWorld w;
  int spawns() { return w.child().spawns_count; }
};

TEST_F(EngineLife, kills_at_the_deadline_and_charges_the_event) {
  w.add("crm").policy.deadline_ms = 30'000;
  w.append("booking/1");
  w.start();
  w.run();
  EXPECT_EQ(w.child().call->budget_ms, 30'000);
  w.pass(29'999);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  w.pass(1);
  EXPECT_EQ(w.row(1)->message, "gave no answer within 30 s and was killed");
  EXPECT_EQ(w.row(1)->state, DeliveryState::waiting);
  EXPECT_EQ(w.row(1)->attempts, 1);
  EXPECT_EQ(w.row(1)->strikes, 1);
  EXPECT_EQ(spawns(), 2) << "the first death is followed by a new child at once";
}

TEST_F(EngineLife, believes_an_answer_that_crossed_with_the_kill) {
  w.add("crm");
  w.append("booking/1");
  w.is_kill_deadly = false;
  w.start();
  w.run();
  w.pass(30'000);
  EXPECT_FALSE(w.child().killed.empty());
  w.answer(BHP_OK);
  w.die();
  EXPECT_EQ(w.row(1)->state, DeliveryState::delivered);
  EXPECT_EQ(w.row(1)->strikes, 0);
}

TEST_F(EngineLife, buries_an_event_after_its_strikes_and_others_go_on) {
  w.add("crm").policy.strikes_max = 3;
  w.append("booking/1");
  w.append("booking/1");
  w.append("booking/2");
  w.start();
  w.run();
  int answered_count = 0;
  for (int i = 0; i < 200 && (!w.row(1) || w.row(1)->state == DeliveryState::waiting); ++i) {
    if (w.in_hand() == Seqs{1}) {
      w.die("killed by SIGSEGV while delivering");
    } else if (w.in_hand() == Seqs{3}) {
      w.answer(BHP_OK);
      ++answered_count;
    }
    w.pass(500);
  }
  EXPECT_EQ(w.row(1)->state, DeliveryState::dead);
  EXPECT_EQ(w.row(1)->strikes, 3);
  EXPECT_EQ(w.row(1)->message, "the plugin died 3 times over this event: killed by SIGSEGV while delivering");
  EXPECT_EQ(answered_count, 1);
  w.pass(60'000);
  EXPECT_EQ(w.in_hand(), Seqs{2});
}

TEST_F(EngineLife, charges_nobody_for_a_death_with_a_batch) {
  w.offer_a_batch_of(2);
  EXPECT_EQ(w.in_hand(), (Seqs{1, 2}));
  w.die();
  EXPECT_FALSE(w.row(1));
  EXPECT_EQ(w.in_hand(), Seqs{1}) << "one by one now";
  w.die();
  EXPECT_EQ(w.row(1)->strikes, 1);
  EXPECT_FALSE(w.row(2));
}

TEST_F(EngineLife, charges_nobody_for_a_child_that_was_gone_before) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  const Ticket ticket = w.child().call->tickets[0];
  w.child().is_alive = false;
  w.child().call.reset();
  w.step(NotSent{w.plans[0].id, 0, ticket.key, NotSent::Why::no_child, ""});
  w.run();
  EXPECT_EQ(w.sends.size(), 1u) << "nothing goes to a child that is known to be gone";
  w.step(Died{w.plans[0].id, 0, "exited with 0", false});
  w.run();
  EXPECT_EQ(w.in_hand(), Seqs{1});
  EXPECT_EQ(w.child().call->tickets[0].attempt, 1);
  EXPECT_FALSE(w.row(1));
}

TEST_F(EngineLife, doubles_the_pause_while_children_die_young) {
  w.add("crm");
  w.start();
  w.run();
  EXPECT_EQ(spawns(), 1);
  w.die();
  EXPECT_EQ(spawns(), 2);
  for (const Milliseconds pause_ms : {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000}) {
    const int before = spawns();
    w.die();
    w.pass(pause_ms - 1);
    EXPECT_EQ(spawns(), before) << pause_ms;
    EXPECT_EQ(w.engine->status()[0].state, "backing off");
    w.pass(1);
    EXPECT_EQ(spawns(), before + 1) << pause_ms;
  }
  w.pass(60'000);
  w.die();
  EXPECT_EQ(w.engine->status()[0].restarts_count, 10) << "one that lived a minute is replaced at once";
}

TEST_F(EngineLife, asks_a_refused_plugin_again_only_rarely) {
  w.add("crm");
  w.is_spawn_ready = false;
  w.start();
  w.run();
  w.die("create: webhook_url is not a URL", true);
  EXPECT_EQ(w.engine->status()[0].state, "refused");
  EXPECT_EQ(w.engine->status()[0].reason, "create: webhook_url is not a URL");
  EXPECT_EQ(w.alarms_count("refused: create: webhook_url is not a URL"), 1);
  for (const Milliseconds pause_ms : {60'000, 120'000, 240'000, 480'000, 600'000, 600'000}) {
    const int before = spawns();
    w.pass(pause_ms - 1);
    EXPECT_EQ(spawns(), before);
    w.is_spawn_ready = pause_ms == 600'000;
    w.pass(1);
    EXPECT_EQ(spawns(), before + 1);
    if (w.is_spawn_ready) break;
    w.die("create: webhook_url is not a URL", true);
  }
  EXPECT_EQ(w.engine->status()[0].state, "running") << "the file was mended";
}

TEST_F(EngineLife, kills_a_child_that_never_becomes_ready) {
  w.add("crm");
  w.is_spawn_ready = false;
  w.start();
  w.run();
  EXPECT_EQ(w.engine->status()[0].state, "starting");
  w.pass(WorkerLife::start_ms_max);
  EXPECT_EQ(spawns(), 2);
  EXPECT_EQ(w.alarms_count("was not ready within 30 s and was killed"), 1);
}

TEST_F(EngineLife, keeps_a_subject_with_its_worker) {
  w.add("crm").workers = 4;
  for (int i = 0; i < 40; ++i) w.append("booking/" + std::to_string(i % 8));
  w.start();
  w.run();
  std::map<SubjectKey, int> worker_of;
  for (int i = 0; i < 200; ++i) {
    for (int worker = 0; worker < 4; ++worker) {
      if (!w.child(0, worker).call) continue;
      const Seq seq = w.in_hand(0, worker)[0];
      const auto [known, is_new] = worker_of.emplace((seq - 1) % 8, worker);
      EXPECT_EQ(known->second, worker);
      w.child(0, worker).call.reset();
      w.step(Answered{w.plans[0].id, worker, BHP_OK, {{BHP_OK, 0, ""}}});
      w.run();
    }
  }
  EXPECT_EQ(w.observed.size(), 40u);
}

TEST_F(EngineLife, stops_after_what_is_in_flight_is_durable) {
  w.add("crm");
  w.append("booking/1");
  w.append("booking/2");
  w.start();
  w.run();
  w.step(Stop{});
  w.run();
  EXPECT_FALSE(w.engine->is_stopped());
  EXPECT_TRUE(w.child().is_alive) << "it may finish";
  w.answer(BHP_OK);
  EXPECT_TRUE(w.engine->is_stopped());
  EXPECT_FALSE(w.child().is_alive);
  EXPECT_EQ(w.sends.size(), 1u);
  EXPECT_EQ(w.cursor(), 1) << "moved at once, not in a second";
  EXPECT_EQ(w.engine->status()[0].state, "stopped");
}

TEST_F(EngineLife, stops_though_the_last_cursor_cannot_be_written) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_OK);
  w.journal.fail_settles({Kind::full, "the disk is full"}, 1'000);
  w.step(Stop{});
  w.run();
  EXPECT_TRUE(w.engine->is_stopped()) << "it costs only reading at the next start";
}

TEST_F(EngineLife, stops_though_a_a_child_is_absent_or_dies) {
  w.add("crm").workers = 2;
  w.append("booking/1");
  w.start();
  w.run();
  const int busy = w.in_hand(0, 0).empty() ? 1 : 0;
  w.die("exited with 1", true, 0, 1 - busy);
  w.step(Stop{});
  w.run();
  EXPECT_FALSE(w.engine->is_stopped());
  w.die("killed by SIGKILL", false, 0, busy);
  EXPECT_TRUE(w.engine->is_stopped());
  EXPECT_EQ(w.row(1)->strikes, 1);
}

}  // namespace
}  // namespace bellhop::core
