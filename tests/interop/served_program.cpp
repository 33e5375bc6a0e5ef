// SPDX-License-Identifier: Apache-2.0
#include "interop/served_program.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

namespace bellhop::test::interop {  // tests/support/daemon_process.hpp has namesakes

namespace {

constexpr int ready_tries_max = 1'200, ready_pause_ms = 50;

std::string text_of(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool takes_connections(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool is_open = ::connect(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
  ::close(socket);
  return is_open;
}

// A child with both streams in `log`.
int start(const std::vector<std::string> &command, const std::filesystem::path &log,
          const std::filesystem::path &home) {
  std::vector<char *> arguments;
  for (const std::string &argument : command) arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  const int pid = ::fork();
  if (pid != 0) return pid;
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  ::setenv("HOME", home.c_str(), 1);
  ::setenv("XDG_CONFIG_HOME", (home / "config").c_str(), 1);
  ::setenv("XDG_DATA_HOME", (home / "data").c_str(), 1);
  ::setenv("XDG_CACHE_HOME", (home / "cache").c_str(), 1);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<const sockaddr *>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr *>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

ServedProgram::ServedProgram(const std::vector<std::string> &command, int port, std::filesystem::path log)
    : log_(std::move(log)), pid_(start(command, log_, log_.parent_path())) {
  for (int tries = 0; tries < ready_tries_max && !is_ready_; ++tries) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    is_ready_ = takes_connections(port);
    // Somebody else's program gives no sign but its open port.
    if (!is_ready_) ::poll(nullptr, 0, ready_pause_ms);
  }
}

ServedProgram::~ServedProgram() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

std::string ServedProgram::said() const { return text_of(log_); }

Ran run(const std::vector<std::string> &command, const std::filesystem::path &home) {
  const std::filesystem::path log = home / "command.log";
  const int pid = start(command, log, home);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(log)};
}

bool has_module(const std::string &name) {
  const TemporaryDirectory home("interop");
  return run({"/usr/bin/python3", "-c", "import " + name}, home.path()).code == 0;
}

}  // namespace bellhop::test::interop
