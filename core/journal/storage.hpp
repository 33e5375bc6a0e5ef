// SPDX-License-Identifier: Apache-2.0
// Storage: what the journal needs of the file system beside SQLite: a lock that keeps a second daemon out, and an
// answer to whether this is a place where a sync means anything.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"

namespace bellhop::core {

// A descriptor that closes itself.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File();
  File(File &&other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  File &operator=(File &&other) noexcept;
  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

enum class Durability {
  strict,   // refuses file systems in memory
  relaxed,  // takes them, and says so
};

// Holds PATH.lock until it is destroyed. The file stays: removing it would let two daemons hold locks on two files.
//   errors    conflict: another process has it, named by its pid; unavailable: the directory cannot be used
Result<File> lock_journal(const std::string &path);

// The start-up self-test of the promise that a 2xx means stable storage.
//   errors    denied: in memory (tmpfs, ramfs) and strict. An overlay file system is warned about.
Result<void> check_durable(const std::string &path, Durability durability, const Log &log);

std::int64_t free_bytes_of(const std::string &path);  // for unprivileged users; -1 when it cannot be told
Result<void> sync_directory_of(const std::string &path);
std::string random_token();  // 128 bits from the operating system, as 32 hex digits
std::string error_text(int error_number);

}  // namespace bellhop::core
