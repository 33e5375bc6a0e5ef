// SPDX-License-Identifier: Apache-2.0
// The file: who may write it, what happens when it cannot be written, and what a killed writer leaves.
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include "plugins/sqlite_fixture.hpp"

namespace bellhop::test {
namespace {

using ::testing::Test;

core::Parcel booking(int number) {
  return parcel_of(legacy_body({.booking_id = "B" + std::to_string(number)}), number);
}

std::string bytes_of(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Runs `work` in a process of its own and returns what it returned; -signal when it was killed.
int in_child(const std::function<int()> &work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_F(SqlitePlugin, refuses_a_file_of_a_newer_version_and_leaves_it_alone) {
  host();
  host_.reset();
  run_sql("PRAGMA user_version = 99");
  const std::string before = bytes_of(path());

  host_ = make();
  const core::PluginAnswer answer = host_->start();

  EXPECT_EQ(answer.code, BHP_FAIL);
  EXPECT_EQ(answer.message, path().string() +
                                " was written by a newer version of this plugin (schema 99, this one knows up to 2): "
                                "install that version again, or give this instance another path");
  EXPECT_EQ(bytes_of(path()), before);
}

TEST_F(SqlitePlugin, refuses_a_file_of_another_program_and_leaves_it_alone) {
  run_sql("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
  const std::string before = bytes_of(path());

  host_ = make();
  const core::PluginAnswer answer = host_->start();

  EXPECT_EQ(answer.code, BHP_FAIL);
  EXPECT_EQ(answer.message, path().string() +
                                " belongs to another program (application_id 0x00000000, 1 tables, indexes and views): "
                                "give this instance a path of its own");
  EXPECT_EQ(bytes_of(path()), before);
}

TEST_F(SqlitePlugin, holds_when_the_file_is_no_database) {
  std::ofstream(path()) << std::string(20'000, 'x');

  host_ = make();
  const core::PluginAnswer answer = host_->start();

  EXPECT_EQ(answer.code, BHP_HOLD);
  EXPECT_NE(answer.message.find("file is not a database"), std::string::npos) << answer.message;
  EXPECT_EQ(bytes_of(path()), std::string(20'000, 'x'));
}

TEST_F(SqlitePlugin, holds_when_the_file_is_damaged_and_goes_on_when_it_is_restored) {
  host().deliver(booking(1));
  host_.reset();
  const std::string good = bytes_of(path());
  std::string damaged = good;
  std::memset(damaged.data() + 3 * 8192, 0x5a, damaged.size() - 3 * 8192);  // the schema's page stays readable
  std::ofstream(path(), std::ios::binary) << damaged;

  host_ = make();
  ASSERT_EQ(host_->start().code, BHP_OK);
  const core::PluginAnswer answer = host_->deliver(booking(2));
  std::ofstream(path(), std::ios::binary) << good;
  const core::PluginAnswer after = host_->deliver(booking(2));

  EXPECT_EQ(answer.code, BHP_HOLD);
  EXPECT_NE(answer.message.find("the file is damaged"), std::string::npos) << answer.message;
  EXPECT_EQ(after.code, BHP_OK) << after.message;
  EXPECT_EQ(ask("SELECT group_concat(id) FROM booking"), "B1,B2");
}

TEST_F(SqlitePlugin, holds_when_the_directory_is_not_there) {
  host_ = make(R"({"path":"nowhere/bookings.db","keep_raw":true,"busy_timeout_ms":0})");

  const core::PluginAnswer answer = host_->start();

  EXPECT_EQ(answer.code, BHP_HOLD);
  EXPECT_NE(answer.message.find("nowhere/bookings.db.lock: No such file or directory: make its directory, or change"),
            std::string::npos)
      << answer.message;
}

TEST_F(SqlitePlugin, refuses_a_second_writer_in_a_sentence_until_the_first_is_gone) {
  host().deliver(booking(1));
  const auto second = make();

  const core::PluginAnswer refused = second->start();
  const int in_another_process = in_child([&] { return make()->start().code == BHP_RETRY ? 7 : 0; });
  host_.reset();
  const core::PluginAnswer taken = second->start();

  EXPECT_EQ(refused.code, BHP_RETRY);
  EXPECT_EQ(refused.message, path().string() + " is being written by instance bookings (pid " +
                                 std::to_string(getpid()) +
                                 "); a database has one writer: give this instance a path of its own");
  EXPECT_EQ(in_another_process, 7);
  EXPECT_EQ(taken.code, BHP_OK) << taken.message;
}

TEST_F(SqlitePlugin, tries_again_while_somebody_else_writes) {
  host();
  sqlite3 *other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);

  const core::PluginAnswer busy = host().deliver(booking(1));
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  const core::PluginAnswer after = host().deliver(booking(1));

  EXPECT_EQ(busy.code, BHP_RETRY);
  EXPECT_NE(busy.message.find("database is locked: another program is writing to it"), std::string::npos)
      << busy.message;
  EXPECT_GT(busy.retry_after_ms, 0);
  EXPECT_EQ(after.code, BHP_OK);
}

TEST_F(SqlitePlugin, serves_a_reader_in_the_middle_of_its_transaction) {
  host().deliver(booking(1));
  Reader reader(path());
  reader.ask("BEGIN");
  EXPECT_EQ(reader.ask("SELECT count(*) FROM booking"), "1");

  for (int number = 2; number <= 10; ++number) ASSERT_EQ(host().deliver(booking(number)).code, BHP_OK);

  EXPECT_EQ(reader.ask("SELECT count(*) FROM booking"), "1");
  reader.ask("COMMIT");
  EXPECT_EQ(reader.ask("SELECT count(*) FROM booking"), "10");
}

TEST_F(SqlitePlugin, leaves_its_log_for_readers_that_may_not_write) {
  host().deliver(booking(1));
  host_.reset();

  EXPECT_TRUE(std::filesystem::exists(path().string() + "-wal"));
  EXPECT_EQ(ask("SELECT id FROM booking"), "B1");
}

TEST_F(SqlitePlugin, keeps_its_log_bounded) {
  host();
  int number = 0;
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<core::Parcel> parcels;
    for (int i = 0; i < 64; ++i) parcels.push_back(booking(++number));
    for (const auto &answer : host().deliver_batch(parcels)) ASSERT_EQ(answer.code, BHP_OK);
  }

  // 1,000 pages of 8 KB, and one transaction on top.
  EXPECT_LT(std::filesystem::file_size(path().string() + "-wal"), 24u * 1024 * 1024);
  EXPECT_EQ(ask("SELECT count(*) FROM booking"), "2560");
}

TEST_F(SqlitePlugin, makes_a_new_file_when_somebody_deleted_it) {
  host().deliver(booking(1));
  for (const char *suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path().string() + suffix);

  const core::PluginAnswer answer = host().deliver(booking(2));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(ask("SELECT id FROM booking"), "B2");
  EXPECT_NE(host().log().back().find("was deleted or replaced while it was open"), std::string::npos);
}

// The limit on the size of files stands in for a disk that takes no more; it is a process's own, hence the child.
int reach_the_size_limit(PluginHost &host, const std::filesystem::path &database) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = std::filesystem::file_size(database) + 200'000;
  setrlimit(RLIMIT_FSIZE, &limit);

  // Reopening moves the log into the database, so there may be room again; until the database is at the limit, too.
  core::PluginAnswer answer;
  int number = 1, holds_in_a_row = 0;
  while (number < 1000 && holds_in_a_row < 3) {
    answer = host.deliver(booking(number));
    if (answer.code == BHP_OK) {
      ++number;
      holds_in_a_row = 0;
    } else if (answer.code != BHP_HOLD || answer.message.find("disk I/O error") == std::string::npos) {
      return 1;
    } else {
      ++holds_in_a_row;
    }
  }
  if (holds_in_a_row < 3 || number < 10) return 2;
  if (Reader(database).ask("SELECT count(*) FROM booking") != std::to_string(number - 1)) return 3;

  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
  const core::PluginAnswer after = host.deliver(booking(number));
  if (after.code != BHP_OK) return 4;
  Reader reader(database);
  if (reader.ask("SELECT count(*) FROM booking") != std::to_string(number)) return 5;
  return reader.ask("PRAGMA integrity_check") == "ok" ? 0 : 6;
}

TEST_F(SqlitePlugin, holds_when_the_disk_takes_no_more_loses_nothing_and_goes_on) {
  const int outcome = in_child([&] {
    PluginHost &mine = host();
    return reach_the_size_limit(mine, path());
  });

  EXPECT_EQ(outcome, 0);
}

constexpr int batch_size = 64;

std::vector<core::Parcel> batch_number(int batch) {
  std::vector<core::Parcel> parcels;
  for (int i = 0; i < batch_size; ++i) parcels.push_back(booking(batch * batch_size + i + 1));
  return parcels;
}

// Delivers batch after batch until it is killed; says so before each and after each that was OK.
void write_until_killed(PluginHost &host, int first_batch, int pipe) {
  for (int batch = first_batch; batch < first_batch + 200; ++batch) {
    const std::vector<core::Parcel> parcels = batch_number(batch);
    if (write(pipe, "b", 1) != 1) _exit(1);
    for (const auto &answer : host.deliver_batch(parcels)) {
      if (answer.code != BHP_OK && answer.code != BHP_SKIP) _exit(2);
    }
    if (write(pipe, "k", 1) != 1) _exit(1);
  }
}

TEST_F(SqlitePlugin, loses_and_halves_no_batch_when_it_is_killed) {
  int first_batch = 0;
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      write_until_killed(host(), first_batch, ends[1]);
      _exit(0);
    }
    close(ends[1]);
    // Killed a little later in its batch in each round.
    int confirmed = 0;
    for (char mark; confirmed < 2 && read(ends[0], &mark, 1) == 1;) confirmed += mark == 'k';
    char begun = 0;
    ASSERT_EQ(read(ends[0], &begun, 1), 1);
    pollfd heard{ends[0], POLLIN, 0};
    poll(&heard, 1, round);  // until the batch is confirmed, at most
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (char mark; read(ends[0], &mark, 1) == 1;) confirmed += mark == 'k';
    close(ends[0]);

    host();
    const int found = std::stoi(ask("SELECT count(*) FROM event"));
    EXPECT_EQ(found % batch_size, 0);
    EXPECT_GE(found, (first_batch + confirmed) * batch_size);
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(ask("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(ask("SELECT count(*) FROM booking"), std::to_string(found));
    // What was under way comes again, as the daemon would send it.
    first_batch += confirmed;
    const bool is_there = found > first_batch * batch_size;
    for (const auto &answer : host().deliver_batch(batch_number(first_batch))) {
      EXPECT_EQ(answer.code, is_there ? BHP_SKIP : BHP_OK) << answer.message;
    }
    ++first_batch;
    host_.reset();
  }
}

}  // namespace
}  // namespace bellhop::test
