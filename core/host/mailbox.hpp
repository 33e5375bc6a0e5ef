// SPDX-License-Identifier: Apache-2.0
// Mailbox: replies on their way from the desk's threads to the owner of a child. Two kinds of owners share it, the
// child and every call under way, because a reply may come after the child has gone; it is then dropped.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "host/program.hpp"
#include "host/service_call.hpp"

namespace bellhop::core {

class Mailbox {
 public:
  struct Letter {
    std::uint64_t id = 0;  // of the call
    ServiceReply reply;
  };

  Mailbox() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  // Readable when there is a letter, or after wake(). [one]
  int descriptor() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return descriptor_.get();
  }
  void wake() EXCLUDES(mutex_) {  // [any]
    Lock lock(mutex_);
    signal();
  }
  void put(Letter letter) EXCLUDES(mutex_) {  // [any]
    Lock lock(mutex_);
    if (!descriptor_) return;
    letters_.push_back(std::move(letter));
    signal();
  }
  std::vector<Letter> take() EXCLUDES(mutex_) {  // [one]
    Lock lock(mutex_);
    std::uint64_t value = 0;
    if (descriptor_) static_cast<void>(!::read(descriptor_.get(), &value, sizeof value));
    return std::exchange(letters_, {});
  }
  void close() EXCLUDES(mutex_) {  // whatever comes now is dropped. [one]
    Lock lock(mutex_);
    descriptor_.close();
    letters_.clear();
  }

 private:
  void signal() REQUIRES(mutex_) {
    const std::uint64_t one = 1;
    if (descriptor_) static_cast<void>(!::write(descriptor_.get(), &one, sizeof one));  // full: readable already
  }

  Mutex mutex_;
  Descriptor descriptor_ GUARDED_BY(mutex_);  // closed with the child
  std::vector<Letter> letters_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::core
