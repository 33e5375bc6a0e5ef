// SPDX-License-Identifier: Apache-2.0
// What instances keep (keys, documents) and attempts: the contract, sentence by sentence, on every implementation.
#include "kept_fixture.hpp"

namespace bellhop::core {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

INSTANTIATE_TEST_SUITE_P(Every, KeptContract, testing::Values("memory", "sqlite"),
                         [](const auto &param_info) { return param_info.param; });

// ---- keys -----------------------------------------------------------------------------------------------------------

TEST_P(KeptContract, keeps_what_a_delivered_event_staged) {
  put(1);
  Settlement one = settlement(crm_, 1, delivered);
  one.staged.kv = {{"a", "1"}, {std::string("\0\xff", 2), std::string("\0\xff raw", 6)}, {"empty", ""}};

  EXPECT_EQ(get(crm_, "a"), "none");
  settle(one);

  EXPECT_EQ(get(crm_, "a"), "1");
  EXPECT_EQ(get(crm_, std::string("\0\xff", 2)), std::string("\0\xff raw", 6));
  EXPECT_EQ(get(crm_, "empty"), "");
  EXPECT_EQ(get(slack_, "a"), "none");
  EXPECT_EQ(get(slack_ + 9, "a"), "none");
}

TEST_P(KeptContract, loses_what_was_staged_by_a_delivery_that_did_not_go_well) {
  put(1);
  Settlement one = settlement(crm_, 1, waiting, "booking/1", 10);
  one.staged = {{{"a", "1"}}, {{"feed.ics", "text/calendar", "BEGIN", ""}}};
  settle(one);
  one.state = dead;
  settle(one);

  EXPECT_EQ(get(crm_, "a"), "none");
  EXPECT_FALSE(journal().document(crm_, "feed.ics")->has_value());
  EXPECT_EQ(journal().kept_bytes(crm_)->kv, 0);
}

TEST_P(KeptContract, keeps_what_a_replay_staged) {
  put(1);
  const std::int64_t replay = *journal().replay(crm_, 1);
  Settlement one = settlement(crm_, 1, delivered, "booking/1", 0, replay);
  one.staged.kv = {{"a", "1"}};

  settle(one);

  EXPECT_EQ(get(crm_, "a"), "1");
}

TEST_P(KeptContract, applies_writes_in_order_so_that_the_last_one_of_a_key_wins) {
  put(1);
  put(2);
  Settlement first = settlement(crm_, 1, delivered), second = settlement(crm_, 2, delivered);
  first.staged.kv = {{"a", "1"}, {"b", "1"}, {"b", std::nullopt}, {"c", std::nullopt}, {"c", "1"}};
  second.staged.kv = {{"a", "2"}};

  ASSERT_TRUE(settle_batch(journal(), {{first, second}, {}, {{crm_, {{{"d", "1"}, {"c", "3"}}, {}}, 9}}}).ok());

  EXPECT_EQ(keys(), "a=2 c=3 d=1 ");
}

TEST_P(KeptContract, writes_nothing_of_a_batch_that_names_what_does_not_exist) {
  put(1);
  Settlement one = settlement(crm_, 1, delivered);
  one.staged.kv = {{"a", "1"}};

  const Result<void> refused = settle_batch(journal(), {{one}, {}, {{crm_, {{{"b", "1"}}, {}}, 9}, {99, {}, 9}}});

  EXPECT_EQ(refused.error().kind, Kind::invalid);
  EXPECT_THAT(refused.error().sentence, HasSubstr("no instance 99"));
  EXPECT_EQ(keys(), "");
  EXPECT_EQ(journal().owed(crm_, 0, 10)->size(), 1u);
}

TEST_P(KeptContract, removes_keys_also_those_that_are_not_there) {
  write(crm_, {{{"a", "1"}, {"b", "2"}}, {}});

  write(crm_, {{{"a", std::nullopt}, {"none", std::nullopt}}, {}});

  EXPECT_EQ(keys(), "b=2 ");
  EXPECT_EQ(journal().kept_bytes(crm_)->kv, 2);
}

TEST_P(KeptContract, lists_keys_by_prefix_in_the_order_of_their_bytes) {
  const std::string high = "guest/\xff", higher = "guest/\xff\xff", nul("guest/\0", 7);
  write(crm_, {{{"guest/a", "1"}, {"guest/B", "2"}, {high, "3"}, {"guest0", "4"}, {"gues", "5"}, {higher, "6"}}, {}});
  write(crm_, {{{nul, "7"}, {"guest/", "8"}}, {}});
  write(slack_, {{{"guest/z", "no"}}, {}});

  EXPECT_EQ(keys("guest/"), "guest/=8 " + nul + "=7 guest/B=2 guest/a=1 " + high + "=3 " + higher + "=6 ");
  EXPECT_EQ(keys("guest/", "guest/"), nul + "=7 guest/B=2 guest/a=1 " + high + "=3 " + higher + "=6 ");
  EXPECT_EQ(keys("guest/", "guest/B", 1), "guest/a=1 ");
  EXPECT_EQ(keys(high), high + "=3 " + higher + "=6 ");
  EXPECT_EQ(keys("", "guest/a", 2), high + "=3 " + higher + "=6 ");
  EXPECT_EQ(keys("guest/", "a", 1), "guest/=8 ");
  EXPECT_EQ(keys("guest/", "h"), "");
  EXPECT_EQ(keys("", "", 0), "");
  EXPECT_EQ(keys("", "", -1), "");
  EXPECT_THAT(journal().kv_list(99, "", "", 10).value(), IsEmpty());
}

TEST_P(KeptContract, ends_a_list_early_before_it_gets_long_but_not_before_its_first_entry) {
  const std::string value(kv_value_bytes_max, 'x');
  for (int number = 0; number < 20; ++number) write(crm_, {{{std::to_string(100 + number), value}}, {}});

  const auto page = journal().kv_list(crm_, "", "", 1'000).value();
  const auto rest = journal().kv_list(crm_, "", page.back().first, 1'000).value();

  EXPECT_EQ(page.size(), kv_list_bytes_max / (kv_value_bytes_max + 3));
  EXPECT_EQ(page.size() + rest.size(), 20u);
  EXPECT_THAT(journal().kv_list(crm_, "", rest.back().first, 1'000).value(), IsEmpty());
}

// ---- documents ------------------------------------------------------------------------------------------------------

TEST_P(KeptContract, publishes_a_document_with_a_strong_etag) {
  put(1);
  Settlement one = settlement(crm_, 1, delivered);
  one.settled_ms = 7'001;
  one.staged.documents = {{"feed.ics", "text/calendar", std::string("BEGIN\0\xff", 7), ""}, {"empty", "", "", ""}};
  settle(one);

  const Document feed = journal().document(crm_, "feed.ics")->value();

  EXPECT_EQ(feed.content_type, "text/calendar");
  EXPECT_EQ(feed.body, std::string("BEGIN\0\xff", 7));
  EXPECT_EQ(feed.modified_ms, 7'001);
  EXPECT_EQ(feed.etag, etag_of(feed.content_type, feed.body));
  EXPECT_THAT(feed.etag, testing::MatchesRegex("\"[0-9a-f]{32}\""));
  EXPECT_EQ(journal().document(crm_, "empty")->value().body, "");
  EXPECT_FALSE(journal().document(slack_, "feed.ics")->has_value());
  EXPECT_FALSE(journal().document(crm_, "feed")->has_value());
  EXPECT_FALSE(journal().document(99, "feed.ics")->has_value());
}

TEST_P(KeptContract, an_etag_tells_content_type_and_body_apart) {
  EXPECT_NE(etag_of("a", "b"), etag_of("ab", ""));
  EXPECT_NE(etag_of("text/plain", "x"), etag_of("text/html", "x"));
  EXPECT_EQ(etag_of("text/plain", "x"), etag_of("text/plain", "x"));
}

TEST_P(KeptContract, leaves_a_document_alone_that_is_published_again_as_it_was) {
  write(crm_, {{}, {{"feed.ics", "text/calendar", "one", ""}}}, 100);
  write(crm_, {{}, {{"feed.ics", "text/calendar", "one", ""}}}, 200);
  EXPECT_EQ(journal().document(crm_, "feed.ics")->value().modified_ms, 100);

  write(crm_, {{}, {{"feed.ics", "text/plain", "one", ""}}}, 300);
  EXPECT_EQ(journal().document(crm_, "feed.ics")->value().modified_ms, 300);
  write(crm_, {{}, {{"feed.ics", "text/plain", "two", ""}}}, 400);
  EXPECT_EQ(journal().document(crm_, "feed.ics")->value().body, "two");
  EXPECT_EQ(journal().document(crm_, "feed.ics")->value().modified_ms, 400);
}

TEST_P(KeptContract, removes_documents_also_those_that_are_not_there) {
  write(crm_, {{}, {{"feed.ics", "text/calendar", "one", ""}}});

  write(crm_, {{}, {{"feed.ics", "", std::nullopt, ""}, {"none", "", std::nullopt, ""}}});

  EXPECT_FALSE(journal().document(crm_, "feed.ics")->has_value());
  EXPECT_EQ(journal().kept_bytes(crm_)->documents, 0);
}

TEST_P(KeptContract, lists_for_operators_what_an_instance_keeps) {
  write(crm_, {{{"b", "12"}, {"a", "1"}}, {{"y.ics", "text/calendar", "two", ""}, {"x.ics", "t", "three", ""}}}, 300);

  const std::vector<KvRow> keys = inspect().kv_of(crm_, "", 10).value();
  const std::vector<DocumentRow> documents = inspect().documents_of(crm_, "", 10).value();

  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].key, "a");
  EXPECT_EQ(keys[1].value_bytes, 2);
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[0].path, "x.ics");
  EXPECT_EQ(documents[0].body_bytes, 5);
  EXPECT_EQ(documents[1].content_type, "text/calendar");
  EXPECT_EQ(documents[1].etag, etag_of("text/calendar", "two"));
  EXPECT_EQ(documents[1].modified_ms, 300);
  EXPECT_EQ(inspect().kv_of(crm_, "a", 10)->at(0).key, "b");
  EXPECT_EQ(inspect().kv_of(crm_, "", 1)->size(), 1u);
  EXPECT_THAT(inspect().kv_of(crm_, "", -1).value(), IsEmpty());
  EXPECT_THAT(inspect().documents_of(crm_, "x.ics", 1)->at(0).path, "y.ics");
  EXPECT_THAT(inspect().documents_of(crm_, "", 0).value(), IsEmpty());
  EXPECT_THAT(inspect().documents_of(slack_, "", 10).value(), IsEmpty());
  EXPECT_THAT(inspect().kv_of(99, "", 10).value(), IsEmpty());
  EXPECT_THAT(inspect().documents_of(99, "", 10).value(), IsEmpty());
}

// ---- how much -------------------------------------------------------------------------------------------------------

TEST_P(KeptContract, counts_the_bytes_of_what_is_kept) {
  write(crm_,
        {{{"key", "value"}, {"key", "longer value"}}, {{"p", "type", "body", ""}, {"\xc3\xa4", "\xc3\xb6", "", ""}}});

  EXPECT_EQ(journal().kept_bytes(crm_)->kv, 3 + 12);
  EXPECT_EQ(journal().kept_bytes(crm_)->documents, 1 + 4 + 4 + 2 + 2);
  EXPECT_EQ(journal().kept_bytes(slack_)->kv, 0);
  EXPECT_EQ(journal().kept_bytes(99)->documents, 0);
  const std::vector<InstanceRow> rows = inspect().instances().value();
  EXPECT_EQ(rows.at(0).kept.kv, 15);
  EXPECT_EQ(rows.at(0).kept.documents, 13);

  write(crm_, {{{"key", ""}}, {{"p", "", "b", ""}}});
  EXPECT_EQ(journal().kept_bytes(crm_)->kv, 3);
  EXPECT_EQ(journal().kept_bytes(crm_)->documents, 1 + 0 + 1 + 4);
}

TEST_P(KeptContract, says_before_anything_is_staged_what_has_a_wrong_size) {
  const auto kind_of = [this](const Staged &staged) {
    const Result<void> checked = journal().check_staged(crm_, staged);
    return checked.ok() ? std::string("ok") : checked.error().sentence;
  };
  const std::string long_key(kv_key_bytes_max + 1, 'k'), long_value(kv_value_bytes_max + 1, 'v');
  const std::string long_body(document_bytes_max + 1, 'b'), half(staged_bytes_max / 2 + 1, 'h');

  EXPECT_EQ(kind_of({}), "ok");
  EXPECT_EQ(
      kind_of({{{long_key.substr(1), long_value.substr(1)}}, {{long_key.substr(1), "", long_body.substr(1), ""}}}),
      "ok");
  EXPECT_THAT(kind_of({{{"", "v"}}, {}}), HasSubstr("key is empty"));
  EXPECT_THAT(kind_of({{{long_key, "v"}}, {}}), HasSubstr("key has 513 bytes; 512 are the limit"));
  EXPECT_THAT(kind_of({{{"k", long_value}}, {}}), HasSubstr("value has 262145 bytes; 262144"));
  EXPECT_THAT(kind_of({{}, {{"", "", "b", ""}}}), HasSubstr("path is empty"));
  EXPECT_THAT(kind_of({{}, {{long_key, "", "b", ""}}}), HasSubstr("path has 513 bytes"));
  EXPECT_THAT(kind_of({{}, {{"feed", "", long_body, ""}}}), HasSubstr("\"feed\" has 8388609 bytes"));
  EXPECT_THAT(kind_of({{}, {{"a", "", half, ""}, {"b", "", half, ""}}}), HasSubstr("what was staged has"));
  EXPECT_EQ(journal().check_staged(crm_, {{{"", "v"}}, {}}).error().kind, Kind::invalid);
  EXPECT_EQ(journal().check_staged(crm_, {{{"k", long_value}}, {}}).error().kind, Kind::too_large);
  EXPECT_EQ(journal().check_staged(99, {}).error().kind, Kind::invalid);
}

TEST_P(KeptContract, refuses_beforehand_what_would_break_a_quota_and_never_afterwards) {
  const std::string body(document_bytes_max, 'd');
  for (int number = 0; number < 7; ++number) write(crm_, {{}, {{std::to_string(number), "", body, ""}}});
  const Staged eighth{{}, {{"7", "", body, ""}}}, same_size{{}, {{"3", "", std::string(body.size(), 'e'), ""}}};

  const Result<void> refused = journal().check_staged(crm_, eighth);

  EXPECT_EQ(refused.error().kind, Kind::full);
  EXPECT_THAT(refused.error().sentence, AllOf(HasSubstr("documents"), HasSubstr("67108864 are the limit")));
  EXPECT_TRUE(journal().check_staged(crm_, same_size).ok());
  EXPECT_TRUE(journal().check_staged(slack_, eighth).ok());
  put(1);
  Settlement in_flight = settlement(crm_, 1, delivered);
  in_flight.staged = eighth;
  settle(in_flight);  // it was staged before: it counts
  EXPECT_GT(journal().kept_bytes(crm_)->documents, documents_bytes_max);
  EXPECT_TRUE(journal().check_staged(crm_, {{{"k", "v"}}, {}}).ok());  // the other quota is not full
  EXPECT_TRUE(journal().check_staged(crm_, {{}, {{"7", "", "x", ""}}}).ok());
  EXPECT_TRUE(journal().check_staged(crm_, {{}, {{"0", "", std::nullopt, ""}}}).ok());
  EXPECT_FALSE(journal().check_staged(crm_, {{}, {{"new", "", "x", ""}}}).ok());
}

TEST_P(KeptContract, has_a_quota_for_keys) {
  const std::string value(kv_value_bytes_max, 'v');
  Staged many;
  for (int number = 0; number < 255; ++number) many.kv.push_back({"key" + std::to_string(number), value});
  write(crm_, many);

  EXPECT_TRUE(journal().check_staged(crm_, {{{"key", value.substr(10'000)}}, {}}).ok());
  const Result<void> refused = journal().check_staged(crm_, {{{"key", value}}, {}});
  EXPECT_EQ(refused.error().kind, Kind::full);
  EXPECT_THAT(refused.error().sentence, StartsWith("kv of the instance would have"));
  EXPECT_TRUE(journal().check_staged(crm_, {{{"key", value}, {"key7", std::nullopt}}, {}}).ok());
  EXPECT_TRUE(journal().check_staged(crm_, {{{"key", value}, {"key", "small"}}, {}}).ok());
}

// ---- tokens ---------------------------------------------------------------------------------------------------------

TEST_P(KeptContract, gives_each_instance_a_token_for_ever) {
  const std::string crm = journal().open_instance("crm", Start::now)->token;
  const std::string slack = journal().open_instance("slack", Start::now)->token;
  const OpenedInstance fresh = *journal().open_instance("sheet", Start::now);

  EXPECT_THAT(crm, testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(crm, slack);
  EXPECT_TRUE(fresh.is_new);
  EXPECT_NE(fresh.token, crm);
  EXPECT_EQ(journal().open_instance("sheet", Start::now)->token, fresh.token);
  EXPECT_EQ(journal().open_instance("crm", Start::now)->token, crm);
}

// ---- attempts -------------------------------------------------------------------------------------------------------

TEST_P(KeptContract, tells_every_attempt_of_a_delivery) {
  put(1);
  settle(with(settlement(crm_, 1, waiting, "booking/1", 50), Verdict::retry, 1, "503", R"([{"status":503}])"));
  settle(with(settlement(crm_, 1, waiting, "booking/1", 90), Verdict::hold, 1, "closed"));
  settle(with(settlement(crm_, 1, delivered), Verdict::ok, 2, "done"));

  EXPECT_THAT(attempts(1), ElementsAre("crm 1 retry waiting: 503[{\"status\":503}]", "crm 2 hold waiting: closed",
                                       "crm 3 ok delivered: done"));
  const AttemptRow first = inspect().attempts_of(1)->at(0);
  EXPECT_EQ(first.key, (DeliveryKey{crm_, 1, 0}));
  EXPECT_EQ(first.due_ms, 50);
  EXPECT_EQ(first.took_ms, 12);
  EXPECT_EQ(first.settled_ms, 7'001);
}

TEST_P(KeptContract, tells_the_only_attempt_of_what_went_well_at_once) {
  put(1);
  settle(with(settlement(crm_, 1, delivered), Verdict::skip, 1, "not mine"));
  settle(with(settlement(slack_, 1, delivered), Verdict::ok, 1, "sent", R"([{"status":200}])"));

  EXPECT_THAT(attempts(1),
              ElementsAre("crm 1 skip delivered: not mine", "slack 1 ok delivered: sent[{\"status\":200}]"));
  EXPECT_THAT(attempts(2), IsEmpty());
}

TEST_P(KeptContract, keeps_the_attempt_of_a_dead_letter_that_a_replay_delivered) {
  put(1);
  settle(with(settlement(crm_, 1, dead), Verdict::fail, 1, "no such guest"));
  const std::int64_t replay = *journal().replay(crm_, 1);
  EXPECT_THAT(attempts(1), ElementsAre("crm 1 fail dead: no such guest"));

  settle(with(settlement(crm_, 1, waiting, "booking/1", 5, replay), Verdict::retry, 1, "later"));
  settle(with(settlement(crm_, 1, delivered, "booking/1", 0, replay), Verdict::ok, 2, "done"));

  EXPECT_THAT(attempts(1), ElementsAre("crm 1 fail dead: no such guest", "crm replay 1 retry waiting: later",
                                       "crm replay 2 ok delivered: done"));
}

TEST_P(KeptContract, keeps_the_first_attempt_and_the_newest_31) {
  put(1);
  for (int number = 1; number <= 40; ++number) {
    settle(with(settlement(crm_, 1, waiting, "booking/1", number), Verdict::retry, number, std::to_string(number)));
  }

  const std::vector<AttemptRow> rows = inspect().attempts_of(1).value();

  ASSERT_EQ(rows.size(), 32u);
  EXPECT_EQ(rows[0].number, 1);
  EXPECT_EQ(rows[1].number, 10);
  EXPECT_EQ(rows[31].number, 40);
  EXPECT_EQ(rows[31].message, "40");
}

TEST_P(KeptContract, cuts_long_exchanges_at_whole_objects_and_says_so) {
  put(1);
  std::string array = "[";
  for (int number = 1; number <= 9; ++number) {
    array += (number > 1 ? "," : "") + std::string("{\"number\":") + std::to_string(number) + ",\"sentence\":\"}]\\\"" +
             std::string(2'000, 'x') + "\"}";
  }
  settle(with(settlement(crm_, 1, delivered), Verdict::ok, 1, "", array + "]"));

  const std::string kept = inspect().attempts_of(1)->at(0).exchanges;

  EXPECT_LE(kept.size(), exchanges_bytes_max);
  EXPECT_THAT(kept, StartsWith("[{\"left_out\":5},{\"number\":6,"));
  EXPECT_EQ(kept.substr(kept.size() - 6), "xxx\"}]");
  EXPECT_THAT(kept, HasSubstr("\"number\":9"));
}

// ---- what only memory does to itself, for the tests of others -------------------------------------------------------

TEST(MemoryKept, fails_reads_on_order) {
  MemoryJournal journal;
  const InstanceId crm = journal.open_instance("crm", Start::now)->id;
  journal.fail_reads({Kind::unavailable, "disk I/O error"}, 5);

  EXPECT_EQ(journal.kv_get(crm, "a").error().kind, Kind::unavailable);
  EXPECT_EQ(journal.kv_list(crm, "", "", 1).error().kind, Kind::unavailable);
  EXPECT_EQ(journal.document(crm, "a").error().kind, Kind::unavailable);
  EXPECT_EQ(journal.kept_bytes(crm).error().kind, Kind::unavailable);
  EXPECT_EQ(journal.check_staged(crm, {}).error().kind, Kind::unavailable);
  EXPECT_TRUE(journal.check_staged(crm, {}).ok());
}

TEST(MemoryKept, fails_writes_on_order) {
  MemoryJournal journal;
  const InstanceId crm = journal.open_instance("crm", Start::now)->id;
  journal.fail_appends({Kind::full, "disk full"}, 2);

  EXPECT_EQ(journal.replay_all(crm, {1}).error().kind, Kind::full);
  EXPECT_EQ(journal.drop(crm, 1).error().kind, Kind::full);
  EXPECT_EQ(journal.drop(crm, 1).error().kind, Kind::not_found);
}

TEST(MemoryKept, plays_damaged_rows_until_they_are_written_anew) {
  MemoryJournal journal;
  const InstanceId crm = journal.open_instance("crm", Start::now)->id;
  const Staged staged{{{"a", "1"}, {"b\n", "2"}}, {{"feed", "", "body", ""}}};
  ASSERT_TRUE(settle_batch(journal, {{}, {}, {{crm, staged, 1}}}).ok());
  journal.corrupt_key(crm, "b\n");
  journal.corrupt_document(crm, "feed");

  EXPECT_EQ(**journal.kv_get(crm, "a"), "1");
  EXPECT_EQ(journal.kv_get(crm, "b\n").error().kind, Kind::corrupt);
  EXPECT_EQ(journal.kv_list(crm, "", "", 9).error().kind, Kind::corrupt);
  EXPECT_EQ(journal.document(crm, "feed").error().kind, Kind::corrupt);
  EXPECT_THAT(journal.verify()->findings,
              ElementsAre(HasSubstr("the key \"b?\" of instance 1"), HasSubstr("the document \"feed\" of instance 1")));

  ASSERT_TRUE(settle_batch(journal, {{}, {}, {{crm, staged, 2}}}).ok());
  EXPECT_THAT(journal.verify()->findings, IsEmpty());
  EXPECT_EQ((*journal.document(crm, "feed"))->modified_ms, 2);
}

// ---- the rules ------------------------------------------------------------------------------------------------------

TEST(Kept, takes_as_exchanges_only_an_array_of_objects) {
  EXPECT_EQ(cut_exchanges(R"([{"a":[1,{"b":"]"}]},{"c":"\\"}])"), R"([{"a":[1,{"b":"]"}]},{"c":"\\"}])");
  for (const char *text : {"", "[", "[]", "{}", "[1]", "[\"a\"]", "[{]", "[{}}]", "[{\"a]", "[{\"a\\\"}]"}) {
    EXPECT_EQ(cut_exchanges(text), "") << text;
  }
}

TEST(Kept, leaves_out_even_the_only_exchange_when_it_is_too_long) {
  const std::string object = "{\"sentence\":\"" + std::string(exchanges_bytes_max, 'x') + "\"}";

  EXPECT_EQ(cut_exchanges("[" + object + "]"), "[{\"left_out\":1}]");
  EXPECT_EQ(cut_exchanges("[" + object + ",{\"a\":1}]"), "[{\"left_out\":1},{\"a\":1}]");
}

}  // namespace
}  // namespace bellhop::core
