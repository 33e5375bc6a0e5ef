// SPDX-License-Identifier: Apache-2.0
// LockFile: one writer per database, across processes and within one. An flock on PATH.lock beside the file, not on the
// file: SQLite keeps POSIX locks on that, and closing any descriptor of it would drop them. The lock dies with its
// holder, however that dies; the file stays and names the last holder.
#pragma once

#include <stdexcept>
#include <string>

namespace bellhop_sqlite {

// Another writer has the file. One sentence.
class FileInUse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class LockFile {
 public:
  LockFile() = default;
  ~LockFile();
  LockFile(const LockFile &) = delete;
  LockFile &operator=(const LockFile &) = delete;

  // Takes the lock of `database_path` for `owner` ("instance bookings"), without waiting.
  //   throws    FileInUse: who holds it; DatabaseError: the lock file cannot be opened
  void take(const std::string &database_path, const std::string &owner);
  void release();

 private:
  int descriptor_ = -1;
};

}  // namespace bellhop_sqlite
