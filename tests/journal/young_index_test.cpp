// SPDX-License-Identifier: Apache-2.0
// The index of the newest events, against a plain list; and the merge of its generations into the journal's tables.
#include "journal/young_index.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fixtures.hpp"

namespace bellhop::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

YoungEntry entry(Seq seq, std::int64_t id_key, SubjectKey subject, Milliseconds newest_ms = 0,
                 bool has_subject = true) {
  return {seq, id_key, subject, newest_ms, has_subject};
}

TEST(YoungIndex, finds_nothing_when_it_is_empty) {
  const YoungIndex index;

  EXPECT_THAT(index.seqs_of_id(0), IsEmpty());
  EXPECT_FALSE(index.newest_of_subject(0).has_value());
  EXPECT_THAT(index.seqs_of_subject(0, 0, 100), IsEmpty());
  EXPECT_EQ(index.merging_count(), 0u);
  EXPECT_THAT(index.slice(YoungIndex::Order::id, 0, 10), IsEmpty());
}

TEST(YoungIndex, agrees_with_a_plain_list_over_both_generations) {
  Random random(7);
  YoungIndex index;
  std::vector<YoungEntry> all;
  for (Seq seq = 1; seq <= 3'000; ++seq) {
    // Few keys, at both ends of the range: collisions, chains and a full neighbourhood.
    const auto id_key = static_cast<std::int64_t>(random.below(500) << 55);
    const auto subject = static_cast<SubjectKey>(random.below(40)) - 20;
    all.push_back(entry(seq, id_key, subject, seq * 10, random.below(10) != 0));
    index.add({all.back()});
    if (seq == 2'000) index.begin_merge(2'000);
  }
  ASSERT_EQ(index.merging_count(), 2'000u);

  for (int i = 0; i < 500; ++i) {
    const std::int64_t id_key = all[random.below(all.size())].id_key;
    std::vector<Seq> expected;
    for (const YoungEntry &one : all) {
      if (one.id_key == id_key) expected.push_back(one.seq);
    }
    std::vector<Seq> found = index.seqs_of_id(id_key);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected);
  }
  for (SubjectKey subject = -21; subject <= 20; ++subject) {
    const auto after = static_cast<Seq>(random.below(2'500)), up_to = after + static_cast<Seq>(random.below(1'000));
    std::vector<Seq> expected;
    std::optional<Milliseconds> newest_ms;
    for (const YoungEntry &one : all) {
      if (!one.has_subject || one.subject_key != subject) continue;
      newest_ms = one.newest_ms;
      if (one.seq > after && one.seq <= up_to) expected.push_back(one.seq);
    }
    EXPECT_EQ(index.newest_of_subject(subject), newest_ms);
    EXPECT_EQ(index.seqs_of_subject(subject, after, up_to), expected);
  }
}

TEST(YoungIndex, hands_a_generation_out_in_the_order_of_either_key) {
  YoungIndex index;
  index.reset({entry(1, 30, -5), entry(2, -10, 9), entry(3, 20, 0, 0, false), entry(4, -10, -5)});
  const auto seqs = [](const std::vector<YoungEntry> &slice) {
    std::vector<Seq> found;
    for (const YoungEntry &one : slice) found.push_back(one.seq);
    return found;
  };
  index.begin_merge(5);
  EXPECT_EQ(index.merging_count(), 0u);

  index.begin_merge(4);

  EXPECT_EQ(index.merging_count(), 4u);
  EXPECT_EQ(index.merging_first(), 1);
  EXPECT_EQ(index.merging_last(), 4);
  EXPECT_THAT(seqs(index.slice(YoungIndex::Order::id, 0, 10)), ElementsAre(2, 4, 3, 1));
  EXPECT_THAT(seqs(index.slice(YoungIndex::Order::subject, 0, 10)), ElementsAre(1, 4, 2, 3));
  EXPECT_THAT(seqs(index.slice(YoungIndex::Order::id, 1, 2)), ElementsAre(4, 3));
  index.end_merge();
  EXPECT_THAT(index.seqs_of_id(30), IsEmpty());
}

// What the tables hold and what is still young, after n events.
struct Counts {
  std::int64_t young = 0, ids = 0, subjects = 0;
};
Counts count(const std::string &path) {
  Result<Database> database = Database::open_reader(path);
  return {*database->number("SELECT count(*) FROM young"), *database->number("SELECT count(*) FROM event_id"),
          *database->number("SELECT count(*) FROM event_subject")};
}

TEST(YoungIndex, is_merged_into_the_tables_while_events_come_in_and_taken_up_after_a_restart) {
  SqliteFixture f;
  f.options.generation_count = 100;
  ASSERT_TRUE(f.open().ok());
  int number = 0;
  const auto put = [&](int events_count) {
    for (int i = 0; i < events_count; ++i) {
      ++number;
      const Webhook webhook(number, "booking/" + std::to_string(number % 10), number);
      const Result<Appended> appended =
          number % 7 == 0 ? f.journal->append(webhook.quarantined("odd")) : f.journal->append(webhook.incoming());
      ASSERT_EQ(appended->seq, number);
    }
  };
  const auto expect_all_found = [&] {
    for (int one = 1; one <= number; ++one) {
      EXPECT_TRUE(f.journal->append(Webhook(one, "booking/" + std::to_string(one % 10), one).incoming())->is_duplicate)
          << one;
    }
    std::vector<Seq> expected, found;
    for (int one = 3; one <= number; one += 10) {
      if (one % 7 != 0) expected.push_back(one);
    }
    const Result<std::vector<Owed>> owed = f.journal->owed_of_subject(1, subject_key("booking/3"), 0, number, 1'000);
    for (const Owed &one : *owed) found.push_back(one.key.seq);
    EXPECT_EQ(found, expected);
    const Result<std::vector<Owed>> few = f.journal->owed_of_subject(1, subject_key("booking/3"), 12, number, 2);
    EXPECT_EQ(few->at(0).key.seq, 13);
    EXPECT_EQ(few->at(1).key.seq, 23);
    EXPECT_EQ(few->size(), 2u);
    EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  };

  put(99);
  EXPECT_EQ(count(f.options.path).young, 99);
  EXPECT_EQ(count(f.options.path).ids, 0);
  put(21);  // merging has begun
  EXPECT_GT(count(f.options.path).ids, 0);
  EXPECT_LT(count(f.options.path).ids, 100);
  expect_all_found();

  ASSERT_TRUE(f.reopen().ok());  // in the middle of it
  expect_all_found();
  put(200);
  expect_all_found();

  const Counts counts = count(f.options.path);
  EXPECT_LT(counts.young, 220);
  EXPECT_GE(counts.ids, 100);
  EXPECT_GT(counts.subjects, 80);
  EXPECT_LT(counts.subjects, counts.ids);
  ASSERT_TRUE(f.reopen().ok());
  expect_all_found();
  EXPECT_TRUE(f.journal->append(Webhook(9'999, "booking/3", 2).incoming())->is_late);
}

}  // namespace
}  // namespace bellhop::core
