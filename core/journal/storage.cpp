// SPDX-License-Identifier: Apache-2.0
#include "journal/storage.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/check.hpp"
#include "event/sha256.hpp"

namespace bellhop::core {
namespace {

std::string directory_of(const std::string &path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

std::string holder_of(int descriptor) {
  char text[32] = {};
  const ssize_t size = pread(descriptor, text, sizeof text - 1, 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

std::string random_token() {
  std::array<std::uint8_t, 16> bytes{};
  CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return hex_of(bytes.data(), bytes.size());
}

std::string error_text(int error_number) { return std::generic_category().message(error_number); }

File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

File &File::operator=(File &&other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Result<File> lock_journal(const std::string &path) {
  const std::string name = path + ".lock";
  File file(open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return Error{Kind::unavailable, "open the lock " + name + ": " + error_text(errno)};
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Error{Kind::unavailable, "lock " + name + ": " + error_text(errno)};
    return Error{Kind::conflict, "open the journal " + path + ": it is in use by " + holder_of(file.get()) +
                                     "; only one daemon may have it open"};
  }
  // The pid is for the sentence above only; the lock itself is the kernel's.
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(file.get(), 0) != 0 || pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
    return Error{Kind::unavailable, "write the pid into " + name + ": " + error_text(errno)};
  }
  return file;
}

Result<void> check_durable(const std::string &path, Durability durability, const Log &log) {
  const std::string directory = directory_of(path);
  struct statfs place {};
  if (statfs(directory.c_str(), &place) != 0) {
    return Error{Kind::unavailable, "look at the journal's directory " + directory + ": " + error_text(errno)};
  }
  const auto type = static_cast<std::uint64_t>(place.f_type);
  if (type == TMPFS_MAGIC || type == RAMFS_MAGIC) {
    const std::string sentence = "the journal's directory " + directory +
                                 " lies on a file system in memory: what is acknowledged is lost at the next restart";
    if (durability == Durability::strict) {
      return Error{Kind::denied, sentence + "; choose another place, or set journal.durability = \"relaxed\""};
    }
    log.warn("journal", sentence);
  } else if (type == OVERLAYFS_SUPER_MAGIC) {
    log.warn("journal", "the journal's directory " + directory +
                            " lies on an overlay file system, which goes with its container: use a volume");
  }
  return {};
}

std::int64_t free_bytes_of(const std::string &path) {
  struct statvfs place {};
  if (statvfs(directory_of(path).c_str(), &place) != 0) return -1;
  return static_cast<std::int64_t>(place.f_bavail) * static_cast<std::int64_t>(place.f_frsize);
}

Result<void> sync_directory_of(const std::string &path) {
  const std::string name = directory_of(path);
  const File directory(open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || fsync(directory.get()) != 0) {
    return Error{Kind::unavailable, "sync the directory " + name + ": " + error_text(errno)};
  }
  return {};
}

}  // namespace bellhop::core
