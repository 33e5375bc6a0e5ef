// SPDX-License-Identifier: Apache-2.0
// The shell with its real thread, on a MemoryJournal and scripted instances.
#include "delivery/delivery.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "bellhop/plugin.h"
#include "delivery/engine_world.hpp"
#include "journal/memory_journal.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_instance.hpp"

namespace bellhop::core {
namespace {

// What spawn gives when there are no descriptors left: nothing to wait for, and one report.
class NeverStarted final : public Instance {
 public:
  int descriptor() const override { return -1; }
  bool wants_write() const override { return false; }
  bool is_batching() const override { return false; }
  std::vector<Report> poll() override {
    Report died;
    died.what = Report::What::died;
    died.text = "cannot watch a child: Too many open files";
    return {died};
  }
  void deliver(Batch) override { CHECK(false); }
  void stop(Milliseconds) override {}
  void kill(std::string) override {}
};

// Keeps a copy of what is settled; on the delivery thread, read after it has ended.
class KeepingJournal final : public FlakyJournal {
 public:
  using FlakyJournal::FlakyJournal;
  std::vector<Settlement> settlements;
  void settle(SettleBatch batch, std::function<void(Result<void>)> done) override {
    settlements.insert(settlements.end(), batch.settlements.begin(), batch.settlements.end());
    FlakyJournal::settle(std::move(batch), std::move(done));
  }
};

class DeliveryTest : public ::testing::Test {
 protected:
  // Lines and attempts, as other threads see them.
  struct Notes {
    mutable Mutex mutex;
    CondVar changed;
    std::vector<std::string> lines GUARDED_BY(mutex);
    std::vector<Attempt> attempts GUARDED_BY(mutex);

    bool wait_for_attempts(std::size_t count) {
      Lock lock(mutex);
      while (attempts.size() < count) {
        if (!changed.wait_for(mutex, std::chrono::seconds(20))) return attempts.size() >= count;
      }
      return true;
    }
    bool wait_for_line(const std::string &part) {
      Lock lock(mutex);
      for (;;) {
        for (const std::string &line : lines) {
          if (line.find(part) != std::string::npos) return true;
        }
        if (!changed.wait_for(mutex, std::chrono::seconds(20))) return false;
      }
    }
  };

  void open(int workers = 1, Journal *instead = nullptr) {
    DeliveryPlan plan;
    plan.name = "crm";
    plan.filter = Filter::parse({"*"}).value();
    plan.workers = workers;
    plan.batch_max = 8;
    const OpenedInstance opened = journal_.open_instance("crm", Start::beginning).value();
    plan.id = id_ = opened.id;
    plan.cursor = opened.cursor;
    delivery_ = std::make_unique<Delivery>(
        instead == nullptr ? journal_ : *instead, clock_, log_, std::vector<DeliveryPlan>{plan},
        [this](const InstanceSpec &spec) -> std::unique_ptr<Instance> {
          if (failing_spawns_count_ > 0 && failing_spawns_count_-- > 0) return std::make_unique<NeverStarted>();
          return std::make_unique<ScriptedInstance>(stage_, spec);
        },
        [this](const Attempt &attempt) {
          Lock lock(notes_.mutex);
          notes_.attempts.push_back(attempt);
          notes_.changed.notify_all();
        },
        1);
    journal_.on_commit([this] { delivery_->wake(); });
  }
  Seq append(const std::string &subject, bool is_test = false, std::size_t body_bytes = 0) {
    const std::string body = std::to_string(++bodies_count_) + std::string(body_bytes, ' ');
    Event event;
    event.id = EventId::of("test", body);
    event.type = "booking.confirmed";
    event.subject = subject;
    event.time_ms = clock_.wall_ms();
    event.received_ms = clock_.wall_ms() + 7;
    event.is_test = is_test;
    event.json = R"({"id":"x"})";
    Incoming incoming;
    incoming.source_name = "test";
    incoming.body = body;
    incoming.event = &event;
    incoming.id = event.id;
    incoming.received_ms = event.received_ms;
    return journal_.append(incoming).value().seq;
  }
  void pass(Milliseconds by_ms) {
    clock_.advance(by_ms);
    delivery_->wake();
  }

  MemoryJournal journal_;
  FakeClock clock_;
  Notes notes_;
  Log log_{[this](Level, std::string_view line) {
             Lock lock(notes_.mutex);
             notes_.lines.emplace_back(line);
             notes_.changed.notify_all();
           },
           Level::debug};
  Stage stage_;
  int failing_spawns_count_ = 0;  // before start()
  InstanceId id_ = 0;
  int bodies_count_ = 0;
  std::unique_ptr<Delivery> delivery_;  // last: its thread uses all of the above
};

Reply all(const Batch &batch, std::int32_t code, Milliseconds retry_after_ms = 0) {
  Reply reply;
  reply.answers.assign(batch.parcels.size(), {code, retry_after_ms, ""});
  return reply;
}

TEST_F(DeliveryTest, carries_the_whole_event_to_the_instance_and_its_verdict_to_the_journal) {
  open();
  delivery_->start();
  const Seq seq = append("booking/1", true);

  ASSERT_TRUE(notes_.wait_for_attempts(1));

  const std::vector<Parcel> parcels = stage_.parcels();
  ASSERT_EQ(parcels.size(), 1u);
  EXPECT_EQ(parcels[0].id, EventId::of("test", "1"));
  EXPECT_EQ(parcels[0].type, "booking.confirmed");
  EXPECT_EQ(parcels[0].subject, "booking/1");
  EXPECT_EQ(parcels[0].seq, seq);
  EXPECT_EQ(parcels[0].body, "1");
  EXPECT_EQ(parcels[0].json, R"({"id":"x"})");
  EXPECT_EQ(parcels[0].received_ms - parcels[0].occurred_ms, 7);
  EXPECT_EQ(parcels[0].flags, BHP_EV_TEST);
  EXPECT_EQ(parcels[0].attempts_max, 0u) << "age decides";
  const std::vector<DeliveryRow> rows = journal_.deliveries_of(seq).value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].state, DeliveryState::delivered);
  EXPECT_EQ(rows[0].settled_ms, clock_.wall_ms());
  Lock lock(notes_.mutex);
  EXPECT_EQ(notes_.attempts[0].subject, "booking/1");
  EXPECT_EQ(notes_.attempts[0].id, parcels[0].id);
  EXPECT_EQ(notes_.attempts[0].instance, "crm");
}

TEST_F(DeliveryTest, delivers_what_was_there_before_it_started) {
  append("booking/1");
  open();
  delivery_->start();
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  EXPECT_EQ(stage_.parcels()[0].flags, BHP_EV_REDELIVERY) << "an earlier run may have sent it";
}

TEST_F(DeliveryTest, keeps_the_order_of_each_subject_over_several_workers_and_slow_pipes) {
  stage_.is_writing_slowly = true;
  open(3);
  delivery_->start();
  for (int i = 0; i < 300; ++i) append("booking/" + std::to_string(i % 7));
  ASSERT_TRUE(notes_.wait_for_attempts(300));
  std::map<std::string, Seq> newest;
  for (const Parcel &parcel : stage_.parcels()) {
    EXPECT_GT(parcel.seq, newest[parcel.subject]);
    newest[parcel.subject] = parcel.seq;
  }
}

TEST_F(DeliveryTest, retries_when_the_time_has_come) {
  stage_.play(
      [](const Batch &batch) { return all(batch, batch.parcels[0].attempt == 1 ? BHP_RETRY : BHP_OK, 60'000); });
  open();
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  pass(60'000);
  ASSERT_TRUE(notes_.wait_for_attempts(2));
  EXPECT_EQ(stage_.parcels()[1].attempt, 2u);
}

TEST_F(DeliveryTest, starts_a_new_child_after_a_death_and_delivers_again) {
  stage_.play([](const Batch &batch) {
    Reply reply = all(batch, BHP_OK);
    if (batch.parcels[0].attempt == 1) reply.how = Reply::How::die;
    return reply;
  });
  open();
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  pass(2'000);
  ASSERT_TRUE(notes_.wait_for_attempts(2));
  EXPECT_TRUE(notes_.wait_for_line("killed by SIGSEGV while delivering"));
  EXPECT_EQ(delivery_->status()[0].restarts_count, 1);
}

TEST_F(DeliveryTest, outlives_a_child_that_could_not_be_started) {
  failing_spawns_count_ = 1;
  open();
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(notes_.wait_for_line("Too many open files"));
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  EXPECT_EQ(delivery_->status()[0].restarts_count, 1);
}

// A flipped bit may leave a waiting row below the cursor.
TEST_F(DeliveryTest, goes_on_when_damage_has_moved_the_cursor_past_a_waiting_row) {
  const InstanceId id = journal_.open_instance("crm", Start::beginning).value().id;
  append("booking/1");
  Settlement waiting;
  waiting.key = {id, 1, 0};
  waiting.subject = subject_key("booking/1");
  waiting.state = DeliveryState::waiting;
  waiting.due_ms = clock_.steady_ms() + 3'600'000;
  journal_.settle({{waiting}, {{id, 1}}, {}}, [](Result<void> result) { EXPECT_TRUE(result.ok()); });
  open();
  delivery_->start();
  append("booking/2");
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  pass(60'000);  // by now the cursor wants to move
  pass(3'600'000);
  ASSERT_TRUE(notes_.wait_for_attempts(2)) << "the waiting one is offered all the same";
  EXPECT_TRUE(delivery_->stop(10'000));
  EXPECT_EQ(journal_.instances().value()[0].cursor, 2);
}

TEST_F(DeliveryTest, kills_what_hangs_at_the_deadline) {
  stage_.play([](const Batch &batch) {
    Reply reply = all(batch, BHP_OK);
    if (batch.parcels[0].attempt == 1) reply.how = Reply::How::hang;
    return reply;
  });
  open();
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(stage_.wait_for_parcels(1));
  pass(30'000);
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  EXPECT_TRUE(notes_.wait_for_line("gave no answer within 30 s and was killed"));
  EXPECT_EQ(stage_.deaths_count(), 1);
}

TEST_F(DeliveryTest, fills_batches_up_to_their_bytes) {
  stage_.is_batching = true;
  stage_.play([](const Batch &batch) { return all(batch, BHP_OK); });
  open();
  for (int i = 0; i < 6; ++i) append("booking/" + std::to_string(i), false, 1'500'000);
  std::vector<std::size_t> sizes;
  stage_.play([&sizes](const Batch &batch) {
    sizes.push_back(batch.parcels.size());
    return all(batch, BHP_OK);
  });
  delivery_->start();
  ASSERT_TRUE(notes_.wait_for_attempts(6));
  delivery_->stop(0);
  EXPECT_EQ(*std::max_element(sizes.begin(), sizes.end()), 2u) << "4 MiB a call";
}

TEST_F(DeliveryTest, buries_a_damaged_event_and_goes_on) {
  open();
  const Seq damaged = append("booking/1");
  append("booking/1");
  journal_.corrupt(damaged);
  delivery_->start();
  ASSERT_TRUE(notes_.wait_for_attempts(2));
  EXPECT_EQ(stage_.parcels().size(), 1u);
  EXPECT_EQ(journal_.dead({}).value().size(), 1u);
}

TEST_F(DeliveryTest, says_that_a_replay_is_late_when_something_newer_has_come) {
  open();
  const Seq seq = append("booking/1");
  clock_.advance(1'000);
  append("booking/1");
  delivery_->start();
  ASSERT_TRUE(notes_.wait_for_attempts(2));
  ASSERT_TRUE(journal_.replay(id_, seq).ok());
  ASSERT_TRUE(notes_.wait_for_attempts(3));
  EXPECT_EQ(stage_.parcels()[2].flags & (BHP_EV_REPLAY | BHP_EV_LATE), BHP_EV_REPLAY | BHP_EV_LATE);
  EXPECT_NE(stage_.parcels()[2].json.find("\"late\":true"), std::string::npos);
}

TEST_F(DeliveryTest, writes_the_instances_lines_under_its_name) {
  open();
  delivery_->start();
  EXPECT_TRUE(notes_.wait_for_line("worker 0 starts"));
  EXPECT_TRUE(notes_.wait_for_line("instance crm"));
}

TEST_F(DeliveryTest, tells_the_state_of_a_refused_plugin) {
  stage_.refusal = "create: webhook_url is not a URL";
  open();
  delivery_->start();
  ASSERT_TRUE(notes_.wait_for_line("refused: create: webhook_url is not a URL"));
  EXPECT_TRUE(delivery_->stop(0));
}

TEST_F(DeliveryTest, stops_clean_when_nothing_is_in_flight) {
  open(2);
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  EXPECT_TRUE(delivery_->stop(10'000));
  EXPECT_EQ(stage_.deaths_count(), 2);
  EXPECT_EQ(delivery_->status()[0].state, "stopped");
  EXPECT_EQ(journal_.instances().value()[0].cursor, 1);
  EXPECT_TRUE(delivery_->stop(0)) << "twice is as good as once";
}

TEST_F(DeliveryTest, gives_up_on_what_hangs_when_the_budget_is_over_and_says_so) {
  stage_.play([](const Batch &) {
    Reply reply;
    reply.how = Reply::How::hang;
    return reply;
  });
  open();
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(stage_.wait_for_parcels(1));
  EXPECT_FALSE(delivery_->stop(0));
  EXPECT_TRUE(journal_.deliveries_of(1).value().empty()) << "it is owed still";
}

TEST_F(DeliveryTest, carries_what_was_staged_and_asked_into_the_journal_with_the_verdict) {
  stage_.play([](const Batch &batch) {
    Reply reply = all(batch, BHP_OK);
    reply.staged.kv.push_back({"contact/1", "4711"});
    reply.exchanges = {R"({"status":201})"};
    return reply;
  });
  KeepingJournal keeping(journal_);
  open(1, &keeping);
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  delivery_->stop(10'000);
  ASSERT_EQ(keeping.settlements.size(), 1u);
  ASSERT_EQ(keeping.settlements[0].staged.kv.size(), 1u);
  EXPECT_EQ(keeping.settlements[0].staged.kv[0].key, "contact/1");
  EXPECT_EQ(keeping.settlements[0].exchanges, R"([{"status":201}])");
  delivery_.reset();
}

TEST_F(DeliveryTest, holds_an_instance_that_would_keep_more_than_its_quota_and_loses_nothing) {
  std::atomic<std::size_t> value_bytes{kv_value_bytes_max};
  stage_.play([&value_bytes](const Batch &batch) {
    Reply reply = all(batch, BHP_OK);
    reply.staged.kv.push_back({"one more", std::string(value_bytes, 'v')});
    return reply;
  });
  open();
  SettleBatch fill;
  fill.writes.push_back({id_, {}, 0});
  for (int i = 0; i < 255; ++i) {
    fill.writes[0].staged.kv.push_back({"key" + std::to_string(i), std::string(kv_value_bytes_max, 'v')});
  }
  journal_.settle(std::move(fill), [](const Result<void> &result) { CHECK(result.ok()); });
  delivery_->start();
  append("booking/1");

  ASSERT_TRUE(notes_.wait_for_line("held: what it keeps would be larger than its quota: kv of the instance"));
  ASSERT_TRUE(notes_.wait_for_attempts(1));
  const std::vector<DeliveryRow> held = journal_.deliveries_of(1).value();
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].state, DeliveryState::waiting);
  EXPECT_EQ(held[0].verdict, Verdict::hold);
  EXPECT_EQ(held[0].attempts, 0) << "it is not the event's fault";
  EXPECT_FALSE(journal_.kv_get(id_, "one more").value().has_value());
  EXPECT_EQ(delivery_->status()[0].held_by, "plugin");

  value_bytes = 16;  // the plugin wants less now
  pass(60'000);
  ASSERT_TRUE(notes_.wait_for_line("takes events again"));
  ASSERT_TRUE(notes_.wait_for_attempts(2));
  delivery_->stop(10'000);
  EXPECT_EQ(journal_.deliveries_of(1).value()[0].state, DeliveryState::delivered);
  EXPECT_TRUE(journal_.kv_get(id_, "one more").value().has_value());
}

TEST_F(DeliveryTest, puts_questions_to_the_plugin_and_answers_whoever_asked) {
  open();
  delivery_->start();
  Mutex mutex;
  CondVar changed;
  std::vector<std::string> said;
  std::string output;
  const auto answer = [&](Result<PluginAnswer> told) {
    Lock lock(mutex);
    said.push_back(told.ok() ? told->message : told.error().sentence);
    changed.notify_all();
  };
  delivery_->check("crm", answer);
  delivery_->run(
      "crm", "export", R"({"year":2026})", [&](std::string_view bytes) { output += bytes; }, answer);
  delivery_->check("nobody", answer);
  {
    Lock lock(mutex);
    while (said.size() < 3) ASSERT_TRUE(changed.wait_for(mutex, std::chrono::seconds(20)));
  }
  delivery_->stop(10'000);
  std::sort(said.begin(), said.end());
  EXPECT_EQ(said,
            (std::vector<std::string>{"as you like it", "as you like it", "there is no running instance nobody"}));
  EXPECT_EQ(output, R"(export {"year":2026})");

  delivery_->check("crm", answer);

  EXPECT_EQ(said.back(), "delivery has stopped");
}

TEST_F(DeliveryTest, may_be_gone_before_the_journal_answers) {
  open();
  journal_.hold_settles();
  delivery_->start();
  append("booking/1");
  ASSERT_TRUE(stage_.wait_for_parcels(1));
  while (journal_.held_settles_count() == 0) std::this_thread::yield();
  journal_.on_commit({});
  delivery_.reset();
  journal_.release_settles();
  EXPECT_EQ(journal_.deliveries_of(1).value().size(), 1u);
}

}  // namespace
}  // namespace bellhop::core
