// SPDX-License-Identifier: Apache-2.0
// See temporary_files.hpp. The system's VFS in all but one thing: a file without a name gets one. It is removed from
// its directory as soon as it is open, and the lock of the database says that nobody else uses that name.
//   source  https://www.sqlite.org/vfs.html and the description of xOpen in sqlite3.h
#include "temporary_files.hpp"

#include <unistd.h>

#include <atomic>

namespace bellhop_sqlite {

TemporaryFiles::TemporaryFiles(const std::string &database_path) : path_(database_path + "-temporary") {
  sqlite3_vfs *system = sqlite3_vfs_find(nullptr);
  vfs_ = {*system, system, path_.c_str()};
  static std::atomic<unsigned> number{0};  // of the process: the registry of SQLite is one for all instances in it
  name_ = "bellhop-bookings-" + std::to_string(++number);
  vfs_.base.zName = name_.c_str();
  vfs_.base.pNext = nullptr;
  vfs_.base.xOpen = &TemporaryFiles::open;
  sqlite3_vfs_register(&vfs_.base, 0);
}

TemporaryFiles::~TemporaryFiles() { sqlite3_vfs_unregister(&vfs_.base); }

int TemporaryFiles::open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags) {
  const auto *self = reinterpret_cast<const Vfs *>(vfs);
  if (path == nullptr) {
    unlink(self->path);  // left by a process that was killed between making it and removing it
    path = self->path;
  }
  return self->system->xOpen(self->system, path, file, flags, out_flags);
}

}  // namespace bellhop_sqlite
