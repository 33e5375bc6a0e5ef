// SPDX-License-Identifier: Apache-2.0
// The contract of core/journal/inspect.hpp, sentence by sentence, on every implementation.
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

class InspectContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "memory") {
      journal_ = &memory_;
      inspect_ = &memory_;
      return;
    }
    sqlite_.options.vfs = FaultVfs::name;  // what is kept on a disk is for other tests: syncs cost nothing here
    if (GetParam() == "sqlite_merging") sqlite_.options.generation_count = 2;  // merges all the time
    const Result<void> opened = sqlite_.open();
    ASSERT_TRUE(opened.ok()) << opened.error().sentence;
    journal_ = sqlite_.journal.get();
    inspect_ = sqlite_.journal.get();
  }
  Journal &journal() { return *journal_; }
  Inspect &inspect() { return *inspect_; }

  Seq put(int number, const std::string &type = "booking.confirmed") {
    Webhook webhook(number);
    webhook.event.type = type;
    return journal().append(webhook.incoming()).value().seq;
  }
  void settle(const Settlement &one) { ASSERT_TRUE(settle_now(journal(), one).ok()); }
  // Appends an event whose id begins with `digits` and ends with `last`.
  void put_id(int number, const std::string &digits, std::uint8_t last) {
    Webhook webhook(number);
    ASSERT_TRUE(EventId::parse(digits + std::string(32 - digits.size(), '0'), webhook.event.id));
    webhook.event.id.bytes[15] = last;
    ASSERT_TRUE(journal().append(webhook.incoming()).ok());
  }
  std::vector<Seq> listed(const EventQuery &query) {
    const std::vector<EventRow> rows = inspect().events(query).value();
    std::vector<Seq> found;
    for (const EventRow &row : rows) found.push_back(row.seq);
    return found;
  }

 private:
  MemoryJournal memory_;
  FaultVfs vfs_;
  SqliteFixture sqlite_;
  Journal *journal_ = nullptr;
  Inspect *inspect_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Every, InspectContract, testing::Values("memory", "sqlite", "sqlite_merging"),
                         [](const auto &param_info) { return param_info.param; });

TEST_P(InspectContract, lists_events_newest_first_within_bounds) {
  for (int number = 1; number <= 5; ++number) put(number);
  EventQuery query;

  EXPECT_THAT(listed(query), ElementsAre(5, 4, 3, 2, 1));
  query.before = 5;
  query.after = 2;
  EXPECT_THAT(listed(query), ElementsAre(4, 3));
  query.count_max = 1;
  EXPECT_THAT(listed(query), ElementsAre(4));
  query.count_max = -1;
  EXPECT_THAT(listed(query), IsEmpty());
}

TEST_P(InspectContract, lists_at_most_1000_events) {
  for (int number = 1; number <= 1'010; ++number) put(number);
  EventQuery query;
  query.count_max = 5'000;

  EXPECT_EQ(listed(query).size(), 1'000u);
}

TEST_P(InspectContract, lists_events_whose_type_fits_a_glob_in_which_only_the_star_is_special) {
  put(1, "booking.confirmed");
  put(2, "booking.canceled");
  put(3, "ping");
  const auto with = [this](const std::string &glob) {
    EventQuery query;
    query.type_glob = glob;
    return listed(query);
  };

  EXPECT_THAT(with("booking.*"), ElementsAre(2, 1));
  EXPECT_THAT(with("*ed"), ElementsAre(2, 1));
  EXPECT_THAT(with("*.c*ed"), ElementsAre(2, 1));
  EXPECT_THAT(with("ping"), ElementsAre(3));
  EXPECT_THAT(with("pin?"), IsEmpty());
  EXPECT_THAT(with("[p]ing"), IsEmpty());
  EXPECT_THAT(with("*"), ElementsAre(3, 2, 1));
  EXPECT_THAT(with("ooking.*"), IsEmpty());
}

TEST_P(InspectContract, tells_a_rows_facts) {
  Webhook webhook(1, "booking/7", 1'500, 5'500);
  webhook.event.is_test = true;
  ASSERT_TRUE(journal().append(webhook.incoming()).ok());
  ASSERT_TRUE(journal().append(Webhook(2, "booking/7", 1'499).incoming()).ok());

  const std::vector<EventRow> rows = inspect().events({}).value();

  EXPECT_EQ(rows.at(1).id, webhook.event.id);
  EXPECT_EQ(rows.at(1).source_name, "appointlet");
  EXPECT_EQ(rows.at(1).type, "booking.confirmed");
  EXPECT_EQ(rows.at(1).subject, "booking/7");
  EXPECT_EQ(rows.at(1).time_ms, 1'500);
  EXPECT_EQ(rows.at(1).received_ms, 5'500);
  EXPECT_TRUE(rows.at(1).is_test);
  EXPECT_FALSE(rows.at(1).is_late);
  EXPECT_FALSE(rows.at(1).is_quarantined);
  EXPECT_EQ(rows.at(1).body_bytes, static_cast<std::int64_t>(webhook.body.size()));
  EXPECT_TRUE(rows.at(0).is_late);
}

TEST_P(InspectContract, shows_quarantine_with_its_reason) {
  put(1);
  ASSERT_TRUE(journal().append(Webhook(2).quarantined("of no known family")).ok());
  EventQuery query;
  query.only_quarantined = true;

  const std::vector<EventRow> rows = inspect().events(query).value();

  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].seq, 2);
  EXPECT_TRUE(rows[0].is_quarantined);
  EXPECT_EQ(rows[0].quarantine_reason, "of no known family");
  EXPECT_EQ(rows[0].type, "");
  EXPECT_EQ(inspect().event("2")->json, "");
}

TEST_P(InspectContract, shows_an_event_with_body_and_headers_as_received) {
  const Webhook webhook(1);
  ASSERT_TRUE(journal().append(webhook.incoming()).ok());

  const Result<EventDetail> detail = inspect().event("1");

  ASSERT_TRUE(detail.ok());
  EXPECT_EQ(detail->body, webhook.body);
  EXPECT_EQ(detail->json, webhook.event.json);
  EXPECT_EQ(detail->headers, webhook.headers);
  EXPECT_TRUE(detail->is_intact);
  EXPECT_EQ(detail->row.seq, 1);
}

TEST_P(InspectContract, finds_an_event_by_seq_id_and_prefix) {
  put(1);
  put(2);
  const std::string id = Webhook(2).event.id.text();
  std::string upper = id;
  for (char &c : upper) c = static_cast<char>(std::toupper(c));

  EXPECT_EQ(inspect().event("2")->row.seq, 2);
  EXPECT_EQ(inspect().event(id)->row.seq, 2);
  EXPECT_EQ(inspect().event(upper)->row.seq, 2);
  EXPECT_EQ(inspect().event(id.substr(0, 6))->row.seq, 2);
  EXPECT_EQ(inspect().event(id.substr(0, 20))->row.seq, 2);
}

TEST_P(InspectContract, tells_apart_ids_at_both_ends_of_the_key_and_beyond_its_8_bytes) {
  put_id(1, "000000", 1);
  put_id(2, "ffffff", 2);
  put_id(3, "7fffffffffffffff", 3);
  put_id(4, "7fffffffffffffff", 4);

  EXPECT_EQ(inspect().event("000000")->row.seq, 1);
  EXPECT_EQ(inspect().event("ffffff")->row.seq, 2);
  EXPECT_EQ(inspect().event("7fffff").error().kind, Kind::conflict);
  EXPECT_THAT(inspect().event("7fffffffffffffff").error().sentence, HasSubstr("give more digits"));
  EXPECT_EQ(inspect().event("7fffffffffffffff0000000000000004")->row.seq, 4);
}

TEST_P(InspectContract, reads_digits_that_fit_both_as_the_seq_when_there_is_one) {
  put_id(1, "000002", 1);
  put(2);

  EXPECT_EQ(inspect().event("000002")->row.seq, 2);
  EXPECT_EQ(inspect().event("0000002")->row.seq, 2);
  EXPECT_EQ(inspect().event("000002000")->row.seq, 1);
}

TEST_P(InspectContract, says_what_is_wrong_with_a_reference) {
  put(1);

  EXPECT_EQ(inspect().event("99").error().kind, Kind::not_found);
  EXPECT_EQ(inspect().event("abcdef").error().kind, Kind::not_found);
  EXPECT_EQ(inspect().event("99999999999999999999").error().kind, Kind::not_found);  // too great for a seq
  for (const char *text : {"", "abcde", "booking", "-1", "1;2", "123456789012345678901234567890123"}) {
    EXPECT_EQ(inspect().event(text).error().kind, Kind::invalid) << text;
  }
}

TEST_P(InspectContract, shows_the_deliveries_of_an_event_with_its_replays) {
  const InstanceId crm = journal().open_instance("crm", Start::beginning)->id;
  const InstanceId slack = journal().open_instance("slack", Start::beginning)->id;
  put(1);
  put(2);
  settle(settlement(slack, 1, waiting, "booking/1", 900));
  settle(settlement(crm, 1, delivered));
  settle(settlement(crm, 2, delivered));
  const std::int64_t replay = *journal().replay(crm, 1);

  const std::vector<DeliveryRow> rows = inspect().deliveries_of(1).value();

  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].key, (DeliveryKey{crm, 1, 0}));
  EXPECT_EQ(rows[0].instance_name, "crm");
  EXPECT_EQ(rows[0].event_type, "booking.confirmed");
  EXPECT_EQ(rows[0].event_subject, "booking/1");
  EXPECT_EQ(rows[0].event_id, Webhook(1).event.id);
  EXPECT_EQ(rows[0].state, delivered);
  EXPECT_EQ(rows[0].verdict, Verdict::ok);
  EXPECT_EQ(rows[0].attempts, 1);
  EXPECT_EQ(rows[0].settled_ms, 7'001);
  EXPECT_EQ(rows[0].took_ms, 12);
  EXPECT_EQ(rows[0].message, "answer of 1");
  EXPECT_EQ(rows[1].key, (DeliveryKey{crm, 1, replay}));
  EXPECT_EQ(rows[1].state, waiting);
  EXPECT_EQ(rows[2].instance_name, "slack");
  EXPECT_EQ(rows[2].due_ms, 900);
  EXPECT_THAT(inspect().deliveries_of(3).value(), IsEmpty());
}

TEST_P(InspectContract, lists_dead_letters_newest_first) {
  const InstanceId crm = journal().open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 3; ++number) put(number);
  Settlement third = settlement(crm, 3, dead);
  third.settled_ms = 1;
  settle(third);
  settle(settlement(crm, 1, dead));
  settle(settlement(crm, 2, delivered));

  const std::vector<DeliveryRow> rows = inspect().dead({}).value();

  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].key.seq, 1);
  EXPECT_EQ(rows[0].verdict, Verdict::fail);
  EXPECT_EQ(rows[0].message, "answer of 1");
  EXPECT_EQ(rows[1].key.seq, 3);
  EXPECT_EQ(inspect().dead(DeadQuery{"", "", std::nullopt, 1})->size(), 1u);
  EXPECT_THAT(inspect().dead(DeadQuery{"", "", std::nullopt, 0}).value(), IsEmpty());
}

TEST_P(InspectContract, a_replay_that_is_delivered_ends_the_dead_letter) {
  const InstanceId crm = journal().open_instance("crm", Start::beginning)->id;
  put(1);
  Settlement letter = settlement(crm, 1, dead);
  letter.attempts = 20;
  settle(letter);
  const std::int64_t first = *journal().replay(crm, 1), second = *journal().replay(crm, 1);

  settle(settlement(crm, 1, dead, "booking/1", 0, first));
  EXPECT_EQ(inspect().dead({})->size(), 1u);
  Settlement success = settlement(crm, 1, delivered, "booking/1", 0, second);
  success.message = "at last";
  settle(success);

  EXPECT_THAT(inspect().dead({}).value(), IsEmpty());
  const std::vector<DeliveryRow> rows = inspect().deliveries_of(1).value();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].state, delivered);
  EXPECT_EQ(rows[0].verdict, Verdict::ok);
  EXPECT_EQ(rows[0].attempts, 20);
  EXPECT_EQ(rows[0].message, "at last");
  EXPECT_EQ(rows[1].state, dead);
  EXPECT_EQ(rows[2].state, delivered);
  EXPECT_EQ(inspect().instances()->at(0).delivered_count, 1);
  EXPECT_EQ(inspect().instances()->at(0).dead_count, 0);
}

TEST_P(InspectContract, counts_what_each_instance_has_by_name) {
  put(1);
  const InstanceId slack = journal().open_instance("slack", Start::now)->id;
  const InstanceId crm = journal().open_instance("crm", Start::beginning)->id;
  for (int number = 2; number <= 6; ++number) put(number);
  settle(settlement(crm, 1, delivered));
  settle(settlement(crm, 1, delivered));  // again: counted once
  settle(settlement(crm, 2, delivered));
  settle(settlement(crm, 3, waiting, "booking/1", 5));
  settle(settlement(crm, 4, dead));
  ASSERT_TRUE(journal().replay(crm, 4).ok());
  ASSERT_TRUE(settle_batch(journal(), {{}, {{crm, 2}}}).ok());
  ASSERT_TRUE(journal().park_instances_except({"crm"}).ok());

  const std::vector<InstanceRow> rows = inspect().instances().value();

  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].id, crm);
  EXPECT_EQ(rows[0].name, "crm");
  EXPECT_FALSE(rows[0].is_parked);
  EXPECT_EQ(rows[0].cursor, 2);
  EXPECT_EQ(rows[0].delivered_count, 2);
  EXPECT_EQ(rows[0].waiting_count, 1);
  EXPECT_EQ(rows[0].dead_count, 1);
  EXPECT_EQ(rows[0].replays_waiting_count, 1);
  EXPECT_EQ(rows[1].id, slack);
  EXPECT_TRUE(rows[1].is_parked);
  EXPECT_EQ(rows[1].cursor, 1);

  ASSERT_TRUE(journal().open_instance("slack", Start::now).ok());
  EXPECT_FALSE(inspect().instances()->at(1).is_parked);
}

TEST_P(InspectContract, verifies_a_sound_journal) {
  EXPECT_EQ(inspect().verify()->events_count, 0);
  const InstanceId crm = journal().open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 300; ++number) put(number);
  settle(settlement(crm, 1, delivered));
  settle(settlement(crm, 2, dead));
  ASSERT_TRUE(journal().replay(crm, 2).ok());

  const Result<VerifyReport> report = inspect().verify();

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(text_of(report->findings), "");
  EXPECT_EQ(report->first, 1);
  EXPECT_EQ(report->newest, 300);
  EXPECT_EQ(report->events_count, 300);
}

}  // namespace
}  // namespace bellhop::core
