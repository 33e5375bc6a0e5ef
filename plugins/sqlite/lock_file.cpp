// SPDX-License-Identifier: Apache-2.0
// See lock_file.hpp.
#include "lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "database.hpp"

namespace bellhop_sqlite {

namespace {

std::string read_holder(int descriptor) {
  char text[200];
  const ssize_t size = pread(descriptor, text, sizeof text, 0);
  std::string holder(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another writer" : holder;
}

}  // namespace

LockFile::~LockFile() { release(); }

void LockFile::take(const std::string &database_path, const std::string &owner) {
  if (descriptor_ >= 0) return;
  const std::string path = database_path + ".lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) throw DatabaseError(SQLITE_CANTOPEN, errno, "open " + path + ": " + std::strerror(errno));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    const std::string holder = read_holder(descriptor);
    close(descriptor);
    if (cause != EWOULDBLOCK) {
      throw DatabaseError(SQLITE_CANTOPEN, cause, "lock " + path + ": " + std::strerror(cause));
    }
    throw FileInUse(database_path + " is being written by " + holder +
                    "; a database has one writer: give this instance a path of its own");
  }
  // Who we are is told for the sentence above; the lock holds without it.
  const std::string holder = owner + " (pid " + std::to_string(getpid()) + ")\n";
  if (ftruncate(descriptor, 0) == 0) {
    const ssize_t size = pwrite(descriptor, holder.data(), holder.size(), 0);
    static_cast<void>(size);
  }
  descriptor_ = descriptor;
}

void LockFile::release() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

}  // namespace bellhop_sqlite
