// SPDX-License-Identifier: Apache-2.0
// A request whose caller waits for it. The caller owns it, on its stack.
#pragma once

#include <utility>

#include "journal/futex.hpp"
#include "journal/writer.hpp"

namespace bellhop::core {

template <class T>
class Waiting : public WriteRequest {
 public:
  void finish(const Error *failure) override {
    if (failure != nullptr) result = *failure;
    is_done_.store(1, std::memory_order_release);
    futex_wake_one(is_done_);  // the request may be gone by now; its address is all that is used
  }
  Result<T> write_with(Writer &writer) {
    writer.put(this);
    while (is_done_.load(std::memory_order_acquire) == 0) futex_wait(is_done_, 0);
    return std::move(result);
  }

  Result<T> result = Error{Kind::internal, "the journal gave no answer"};

 private:
  Word is_done_{0};
};

}  // namespace bellhop::core
