// SPDX-License-Identifier: Apache-2.0
// A real bellhopd in a directory of its own: started, killed and started again as the test wishes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bellhop::test {

// A new directory that is removed with everything in it at the end, unless BELLHOP_TEST_KEEP is set.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string &name);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
  const std::filesystem::path &path() const { return path_; }

 private:
  bool spawn_with(const std::vector<std::string> &options, std::map<std::string, std::string> environment);

  std::filesystem::path path_;
};

// Reads a whole file; "" when there is none.
std::string contents(const std::filesystem::path &file);
void write_file(const std::filesystem::path &file, const std::string &text);

// Polls `condition` every few milliseconds until it holds or the time is over; says which. The one place in the tests
// that waits by the clock: other processes have no virtual one.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20));
void pause_a_moment();

class DaemonProcess {
 public:
  // `config` is written to DIR/bellhop.toml with {state} and {plugins} replaced by the state directory and the folder
  // of the test's own plugins. The state directory is DIR/state unless another is named.
  DaemonProcess(const std::filesystem::path &directory, const std::string &config,
                const std::filesystem::path &state = {});
  ~DaemonProcess();  // SIGKILL

  void use_program(const std::string &path) { program_ = path; }  // instead of the build tree's bellhopd

  // Starts it and waits until it says READY=1 on its notify socket. False when it ended instead, or after 20 s.
  bool start(const std::map<std::string, std::string> &environment = {});
  // The same without waiting for it.
  bool spawn(const std::map<std::string, std::string> &environment = {});
  bool wait_until_ready();
  // start() with these options instead of --config FILE.
  bool start_with(const std::vector<std::string> &options);
  void kill(int signal);
  // Waits for the end: the exit status, or minus the signal's number.
  int wait();
  bool is_running();

  // Children of the running daemon, and whether such a process has ended (a zombie has).
  std::vector<pid_t> children() const;
  static bool has_ended(pid_t pid);

  pid_t pid() const { return pid_; }
  int port() const { return port_; }
  std::string token() const { return "0123456789abcdef0123456789abcdef"; }
  std::string path() const { return "/hooks/appointlet/" + token(); }  // of the webhook
  const std::filesystem::path &state() const { return state_; }
  std::filesystem::path config_file() const { return directory_ / "bellhop.toml"; }
  std::string log() const;  // all it ever wrote to its standard output and error

 private:
  bool spawn_with(const std::vector<std::string> &options, std::map<std::string, std::string> environment);

  std::filesystem::path directory_, state_;
  std::string program_;
  pid_t pid_ = -1;
  int notify_ = -1;
  int port_ = 0;
};

// Runs a program to its end, or until the limit: what it wrote to both outputs, and its status.
struct Ran {
  int status = -1;
  std::string output;
};
Ran run(const std::vector<std::string> &words, const std::map<std::string, std::string> &environment = {},
        std::chrono::seconds limit = std::chrono::seconds(30));

// Folders of the build tree.
std::string program(const std::string &name);  // bellhopd, bellhop
std::string test_plugins();

template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    pause_a_moment();
  }
  return true;
}

}  // namespace bellhop::test
