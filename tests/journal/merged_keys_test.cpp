// SPDX-License-Identifier: Apache-2.0
// What is remembered of the keys in the journal's index tables: never wrong about a key that is there.
#include "journal/merged_keys.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fixtures.hpp"

namespace bellhop::core {
namespace {

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

std::int64_t any_key(Random &random) { return static_cast<std::int64_t>(random.next()); }

double share_of_absent_keys_held(const KeyFilter &filter, Random &random) {
  constexpr int questions_count = 100'000;
  int held_count = 0;
  for (int i = 0; i < questions_count; ++i) held_count += filter.may_hold(any_key(random));
  return static_cast<double>(held_count) / questions_count;
}

TEST(KeyFilter, holds_nothing_when_it_is_empty) {
  for (const KeyFilter &filter : {KeyFilter(0), KeyFilter(1'000)}) {
    EXPECT_FALSE(filter.may_hold(0));
    EXPECT_FALSE(filter.may_hold(smallest));
    EXPECT_EQ(filter.keys_count(), 0u);
  }
  EXPECT_EQ(KeyFilter(0).bytes(), 0u);
}

TEST(KeyFilter, holds_every_key_that_was_added_and_few_others) {
  Random random(3);
  KeyFilter filter(100'000);
  std::vector<std::int64_t> keys{0, -1, 1, smallest, largest};
  while (keys.size() < 100'000) keys.push_back(any_key(random));

  for (const std::int64_t key : keys) filter.add(key);

  for (const std::int64_t key : keys) ASSERT_TRUE(filter.may_hold(key)) << key;
  EXPECT_LT(share_of_absent_keys_held(filter, random), 0.01);
  EXPECT_LT(filter.bytes(), 160'000u);
}

TEST(KeyFilter, takes_ten_times_what_was_expected_in_layers) {
  Random random(4);
  KeyFilter filter(70'000);
  std::vector<std::int64_t> keys;
  while (keys.size() < 700'000) keys.push_back(any_key(random));

  for (const std::int64_t key : keys) filter.add(key);

  for (const std::int64_t key : keys) ASSERT_TRUE(filter.may_hold(key)) << key;
  EXPECT_LT(share_of_absent_keys_held(filter, random), 0.03);
  EXPECT_LT(filter.bytes(), 700'000u * 2 * 12 / 8);
}

TEST(KeyFilter, tells_keys_apart_that_differ_in_any_one_bit) {
  KeyFilter filter(1'000);
  filter.add(0);
  int held_count = 0;
  for (int bit = 0; bit < 64; ++bit) held_count += filter.may_hold(static_cast<std::int64_t>(std::uint64_t{1} << bit));

  EXPECT_LE(held_count, 2);
}

TEST(KeyFilter, counts_a_key_once) {
  KeyFilter filter(10);
  for (int i = 0; i < 5; ++i) filter.add(77);

  EXPECT_EQ(filter.keys_count(), 1u);
}

// ---- learnt from a table --------------------------------------------------------------------------------------------

class MergedKeysOfATable : public testing::Test {
 protected:
  MergedKeysOfATable() {
    Result<Database> opened = Database::open_memory();
    database_ = std::move(*opened);
    EXPECT_EQ(database_.exec("CREATE TABLE held(key INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(key, seq)) "
                             "STRICT, WITHOUT ROWID"),
              SQLITE_OK);
  }
  void put(std::int64_t key, std::int64_t seq = 1) {
    Result<Statement> insert = database_.prepare("INSERT INTO held(key, seq) VALUES(?,?)");
    EXPECT_EQ(insert->bind(key, seq).run(), SQLITE_DONE);
  }
  Statement above() {
    Result<Statement> prepared = database_.prepare("SELECT key FROM held WHERE key > ? ORDER BY key LIMIT ?");
    return std::move(*prepared);
  }

  Database database_;
};

TEST_F(MergedKeysOfATable, holds_every_key_until_it_knows_them_all) {
  for (int key = 0; key < 25; ++key) put(key * 1'000);
  MergedKeys keys;
  EXPECT_TRUE(keys.may_hold(5)) << "before anything is known";

  keys.restart(25);
  Statement slice = above();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(keys.learn(slice, 10), SQLITE_OK);
    EXPECT_TRUE(keys.is_learning());
    EXPECT_TRUE(keys.may_hold(5));
  }
  EXPECT_EQ(keys.learn(slice, 10), SQLITE_OK);

  EXPECT_FALSE(keys.is_learning());
  EXPECT_FALSE(keys.may_hold(5));
  for (int key = 0; key < 25; ++key) EXPECT_TRUE(keys.may_hold(key * 1'000));
}

TEST_F(MergedKeysOfATable, learns_a_key_with_more_rows_than_a_slice_and_those_at_the_ends_of_the_range) {
  for (int seq = 0; seq < 30; ++seq) put(7, seq);
  put(smallest);
  put(largest);
  put(8);
  MergedKeys keys;
  keys.restart(4);
  Statement slice = above();
  int slices_count = 0;
  while (keys.is_learning() && ++slices_count < 20) ASSERT_EQ(keys.learn(slice, 10), SQLITE_OK);

  ASSERT_TRUE(keys.is_known());
  for (const std::int64_t key : {std::int64_t{7}, std::int64_t{8}, smallest, largest}) EXPECT_TRUE(keys.may_hold(key));
  EXPECT_FALSE(keys.may_hold(9));
}

TEST_F(MergedKeysOfATable, holds_what_is_added_while_it_learns_and_after) {
  for (int key = 1; key <= 20; ++key) put(key * 1'000);
  MergedKeys keys;
  keys.restart(20);
  Statement slice = above();
  ASSERT_EQ(keys.learn(slice, 15), SQLITE_OK);
  keys.add(2'500);  // behind what was read
  ASSERT_EQ(keys.learn(slice, 15), SQLITE_OK);
  ASSERT_TRUE(keys.is_known());
  keys.add(-3);

  EXPECT_TRUE(keys.may_hold(2'500));
  EXPECT_TRUE(keys.may_hold(-3));
  EXPECT_FALSE(keys.may_hold(2'501));
}

TEST_F(MergedKeysOfATable, holds_every_key_when_the_table_cannot_be_read) {
  for (int key = 1; key <= 5'000; ++key) put(key);
  MergedKeys keys;
  keys.restart(5'000);
  Statement slice = above();
  sqlite3_progress_handler(
      database_.raw(), 100, [](void *) { return 1; }, nullptr);
  EXPECT_EQ(keys.learn(slice, 5'000), SQLITE_INTERRUPT);
  sqlite3_progress_handler(database_.raw(), 0, nullptr, nullptr);

  EXPECT_FALSE(keys.is_learning());
  EXPECT_TRUE(keys.may_hold(999'999));
  keys.add(5);  // changes nothing about that
  EXPECT_TRUE(keys.may_hold(999'999));
  EXPECT_EQ(keys.bytes(), 0u);
}

// One flipped bit in the last row of a slice must not hide all that stands between it and where it says it stands.
TEST_F(MergedKeysOfATable, holds_every_key_when_they_are_out_of_order) {
  ASSERT_EQ(database_.exec("CREATE TABLE damaged(place INTEGER PRIMARY KEY, key INTEGER NOT NULL) STRICT"), SQLITE_OK);
  ASSERT_EQ(database_.exec("INSERT INTO damaged(key) VALUES(1),(2),(3),(4000),(5),(6),(7),(8),(9),(10)"), SQLITE_OK);
  // As SQLite walks a tree with a wrong key: from the first place that is above, in the order of places.
  Result<Statement> slice = database_.prepare(
      "SELECT key FROM damaged WHERE place >= (SELECT min(place) FROM damaged WHERE key > ?) ORDER BY place LIMIT ?");
  for (const int rows : {2, 3, 4, 5}) {
    MergedKeys keys;
    keys.restart(10);
    for (int i = 0; i < 20 && keys.is_learning(); ++i) keys.learn(*slice, rows);

    for (int key = 5; key <= 10; ++key) EXPECT_TRUE(keys.may_hold(key)) << key << " in slices of " << rows;
  }
}

TEST_F(MergedKeysOfATable, begins_anew_when_the_table_has_lost_most_of_them) {
  MergedKeys keys;
  keys.restart(0);
  Statement slice = above();
  ASSERT_EQ(keys.learn(slice, 10), SQLITE_OK);
  Random random(5);
  for (int i = 0; i < 300'000; ++i) keys.add(any_key(random));
  EXPECT_FALSE(keys.is_outgrown(200'000));
  EXPECT_TRUE(keys.is_outgrown(140'000));

  put(42);
  keys.restart(1);

  EXPECT_FALSE(keys.is_outgrown(1));
  EXPECT_TRUE(keys.may_hold(1));
  ASSERT_EQ(keys.learn(slice, 10), SQLITE_OK);
  EXPECT_TRUE(keys.may_hold(42));
  EXPECT_FALSE(keys.may_hold(1));
  EXPECT_LT(keys.bytes(), 200'000u);
}

TEST_F(MergedKeysOfATable, remembers_nothing_of_more_keys_than_memory_is_given_for) {
  MergedKeys keys;
  keys.restart(MergedKeys::keys_max + 1);

  EXPECT_FALSE(keys.is_learning());
  EXPECT_TRUE(keys.may_hold(1));
  EXPECT_EQ(keys.bytes(), 0u);
}

// ---- in the journal -------------------------------------------------------------------------------------------------

TEST(MergedKeys, let_the_journal_find_duplicates_and_late_events_while_they_are_learnt_anew) {
  constexpr int events_count = 3'000;  // some slices of each table
  SqliteFixture f;
  f.options.generation_count = 100;
  ASSERT_TRUE(f.open().ok());
  const auto webhook = [](int number) {
    return Webhook(number, "booking/" + std::to_string(number), 1'000 + number, 9'000);
  };
  for (int number = 1; number <= events_count; ++number) {
    ASSERT_EQ(f.journal->append(webhook(number).incoming())->seq, number);
  }

  ASSERT_TRUE(f.reopen().ok());
  for (int number = 1; number <= events_count; number += 50) {  // each of them is a batch, and teaches a slice
    const Result<Appended> again = f.journal->append(webhook(number).incoming());
    ASSERT_TRUE(again->is_duplicate) << number;
    EXPECT_EQ(again->seq, number);
    const int far = events_count + 1 - number;
    const Webhook older(100'000 + number, "booking/" + std::to_string(far), 500, 9'000);
    EXPECT_TRUE(f.journal->append(older.incoming())->is_late) << far;
    const Webhook first(200'000 + number, "booking/new" + std::to_string(number), 1, 9'000);
    EXPECT_FALSE(f.journal->append(first.incoming())->is_late) << number;
  }
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
}

}  // namespace
}  // namespace bellhop::core
