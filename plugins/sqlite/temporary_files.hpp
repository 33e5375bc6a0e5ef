// SPDX-License-Identifier: Apache-2.0
// TemporaryFiles: SQLite's temporary files (a VACUUM, a large statement's undo) lie beside the database. The system's
// own places for them are closed to a plugin in its sandbox, and what they would hold is people's data.
#pragma once

#include <sqlite3.h>

#include <string>

namespace bellhop_sqlite {

class TemporaryFiles {
 public:
  // For the connection to one database. It must outlive that.
  explicit TemporaryFiles(const std::string &database_path);
  ~TemporaryFiles();
  TemporaryFiles(const TemporaryFiles &) = delete;
  TemporaryFiles &operator=(const TemporaryFiles &) = delete;

  const char *vfs_name() const { return name_.c_str(); }

 private:
  static int open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags);

  // What SQLite calls; it begins with SQLite's own part, by which it is found again.
  struct Vfs {
    sqlite3_vfs base;
    sqlite3_vfs *system;
    const char *path;
  };

  std::string name_, path_;
  Vfs vfs_;
};

}  // namespace bellhop_sqlite
