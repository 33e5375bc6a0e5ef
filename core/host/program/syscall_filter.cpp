// SPDX-License-Identifier: Apache-2.0
// The filter is a program of the kernel's small BPF machine: it looks at the number of the call and at its arguments as
// numbers, never at memory behind a pointer (which another thread could change after the look). It is built here from
// three kinds of rule: a call is denied; a call is denied unless an argument has one value; a call is denied unless an
// argument has a bit.
#include "host/program/syscall_filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sched.h>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace bellhop::core {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t machine = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t machine = 0;  // not known: arguments may come in another order
#endif

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || machine == 0, "the low half of an argument comes first");

// Newer than the headers that it may be built with.
constexpr long pidfd_send_signal_call = 424, io_uring_setup_call = 425, io_uring_enter_call = 426,
               io_uring_register_call = 427, open_tree_call = 428, move_mount_call = 429, fsopen_call = 430,
               fsconfig_call = 431, fsmount_call = 432, fspick_call = 433, clone3_call = 435, pidfd_getfd_call = 438,
               process_madvise_call = 440, mount_setattr_call = 442, process_mrelease_call = 448;

// Nobody calls these by accident: the process is ended, and the operator reads SIGSYS.
constexpr long deadly[] = {
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef __x86_64__
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};

// Answered with EPERM whatever the arguments.
constexpr long denied[] = {
    // other processes
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    pidfd_send_signal_call,
    pidfd_getfd_call,
    process_madvise_call,
    process_mrelease_call,
    SYS_perf_event_open,
    SYS_migrate_pages,
    SYS_move_pages,
    // another view of the file system, which rules about paths would not know
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    open_tree_call,
    move_mount_call,
    fsopen_call,
    fsconfig_call,
    fsmount_call,
    fspick_call,
    mount_setattr_call,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_fanotify_init,
    SYS_quotactl,
    // ways around this filter, and parts of the kernel with a history
    io_uring_setup_call,
    io_uring_enter_call,
    io_uring_register_call,
    SYS_bpf,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_personality,
    // the machine
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_vhangup,
};

class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    jump(BPF_JEQ, machine, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);  // 32-bit calls have other numbers
    load(offsetof(seccomp_data, nr));
#ifdef __x86_64__
    constexpr std::uint32_t x32_bit = 0x40000000;
    jump(BPF_JGE, x32_bit, 0, 1);
    answer(SECCOMP_RET_KILL_PROCESS);
#endif
  }

  void kill(long call) { rule(call, {}, SECCOMP_RET_KILL_PROCESS); }
  void deny(long call, int number = EPERM) { rule(call, {}, error(number)); }
  // Denied unless the argument (its low half: ids, families, flags are no wider) is `value`.
  void deny_unless(long call, unsigned argument, std::uint32_t value, int number = EPERM) {
    rule(call, {look_at(argument), test(BPF_JEQ, value)}, error(number));
  }
  void deny_unless_bit(long call, unsigned argument, std::uint32_t bit, int number = EPERM) {
    rule(call, {look_at(argument), test(BPF_JSET, bit)}, error(number));
  }
  // Denied when the argument is one of the values.
  void deny_when(long call, unsigned argument, const std::vector<std::uint32_t> &values, int number = EPERM) {
    for (const std::uint32_t value : values) {
      // Not this value: allowed by this rule, so the test stands the other way round.
      sock_filter unlike = test(BPF_JEQ, value);
      std::swap(unlike.jt, unlike.jf);
      rule(call, {look_at(argument), unlike}, error(number));
    }
  }
  // Denied unless the argument is one of the values.
  void deny_unless_any(long call, unsigned argument, const std::vector<std::uint32_t> &values, int number) {
    std::vector<sock_filter> body{look_at(argument)};
    for (std::size_t left = values.size(); left > 0; --left) {
      // Found: over the other tests and the answer.
      body.push_back(
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, values[values.size() - left], static_cast<unsigned char>(left), 0));
    }
    rule(call, body, error(number));
  }

  Result<void> install() {
    answer(SECCOMP_RET_ALLOW);
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    // prctl and not seccomp(2): the unit's own filter may not know the latter.
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
      return Error{Kind::unavailable,
                   std::string("the child cannot be contained: its system call filter: ") + std::strerror(errno)};
    }
    return {};
  }

 private:
  static std::uint32_t error(int number) {
    return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(number) & SECCOMP_RET_DATA);
  }
  static sock_filter look_at(unsigned argument) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                    static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t)));
  }
  // Jumps over the answer behind it when it holds.
  static sock_filter test(unsigned short how, std::uint32_t value) {
    return BPF_JUMP(static_cast<unsigned short>(BPF_JMP | BPF_K | how), value, 1, 0);
  }
  // With the call's number in the accumulator, before and after: when it is this call, the body, then the answer.
  void rule(long call, const std::vector<sock_filter> &body, std::uint32_t what) {
    const bool has_body = !body.empty();
    const std::size_t size = body.size() + 1 + (has_body ? 1 : 0);
    jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, static_cast<unsigned char>(size));
    code_.insert(code_.end(), body.begin(), body.end());
    answer(what);
    if (has_body) load(offsetof(seccomp_data, nr));
  }
  void load(std::size_t offset) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  void jump(unsigned short how, std::uint32_t value, unsigned char when_true, unsigned char when_false) {
    code_.push_back(BPF_JUMP(static_cast<unsigned short>(BPF_JMP | BPF_K | how), value, when_true, when_false));
  }
  void answer(std::uint32_t what) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, what)); }

  std::vector<sock_filter> code_;
};

// Other processes cannot be signalled, and no process can be made. Threads can.
void keep_alone(Filter &filter) {
  const auto self = static_cast<std::uint32_t>(::getpid());
  filter.deny_unless_bit(SYS_clone, 0, CLONE_THREAD);
#ifdef SYS_fork
  filter.deny(SYS_fork);
  filter.deny(SYS_vfork);
#endif
  filter.deny(SYS_execve, EACCES);
  filter.deny(SYS_execveat, EACCES);
  filter.deny_unless(SYS_kill, 0, self);
  filter.deny_unless(SYS_tgkill, 0, self);
  filter.deny_unless(SYS_rt_sigqueueinfo, 0, self);
  filter.deny_unless(SYS_rt_tgsigqueueinfo, 0, self);
  filter.deny(SYS_tkill);
}

}  // namespace

Result<void> filter_syscalls(const Containment &containment) {
  if (machine == 0) return {};
  Filter filter;
  for (const long call : deadly) filter.kill(call);
  for (const long call : denied) filter.deny(call);
  // Its flags are in memory, where a filter cannot look; libc asks clone() then.
  filter.deny(clone3_call, ENOSYS);
  filter.deny_when(SYS_prctl, 0, {PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_PTRACER});
  filter.deny_unless(SYS_prlimit64, 0, 0);                              // limits of others
  filter.deny_when(SYS_setpriority, 0, {1 /* group */, 2 /* user */});  // and their turn at the processor
  filter.deny_when(SYS_ioctl, 1, {0x5412 /* TIOCSTI: types for somebody else */});
  if (!containment.may_exec) keep_alone(filter);
  std::vector<std::uint32_t> families;
  if (containment.may_network) families = {AF_INET, AF_INET6, AF_NETLINK};
  if (containment.may_unix_sockets) families.push_back(AF_UNIX);
  if (families.empty()) {
    filter.deny(SYS_socket, EACCES);
  } else {
    filter.deny_unless_any(SYS_socket, 0, families, EACCES);
  }
  return filter.install();
}

}  // namespace bellhop::core
