// SPDX-License-Identifier: Apache-2.0
// The frames come from libgcc's unwinder (`backtrace`), called once beforehand so that its own loading and allocating
// lies behind us. Modules are looked up in a table made while the process was well: dl_iterate_phdr takes a lock that
// the crash may hold.
#include "host/program/last_words.hpp"

#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace bellhop::core {

namespace {

constexpr int frames_count_max = 48;
constexpr std::size_t modules_count_max = 256, module_name_bytes = 96, stack_bytes = 64 << 10;
constexpr int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

struct Module {
  std::uintptr_t begin = 0, end = 0, base = 0;
  char name[module_name_bytes] = {};
};
Module modules[modules_count_max];
volatile std::size_t modules_count = 0;
volatile sig_atomic_t is_speaking = 0;

int remember(dl_phdr_info *info, std::size_t, void *count_of) {
  std::size_t &count = *static_cast<std::size_t *>(count_of);
  for (int i = 0; i < info->dlpi_phnum && count < modules_count_max; ++i) {
    const auto &segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    Module &module = modules[count++];
    module.base = info->dlpi_addr;
    module.begin = info->dlpi_addr + segment.p_vaddr;
    module.end = module.begin + segment.p_memsz;
    const char *name = info->dlpi_name;
    if (name == nullptr || *name == '\0') name = "bellhop-host";
    if (const char *slash = std::strrchr(name, '/'); slash != nullptr) name = slash + 1;
    std::strncpy(module.name, name, sizeof module.name - 1);
    module.name[sizeof module.name - 1] = '\0';
  }
  return 0;
}

// One line, put together by hand: printf is not for signal handlers.
class Line {
 public:
  Line &text(const char *text) {
    while (*text != '\0' && size_ < sizeof bytes_ - 1) bytes_[size_++] = *text++;
    return *this;
  }
  Line &hex(std::uintptr_t value) {
    char digits[2 * sizeof value];
    int count = 0;
    do {
      digits[count++] = "0123456789abcdef"[value & 15];
      value >>= 4;
    } while (value != 0);
    text("0x");
    while (count > 0 && size_ < sizeof bytes_ - 1) bytes_[size_++] = digits[--count];
    return *this;
  }
  void write() {
    bytes_[size_++] = '\n';
    const ssize_t put = ::write(STDERR_FILENO, bytes_, size_);  // one call: a line of its own in the pipe
    static_cast<void>(put);
  }

 private:
  char bytes_[256];
  std::size_t size_ = 0;
};

void tell_frame(const void *address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  Line line;
  line.text("  at ");
  for (std::size_t i = 0; i < modules_count; ++i) {
    if (at < modules[i].begin || at >= modules[i].end) continue;
    line.text(modules[i].name).text("+").hex(at - modules[i].base);
    return line.write();
  }
  line.hex(at);
  line.write();
}

const char *name_of(int number) {
  switch (number) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "a signal";  // the kernel may know more of them
  }
}

void speak(int number, siginfo_t *detail, void *) {
  // The default action is in force again (SA_RESETHAND); of several threads that crash, one speaks.
  if (is_speaking == 0) {
    is_speaking = 1;
    Line first;
    first.text("crashed with ").text(name_of(number));
    if (number == SIGSEGV || number == SIGBUS) {
      first.text(" at address ").hex(reinterpret_cast<std::uintptr_t>(detail->si_addr));
    }
    first.text("; frames, innermost first:");
    first.write();
    void *frames[frames_count_max];
    const int count = ::backtrace(frames, frames_count_max);
    for (int i = 0; i < count; ++i) tell_frame(frames[i]);
  }
  ::raise(number);  // blocked until we return, then it ends the process
}

}  // namespace

void remember_modules() {
  std::size_t count = 0;
  ::dl_iterate_phdr(remember, &count);
  modules_count = count;
}

void prepare_last_words() {
  void *frame = nullptr;
  ::backtrace(&frame, 1);  // loads the unwinder now
  stack_t stack{};
  stack.ss_sp = std::malloc(stack_bytes);
  stack.ss_size = stack_bytes;
  if (stack.ss_sp != nullptr) ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = speak;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (const int number : signals) ::sigaction(number, &action, nullptr);
  remember_modules();
}

}  // namespace bellhop::core
