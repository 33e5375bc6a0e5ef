// SPDX-License-Identifier: Apache-2.0
// What instances keep, on a disk: files of version 1, damaged rows, failing writes, and a process that is killed in
// between. What was staged is there whole, with its settlement, or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include "fault_vfs.hpp"
#include "fixtures.hpp"
#include "journal/kept.hpp"
#include "journal/schema.hpp"
#include "journal/verify.hpp"

namespace bellhop::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

void exec(const std::string &path, const std::string &sql) {
  Result<Database> database = Database::open_writer(path);
  ASSERT_TRUE(database.ok()) << database.error().sentence;
  ASSERT_EQ(database->exec(sql.c_str()), SQLITE_OK) << database->error(sql).sentence;
}

const Staged staged{{{"a", "1"}, {"b", "2"}}, {{"feed.ics", "text/calendar", "BEGIN", ""}}};

Settlement staging(InstanceId instance, Seq seq) {
  Settlement one = settlement(instance, seq, delivered);
  one.staged = staged;
  one.exchanges = R"([{"status":200}])";
  return one;
}

// The one thing that matters: all of staging() is there, or nothing.
//   returns   is it?
bool is_settled_whole(SqliteJournal &journal, InstanceId instance, Seq seq) {
  const bool is_settled = journal.owed(instance, seq - 1, 1)->empty();
  EXPECT_EQ(journal.kv_get(instance, "a")->has_value(), is_settled);
  EXPECT_EQ(journal.kv_get(instance, "b")->has_value(), is_settled);
  EXPECT_EQ(journal.document(instance, "feed.ics")->has_value(), is_settled);
  EXPECT_EQ(journal.attempts_of(seq)->size(), is_settled ? 1u : 0u);
  EXPECT_EQ(journal.kept_bytes(instance)->kv, is_settled ? 4 : 0);
  EXPECT_EQ(text_of(journal.verify()->findings), "");
  return is_settled;
}

// Three events, an instance with a delivery that waits and one that is dead, in a file as version 1 left it.
void make_version_1(SqliteFixture &f) {
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 3; ++number) ASSERT_TRUE(f.journal->append(Webhook(number).incoming()).ok());
  Settlement late = settlement(crm, 2, waiting, "booking/1", 50);
  late.attempts = 4;
  ASSERT_TRUE(settle_batch(*f.journal, {{settlement(crm, 1, dead), late}, {{crm, 1}}, {}}).ok());
  f.journal.reset();
  exec(f.options.path,
       "DROP TABLE kept; DROP TABLE kv; DROP TABLE document; DROP TABLE attempt; DROP INDEX delivery_dropped; "
       "DROP TABLE removed; PRAGMA user_version=1");
}

// ---- migration ------------------------------------------------------------------------------------------------------

TEST(KeptSqlite, makes_for_its_tests_a_file_that_is_really_of_version_1) {
  SqliteFixture f;
  ASSERT_NO_FATAL_FAILURE(make_version_1(f));
  Result<Database> memory = Database::open_memory();
  ASSERT_TRUE(prepare_schema(*memory, "memory", 1).ok());
  Result<Database> file = Database::open_reader(f.options.path);

  EXPECT_EQ(*definitions_of(*file), *definitions_of(*memory));
  EXPECT_EQ(*file->number("PRAGMA user_version"), 1);
  EXPECT_EQ(verify_offline(f.options.path).error().kind, Kind::conflict);
}

TEST(KeptSqlite, brings_a_file_of_version_1_up_with_all_that_it_holds) {
  SqliteFixture f;
  ASSERT_NO_FATAL_FAILURE(make_version_1(f));

  ASSERT_TRUE(f.open().ok());

  const OpenedInstance crm = *f.journal->open_instance("crm", Start::now);
  EXPECT_FALSE(crm.is_new);
  EXPECT_EQ(crm.cursor, 1);
  EXPECT_THAT(crm.token, testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(f.journal->load(3)->body, Webhook(3).body);
  EXPECT_EQ(f.journal->due(crm.id, 50, 9)->at(0).attempts, 4);
  EXPECT_EQ(f.journal->attempts_of(1)->at(0).message, "answer of 1");
  EXPECT_EQ(f.journal->attempts_of(2)->at(0).number, 4);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  Settlement again = settlement(crm.id, 2, waiting, "booking/1", 60);
  again.attempts = 5;
  ASSERT_TRUE(settle_now(*f.journal, again).ok());
  EXPECT_EQ(f.journal->attempts_of(2)->back().number, 5);
  ASSERT_TRUE(f.reopen().ok());
  EXPECT_EQ(f.journal->open_instance("crm", Start::now)->token, crm.token);
}

TEST(KeptSqlite, comes_up_after_a_migration_whose_nth_call_failed) {
  FaultVfs vfs;
  SqliteFixture f;
  ASSERT_NO_FATAL_FAILURE(make_version_1(f));
  const std::string whole = read_file(f.options.path), mark = read_file(f.options.path + ".mark");
  f.options.vfs = FaultVfs::name;
  int refused_count = 0;
  for (int number = 1; number <= 40; ++number) {
    SCOPED_TRACE("fault at call " + std::to_string(number));
    f.options.path = f.directory.file("v1-" + std::to_string(number) + ".db");
    write_file(f.options.path, whole);
    write_file(f.options.path + ".mark", mark);
    vfs.arm(number % 2 == 0 ? FaultVfs::What::sync : FaultVfs::What::write, (number + 1) / 2, 1, SQLITE_IOERR);
    refused_count += !f.open().ok();
    vfs.disarm();

    ASSERT_TRUE(f.reopen().ok());

    EXPECT_EQ(text_of(f.journal->verify()->findings), "");
    EXPECT_EQ(f.journal->open_instance("crm", Start::now)->cursor, 1);
    EXPECT_EQ(f.journal->newest(), 3);
    f.journal.reset();
  }
  EXPECT_GT(refused_count, 5);
}

// ---- restarts and damage --------------------------------------------------------------------------------------------

class KeptDamage : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(f_.open().ok());
    crm_ = f_.journal->open_instance("crm", Start::beginning)->id;
    token_ = f_.journal->open_instance("crm", Start::beginning)->token;
    ASSERT_TRUE(f_.journal->append(Webhook(1).incoming()).ok());
    ASSERT_TRUE(settle_now(*f_.journal, staging(crm_, 1)).ok());
  }
  void damage(const std::string &sql) {
    f_.journal.reset();
    exec(f_.options.path, sql);
    ASSERT_TRUE(f_.open().ok());
  }
  SqliteFixture f_;
  InstanceId crm_ = 0;
  std::string token_;
};

TEST_F(KeptDamage, everything_is_there_after_a_restart) {
  ASSERT_TRUE(f_.reopen().ok());

  EXPECT_TRUE(is_settled_whole(*f_.journal, crm_, 1));
  EXPECT_EQ(f_.journal->open_instance("crm", Start::now)->token, token_);
  EXPECT_EQ(f_.journal->kept_bytes(crm_)->documents, 8 + 13 + 5);
  ASSERT_TRUE(settle_batch(*f_.journal, {{}, {}, {{crm_, {{{"a", std::nullopt}}, {}}, 9}}}).ok());
  EXPECT_EQ(f_.journal->kept_bytes(crm_)->kv, 2);
}

TEST_F(KeptDamage, a_damaged_value_is_never_handed_out_until_it_is_written_anew) {
  damage("UPDATE kv SET value = x'33' WHERE key = x'62'");

  EXPECT_EQ(**f_.journal->kv_get(crm_, "a"), "1");
  EXPECT_EQ(f_.journal->kv_get(crm_, "b").error().kind, Kind::corrupt);
  EXPECT_THAT(f_.journal->kv_get(crm_, "b").error().sentence, HasSubstr("the key \"b\" of instance 1 is not what"));
  EXPECT_EQ(f_.journal->kv_list(crm_, "", "", 9).error().kind, Kind::corrupt);
  EXPECT_THAT(f_.journal->kv_list(crm_, "", "", 1).value(), SizeIs(1));
  EXPECT_THAT(f_.journal->verify()->findings, ElementsAre(HasSubstr("the key \"b\" of instance 1")));

  ASSERT_TRUE(settle_batch(*f_.journal, {{}, {}, {{crm_, staged, 9}}}).ok());
  EXPECT_EQ(**f_.journal->kv_get(crm_, "b"), "2");
  EXPECT_THAT(f_.journal->verify()->findings, IsEmpty());
}

TEST_F(KeptDamage, a_damaged_document_is_never_handed_out_until_it_is_published_anew) {
  for (const char *change : {"body = x'00'", "content_type = 'text/html'", "etag = '\"0\"'", "modified_ms = 1"}) {
    damage("UPDATE document SET " + std::string(change));

    EXPECT_EQ(f_.journal->document(crm_, "feed.ics").error().kind, Kind::corrupt) << change;
    EXPECT_THAT(f_.journal->verify()->findings,
                testing::Contains(HasSubstr("the document \"feed.ics\" of instance 1")));

    ASSERT_TRUE(settle_batch(*f_.journal, {{}, {}, {{crm_, staged, 9}}}).ok());
    EXPECT_EQ((*f_.journal->document(crm_, "feed.ics"))->body, "BEGIN");
  }
}

TEST_F(KeptDamage, verify_finds_a_damaged_attempt) {
  damage("UPDATE attempt SET exchanges = '[{\"status\":500}]'");

  EXPECT_THAT(f_.journal->verify()->findings,
              ElementsAre(HasSubstr("attempt 1 to deliver event 1 to instance 1 is not what was written")));
}

TEST_F(KeptDamage, counts_anew_what_a_damaged_row_says_and_keeps_its_token) {
  damage("UPDATE kept SET kv_bytes = 1");

  EXPECT_TRUE(f_.lines.has("error journal: the row of what instance \"crm\" keeps is not what was written"));
  EXPECT_EQ(f_.journal->kept_bytes(crm_)->kv, 4);
  EXPECT_EQ(f_.journal->kept_bytes(crm_)->documents, 26);
  EXPECT_EQ(f_.journal->open_instance("crm", Start::now)->token, token_);
  EXPECT_THAT(f_.journal->verify()->findings, IsEmpty());
}

TEST_F(KeptDamage, makes_a_new_token_only_when_the_old_one_cannot_be_read) {
  damage("UPDATE kept SET token = 'x'");

  EXPECT_TRUE(f_.lines.has("its token is a new one: what it has published has moved"));
  const std::string token = f_.journal->open_instance("crm", Start::now)->token;
  EXPECT_THAT(token, testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(token, token_);
}

// A row that is damaged while the daemon runs.
TEST_F(KeptDamage, verify_finds_wrong_sizes_and_missing_and_damaged_rows_of_what_is_kept) {
  f_.journal.reset();
  exec(f_.options.path, "DELETE FROM kv WHERE key = x'61'");
  EXPECT_THAT(verify_offline(f_.options.path)->findings,
              ElementsAre("instance 1 \"crm\" counts 4 bytes of kv and 26 of documents, and has 2 and 26"));
  exec(f_.options.path, "UPDATE kept SET kv_bytes = 2");
  EXPECT_THAT(verify_offline(f_.options.path)->findings,
              ElementsAre(HasSubstr("the row of what instance 1 \"crm\" keeps is not what was written")));
  exec(f_.options.path, "DELETE FROM kept");
  EXPECT_THAT(verify_offline(f_.options.path)->findings,
              ElementsAre("there is no row of what instance 1 \"crm\" keeps"));
}

TEST_F(KeptDamage, a_quota_that_cannot_be_read_refuses_nothing) {
  exec(f_.options.path, "UPDATE kept SET kv_bytes = 1 << 40");

  EXPECT_EQ(f_.journal->kept_bytes(crm_)->kv, 0);
  EXPECT_TRUE(f_.journal->check_staged(crm_, staged).ok());
}

// ---- storage that fails, and a process that is killed -----------------------------------------------------------

TEST(KeptFault, what_was_staged_is_lost_with_a_failed_settlement_and_never_half_applied) {
  FaultVfs vfs;
  int lost_count = 0, kept_count = 0;
  for (const auto &[what, code] :
       {std::pair{FaultVfs::What::write, SQLITE_IOERR_WRITE}, std::pair{FaultVfs::What::write, SQLITE_FULL},
        std::pair{FaultVfs::What::sync, SQLITE_IOERR_FSYNC}}) {
    for (int number = 1; number <= 12; ++number) {
      SCOPED_TRACE("fault " + std::to_string(code) + " at call " + std::to_string(number));
      SqliteFixture f;
      f.options.vfs = FaultVfs::name;
      ASSERT_TRUE(f.open().ok());
      const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
      ASSERT_TRUE(f.journal->append(Webhook(1).incoming()).ok());
      vfs.arm(what, number, 1, code);
      const Result<void> settled = settle_now(*f.journal, staging(crm, 1));
      const bool is_struck = vfs.struck_count() > 0;
      vfs.disarm();
      ASSERT_TRUE(settled.ok() || is_struck);

      ASSERT_TRUE(f.reopen().ok());

      const bool is_whole = is_settled_whole(*f.journal, crm, 1);
      EXPECT_TRUE(is_whole || !settled.ok());
      ++(is_whole ? kept_count : lost_count);
      ASSERT_TRUE(settle_now(*f.journal, staging(crm, 1)).ok());
      EXPECT_EQ(f.journal->kept_bytes(crm)->kv, 4);
      f.journal.reset();
    }
  }
  EXPECT_GT(lost_count, 3);
  EXPECT_GT(kept_count, 3);
}

TEST(KeptFault, forgets_in_memory_what_a_rolled_back_transaction_counted) {
  FaultVfs vfs;
  SqliteFixture f;
  f.options.vfs = FaultVfs::name;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  ASSERT_TRUE(settle_batch(*f.journal, {{}, {}, {{crm, staged, 9}}}).ok());
  const Staged more{{{"c", "3"}}, {}};
  vfs.arm(FaultVfs::What::write, 1, 1, SQLITE_FULL);
  EXPECT_EQ(settle_batch(*f.journal, {{}, {}, {{crm, more, 9}}}).error().kind, Kind::full);
  vfs.arm(FaultVfs::What::write, 1, 1, SQLITE_FULL);
  EXPECT_EQ(f.journal->open_instance("slack", Start::now).error().kind, Kind::full);
  vfs.disarm();

  ASSERT_TRUE(settle_batch(*f.journal, {{}, {}, {{crm, more, 9}}}).ok());
  const OpenedInstance slack = *f.journal->open_instance("slack", Start::now);

  EXPECT_TRUE(slack.is_new);
  EXPECT_EQ(f.journal->kept_bytes(crm)->kv, 6);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  f.journal.reset();
}

#ifdef BELLHOP_CRASH_POINTS

constexpr const char *journal_variable = "BELLHOP_TEST_JOURNAL";

// Not a test: what the process does that is killed. It opens a file of version 1, and settles event 3.
TEST(KeptCrash, DISABLED_victim) {
  const char *path = std::getenv(journal_variable);
  if (path == nullptr) GTEST_SKIP() << "runs as a child of another test only";
  SqliteFixture f;
  f.options.path = path;
  ASSERT_TRUE(f.open().ok());
  const InstanceId crm = f.journal->open_instance("crm", Start::now)->id;
  ASSERT_TRUE(settle_now(*f.journal, staging(crm, 3)).ok());
}

// This program again, with a crash point armed. Returns its wait status.
int run_victim(const std::string &path, const std::string &point) {
  const std::string journal = std::string(journal_variable) + "=" + path, armed = "BELLHOP_CRASH_POINT=" + point;
  std::string program = "/proc/self/exe", filter = "--gtest_filter=KeptCrash.DISABLED_victim";
  std::string disabled = "--gtest_also_run_disabled_tests", brief = "--gtest_brief=1";
  char *arguments[] = {program.data(), filter.data(), disabled.data(), brief.data(), nullptr};
  char *environment[] = {const_cast<char *>(journal.c_str()), const_cast<char *>(armed.c_str()), nullptr};
  pid_t pid = 0;
  int status = -1;
  EXPECT_EQ(posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, environment), 0);
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

TEST(KeptCrash, a_kill_in_migration_or_settlement_leaves_all_of_it_or_nothing) {
  const std::pair<std::string, bool> points[] = {
      {"journal.before_migration_commit", false}, {"journal.after_migration_commit", false},
      {"journal.half_staged:1", false},           {"journal.half_staged:2", false},
      {"journal.before_settle_commit", false},    {"journal.before_commit:3", false},
      {"journal.after_commit:3", true},           {"journal.before_answer:2", true},
  };
  for (const auto &[point, is_there] : points) {
    SCOPED_TRACE(point);
    SqliteFixture f;
    ASSERT_NO_FATAL_FAILURE(make_version_1(f));
    const int status = run_victim(f.options.path, point);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "never passed";

    ASSERT_TRUE(f.open().ok());

    const OpenedInstance crm = *f.journal->open_instance("crm", Start::now);
    EXPECT_EQ(is_settled_whole(*f.journal, crm.id, 3), is_there);
    EXPECT_EQ(f.journal->attempts_of(2)->at(0).number, 4);
    ASSERT_TRUE(settle_now(*f.journal, staging(crm.id, 3)).ok());
    EXPECT_EQ(f.journal->kept_bytes(crm.id)->kv, 4);
  }
}

#endif

}  // namespace
}  // namespace bellhop::core
