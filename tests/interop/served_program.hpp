// SPDX-License-Identifier: Apache-2.0
// ServedProgram: somebody else's server as a child of the test, on a free port of loopback, and commands run to their
// end. What it says goes to a file in its directory, which is shown when something goes wrong.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace bellhop::test::interop {  // tests/support/daemon_process.hpp has namesakes

// Nobody listens there now. Somebody may before the program does: then it does not start, and the test says so.
int free_port();

class ServedProgram {
 public:
  // Returns when the port takes connections, or when that did not happen within a minute.
  ServedProgram(const std::vector<std::string> &command, int port, std::filesystem::path log);
  ~ServedProgram();  // SIGTERM, then it is waited for
  ServedProgram(const ServedProgram &) = delete;
  ServedProgram &operator=(const ServedProgram &) = delete;

  bool is_ready() const { return is_ready_; }
  std::string said() const;

 private:
  std::filesystem::path log_;
  int pid_ = -1;
  bool is_ready_ = false;
};

// What a command printed (both streams), and its exit code; LC_ALL is C.UTF-8 and HOME is `home`.
struct Ran {
  int code = -1;
  std::string output;
};
Ran run(const std::vector<std::string> &command, const std::filesystem::path &home);

// Does /usr/bin/python3 know this module?
bool has_module(const std::string &name);

}  // namespace bellhop::test::interop
