// SPDX-License-Identifier: Apache-2.0
#include "host/program/landlock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>

namespace bellhop::core {

namespace {

// Written out here because the header of Debian 12 knows the first revision only. The numbers of the calls are the same
// on every machine.
constexpr long create_ruleset_call = 444, add_rule_call = 445, restrict_self_call = 446;
constexpr int rule_path_beneath = 1;

constexpr std::uint64_t execute = 1U << 0, write_file = 1U << 1, read_file = 1U << 2, read_dir = 1U << 3,
                        remove_dir = 1U << 4, remove_file = 1U << 5, make_char = 1U << 6, make_dir = 1U << 7,
                        make_regular = 1U << 8, make_socket = 1U << 9, make_fifo = 1U << 10, make_block = 1U << 11,
                        make_link = 1U << 12;
constexpr std::uint64_t refer = 1U << 13;                                         // from revision 2 on
constexpr std::uint64_t truncate_file = 1U << 14;                                 // 3
constexpr std::uint64_t bind_tcp_connect_tcp = 3;                                 // 4, of the network
constexpr std::uint64_t ioctl_device = 1U << 15;                                  // 5
constexpr std::uint64_t scope_abstract_socket = 1U << 0, scope_signal = 1U << 1;  // 6

constexpr std::uint64_t reading = read_file | read_dir;
constexpr std::uint64_t writing = reading | write_file | remove_dir | remove_file | make_dir | make_regular |
                                  make_socket | make_fifo | make_link | refer | truncate_file;
constexpr std::uint64_t of_a_file = execute | write_file | read_file | truncate_file | ioctl_device;

struct Ruleset {
  std::uint64_t files = 0, network = 0, scopes = 0;
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};

// What every C program reads sooner or later. Nothing here tells anything of a person or of another instance; of
// /etc/ssl only what is public.
// clang-format off
constexpr const char *readable_by_all[] = {
    "/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache",
    "/etc/localtime", "/etc/timezone",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust", "/etc/ca-certificates",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu",
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
};
// clang-format on
constexpr const char *writable_by_all[] = {"/dev/null", "/dev/zero", "/dev/full"};
// What turns a name into an address.
constexpr const char *readable_with_network[] = {"/etc/resolv.conf",   "/etc/hosts",          "/etc/host.conf",
                                                 "/etc/nsswitch.conf", "/etc/gai.conf",       "/etc/services",
                                                 "/etc/protocols",     "/run/systemd/resolve"};

Error failed(const std::string &what, int number) {
  return Error{Kind::unavailable, "the child cannot be contained: " + what + ": " + std::strerror(number)};
}

class Rules {
 public:
  explicit Rules(const Containment &containment) {
    const int revision = landlock_revision();
    if (revision == 0) return;
    Ruleset handled;
    handled.files = writing | make_char | make_block;
    if (!containment.may_exec) handled.files |= execute;
    if (revision < 2) handled.files &= ~refer;
    if (revision < 3) handled.files &= ~truncate_file;
    if (revision >= 4 && !containment.may_network) handled.network = bind_tcp_connect_tcp;
    if (revision >= 5) handled.files |= ioctl_device;
    if (revision >= 6) handled.scopes = scope_signal | (containment.may_unix_sockets ? 0 : scope_abstract_socket);
    files_ = handled.files;
    descriptor_ = static_cast<int>(::syscall(create_ruleset_call, &handled, sizeof handled, 0));
    if (descriptor_ < 0) failure_ = errno;
  }
  ~Rules() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Rules(const Rules &) = delete;
  Rules &operator=(const Rules &) = delete;

  // A path that is not there cannot be granted, and what it will be is not ours to guess.
  void allow(const std::string &path, std::uint64_t rights) {
    if (descriptor_ < 0 || failure_ != 0) return;
    const int parent = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (parent < 0) return;
    struct stat state {};
    PathBeneath rule{rights & files_, parent};
    if (::fstat(parent, &state) == 0 && !S_ISDIR(state.st_mode)) rule.allowed &= of_a_file;
    if (::syscall(add_rule_call, descriptor_, rule_path_beneath, &rule, 0) != 0) failure_ = errno;
    ::close(parent);
  }

  Result<void> enforce() {
    if (failure_ != 0) return failed("its file system rules were refused", failure_);
    if (descriptor_ < 0) return {};
    if (::syscall(restrict_self_call, descriptor_, 0) != 0) return failed("Landlock", errno);
    return {};
  }

 private:
  int descriptor_ = -1;
  int failure_ = 0;
  std::uint64_t files_ = 0;
};

}  // namespace

Result<void> restrict_files(const Containment &containment, const std::string &library, const std::string &state_dir) {
  Rules rules(containment);
  for (const char *path : readable_by_all) rules.allow(path, reading);
  for (const char *path : writable_by_all) rules.allow(path, read_file | write_file);
  if (containment.may_network) {
    for (const char *path : readable_with_network) rules.allow(path, reading);
  }
  // Its neighbours: what it was linked to with an RPATH of $ORIGIN. The file itself may be a link to elsewhere.
  std::error_code ignored;
  const std::filesystem::path file = std::filesystem::canonical(library, ignored);
  rules.allow(std::filesystem::path(library).parent_path(), reading);
  if (!file.empty()) rules.allow(file.parent_path(), reading);
  const std::uint64_t own = containment.is_read_only ? reading : writing;
  if (!state_dir.empty()) rules.allow(state_dir, own);
  for (const std::string &path : containment.read) rules.allow(path, reading);
  for (const std::string &path : containment.write) rules.allow(path, own);
  return rules.enforce();
}

}  // namespace bellhop::core
