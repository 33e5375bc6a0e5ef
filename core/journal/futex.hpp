// SPDX-License-Identifier: Apache-2.0
// A wait on one 32-bit word, as Linux offers it. std::atomic::wait yields four times before it sleeps, which on a busy
// machine with many waiting threads costs more than the sleep; a condition variable costs two wake-ups.
//   source  futex(2)
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.hpp"

namespace bellhop::core {

using Word = std::atomic<std::uint32_t>;
static_assert(sizeof(Word) == 4 && Word::is_always_lock_free);

// Returns when the word is not `seen`, when it was woken, after limit_ms (< 0: never), or for no reason: callers loop.
inline void futex_wait(const Word &word, std::uint32_t seen, Milliseconds limit_ms = -1) {
  timespec limit{};
  limit.tv_sec = limit_ms / 1000;
  limit.tv_nsec = limit_ms % 1000 * 1'000'000;
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, limit_ms < 0 ? nullptr : &limit, nullptr, 0);
}

// The word need not exist any more: only its address is used.
inline void futex_wake_one(const Word &word) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }

}  // namespace bellhop::core
