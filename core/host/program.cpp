// SPDX-License-Identifier: Apache-2.0
#include "host/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bellhop::core {

namespace {

// A killed process ends in a moment, and on a busy machine, or with much memory to give back, in a longer one. Who does
// not wait for it leaves a zombie for good. The limit is for one that hangs in the kernel.
constexpr Milliseconds end_ms_max = 5'000;

Error failed(const std::string &what, int number) {
  return Error{Kind::unavailable, what + ": " + std::strerror(number)};
}

// Above the four descriptors that the program gets, so that placing one there cannot overwrite another.
Result<Descriptor> lifted(Descriptor descriptor) {
  if (descriptor.get() > link_descriptor) return descriptor;
  Descriptor high(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, link_descriptor + 1));
  if (!high) return failed("cannot copy a descriptor", errno);
  return high;
}

Result<Pair> lifted(int ours, int theirs) {
  Descriptor first(ours), second(theirs);
  auto high_ours = lifted(std::move(first));
  if (!high_ours) return high_ours.error();
  auto high_theirs = lifted(std::move(second));
  if (!high_theirs) return high_theirs.error();
  return Pair{std::move(high_ours).value(), std::move(high_theirs).value()};
}

void set_nonblocking(const Descriptor &descriptor) {
  ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

// What the program may know of our environment. Everything else stays here: it may hold other instances' secrets.
bool is_harmless(const std::string &variable) {
  static const std::vector<std::string> names{
      "TZ=",           "LANG=",         "LANGUAGE=",     "LC_", "SSL_CERT_FILE=", "SSL_CERT_DIR=",
#ifdef BELLHOP_SANITIZED
      "ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS="
#endif
  };
  for (const std::string &name : names) {
    if (variable.compare(0, name.size(), name) == 0) return true;
  }
  return false;
}

std::vector<char *> harmless_environment() {
  std::vector<char *> variables;
  for (char **variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (is_harmless(*variable)) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

// posix_spawn's two option objects, freed in any case.
struct Actions {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Actions() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~Actions() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  void place(int from, int to) {
    if (from >= 0) {
      posix_spawn_file_actions_adddup2(&files, from, to);
    } else {
      posix_spawn_file_actions_addopen(&files, to, "/dev/null", O_RDWR, 0);
    }
  }
  void clean_start() {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
};

}  // namespace

Descriptor &Descriptor::operator=(Descriptor &&other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

void Descriptor::close() {
  if (fd_ >= 0) ::close(release());
}

Result<Pair> pipe_from_program() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed("cannot make a pipe", errno);
  auto pair = lifted(ends[0], ends[1]);
  if (pair) set_nonblocking(pair->ours);
  return pair;
}

Result<Pair> link_to_program() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return failed("cannot make a socket pair", errno);
  auto pair = lifted(ends[0], ends[1]);
  if (pair) set_nonblocking(pair->ours);
  return pair;
}

Result<Program> Program::start(const ProgramSpec &spec) {
  Actions actions;
  actions.place(spec.input, 0);
  actions.place(spec.output, 1);
  actions.place(spec.errors, 2);
  if (spec.link >= 0) actions.place(spec.link, link_descriptor);
  posix_spawn_file_actions_addclosefrom_np(&actions.files, spec.link >= 0 ? link_descriptor + 1 : link_descriptor);
  actions.clean_start();

  std::vector<char *> arguments{const_cast<char *>(spec.path.c_str())};
  for (const std::string &argument : spec.arguments) arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  const std::vector<char *> environment = harmless_environment();
  pid_t pid = -1;
  const int failure =
      ::posix_spawn(&pid, spec.path.c_str(), &actions.files, &actions.attributes, arguments.data(), environment.data());
  if (failure != 0) return failed("cannot start " + spec.path, failure);

  Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int number = errno;
  Program program(pid, std::move(pidfd));
  if (!program.pidfd_) return failed("cannot watch " + spec.path, number);  // program's destructor ends it
  return program;
}

Program::Program(Program &&other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

Program::~Program() {
  if (pid_ < 0) return;
  kill();
  reap_within(end_ms_max);
}

void Program::kill() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // it may have left its group
}

std::optional<int> Program::reap() {
  if (pid_ < 0) return status_;
  // Looked at first and reaped after: as long as it is a zombie, its pid and its group cannot be anybody else's.
  siginfo_t state{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) != 0 || state.si_pid == 0) {
    return std::nullopt;
  }
  ::kill(-pid_, SIGKILL);
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  pid_ = -1;
  status_ = status;
  return status;
}

std::optional<int> Program::reap_within(Milliseconds limit_ms) {
  pollfd ended{pidfd_.get(), POLLIN, 0};
  if (pid_ >= 0 && pidfd_) ::poll(&ended, 1, static_cast<int>(limit_ms));
  return reap();
}

std::string death_text(int wait_status) {
  if (WIFEXITED(wait_status)) return "exited with status " + std::to_string(WEXITSTATUS(wait_status));
  const int number = WTERMSIG(wait_status);
  const char *name = ::sigabbrev_np(number);
  return "killed by " + (name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(number)) +
         (number == SIGSYS ? " (a system call that no plugin may make)" : "");
}

bool is_exit(int wait_status) { return WIFEXITED(wait_status); }

}  // namespace bellhop::core
