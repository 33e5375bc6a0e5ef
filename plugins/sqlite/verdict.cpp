// SPDX-License-Identifier: Apache-2.0
// See verdict.hpp.
#include "verdict.hpp"

#include <cerrno>
#include <string>

namespace bellhop_sqlite {

namespace {

constexpr std::int64_t busy_ms = 1'000;   // somebody else's transaction is short, or it is a person at a shell
constexpr std::int64_t full_ms = 30'000;  // disks are emptied by people
constexpr std::int64_t io_error_ms = 10'000;
constexpr std::int64_t other_ms = 5'000;
constexpr std::int64_t damaged_ms = 300'000;  // needs a person

bool is_full(const DatabaseError &error) {
  const int cause = error.system_errno();
  return error.code() == SQLITE_FULL || cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
}

}  // namespace

bellhop::Verdict verdict_of(const DatabaseError &error) {
  const std::string sentence = error.what();
  if (is_full(error)) return bellhop::Verdict::hold(sentence + ": make room; the events wait in the journal", full_ms);
  switch (error.code()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return bellhop::Verdict::retry(sentence + ": another program is writing to it", busy_ms);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return bellhop::Verdict::hold(
          sentence + ": the file is damaged; restore it or move it away, then replay what it lacks", damaged_ms);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      if (error.system_errno() == ENOENT || error.system_errno() == ENOTDIR) {
        return bellhop::Verdict::hold(sentence + ": make its directory, or change `path`", full_ms);
      }
      return bellhop::Verdict::hold(sentence + ": the plugin may not write there", full_ms);
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return bellhop::Verdict::fail(sentence + ": the tables do not take what this event says");
    case SQLITE_IOERR:
      return bellhop::Verdict::hold(
          sentence + ": the disk does not take it (defect, quota, limit on the size of files)", io_error_ms);
    default:
      return bellhop::Verdict::retry(sentence, other_ms);
  }
}

bool is_connection_spoilt(const DatabaseError &error) {
  return error.code() != SQLITE_BUSY && error.code() != SQLITE_LOCKED && error.code() != SQLITE_CONSTRAINT;
}

}  // namespace bellhop_sqlite
