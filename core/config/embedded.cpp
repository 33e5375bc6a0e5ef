// SPDX-License-Identifier: Apache-2.0
// The embedded default config: one source, one sqlite instance, a token that stays the same from start to start.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "config/config.hpp"
#include "event/event_json.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t token_random_bytes = 32;  // 256 bits, from the operating system

Error failed(const std::string &what, const std::string &path) {
  return Error{Kind::unavailable, "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

Result<std::string> new_token() {
  unsigned char bytes[token_random_bytes];
  if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    return failed("get random bytes for", "the webhook token");
  }
  static constexpr char digits[] = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : bytes) {
    token += digits[byte >> 4];
    token += digits[byte & 15];
  }
  return token;
}

// Written beside and linked into place, so that a half-written token never becomes one; an existing file wins.
Result<void> keep_token(const std::string &path) {
  if (access(path.c_str(), F_OK) == 0) return {};
  const Result<std::string> token = new_token();
  if (!token) return token.error();
  const std::string draft = path + "." + std::to_string(getpid());
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("write the token file", draft);
  const std::string line = *token + "\n";
  const bool is_written = write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && fsync(fd) == 0;
  const int write_errno = errno;
  close(fd);
  const bool is_linked = is_written && (link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  if (!is_written) errno = write_errno;
  const Error error = failed("write the token file", path);
  unlink(draft.c_str());
  if (!is_linked) return error;
  return {};
}

}  // namespace

Result<std::string> embedded_config(const std::string &state_dir) {
  std::error_code path_error;
  const std::string dir = std::filesystem::absolute(state_dir, path_error).lexically_normal().string();
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return failed("make the state directory", dir);
  if (!std::filesystem::is_directory(dir, path_error)) {
    return Error{Kind::unavailable, "the state directory " + dir + " is there, but it is no directory"};
  }
  const std::string token_file = (std::filesystem::path(dir) / "appointlet.token").string();
  if (access(token_file.c_str(), F_OK) != 0 && access(dir.c_str(), W_OK | X_OK) != 0) {
    return Error{Kind::unavailable, "the state directory " + dir + " may not be written: " + std::strerror(errno)};
  }
  if (const Result<void> kept = keep_token(token_file); !kept) return kept.error();
  std::string text = "state_dir = ";
  append_json_string(text, dir);
  text += "\n[source.appointlet]\ntokens = [";
  append_json_string(text, "file:" + token_file);
  text += "]\n[instance.sqlite]\nplugin = \"sqlite\"\nstart = \"beginning\"\n";
  return text;
}

}  // namespace bellhop::core
