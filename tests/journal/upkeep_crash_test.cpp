// SPDX-License-Identifier: Apache-2.0
// kill -9 inside retention and forget: what is found afterwards is whole, and the work can be done again.
#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

#include "fixtures.hpp"

namespace bellhop::core {
namespace {

constexpr Milliseconds day_ms = 86'400'000;
constexpr const char *path_name = "BELLHOP_TEST_JOURNAL", *point_name = "BELLHOP_CRASH_POINT";

void set_up(SqliteFixture &f, const std::string &path) {
  f.options.path = path;
  f.options.limits.retention_age_ms = day_ms;
  f.options.generation_count = 16;
  ASSERT_TRUE(f.open().ok());
}

// Runs in the child, and does not come back.
void work(const std::string &path) {
  SqliteFixture f;
  set_up(f, path);
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  for (int number = 1; number <= 60; ++number) {
    Webhook made(number, "booking/" + std::to_string(number % 9), 1'000, f.clock.wall_ms());
    if (number % 4 == 0) made.event.json = "{\"email\":\"ada@example.org\"}";
    ASSERT_TRUE(f.journal->append(made.incoming()).ok());
    if (number <= 40) {
      ASSERT_TRUE(settle_now(*f.journal, settlement(crm, number, delivered, made.event.subject)).ok());
    }
  }
  ASSERT_TRUE(settle_batch(*f.journal, {{}, {{crm, 40}}}).ok());
  ASSERT_TRUE(f.journal->forget("ada@example.org").ok());
  f.clock.advance(2 * day_ms);
  ASSERT_TRUE(f.journal->retain().ok());
}

class UpkeepCrash : public testing::TestWithParam<const char *> {};

// The child is this program anew ("threadsafe"), so that it reads its environment from the start.
TEST_P(UpkeepCrash, leaves_a_whole_journal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const TempDir directory;
  const char *inherited = std::getenv(path_name);
  const std::string path = inherited != nullptr ? inherited : directory.file("journal.db");
  setenv(path_name, path.c_str(), 1);
  setenv(point_name, GetParam(), 1);

  EXPECT_EXIT(work(path), testing::KilledBySignal(SIGKILL), "");

  unsetenv(path_name);
  unsetenv(point_name);
  SqliteFixture f;
  set_up(f, path);
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
  const InstanceId crm = f.journal->open_instance("crm", Start::beginning)->id;
  EXPECT_EQ(f.journal->newest(), 60);
  ASSERT_TRUE(f.journal->forget("ada@example.org").ok());
  EXPECT_EQ(f.journal->event("44")->json, "");
  f.clock.advance(2 * day_ms);
  ASSERT_TRUE(f.journal->retain().ok());
  EXPECT_EQ(f.journal->usage()->first, 41);
  EXPECT_EQ(f.journal->owed(crm, 40, 100)->size(), 15u) << "those that were forgotten are dropped";
  EXPECT_EQ(text_of(f.journal->verify()->findings), "");
}

INSTANTIATE_TEST_SUITE_P(Every, UpkeepCrash,
                         testing::Values("journal.before_removal_commit", "journal.before_forget_commit"),
                         [](const auto &given) {
                           std::string name = given.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

}  // namespace
}  // namespace bellhop::core
