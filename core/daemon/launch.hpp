// SPDX-License-Identifier: Apache-2.0
// Launch: how the start's outcome reaches whoever started the daemon. In the foreground that is a sentence on standard
// error. With --daemon it is the exit status of the command itself: Poco forks first and lets the parent exit with 0
// whatever happens later, so a process of ours waits in front of it until the daemon is ready or has said why not
// (docs/decisions/0072-background-start-that-tells.md).
#pragma once

#include <string>

#include "daemon/exit_code.hpp"

namespace bellhop::core {

class Launch {
 public:
  static Launch in_foreground() { return Launch(-1); }
  // Forks. The parent does not return: it waits, repeats the sentence of a failure, and exits as the daemon tells.
  static Launch in_background();

  Launch(Launch &&other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Launch(const Launch &) = delete;
  Launch &operator=(const Launch &) = delete;
  ~Launch();  // without ready() or failed(): the waiting process says that the daemon ended

  void ready();
  void failed(const Failure &failure);
  // The process is about to exit with this; tells so if nothing else has been told.
  void ended(int exit_code);

 private:
  explicit Launch(int fd) : fd_(fd) {}
  void tell(int exit_code, const std::string &sentence);

  int fd_;  // write end of the pipe to the waiting process; -1: none, or told already
};

}  // namespace bellhop::core
