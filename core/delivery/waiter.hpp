// SPDX-License-Identifier: Apache-2.0
// Waiter: epoll and one eventfd: sleeps until a worker's descriptor has something, somebody calls wake(), or time is
// over.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/journal.hpp"

namespace bellhop::core {

class Waiter {
 public:
  struct Key {
    InstanceId instance = 0;
    int worker = 0;
  };

  Waiter();  // throws std::system_error when the system is out of descriptors
  ~Waiter();
  Waiter(const Waiter &) = delete;
  Waiter &operator=(const Waiter &) = delete;

  void wake();  // [any]
  // Returns the watched ones that are readable or writable. [one]
  std::vector<Key> wait(int timeout_ms);
  void watch(int descriptor, Key key, bool wants_write);
  void change(int descriptor, Key key, bool wants_write);
  void forget(int descriptor);

 private:
  int epoll_ = -1;
  int wake_ = -1;
};

}  // namespace bellhop::core
