// SPDX-License-Identifier: Apache-2.0
// Program: a started bellhop-host, from posix_spawn to waitpid. Owns the pid: whatever happens, it is killed with all
// that it started, and reaped; no zombie stays. Knows nothing of plugins.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace bellhop::core {

// A descriptor with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor &&other) noexcept : fd_(other.release()) {}
  Descriptor &operator=(Descriptor &&other) noexcept;
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void close();

 private:
  int fd_ = -1;
};

struct Pair {
  Descriptor ours, theirs;
};
// A pipe that the program writes, or a socketpair; close-on-exec, our end is non-blocking.
Result<Pair> pipe_from_program();
Result<Pair> link_to_program();

struct ProgramSpec {
  std::string path;                          // absolute
  std::vector<std::string> arguments;        // without argv[0]
  int input = -1, output = -1, errors = -1;  // become 0, 1, 2; -1 = /dev/null
  int link = -1;                             // becomes link_descriptor
};
constexpr int link_descriptor = 3;

class Program {
 public:
  // Starts it in a process group of its own, with a clean signal mask, no other descriptor and only the harmless part
  // of our environment. [one: see spawn_child about the calling thread]
  static Result<Program> start(const ProgramSpec &spec);
  Program(Program &&other) noexcept;
  Program &operator=(Program &&) = delete;
  ~Program();  // kills, and waits at most 100 ms for the end

  int pidfd() const { return pidfd_.get(); }  // readable when it has ended
  void kill();                                // SIGKILL to the whole group
  // The wait status once it has ended; the rest of its group is killed then. Never blocks.
  std::optional<int> reap();
  std::optional<int> reap_within(Milliseconds limit_ms);

 private:
  Program(pid_t pid, Descriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_ = -1;  // -1 once reaped
  Descriptor pidfd_;
  int status_ = 0;
};

// "killed by SIGSEGV" or "exited with status 1".
std::string death_text(int wait_status);
bool is_exit(int wait_status);

}  // namespace bellhop::core
