// SPDX-License-Identifier: Apache-2.0
// The breaker and the hold inside the engine: who probes, what it costs, what the operator is told; and outages.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "delivery/engine_world.hpp"

namespace bellhop::core {
namespace {

using Seqs = std::vector<Seq>;
constexpr Milliseconds minute_ms = 60'000, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;

class EngineHold : public ::testing::Test {
 protected:
  EngineWorld w;
  Milliseconds now() const { return w.clock.steady_ms(); }
  InstanceStatus status() const { return w.engine->status()[0]; }
  // Ten events, each of another subject, all told to come again: the breaker opens with the last.
  void open_breaker(Milliseconds retry_after_ms = 0) {
    for (int i = 1; i <= 10; ++i) w.append("booking/" + std::to_string(i));
    w.start();
    w.run();
    for (int i = 0; i < 10; ++i) w.answer(BHP_RETRY, retry_after_ms, "503 Service Unavailable");
  }
};

TEST_F(EngineHold, takes_the_destination_for_down_and_says_why) {
  w.add("crm");
  open_breaker();

  EXPECT_TRUE(w.in_hand().empty());
  EXPECT_EQ(status().state, "held");
  EXPECT_EQ(status().held_by, "breaker");
  EXPECT_EQ(status().breaker, "open");
  EXPECT_EQ(status().reason, "10 of the last 10 attempts failed, the last: 503 Service Unavailable");
  EXPECT_EQ(status().last_error, "503 Service Unavailable");
  EXPECT_GT(status().next_probe_ms, now());
  EXPECT_EQ(w.alarms_count("held: 10 of the last 10 attempts failed"), 1);
  w.append("booking/new");
  w.commit();
  EXPECT_TRUE(w.in_hand().empty()) << "what comes waits as well";
}

TEST_F(EngineHold, probes_with_one_event_at_a_time_and_another_one_each_time) {
  w.add("crm").workers = 4;
  w.plans[0].policy.backoff_ms_max = 1'000;
  for (int i = 1; i <= 12; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  const auto busy = [&] {
    std::vector<int> workers;
    for (int i = 0; i < 4; ++i) {
      if (w.child(0, i).call) workers.push_back(i);
    }
    return workers;
  };
  const auto answer_all = [&](std::int32_t code) {
    for (const int worker : busy()) {
      w.child(0, worker).call.reset();
      w.step(Answered{w.plans[0].id, worker, BHP_OK, {{code, 0, "busy"}}});
      w.run();
    }
  };
  while (!w.engine->flow(w.plans[0].id).is_held()) {
    ASSERT_FALSE(busy().empty());
    answer_all(BHP_RETRY);
  }
  answer_all(BHP_RETRY);  // what was under way when it opened
  std::set<Seq> probes;
  for (int i = 0; i < 12; ++i) {
    w.pass(status().next_probe_ms - now());
    ASSERT_EQ(busy().size(), 1u);
    EXPECT_EQ(status().breaker, "half open");
    probes.insert(status().probe);
    answer_all(BHP_RETRY);
    EXPECT_TRUE(busy().empty());
  }
  EXPECT_GE(probes.size(), 8u) << "a poisonous one cannot keep the others out";
}

TEST_F(EngineHold, sends_all_again_after_enough_successes_and_says_so) {
  w.add("crm");
  open_breaker();
  w.pass(status().next_probe_ms - now());
  ASSERT_EQ(w.in_hand().size(), 1u);
  w.answer(BHP_OK);
  ASSERT_EQ(w.in_hand().size(), 1u) << "one success is not enough, but the next probe goes at once";
  EXPECT_EQ(status().state, "held");
  w.answer(BHP_OK);

  EXPECT_EQ(status().breaker, "closed");
  EXPECT_EQ(status().state, "running");
  EXPECT_EQ(w.alarms_count("takes events again"), 1);
}

TEST_F(EngineHold, closes_with_one_success_when_nothing_is_left_to_probe_with) {
  w.add("crm").policy.breaker = {80, minute_ms, 1, 1, 1'000, 1'000, 5};
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_RETRY);
  EXPECT_EQ(status().state, "held");
  w.pass(2'000);
  w.answer(BHP_OK);
  EXPECT_EQ(status().state, "running");
}

TEST_F(EngineHold, counts_no_refusal_of_a_single_event_and_no_skip_as_a_failure) {
  w.add("crm");
  for (int i = 1; i <= 40; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  for (int i = 0; i < 40; ++i) w.answer(i % 2 == 0 ? BHP_FAIL : BHP_SKIP);
  EXPECT_EQ(status().breaker, "closed");
}

TEST_F(EngineHold, lets_no_poisonous_booking_stop_the_others) {
  w.add("crm").policy.backoff_ms_max = 1'000;
  w.append("booking/poison");
  w.start();
  w.run();
  for (int i = 0; i < 300; ++i) {
    if (w.in_hand().empty()) w.pass(1'000);
    ASSERT_EQ(w.in_hand(), Seqs{1});
    w.answer(BHP_RETRY, 0, "500");
  }
  EXPECT_EQ(status().breaker, "closed");
  const Seq other = w.append("booking/other");
  w.commit();
  EXPECT_EQ(w.in_hand(), Seqs{other});
}

TEST_F(EngineHold, uses_up_neither_attempts_nor_age_of_what_is_held) {
  w.add("crm").policy.attempts_max = 3;
  w.plans[0].policy.age_ms_max = 2 * day_ms;
  open_breaker();
  for (const Milliseconds end_ms = now() + 7 * day_ms; now() < end_ms;) {
    ASSERT_GT(w.in_hand().size() + static_cast<std::size_t>(w.engine->next_timer().has_value()), 0u);
    if (w.in_hand().empty()) {
      w.pass(std::max<Milliseconds>(0, *w.engine->next_timer() - now()));
    } else {
      ASSERT_EQ(w.in_hand().size(), 1u);
      w.answer(BHP_RETRY);
    }
  }
  for (Seq seq = 1; seq <= 10; ++seq) {
    EXPECT_EQ(w.row(seq)->state, DeliveryState::waiting) << seq;
    EXPECT_EQ(w.row(seq)->attempts, 1) << seq;
  }

  // Back again, and one of them is told to come again: it has not grown old meanwhile.
  bool was_told = false;
  for (int i = 0; i < 10'000 && w.engine->next_timer(); ++i) {
    if (w.in_hand().empty()) {
      w.pass(std::max<Milliseconds>(0, *w.engine->next_timer() - now()));
      continue;
    }
    const bool is_it = !was_told && status().state == "running";
    was_told |= is_it;
    w.answer(is_it ? BHP_RETRY : BHP_OK);
  }
  EXPECT_TRUE(was_told);
  for (Seq seq = 1; seq <= 10; ++seq) EXPECT_EQ(w.row(seq)->state, DeliveryState::delivered) << seq;
}

TEST_F(EngineHold, gives_way_to_a_hold_of_the_plugin_itself) {
  w.add("crm");
  open_breaker();
  w.pass(status().next_probe_ms - now());
  const Seqs probe = w.in_hand();
  w.answer(BHP_HOLD, 10'000, "the login was revoked");
  EXPECT_EQ(status().held_by, "plugin");
  EXPECT_EQ(status().breaker, "closed");
  EXPECT_EQ(status().reason, "the login was revoked");
  w.pass(10'000);
  EXPECT_EQ(w.in_hand(), probe) << "what said HOLD probes itself";
  w.answer(BHP_OK);
  EXPECT_EQ(status().state, "running");
}

TEST_F(EngineHold, draws_another_probe_when_one_is_told_to_come_again) {
  w.add("crm");
  for (int i = 1; i <= 3; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  w.answer(BHP_HOLD, 1'000);
  w.pass(1'000);
  ASSERT_EQ(w.in_hand(), Seqs{1});
  w.answer(BHP_RETRY);
  w.pass(60'000);
  EXPECT_EQ(w.in_hand(), Seqs{2});
  w.answer(BHP_OK);
  EXPECT_EQ(w.row(1)->attempts, 0);
  EXPECT_EQ(status().state, "running");
}

TEST_F(EngineHold, buries_what_kills_the_plugin_and_stays_open_for_the_others) {
  w.add("crm").policy.breaker = {80, minute_ms, 1, 1, 1'000, 1'000, 1};
  w.plans[0].policy.strikes_max = 2;
  w.append("booking/1");
  w.append("booking/2");
  w.start();
  w.run();
  w.die();
  EXPECT_EQ(status().held_by, "breaker") << "a death is a failure";
  for (int i = 0; i < 100 && w.row(1)->state == DeliveryState::waiting; ++i) {
    if (w.in_hand() == Seqs{1}) {
      w.die();
    } else if (!w.in_hand().empty()) {
      w.answer(BHP_RETRY);
    }
    w.pass(1'000);
  }
  EXPECT_EQ(w.row(1)->state, DeliveryState::dead);
  EXPECT_EQ(status().held_by, "breaker");
}

// The issue's own day: down, then timing out, answering 429, flapping. Another instance beside it notices nothing.
TEST_F(EngineHold, delivers_everything_in_order_after_a_day_of_every_kind_of_trouble) {
  w.add("crm").policy.deadline_ms = 10'000;
  w.add("log");
  w.start();
  w.run();
  Random dice(7);
  const Milliseconds start_ms = now();
  std::map<Seq, std::string> subject_of;
  std::map<std::string, Seq> newest_of, newest_of_log;
  Milliseconds next_booking_ms = now();
  const auto code_now = [&](Milliseconds hour) -> std::int32_t {
    if (hour >= 24) return BHP_OK;
    if (hour % 4 == 0) return BHP_RETRY;             // down
    if (hour % 4 == 1) return -1;                    // hangs
    if (hour % 4 == 2) return BHP_RETRY;             // 429
    return dice.below(2) == 0 ? BHP_OK : BHP_RETRY;  // flaps
  };
  for (int i = 0; i < 2'000'000; ++i) {
    const Milliseconds hour = (now() - start_ms) / hour_ms;
    if (hour < 25 && now() >= next_booking_ms) {
      const std::string subject = "booking/" + std::to_string(dice.below(40));
      subject_of[w.append(subject)] = subject;
      next_booking_ms = now() + static_cast<Milliseconds>(dice.below(2 * minute_ms));
      w.commit();
    }
    if (w.child(1).call) {
      const Seq seq = w.in_hand(1)[0];
      EXPECT_GT(seq, newest_of_log[subject_of[seq]]);
      newest_of_log[subject_of[seq]] = seq;
      w.child(1).call.reset();
      w.step(Answered{w.plans[1].id, 0, BHP_OK, {{BHP_OK, 0, ""}}});
      w.run();
      EXPECT_EQ(w.row(seq, 1)->state, DeliveryState::delivered);
      continue;
    }
    if (w.child().call) {
      const Seq seq = w.in_hand()[0];
      if (w.engine->flow(w.plans[0].id).is_held()) {
        EXPECT_EQ(w.engine->flow(w.plans[0].id).probe()->seq, seq);
      }
      const std::int32_t code = code_now(hour);
      if (code == -1) {
        w.pass(w.plans[0].policy.deadline_ms);
        continue;
      }
      if (code == BHP_OK) {
        EXPECT_GT(seq, newest_of[subject_of[seq]]) << "out of order";
        newest_of[subject_of[seq]] = seq;
      }
      w.answer(code, hour % 4 == 2 ? 30'000 : 0, "trouble");
      continue;
    }
    if (hour >= 30) break;
    Milliseconds next_ms = now() + hour_ms;
    if (hour < 25) next_ms = std::min(next_ms, next_booking_ms);
    if (const auto timer = w.engine->next_timer()) next_ms = std::min(next_ms, *timer);
    w.pass(std::max<Milliseconds>(1, next_ms - now()));
  }
  ASSERT_GT(subject_of.size(), 500u);
  for (const auto &[seq, subject] : subject_of) {
    ASSERT_TRUE(w.row(seq)) << seq;
    EXPECT_EQ(w.row(seq)->state, DeliveryState::delivered) << seq << ": " << w.row(seq)->message;
  }
}

// ---- the clock of another run ---------------------------------------------------------------------------------------

TEST_F(EngineHold, does_not_age_what_waited_while_the_daemon_was_down_or_its_clock_was_years_behind) {
  w.add("crm").policy.age_ms_max = day_ms;
  w.append("booking/1");
  w.start();
  w.run();
  w.answer(BHP_RETRY, 5'000);
  w.clock.advance(10 * 365 * day_ms);

  w.start();
  w.run();

  ASSERT_EQ(w.in_hand(), Seqs{1});
  w.answer(BHP_RETRY, 5'000);
  EXPECT_EQ(w.row(1)->state, DeliveryState::waiting) << w.row(1)->message;
  for (int i = 0; i < 200 && w.row(1)->state == DeliveryState::waiting; ++i) {
    w.pass(hour_ms);
    if (!w.in_hand().empty()) w.answer(BHP_RETRY);
  }
  EXPECT_EQ(w.row(1)->message, "gave up 1 day after the first attempt") << "and grows old all the same";
}

TEST_F(EngineHold, takes_up_what_a_clock_that_was_years_ahead_has_put_off) {
  w.add("crm");
  w.clock.advance(10 * 365 * day_ms);
  for (int i = 1; i <= 100; ++i) w.append("booking/" + std::to_string(i));
  w.plans[0].policy.breaker.failures_percent = 0;
  w.start();
  w.run();
  for (int i = 1; i <= 100; ++i) w.answer(BHP_RETRY, i * 1'000);
  w.clock.advance(-10 * 365 * day_ms);

  w.start();
  w.run();

  for (int i = 1; i <= 100; ++i) {
    if (w.in_hand().empty()) w.pass(1'000);
    ASSERT_EQ(w.in_hand().size(), 1u) << i;
    w.answer(BHP_OK);
  }
  w.pass(Flow::cursor_ms_interval);
  EXPECT_EQ(w.cursor(), 100);
}

// A read error between two reads of one load() left what was due asleep until the next event came.
TEST(EngineReads, lose_no_timer_whichever_of_them_fails_at_the_start) {
  for (int failing = 1; failing <= 8; ++failing) {
    SCOPED_TRACE("read " + std::to_string(failing));
    EngineWorld w;
    w.add("crm");
    w.start();
    SettleBatch batch;
    for (const Seq seq : {w.append("booking/1"), w.append("booking/2")}) {
      Settlement waiting;
      waiting.key = {w.plans[0].id, seq, 0};
      waiting.subject = subject_key("booking/" + std::to_string(seq));
      waiting.state = DeliveryState::waiting;
      waiting.verdict = Verdict::retry;
      waiting.attempts = 1;
      waiting.first_ms = w.clock.steady_ms();
      waiting.due_ms = seq == 1 ? w.clock.steady_ms() + 365 * day_ms : w.clock.steady_ms();
      batch.settlements.push_back(waiting);
    }
    w.journal.settle(std::move(batch), [](Result<void> result) { ASSERT_TRUE(result.ok()); });
    w.reads.fail_in = failing;

    w.start();
    w.run();
    for (int i = 0; i < 10; ++i) {
      if (!w.in_hand().empty()) w.answer(BHP_OK);
      w.pass(1'000);
    }

    EXPECT_EQ(w.row(1)->state, DeliveryState::delivered) << "written by a clock that was ahead";
    EXPECT_EQ(w.row(2)->state, DeliveryState::delivered) << "due at the start";
  }
}

// ---- what the operator is told --------------------------------------------------------------------------------------

TEST_F(EngineHold, tells_the_first_dead_letter_and_the_others_in_one_line) {
  w.add("crm");
  for (int i = 1; i <= 30; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  for (int i = 1; i <= 30; ++i) w.answer(BHP_FAIL, 0, "the contact has no e-mail");
  EXPECT_EQ(w.alarms_count("dead letter"), 1);
  EXPECT_EQ(w.alarms_count("dead letter: event 1: the contact has no e-mail"), 1);
  w.pass(Flow::dead_letters_ms_interval);
  EXPECT_EQ(w.alarms_count("29 more dead letters"), 1);
  EXPECT_EQ(status().dead_letters_count, 30);
  w.pass(10 * Flow::dead_letters_ms_interval);
  EXPECT_EQ(w.alarms_count("dead letter"), 2);
}

TEST_F(EngineHold, tells_of_an_event_that_waits_too_long_and_doubles_its_patience) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  for (int i = 0; i < 24 * 60; ++i) {
    if (!w.in_hand().empty()) w.answer(BHP_RETRY, 0, "502 Bad Gateway");
    w.pass(minute_ms);
  }
  EXPECT_EQ(w.alarms_count("event 1 has been the oldest that waits"), 5) << "after 1, 2, 4, 8 and 16 hours";
  EXPECT_EQ(w.alarms_count("the last error: 502 Bad Gateway"), 5);
  EXPECT_EQ(status().oldest, 1);
}

// ---- what a plugin wrote
// ----------------------------------------------------------------------------------------------

class EngineStaged : public EngineHold {
 protected:
  std::vector<Settlement> settlements;
  static Staged some() {
    Staged staged;
    staged.kv.push_back({"contact/1", "4711"});
    return staged;
  }
  void SetUp() override {
    w.on_settle = [this](const SettleDeliveries &settle) {
      for (const Settlement &one : settle.batch.settlements) settlements.push_back(one);
    };
  }
};

TEST_F(EngineStaged, writes_it_once_with_the_first_delivered_of_a_call) {
  w.offer_a_batch_of(3);
  w.child().call.reset();
  w.step(Answered{w.plans[0].id,
                  0,
                  BHP_OK,
                  {{BHP_OK, 0, ""}, {BHP_SKIP, 0, ""}, {BHP_OK, 0, ""}},
                  some(),
                  {"{\"status\":200}", "{\"status\":201}"}});
  w.run();
  ASSERT_EQ(settlements.size(), 3u);
  EXPECT_EQ(settlements[0].staged.kv.size(), 1u);
  EXPECT_TRUE(settlements[1].staged.empty());
  EXPECT_TRUE(settlements[2].staged.empty());
  for (const Settlement &one : settlements) EXPECT_EQ(one.exchanges, "[{\"status\":200},{\"status\":201}]");
}

TEST_F(EngineStaged, drops_what_a_batch_wrote_that_does_not_count) {
  w.add("crm");
  w.is_batching = true;
  for (int i = 1; i <= 2; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  w.child().call.reset();
  w.step(Answered{w.plans[0].id, 0, BHP_RETRY, {{BHP_OK, 0, ""}, {BHP_OK, 0, ""}}, some()});
  w.run();
  EXPECT_TRUE(settlements.empty());
}

TEST_F(EngineStaged, delivers_again_what_wrote_more_than_fits_and_does_not_keep_the_others) {
  w.add("crm");
  w.is_batching = true;
  for (int i = 1; i <= 2; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  w.journal.fail_settles({Kind::invalid, "instance crm keeps 10 MiB already"}, 2);  // the batch, then the one alone
  w.child().call.reset();
  w.step(Answered{w.plans[0].id, 0, BHP_OK, {{BHP_OK, 0, ""}, {BHP_OK, 0, ""}}, some()});
  w.run();
  EXPECT_EQ(w.row(1)->state, DeliveryState::waiting);
  EXPECT_EQ(w.row(1)->message, "what it wrote does not fit: instance crm keeps 10 MiB already");
  EXPECT_EQ(w.row(1)->attempts, 1);
  EXPECT_EQ(w.row(2)->state, DeliveryState::delivered);
  EXPECT_EQ(w.alarms_count("cannot be written down"), 0);
  w.pass(1'000);
  EXPECT_EQ(w.in_hand(), Seqs{1});
  w.answer(BHP_OK);
  EXPECT_EQ(w.row(1)->state, DeliveryState::delivered);
  EXPECT_EQ(w.engine->in_flight_count(), 0);
}

TEST_F(EngineStaged, keeps_the_last_exchanges_that_fit) {
  w.add("crm");
  w.append("booking/1");
  w.start();
  w.run();
  std::vector<std::string> exchanges(100, std::string(2'000, ' '));
  exchanges.back() = "\"last\"";
  w.child().call.reset();
  w.step(Answered{w.plans[0].id, 0, BHP_OK, {{BHP_RETRY, 0, ""}}, {}, exchanges});
  w.run();
  EXPECT_LE(settlements.at(0).exchanges.size(), Flow::exchanges_bytes_max);
  EXPECT_GT(settlements.at(0).exchanges.size(), Flow::exchanges_bytes_max - 4'000);
  EXPECT_NE(settlements.at(0).exchanges.find("\"last\"]"), std::string::npos);
}

// A digest is one request for all of a batch: whoever asks about one of its events is shown it.
TEST_F(EngineStaged, keeps_an_exchange_with_each_event_of_the_largest_usual_batch) {
  const auto count = static_cast<std::size_t>(DeliveryPlan().batch_max);
  w.add("crm");
  w.is_batching = true;
  for (std::size_t i = 1; i <= count; ++i) w.append("booking/" + std::to_string(i));
  w.start();
  w.run();
  ASSERT_EQ(w.in_hand().size(), count);
  const std::string exchange = "\"" + std::string(600, 'x') + "\"";
  w.child().call.reset();
  w.step(Answered{w.plans[0].id, 0, BHP_OK, std::vector<PluginAnswer>(count, {BHP_OK, 0, ""}), {}, {exchange}});
  w.run();
  ASSERT_EQ(settlements.size(), count);
  for (const Settlement &one : settlements) EXPECT_EQ(one.exchanges, "[" + exchange + "]");
}

}  // namespace
}  // namespace bellhop::core
