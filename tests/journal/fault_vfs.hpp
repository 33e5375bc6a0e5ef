// SPDX-License-Identifier: Apache-2.0
// FaultVfs: a SQLite VFS that fails on order. Forwards everything to SQLite's own, except that syncs are only counted
// (no test here cuts the power, and so they cost nothing) and that the n-th sync or write, and some after it, can be
// made to fail. One at a time; register it, name it in JournalOptions::vfs.
#pragma once

#include <atomic>
#include <cstring>
#include <new>
#include <string>

#include <sqlite3.h>

namespace bellhop::core {

class FaultVfs {
 public:
  enum class What { sync, write };
  static constexpr const char *name = "bellhop-fault";

  FaultVfs() {
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = name;
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = real_;
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 0);
    disarm();
  }
  ~FaultVfs() {
    disarm();
    sqlite3_vfs_unregister(&vfs_);
  }
  FaultVfs(const FaultVfs &) = delete;
  FaultVfs &operator=(const FaultVfs &) = delete;

  // The number-th call from now (from 1) and the next count - 1 of its kind return `code`.
  void arm(What what, int number, int count, int code) {
    disarm();
    first_ = number;
    last_ = number + count - 1;
    code_ = code;
    armed_ = static_cast<int>(what);
  }
  void disarm() {
    armed_ = nothing;
    calls_count_ = 0;
    struck_count_ = 0;
  }
  int struck_count() const { return struck_count_; }
  int syncs_count() const { return syncs_count_; }

 private:
  struct File {
    sqlite3_file base;
    sqlite3_file *real() { return reinterpret_cast<sqlite3_file *>(this + 1); }
  };
  static sqlite3_file *real_of(sqlite3_file *file) { return reinterpret_cast<File *>(file)->real(); }
  static const sqlite3_io_methods &io(sqlite3_file *file) { return *real_of(file)->pMethods; }

  static bool is_struck(What what) {
    if (armed_ != static_cast<int>(what)) return false;
    const int number = ++calls_count_;
    if (number < first_ || number > last_) return false;
    ++struck_count_;
    return true;
  }

  static int open(sqlite3_vfs *vfs, sqlite3_filename file_name, sqlite3_file *file, int flags, int *out_flags) {
    auto *real_vfs = static_cast<sqlite3_vfs *>(vfs->pAppData);
    auto *opened = reinterpret_cast<File *>(file);
    opened->base.pMethods = nullptr;
    opened->real()->pMethods = nullptr;
    const int code = real_vfs->xOpen(real_vfs, file_name, opened->real(), flags, out_flags);
    if (opened->real()->pMethods != nullptr) opened->base.pMethods = &methods_;
    return code;
  }
  static int close(sqlite3_file *file) { return io(file).xClose(real_of(file)); }
  static int read(sqlite3_file *file, void *to, int size, sqlite3_int64 at) {
    return io(file).xRead(real_of(file), to, size, at);
  }
  static int write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at) {
    if (is_struck(What::write)) return code_;
    return io(file).xWrite(real_of(file), from, size, at);
  }
  static int truncate(sqlite3_file *file, sqlite3_int64 size) { return io(file).xTruncate(real_of(file), size); }
  static int sync(sqlite3_file *, int) {
    ++syncs_count_;
    return is_struck(What::sync) ? static_cast<int>(code_) : SQLITE_OK;
  }
  static int file_size(sqlite3_file *file, sqlite3_int64 *size) { return io(file).xFileSize(real_of(file), size); }
  static int lock(sqlite3_file *file, int level) { return io(file).xLock(real_of(file), level); }
  static int unlock(sqlite3_file *file, int level) { return io(file).xUnlock(real_of(file), level); }
  static int is_reserved(sqlite3_file *file, int *out) { return io(file).xCheckReservedLock(real_of(file), out); }
  static int control(sqlite3_file *file, int what, void *argument) {
    return io(file).xFileControl(real_of(file), what, argument);
  }
  static int sector(sqlite3_file *file) { return io(file).xSectorSize(real_of(file)); }
  static int device(sqlite3_file *file) { return io(file).xDeviceCharacteristics(real_of(file)); }
  static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
    return io(file).xShmMap(real_of(file), page, size, extend, out);
  }
  static int shm_lock(sqlite3_file *file, int at, int count, int flags) {
    return io(file).xShmLock(real_of(file), at, count, flags);
  }
  static void shm_barrier(sqlite3_file *file) { io(file).xShmBarrier(real_of(file)); }
  static int shm_unmap(sqlite3_file *file, int remove) { return io(file).xShmUnmap(real_of(file), remove); }

  // Version 2: with shared memory, which WAL needs, and without memory-mapped reads.
  static inline const sqlite3_io_methods methods_{
      2,       close,  read,   write,   truncate, sync,        file_size, lock,    unlock, is_reserved,
      control, sector, device, shm_map, shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};
  static constexpr int nothing = -1;
  static inline std::atomic<int> armed_{nothing}, first_{0}, last_{0}, code_{0};
  static inline std::atomic<int> calls_count_{0}, struck_count_{0}, syncs_count_{0};
  sqlite3_vfs *real_ = nullptr;
  sqlite3_vfs vfs_{};
};

}  // namespace bellhop::core
