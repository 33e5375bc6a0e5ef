// SPDX-License-Identifier: Apache-2.0
#include "daemon/launch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bellhop::core {

namespace {

void say(const std::string &sentence) {
  if (!sentence.empty()) std::fprintf(stderr, "bellhopd: %s\n", sentence.c_str());
}

// What comes through the pipe: one byte of exit status, then the sentence.
[[noreturn]] void wait_and_exit(int fd) {
  std::string told;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    told.append(buffer, static_cast<std::size_t>(size));
  }
  if (told.empty()) {
    say("the daemon ended before it was ready; its log is in syslog");
    _exit(daemon_internal);
  }
  say(told.substr(1));
  _exit(static_cast<unsigned char>(told[0]));
}

}  // namespace

Launch Launch::in_background() {
  int ends[2];
  const pid_t pid = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
  if (pid < 0) {
    say(std::string("cannot start in the background: ") + std::strerror(errno));
    _exit(daemon_internal);
  }
  if (pid > 0) {
    close(ends[1]);
    wait_and_exit(ends[0]);
  }
  close(ends[0]);
  return Launch(ends[1]);
}

Launch::~Launch() {
  if (fd_ >= 0) close(fd_);
}

void Launch::tell(int exit_code, const std::string &sentence) {
  const std::string message = static_cast<char>(exit_code) + sentence;
  // The waiting process may have been interrupted; the daemon lives on without it.
  [[maybe_unused]] const ssize_t ignored = write(fd_, message.data(), message.size());
  close(fd_);
  fd_ = -1;
}

void Launch::ready() {
  if (fd_ >= 0) tell(daemon_stopped, "");
}

void Launch::failed(const Failure &failure) {
  if (fd_ >= 0) return tell(failure.exit_code, failure.sentence);
  say(failure.sentence);
}

void Launch::ended(int exit_code) {
  if (fd_ >= 0) tell(exit_code, "the daemon ended before it was ready; its log is in syslog");
}

}  // namespace bellhop::core
