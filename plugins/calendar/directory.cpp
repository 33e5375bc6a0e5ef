// SPDX-License-Identifier: Apache-2.0
#include "directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace calendar {
namespace {

using bellhop::Verdict;

constexpr mode_t file_mode = 0644;

Verdict failure(const std::string &what, const std::string &path) {
  const int error = errno;
  const std::string sentence = what + " " + path + ": " + std::strerror(error);
  const bool is_passing = error == ENOSPC || error == EDQUOT || error == EIO || error == EMFILE || error == ENFILE ||
                          error == EINTR || error == ENOMEM || error == EBUSY;
  return is_passing ? Verdict::retry(sentence) : Verdict::hold(sentence);
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// The rename itself must survive a power cut, too.
bool sync_directory(const std::string &directory) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool is_synced = ::fsync(file) == 0;
  ::close(file);
  return is_synced;
}

}  // namespace

Verdict write_file(const std::string &directory, const std::string &name, std::string_view text) {
  const std::string path = directory + "/" + name + ".ics";
  std::string temporary = directory + "/.bellhop-XXXXXX";  // a new file, whatever links lie about
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return failure("cannot make a file in", directory);
  const bool is_written = write_all(file, text) && ::fchmod(file, file_mode) == 0 && ::fsync(file) == 0;
  const Verdict trouble = is_written ? Verdict::ok() : failure("cannot write", path);
  ::close(file);
  if (is_written && std::rename(temporary.c_str(), path.c_str()) == 0) {
    return sync_directory(directory) ? Verdict::ok() : failure("cannot sync", directory);
  }
  const Verdict verdict = is_written ? failure("cannot rename to", path) : trouble;
  ::unlink(temporary.c_str());
  return verdict;
}

Verdict check_directory(const std::string &directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return failure("cannot look into", directory);
  if (!S_ISDIR(status.st_mode)) return Verdict::hold(directory + " is no directory");
  if (::access(directory.c_str(), W_OK | X_OK) != 0) return failure("cannot write into", directory);
  return Verdict::ok();
}

}  // namespace calendar
