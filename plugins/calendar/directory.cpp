// SPDX-License-Identifier: Apache-2.0
#include "directory.hpp"

#include <bellhop/mention.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "vevent.hpp"

namespace calendar {
namespace {

using bellhop::Verdict;

constexpr mode_t file_mode = 0644;
constexpr std::string_view ending = ".ics", temporary_prefix = ".bellhop-";
constexpr std::size_t file_bytes_max = 1 << 20;  // ours are far smaller

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

bool may_be_ours(std::string_view name) {
  return name.substr(0, temporary_prefix.size()) == temporary_prefix ||
         (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending);
}

// nullopt: errno says why. A link is nobody's booking.
std::optional<std::string> text_of(const std::string &path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  std::string text(file_bytes_max, '\0');
  std::size_t size = 0;
  ssize_t got = 1;
  while (got != 0 && size < text.size()) {
    got = ::read(file, text.data() + size, text.size() - size);
    if (got < 0 && errno != EINTR) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  const int error = errno;
  ::close(file);
  errno = error;
  if (got < 0) return std::nullopt;
  text.resize(size);
  return text;
}

// Lines that were folded (RFC 5545 section 3.1) as one: an address may have been cut.
std::string unfolded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i, 3);
    if (rest == "\r\n " || rest == "\r\n\t") {
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Verdict write_file(const std::string &directory, const std::string &name, std::string_view text) {
  const std::string path = directory + "/" + name + std::string(ending);
  // A new file, whatever links lie about.
  std::string temporary = directory + "/" + std::string(temporary_prefix) + "XXXXXX";
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

Verdict remove_mentions(const std::string &directory, std::string_view email, std::size_t &removed_count) {
  const std::unique_ptr<DIR, int (*)(DIR *)> entries(::opendir(directory.c_str()), &::closedir);
  if (!entries) return errno == ENOENT ? Verdict::ok() : failure("cannot look into", directory);
  const std::size_t before = removed_count;
  Verdict trouble = Verdict::ok();  // with one file; it keeps no other from being removed
  for (errno = 0; const dirent *entry = ::readdir(entries.get()); errno = 0) {
    if (!may_be_ours(entry->d_name)) continue;
    const std::string path = directory + "/" + entry->d_name;
    const std::optional<std::string> text = text_of(path);
    if (!text && (errno == ENOENT || errno == ELOOP || errno == EISDIR)) continue;
    if (!text) {
      trouble = failure("cannot read", path);
      continue;
    }
    // Files of others may lie here too; each of ours names its maker.
    if (text->find(product_id) == text->npos || !bellhop::mentions(unfolded(*text), email)) continue;
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) {
      ++removed_count;
    } else {
      trouble = failure("cannot remove", path);
    }
  }
  if (errno != 0) trouble = failure("cannot look into", directory);
  if (removed_count != before && !sync_directory(directory)) return failure("cannot sync", directory);
  return trouble;
}

Verdict check_directory(const std::string &directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return failure("cannot look into", directory);
  if (!S_ISDIR(status.st_mode)) return Verdict::hold(directory + " is no directory");
  if (::access(directory.c_str(), W_OK | X_OK) != 0) return failure("cannot write into", directory);
  return Verdict::ok();
}

}  // namespace calendar
