// SPDX-License-Identifier: Apache-2.0
#include "verdict.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace bellhop_sqlite {
namespace {

std::int32_t code_for(int sqlite_code, int system_errno = 0) {
  return verdict_of(DatabaseError(sqlite_code, system_errno, "COMMIT in x.db: it says no")).code;
}

TEST(SqliteVerdict, tries_again_what_passes_by_itself) {
  EXPECT_EQ(code_for(SQLITE_BUSY), BHP_RETRY);
  EXPECT_EQ(code_for(SQLITE_BUSY_SNAPSHOT), BHP_RETRY);
  EXPECT_EQ(code_for(SQLITE_LOCKED), BHP_RETRY);
  EXPECT_EQ(code_for(SQLITE_NOMEM), BHP_RETRY);
}

TEST(SqliteVerdict, holds_what_needs_a_person_and_says_what_to_do) {
  EXPECT_EQ(code_for(SQLITE_FULL), BHP_HOLD);
  EXPECT_EQ(code_for(SQLITE_IOERR_WRITE, EDQUOT), BHP_HOLD);
  EXPECT_EQ(code_for(SQLITE_IOERR_FSYNC, EIO), BHP_HOLD);
  EXPECT_EQ(code_for(SQLITE_CORRUPT), BHP_HOLD);
  EXPECT_EQ(code_for(SQLITE_NOTADB), BHP_HOLD);
  EXPECT_EQ(code_for(SQLITE_READONLY_DIRECTORY), BHP_HOLD);
  EXPECT_EQ(code_for(SQLITE_CANTOPEN, EACCES), BHP_HOLD);
  EXPECT_EQ(verdict_of(DatabaseError(SQLITE_FULL, ENOSPC, "COMMIT in x.db: database or disk is full")).message,
            "COMMIT in x.db: database or disk is full: make room; the events wait in the journal");
}

TEST(SqliteVerdict, fails_an_event_only_when_the_tables_refuse_it) {
  EXPECT_EQ(code_for(SQLITE_CONSTRAINT_DATATYPE), BHP_FAIL);
  EXPECT_EQ(code_for(SQLITE_TOOBIG), BHP_FAIL);
}

TEST(SqliteVerdict, trusts_a_connection_after_a_wait_but_not_after_an_error_of_the_disk) {
  EXPECT_FALSE(is_connection_spoilt(DatabaseError(SQLITE_BUSY, 0, "")));
  EXPECT_TRUE(is_connection_spoilt(DatabaseError(SQLITE_IOERR_FSYNC, EIO, "")));
  EXPECT_TRUE(is_connection_spoilt(DatabaseError(SQLITE_CORRUPT, 0, "")));
}

}  // namespace
}  // namespace bellhop_sqlite
