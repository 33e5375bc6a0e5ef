// SPDX-License-Identifier: Apache-2.0
// Single flipped bits in the database and in a write-ahead log that was not moved yet: each is detected (the open fails
// or logs an error, verify finds it) or harmless (everything reads as it was written). Never a wrong body from load().
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fault_vfs.hpp"
#include "fixtures.hpp"

namespace bellhop::core {
namespace {

constexpr int flips_count = 400;
constexpr int events_count = 14;
constexpr int kept_count = 8;  // keys, and documents

class JournalDamage : public testing::Test {
 protected:
  struct Files {
    std::string database, log, mark;
  };
  struct Tally {
    int detected_count = 0, harmless_count = 0;
  };

  JournalDamage() {
    f_.options.vfs = FaultVfs::name;
    f_.options.generation_count = 5;  // some entries merged, some young
  }

  static Webhook webhook(int number) {
    Webhook made(number, "booking/" + std::to_string(number % 3), 1'000 + number);
    made.body += std::string(static_cast<std::size_t>(number) * 700, static_cast<char>('a' + number));
    made.event.json += std::string(static_cast<std::size_t>(number) * 150, static_cast<char>('A' + number));
    return made;
  }

  static std::string key(int number) { return "guest/" + std::to_string(number); }
  static std::string value(int number) {
    return std::string(static_cast<std::size_t>(number) * 900, static_cast<char>('0' + number));
  }

  void fill() {
    ASSERT_TRUE(f_.open().ok());
    const InstanceId crm = f_.journal->open_instance("crm", Start::beginning)->id;
    for (int number = 1; number <= events_count; ++number) {
      ASSERT_TRUE(f_.journal->append(webhook(number).incoming()).ok());
      if (number % 2 == 0) continue;
      ASSERT_TRUE(settle_now(*f_.journal, settlement(crm, number, number % 3 == 0 ? waiting : delivered)).ok());
    }
    ASSERT_TRUE(f_.journal->replay(crm, 2).ok());
    for (int number = 1; number <= kept_count; ++number) {
      const Staged staged{{{key(number), value(number)}}, {{key(number), "text/calendar", value(number), ""}}};
      ASSERT_TRUE(settle_batch(*f_.journal, {{}, {}, {{crm, staged, 9}}}).ok());
    }
    ASSERT_TRUE(settle_batch(*f_.journal, {{}, {{crm, 1}}}).ok());
    ASSERT_TRUE(f_.journal->append(webhook(events_count + 1).incoming()).ok());
  }
  Files files() const {
    const std::string &path = f_.options.path;
    return {read_file(path), read_file(path + "-wal"), read_file(path + ".mark")};
  }

  // Opens a copy with one bit flipped; true when the damage showed itself.
  bool is_detected(const Files &files) {
    SqliteFixture damaged;
    damaged.options.vfs = FaultVfs::name;
    const std::string &path = damaged.options.path;
    write_file(path, files.database);
    if (!files.log.empty()) write_file(path + "-wal", files.log);
    write_file(path + ".mark", files.mark);
    if (!damaged.open().ok()) return true;
    bool is_found = damaged.lines.has("error ");
    for (int number = 1; number <= events_count + 1; ++number) {
      const Result<StoredEvent> stored = damaged.journal->load(number);
      const Webhook original = webhook(number);
      if (!stored.ok()) {
        is_found |= stored.error().kind == Kind::corrupt;
        continue;  // a missing one must show itself otherwise
      }
      EXPECT_EQ(stored->body, original.body);
      EXPECT_EQ(stored->event.json, original.event.json);
      EXPECT_EQ(stored->event.id, original.event.id);
      EXPECT_EQ(stored->event.subject, original.event.subject);
      EXPECT_FALSE(stored->is_late);
    }
    is_found |= is_kept_detected(*damaged.journal);
    const Result<VerifyReport> report = damaged.journal->verify();
    is_found |= !report.ok() || !report->findings.empty();
    if (is_found) return true;
    expect_whole(*damaged.journal);
    return false;
  }

  // Never a wrong value; a missing one must show itself otherwise.
  static bool is_kept_detected(SqliteJournal &journal) {
    bool is_found = false;
    for (int number = 1; number <= kept_count; ++number) {
      const Result<std::optional<std::string>> kept = journal.kv_get(1, key(number));
      is_found |= !kept.ok();
      if (kept.ok() && *kept) {
        EXPECT_EQ(**kept, value(number));
      }
      const Result<std::optional<Document>> document = journal.document(1, key(number));
      is_found |= !document.ok();
      if (!document.ok() || !*document) continue;
      EXPECT_EQ((*document)->body, value(number));
      EXPECT_EQ((*document)->content_type, "text/calendar");
    }
    const auto listed = journal.kv_list(1, "guest/", "", 100);
    if (!listed.ok()) return true;
    for (const auto &[name, kept] : *listed) EXPECT_EQ(kept, value(name.back() - '0'));
    return is_found;
  }

  // Not detected, then it must be harmless.
  void expect_whole(SqliteJournal &journal) {
    for (int number = 1; number <= events_count + 1; ++number) {
      EXPECT_TRUE(journal.load(number).ok());
      EXPECT_TRUE(journal.append(webhook(number).incoming())->is_duplicate);
    }
    EXPECT_EQ(journal.kv_list(1, "guest/", "", 100)->size(), static_cast<std::size_t>(kept_count));
    EXPECT_EQ(journal.documents_of(1, "", 100)->size(), static_cast<std::size_t>(kept_count));
    EXPECT_EQ(journal.newest(), events_count + 1);
    EXPECT_LE(journal.open_instance("crm", Start::now)->cursor, 1);
  }

  Tally flip_all(const Files &whole, std::string Files::*which, std::uint64_t seed) {
    Random random(seed);
    Tally tally;
    for (int flip = 0; flip < flips_count; ++flip) {
      Files files = whole;
      const std::size_t at = random.below((files.*which).size());
      const auto bit = static_cast<char>(1 << random.below(8));
      SCOPED_TRACE("byte " + std::to_string(at) + " bit " + std::to_string(bit));
      (files.*which)[at] = static_cast<char>((files.*which)[at] ^ bit);
      ++(is_detected(files) ? tally.detected_count : tally.harmless_count);
      if (testing::Test::HasFailure()) break;
    }
    return tally;
  }

  FaultVfs vfs_;
  SqliteFixture f_;
};

TEST_F(JournalDamage, finds_every_flipped_bit_of_the_database_that_matters) {
  fill();
  f_.journal.reset();
  const Files whole = files();
  ASSERT_EQ(whole.log, "");
  ASSERT_FALSE(is_detected(whole));

  const Tally tally = flip_all(whole, &Files::database, 1);

  RecordProperty("detected", tally.detected_count);
  RecordProperty("harmless", tally.harmless_count);
  EXPECT_EQ(tally.detected_count + tally.harmless_count, flips_count);
  EXPECT_GT(tally.detected_count, flips_count / 3);
}

TEST_F(JournalDamage, finds_every_flipped_bit_of_the_write_ahead_log_that_matters) {
  fill();
  const Files whole = files();
  ASSERT_GT(whole.log.size(), 100'000u);
  ASSERT_FALSE(is_detected(whole));

  const Tally tally = flip_all(whole, &Files::log, 2);

  RecordProperty("detected", tally.detected_count);
  RecordProperty("harmless", tally.harmless_count);
  EXPECT_EQ(tally.detected_count + tally.harmless_count, flips_count);
  EXPECT_GT(tally.detected_count, flips_count * 9 / 10);
}

TEST_F(JournalDamage, finds_a_log_that_was_cut_off_or_taken_away) {
  fill();
  const Files whole = files();
  for (const std::size_t size : {std::size_t{0}, whole.log.size() / 2, whole.log.size() - 1}) {
    Files files = whole;
    files.log.resize(size);
    EXPECT_TRUE(is_detected(files)) << size;
  }
}

}  // namespace
}  // namespace bellhop::core
