// SPDX-License-Identifier: Apache-2.0
#include "host/program/contain.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "host/program/landlock.hpp"
#include "host/program/syscall_filter.hpp"

namespace bellhop::core {

namespace {

Error failed(const std::string &what) {
  return Error{Kind::unavailable, "the child cannot be contained: " + what + ": " + std::strerror(errno)};
}

Result<void> limit(decltype(RLIMIT_DATA) resource, const char *name, std::int64_t value) {
  rlimit now{};
  ::getrlimit(resource, &now);
  const auto wanted = std::min<rlim_t>(static_cast<rlim_t>(value), now.rlim_max);  // what is tighter already stays
  const rlimit limit{wanted, wanted};
  if (::setrlimit(resource, &limit) != 0) return failed(std::string("limit of ") + name);
  return {};
}

Result<void> set_limits(const Containment &containment) {
  // Private writable memory, which is what a program fills. RLIMIT_AS would count address space too, of which run-time
  // systems reserve more than any machine has.
#ifndef BELLHOP_SANITIZED  // a sanitizer's shadow is such memory
  if (auto set = limit(RLIMIT_DATA, "memory", containment.memory_bytes_max); !set) return set;
#endif
  if (auto set = limit(RLIMIT_NOFILE, "open files", containment.files_max); !set) return set;
  if (auto set = limit(RLIMIT_FSIZE, "the size of a file", containment.file_bytes_max); !set) return set;
  ::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error of that write
  return {};
}

// A daemon that runs as root has root's plugins: without capabilities they are an ordinary user that owns root's
// files, and cannot raise the limits again.
void drop_capabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  ::syscall(SYS_capset, &header, none);  // refused only to those that have none
}

}  // namespace

Result<void> contain(const Containment &containment, const std::string &library, const std::string &state_dir) {
  if (!containment.is_enabled) return {};
  if (auto set = set_limits(containment); !set) return set;
  drop_capabilities();
  if (auto restricted = restrict_files(containment, library, state_dir); !restricted) return restricted;
  return filter_syscalls(containment);
}

}  // namespace bellhop::core
