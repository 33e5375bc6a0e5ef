// SPDX-License-Identifier: Apache-2.0
#include "egress/patience.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "base/check.hpp"

namespace bellhop::core {

Wakeup::Wakeup() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(descriptor_ >= 0); }

Wakeup::~Wakeup() { ::close(descriptor_); }

void Wakeup::signal() {
  const std::uint64_t one = 1;
  // Full means signalled already.
  [[maybe_unused]] const ssize_t size = ::write(descriptor_, &one, sizeof one);
}

void Wakeup::reset() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = ::read(descriptor_, &count, sizeof count);
}

Milliseconds Patience::end_of(Milliseconds limit_ms) const { return std::min(end_ms_, now_ms() + limit_ms); }

Waited Patience::wait(int descriptor, short events, Milliseconds until_ms) const {
  const Milliseconds end_ms = std::min(until_ms, end_ms_);
  for (;;) {
    const Milliseconds left_ms = std::clamp<Milliseconds>(end_ms - now_ms(), 0, 3'600'000);
    pollfd watched[2] = {{cancel_.descriptor(), POLLIN, 0}, {descriptor, events, 0}};
    const int count = ::poll(watched, 2, static_cast<int>(left_ms));
    if (count < 0 && errno == EINTR) continue;
    CHECK(count >= 0);
    if (watched[0].revents != 0) return Waited::cancelled;
    // Readiness counts only within the time: bytes that never stop coming must not stretch it.
    if (now_ms() >= end_ms) return Waited::time_over;
    if (watched[1].revents != 0) return Waited::ready;
  }
}

}  // namespace bellhop::core
