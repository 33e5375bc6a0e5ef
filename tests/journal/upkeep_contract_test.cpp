// SPDX-License-Identifier: Apache-2.0
// What keeps a journal small, on every implementation: caps, retention, forget, usage. Sentence by sentence of
// core/journal/limits.hpp and upkeep.hpp.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fault_vfs.hpp"
#include "fixtures.hpp"
#include "journal/memory_journal.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr Milliseconds day_ms = 86'400'000;

class UpkeepContract : public testing::TestWithParam<std::string> {
 protected:
  void open(const Limits &limits) {
    if (GetParam() == "memory") {
      memory_.limit(limits, clock_);
      journal_ = &memory_;
      inspect_ = &memory_;
      upkeep_ = &memory_;
      return;
    }
    sqlite_.options.vfs = FaultVfs::name;
    sqlite_.options.limits = limits;
    sqlite_.options.clock = &clock_;
    if (GetParam() == "sqlite_merging") sqlite_.options.generation_count = 2;
    const Result<void> opened = sqlite_.open();
    ASSERT_TRUE(opened.ok()) << opened.error().sentence;
    journal_ = sqlite_.journal.get();
    inspect_ = sqlite_.journal.get();
    upkeep_ = sqlite_.journal.get();
  }
  Journal &journal() { return *journal_; }
  Inspect &inspect() { return *inspect_; }
  Upkeep &upkeep() { return *upkeep_; }

  // Received now.
  Webhook webhook(int number, const std::string &subject = "booking/1", Milliseconds time_ms = 1'000) const {
    return Webhook(number, subject, time_ms, clock_.wall_ms());
  }
  Seq put(int number, const std::string &subject = "booking/1", Milliseconds time_ms = 1'000) {
    const Result<Appended> appended = journal().append(webhook(number, subject, time_ms).incoming());
    EXPECT_TRUE(appended.ok()) << appended.error().sentence;
    return appended.ok() ? appended->seq : 0;
  }
  InstanceId open_instance(const std::string &name) { return journal().open_instance(name, Start::beginning)->id; }
  void settle(InstanceId instance, Seq seq, DeliveryState state, const std::string &subject = "booking/1") {
    Settlement one = settlement(instance, seq, state, subject, 1);
    one.settled_ms = clock_.wall_ms();
    ASSERT_TRUE(settle_now(journal(), one).ok());
  }
  void move(InstanceId instance, Seq cursor) { ASSERT_TRUE(settle_batch(journal(), {{}, {{instance, cursor}}}).ok()); }
  std::int64_t retain() {
    const Result<Retained> retained = upkeep().retain();
    EXPECT_TRUE(retained.ok()) << retained.error().sentence;
    // The SQLite journal may have begun by itself: what counts is what is gone.
    const std::int64_t before = std::exchange(removed_count_, upkeep().usage()->removed_count);
    return removed_count_ - before;
  }
  std::vector<Seq> kept() {
    std::vector<Seq> seqs;
    EventQuery query;
    query.count_max = 1'000;
    for (const EventRow &row : inspect().events(query).value()) seqs.insert(seqs.begin(), row.seq);
    return seqs;
  }
  void expect_clean() { EXPECT_EQ(text_of(inspect().verify()->findings), ""); }

  std::int64_t removed_count_ = 0;
  FakeClock clock_;
  MemoryJournal memory_;
  FaultVfs vfs_;
  SqliteFixture sqlite_;
  Journal *journal_ = nullptr;
  Inspect *inspect_ = nullptr;
  Upkeep *upkeep_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Every, UpkeepContract, testing::Values("memory", "sqlite", "sqlite_merging"),
                         [](const auto &given) { return given.param; });

Limits retention(Milliseconds age_ms, Milliseconds dead_age_ms = 0) {
  Limits limits;
  limits.retention_age_ms = age_ms;
  limits.dead_age_ms = dead_age_ms;
  return limits;
}

// ---- caps -----------------------------------------------------------------------------------------------------------

TEST_P(UpkeepContract, refuses_what_is_beyond_the_cap_of_events_and_names_who_is_behind) {
  Limits limits;
  limits.backlog_events_max = 3;
  open(limits);
  const InstanceId crm = open_instance("crm");
  const InstanceId slack = open_instance("slack");
  for (int number = 1; number <= 3; ++number) put(number);
  move(slack, 3);

  const Result<Appended> refused = journal().append(webhook(4).incoming());

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Kind::full);
  EXPECT_THAT(refused.error().sentence, HasSubstr("3 events wait for instance \"crm\""));
  EXPECT_THAT(refused.error().sentence, HasSubstr("backlog_events_max"));
  EXPECT_TRUE(upkeep().usage()->is_full);
  EXPECT_THAT(upkeep().usage()->why_full, HasSubstr("crm"));
  move(crm, 1);
  EXPECT_EQ(put(4), 4);
  EXPECT_EQ(journal().append(webhook(5).incoming()).error().kind, Kind::full);
}

TEST_P(UpkeepContract, has_no_backlog_without_an_instance_or_for_a_parked_one) {
  Limits limits;
  limits.backlog_events_max = 2;
  limits.backlog_bytes_max = 1;
  open(limits);
  for (int number = 1; number <= 5; ++number) put(number);
  EXPECT_EQ(upkeep().usage()->backlog_events, 0);

  open_instance("crm");
  EXPECT_EQ(journal().append(webhook(6).incoming()).error().kind, Kind::full);
  EXPECT_EQ(upkeep().usage()->backlog_events, 5);

  ASSERT_TRUE(journal().park_instances_except({}).ok());
  EXPECT_EQ(put(6), 6);
  EXPECT_EQ(upkeep().usage()->backlog_events, 0);
  EXPECT_EQ(upkeep().usage()->furthest_behind, "");
}

TEST_P(UpkeepContract, refuses_what_is_beyond_the_cap_of_bytes) {
  Limits limits;
  limits.backlog_bytes_max = 200;
  open(limits);
  const InstanceId crm = open_instance("crm");
  Seq last = 0;
  Result<Appended> appended = journal().append(webhook(1).incoming());
  for (int number = 2; number < 20 && appended.ok(); ++number) {
    last = appended->seq;
    appended = journal().append(webhook(number).incoming());
  }

  ASSERT_FALSE(appended.ok());
  EXPECT_THAT(appended.error().sentence, HasSubstr("backlog_bytes_max"));
  EXPECT_GE(upkeep().usage()->backlog_bytes, 200);
  move(crm, last);
  EXPECT_EQ(upkeep().usage()->backlog_bytes, 0);
  EXPECT_EQ(put(99), last + 1);
}

// ---- retention ------------------------------------------------------------------------------------------------------

TEST_P(UpkeepContract, removes_finished_events_by_age_and_recognises_the_rest) {
  open(retention(10 * day_ms));
  const InstanceId crm = open_instance("crm");
  for (int number = 1; number <= 4; ++number) {
    settle(crm, put(number, "booking/" + std::to_string(number)), delivered);
    clock_.advance(3 * day_ms);
  }
  move(crm, 4);

  EXPECT_EQ(retain(), 1);  // 12 days old; the next one is 9

  EXPECT_THAT(kept(), testing::ElementsAre(2, 3, 4));
  EXPECT_EQ(journal().load(1).error().kind, Kind::not_found);
  EXPECT_THAT(inspect().deliveries_of(1).value(), IsEmpty());
  EXPECT_TRUE(journal().append(webhook(2).incoming())->is_duplicate);
  EXPECT_EQ(journal().append(webhook(1).incoming())->seq, 5);  // not known any more
  EXPECT_EQ(upkeep().usage()->first, 2);
  EXPECT_EQ(upkeep().usage()->events_count, 4);
  EXPECT_EQ(upkeep().usage()->removed_count, 1);
  expect_clean();
}

TEST_P(UpkeepContract, never_removes_what_is_unfinished) {
  open(retention(day_ms, 30 * day_ms));
  const InstanceId crm = open_instance("crm");
  for (int number = 1; number <= 7; ++number) put(number, "booking/" + std::to_string(number));
  settle(crm, 1, delivered, "booking/1");
  settle(crm, 2, waiting, "booking/2");
  settle(crm, 3, dead, "booking/3");
  settle(crm, 4, delivered, "booking/4");
  const std::int64_t replay = *journal().replay(crm, 4);
  settle(crm, 5, delivered, "booking/5");
  move(crm, 5);  // 6 and 7 are owed
  clock_.advance(2 * day_ms);

  EXPECT_EQ(retain(), 2);
  EXPECT_THAT(kept(), testing::ElementsAre(2, 3, 4, 6, 7));
  expect_clean();

  settle(crm, 2, delivered, "booking/2");
  Settlement again = settlement(crm, 4, delivered, "booking/4", 0, replay);
  ASSERT_TRUE(settle_now(journal(), again).ok());
  EXPECT_EQ(retain(), 2);
  EXPECT_THAT(kept(), testing::ElementsAre(3, 6, 7));

  clock_.advance(30 * day_ms);
  EXPECT_EQ(retain(), 1);
  EXPECT_THAT(kept(), testing::ElementsAre(6, 7));
  EXPECT_EQ(journal().owed(crm, 0, 10)->size(), 2u);
  expect_clean();
}

TEST_P(UpkeepContract, a_parked_instance_holds_nothing_up) {
  open(retention(day_ms));
  const InstanceId crm = open_instance("crm");
  settle(crm, put(1), waiting);
  put(2, "booking/2");
  ASSERT_TRUE(journal().park_instances_except({}).ok());
  clock_.advance(2 * day_ms);

  EXPECT_EQ(retain(), 2);

  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_EQ(put(3), 3);  // numbers are never used again
  EXPECT_EQ(journal().open_instance("crm", Start::now)->cursor, 0);
  EXPECT_EQ(journal().owed(crm, 0, 10)->size(), 1u);
  expect_clean();
}

TEST_P(UpkeepContract, knows_what_is_late_while_an_event_of_the_subject_is_kept) {
  open(retention(day_ms, 365 * day_ms));
  const InstanceId crm = open_instance("crm");
  settle(crm, put(1, "booking/1", 1'000), dead);
  settle(crm, put(2, "booking/1", 9'000), delivered);  // the newest: it stays with the dead letter
  settle(crm, put(3, "booking/2", 9'000), delivered, "booking/2");
  move(crm, 3);
  clock_.advance(2 * day_ms);

  EXPECT_EQ(retain(), 1);

  EXPECT_THAT(kept(), testing::ElementsAre(1, 2));
  EXPECT_TRUE(journal().append(webhook(4, "booking/1", 8'000).incoming())->is_late);
  EXPECT_FALSE(journal().append(webhook(5, "booking/2", 8'000).incoming())->is_late);  // nothing is known of it
  EXPECT_TRUE(journal().load(1)->is_superseded);
}

TEST_P(UpkeepContract, a_wall_clock_that_jumps_ahead_removes_nothing) {
  open(retention(day_ms));
  put(1);
  clock_.jump_wall(3'650 * day_ms);

  EXPECT_EQ(retain(), 0);
  EXPECT_THAT(kept(), testing::ElementsAre(1));
}

TEST_P(UpkeepContract, random_histories_keep_what_is_unfinished_and_stay_whole) {
  open(retention(5 * day_ms, 20 * day_ms));
  Random random(20'261);
  struct One {
    DeliveryState state = DeliveryState::waiting;
    bool is_settled = false;
    Milliseconds received_ms = 0, settled_ms = 0;
  };
  const InstanceId instances[] = {open_instance("crm"), open_instance("slack")};
  std::vector<One> model[2];
  std::set<Seq> last_kept;
  int removed_count = 0;
  for (int step = 0; step < 250; ++step) {
    const int number = static_cast<int>(model[0].size()) + 1;
    put(number, "booking/" + std::to_string(random.below(12)), static_cast<Milliseconds>(random.below(5'000)));
    for (auto &one : model) one.push_back({waiting, false, clock_.wall_ms(), 0});
    for (int turn = 0; turn < 6; ++turn) {
      const int which = turn % 2;
      const auto is_open_one = [](const One &one) { return !one.is_settled || one.state == waiting; };
      const auto oldest = std::find_if(model[which].begin(), model[which].end(), is_open_one);
      if (oldest == model[which].end()) continue;
      const Seq seq = random.below(3) != 0 ? oldest - model[which].begin() + 1
                                           : 1 + static_cast<Seq>(random.below(model[which].size()));
      One &one = model[which][static_cast<std::size_t>(seq - 1)];
      const bool is_open = !one.is_settled || one.state == waiting;
      if (!is_open) continue;
      one.state = random.below(6) == 0 ? waiting : random.below(6) == 0 ? dead : delivered;
      one.is_settled = true;
      one.settled_ms = clock_.wall_ms();
      settle(instances[which], seq, one.state);
      Seq cursor = 0;
      for (const One &each : model[which]) {
        if (!each.is_settled || each.state == waiting) break;
        ++cursor;
      }
      move(instances[which], cursor);
    }
    clock_.advance(static_cast<Milliseconds>(random.below(day_ms / 4)));
    if (random.below(8) != 0) continue;
    removed_count += static_cast<int>(retain());

    const std::vector<Seq> now_kept = kept();
    const std::set<Seq> here(now_kept.begin(), now_kept.end());
    for (int which = 0; which < 2; ++which) {
      for (std::size_t i = 0; i < model[which].size(); ++i) {
        const One &one = model[which][i];
        const Seq seq = static_cast<Seq>(i) + 1;
        const bool is_open = !one.is_settled || one.state == waiting;
        const bool is_young_dead = one.state == dead && one.settled_ms > clock_.wall_ms() - 20 * day_ms;
        const bool is_young = one.received_ms > clock_.wall_ms() - 5 * day_ms;
        if (is_open || is_young_dead || is_young) {
          ASSERT_EQ(here.count(seq), 1u) << "step " << step << " seq " << seq;
        }
        const bool is_duplicate = here.count(seq) != 0;
        if (i % 7 == 0 && is_duplicate) {
          const Result<Appended> again = journal().append(webhook(static_cast<int>(seq)).incoming());
          ASSERT_TRUE(again.ok() && again->is_duplicate && again->seq == seq) << seq;
        }
      }
    }
    expect_clean();
  }
  EXPECT_GT(removed_count, 20);
}

// ---- forget ---------------------------------------------------------------------------------------------------------

TEST_P(UpkeepContract, erases_a_person_and_offers_the_event_to_nobody) {
  open({});
  const InstanceId crm = open_instance("crm");
  Webhook meant = webhook(1);
  meant.event.json = "{\"data\":{\"attendee\":{\"email\":\"Ada@Example.org\"}}}";
  meant.body = "{\"email\":\"ada\\u0040example.org\"}";
  Webhook other = webhook(2, "booking/2");
  other.event.json = "{\"email\":\"grandada@example.org\",\"more\":\"ada@example.org.uk\"}";
  Webhook strange = webhook(3, "booking/3");
  strange.body = "{\"link\":\"https://example.com/?who=ada%40example.org\"}";
  ASSERT_TRUE(journal().append(meant.incoming()).ok());
  ASSERT_TRUE(journal().append(other.incoming()).ok());
  ASSERT_TRUE(journal().append(strange.quarantined("what is this, ada@example.org?")).ok());
  Settlement said = settlement(crm, 2, delivered, "booking/2");
  said.message = "told ada@example.org.";
  ASSERT_TRUE(settle_now(journal(), said).ok());

  const Result<Forgotten> forgotten = upkeep().forget("ADA@example.ORG");

  ASSERT_TRUE(forgotten.ok()) << forgotten.error().sentence;
  EXPECT_EQ(forgotten->events_count, 2);
  EXPECT_EQ(forgotten->owed_count, 1);
  EXPECT_EQ(forgotten->messages_count, 1);
  EXPECT_TRUE(forgotten->is_log_cut);
  EXPECT_EQ(inspect().event("1")->json, "");
  EXPECT_EQ(inspect().event("1")->body, "");
  EXPECT_THAT(inspect().event("1")->headers, IsEmpty());
  EXPECT_TRUE(inspect().event("1")->is_intact);
  EXPECT_EQ(inspect().event("3")->row.quarantine_reason, "forgotten on request");
  EXPECT_EQ(inspect().event("2")->json, other.event.json);
  const std::vector<DeliveryRow> rows = inspect().deliveries_of(1).value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].state, DeliveryState::dropped);
  EXPECT_EQ(rows[0].message, "forgotten on request");
  EXPECT_EQ(inspect().deliveries_of(2)->at(0).message, "forgotten on request");
  EXPECT_THAT(journal().load(1).error().sentence, HasSubstr("forgotten on request"));
  EXPECT_EQ(journal().replay(crm, 1).error().kind, Kind::invalid);
  EXPECT_TRUE(journal().append(meant.incoming())->is_duplicate);
  const InstanceId slack = open_instance("slack");
  EXPECT_TRUE(journal().owed(slack, 0, 10)->at(0).is_quarantined);  // stepped over
  EXPECT_EQ(upkeep().forget("ada@example.org")->events_count, 0);
  expect_clean();
}

TEST_P(UpkeepContract, erases_what_plugins_kept_published_and_sent) {
  open({});
  const InstanceId crm = open_instance("crm");
  put(1);
  put(2, "booking/2");
  Settlement failed = settlement(crm, 2, waiting, "booking/2", 1);
  failed.exchanges = R"([{"url":"https://crm.example/contacts?email=ada%40example.org","status":500}])";
  ASSERT_TRUE(settle_now(journal(), failed).ok());
  Settlement one = settlement(crm, 1, delivered);
  one.staged.kv = {{"guest/ada@example.org", "7"}, {"guest/8", "Ada@Example.org"}, {"guest/9", "bob@example.org"}};
  one.staged.documents = {{"feed.ics", "text/calendar", "ATTENDEE:mailto:ada@example.org\r\n"},
                          {"other.ics", "text/calendar", "ATTENDEE:mailto:bob@example.org\r\n"}};
  ASSERT_TRUE(settle_now(journal(), one).ok());
  ASSERT_EQ(inspect().attempts_of(2)->size(), 1u);

  const Result<Forgotten> forgotten = upkeep().forget("ada@example.org");

  ASSERT_TRUE(forgotten.ok()) << forgotten.error().sentence;
  EXPECT_EQ(forgotten->events_count, 0);
  EXPECT_EQ(forgotten->entries_count, 2);
  EXPECT_EQ(forgotten->documents_count, 1);
  EXPECT_EQ(forgotten->attempts_count, 1);
  EXPECT_EQ(*journal().kv_get(crm, "guest/ada@example.org"), std::nullopt);
  EXPECT_EQ(*journal().kv_get(crm, "guest/8"), std::nullopt);
  EXPECT_EQ(*journal().kv_get(crm, "guest/9"), "bob@example.org");
  EXPECT_FALSE(journal().document(crm, "feed.ics")->has_value());
  EXPECT_TRUE(journal().document(crm, "other.ics")->has_value());
  EXPECT_EQ(inspect().deliveries_of(2)->at(0).state, waiting);
  for (const AttemptRow &row : inspect().attempts_of(2).value()) EXPECT_EQ(row.exchanges, "");
  expect_clean();
}

TEST_P(UpkeepContract, forgets_no_nonsense) {
  open({});
  for (const char *text : {"", "ada", "@example.org", "ada@", "a@b@c", "ada @example.org"}) {
    EXPECT_EQ(upkeep().forget(text).error().kind, Kind::invalid) << text;
  }
}

}  // namespace
}  // namespace bellhop::core
