// SPDX-License-Identifier: Apache-2.0
// Tries what its event says ({"do":"open","path":"/etc/passwd"}) and answers "ok" or the name of the error: what a
// contained plugin may do and may not, seen from inside.
#include <bellhop/plugin.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

extern char **environ;

namespace {

using bellhop::Event;
using bellhop::Verdict;

std::string name_of(int number) {
  const char *name = strerrorname_np(number);
  return name != nullptr ? name : std::to_string(number);
}
// Of a call that gives -1 and errno.
std::string result(long value) { return value >= 0 ? "ok" : name_of(errno); }

std::string try_open(const Event &event, int flags) {
  const int fd = ::open(event["/path"].str().c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return name_of(errno);
  const bool is_written = (flags & O_ACCMODE) == O_RDONLY || ::write(fd, "x", 1) == 1;
  ::close(fd);
  return is_written ? "ok" : "EIO";
}

std::string try_socket(const Event &event) {
  struct Kind {
    int family, type;
  };
  static const std::map<std::string, Kind> kinds{
      {"inet", {AF_INET, SOCK_STREAM}},      {"inet6", {AF_INET6, SOCK_STREAM}}, {"datagram", {AF_INET, SOCK_DGRAM}},
      {"unix", {AF_UNIX, SOCK_STREAM}},      {"packet", {AF_PACKET, SOCK_RAW}},  {"alg", {AF_ALG, SOCK_SEQPACKET}},
      {"netlink", {AF_NETLINK, SOCK_DGRAM}},
  };
  const Kind kind = kinds.at(event["/family"].str());
  const int fd = ::socket(kind.family, kind.type, 0);
  const std::string told = result(fd);
  if (fd >= 0) ::close(fd);
  return told;
}

// Connects to a port of this machine that somebody listens on.
std::string try_connect(const Event &event) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return name_of(errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(event["/port"].integer()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string told = result(::connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address));
  ::close(fd);
  return told;
}

std::string try_resolve(const Event &) {
  addrinfo *found = nullptr;
  const int code = ::getaddrinfo("localhost", "80", nullptr, &found);
  if (code == 0) ::freeaddrinfo(found);
  return code == 0 ? "ok" : ::gai_strerror(code);
}

std::string try_fork(const Event &) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return result(child);
}

std::string try_spawn(const Event &) {
  char shell[] = "/bin/sh", option[] = "-c", script[] = "exit 7";
  char *const arguments[] = {shell, option, script, nullptr};
  pid_t child = -1;
  const int failure = ::posix_spawn(&child, shell, nullptr, nullptr, arguments, environ);
  if (failure != 0) return name_of(failure);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? "exited with " + std::to_string(WEXITSTATUS(status)) : "killed";
}

std::string try_memory(const Event &event) {
  const std::size_t size = static_cast<std::size_t>(event["/mib"].integer()) << 20;
  void *memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return name_of(errno);
  ::munmap(memory, size);
  return "ok";
}

std::string try_files(const Event &event) {
  std::vector<int> files;
  std::string told = "ok";
  for (int64_t number = 0; number < event["/count"].integer(); ++number) {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      told = name_of(errno);
      break;
    }
    files.push_back(fd);
  }
  for (const int fd : files) ::close(fd);
  return told;
}

std::string try_large_file(const Event &event) {
  const int fd = ::open("large", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string told = result(::ftruncate(fd, event["/mib"].integer() << 20));
  ::close(fd);
  return told;
}

std::string try_to_raise_a_limit(const Event &) {
  const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
  return result(::setrlimit(RLIMIT_NOFILE, &more));
}

std::string try_temporary_file(const Event &) {
  const char *folder = std::getenv("TMPDIR");
  std::string pattern = std::string(folder != nullptr ? folder : "/tmp") + "/XXXXXX";
  const int fd = ::mkstemp(pattern.data());
  const std::string told = result(fd);
  ::unlink(pattern.c_str());
  ::close(fd);
  return told;
}

std::string try_thread(const Event &) {
  std::string told = "nothing";
  std::thread([&] { told = "ok"; }).join();
  return told;
}

std::string try_system_call(const Event &event) {
  static const std::map<std::string, long> calls{{"io_uring_setup", 425},
                                                 {"bpf", SYS_bpf},
                                                 {"keyctl", SYS_keyctl},
                                                 {"userfaultfd", SYS_userfaultfd},
                                                 {"unshare", SYS_unshare},
                                                 {"setns", SYS_setns},
                                                 {"mount", SYS_mount},
                                                 {"chroot", SYS_chroot},
                                                 {"clone3", 435},
                                                 {"perf", SYS_perf_event_open},
                                                 {"syslog", SYS_syslog},
                                                 {"reboot", SYS_reboot},
                                                 {"kexec_load", SYS_kexec_load},
                                                 {"execveat", SYS_execveat},
                                                 {"tkill", SYS_tkill}};
  return result(::syscall(calls.at(event["/name"].str()), 0, 0, 0, 0, 0, 0));
}

std::string variables(const Event &) {
  std::string names;
  for (char **variable = environ; *variable != nullptr; ++variable) {
    const std::string entry = *variable;
    names += (names.empty() ? "" : " ") + entry.substr(0, entry.find('='));
  }
  return names;
}

const std::map<std::string, std::function<std::string(const Event &)>> attempts{
    {"read", [](const Event &event) { return try_open(event, O_RDONLY); }},
    {"write", [](const Event &event) { return try_open(event, O_WRONLY | O_CREAT); }},
    {"make directory", [](const Event &event) { return result(::mkdir(event["/path"].str().c_str(), 0700)); }},
    {"remove", [](const Event &event) { return result(::unlink(event["/path"].str().c_str())); }},
    {"socket", try_socket},
    {"socket pair",
     [](const Event &) {
       int ends[2];
       const std::string told = result(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
       if (told == "ok") ::close(ends[0]), ::close(ends[1]);
       return told;
     }},
    {"connect", try_connect},
    {"resolve", try_resolve},
    {"fork", try_fork},
    {"spawn", try_spawn},
    {"execute", [](const Event &) { return result(::execl("/bin/true", "true", nullptr)); }},
    {"memory", try_memory},
    {"files", try_files},
    {"large file", try_large_file},
    {"raise a limit", try_to_raise_a_limit},
    {"temporary file", try_temporary_file},
    {"thread", try_thread},
    {"signal the parent", [](const Event &) { return result(::kill(::getppid(), 0)); }},
    {"signal itself", [](const Event &) { return result(::kill(::getpid(), 0)); }},
    {"trace the parent", [](const Event &) { return result(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr)); }},
    {"limit the parent",
     [](const Event &) {
       rlimit old{};
       return result(::prlimit(::getppid(), RLIMIT_NOFILE, nullptr, &old));
     }},
    {"outlive the daemon", [](const Event &) { return result(::prctl(PR_SET_PDEATHSIG, 0)); }},
    {"become dumpable", [](const Event &) { return result(::prctl(PR_SET_DUMPABLE, 1)); }},
    {"system call", try_system_call},
    {"variables", variables},
};

struct Probe : bellhop::Plugin {
  using Plugin::Plugin;
  static bellhop::Manifest manifest() { return bellhop::Manifest("probe", "1.0.0", "Tries what it may"); }
  Verdict deliver(const Event &event) override { return Verdict::ok(attempts.at(event["/do"].str())(event)); }
};

}  // namespace

BELLHOP_PLUGIN(Probe)
