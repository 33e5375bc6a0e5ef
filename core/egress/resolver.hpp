// SPDX-License-Identifier: Apache-2.0
// Resolver: names to addresses, with an end. The system's resolver cannot be interrupted, so it runs on threads of its
// own
// (`egress-dns-*`) and a call waits for the answer no longer than it wants to. A name that hangs holds its thread until
// the system gives up; further names then wait in a bounded queue.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.hpp"
#include "base/result.hpp"
#include "egress/fault.hpp"
#include "egress/ip_address.hpp"
#include "egress/patience.hpp"

namespace bellhop::core {

// The addresses of a name, at least one, in the order of preference. May block.
using ResolveName = std::function<Result<std::vector<IpAddress>>(const std::string &host)>;

Result<std::vector<IpAddress>> resolve_by_system(const std::string &host);

class Resolver {
 public:
  explicit Resolver(ResolveName resolve);
  ~Resolver();  // waits for lookups under way

  Fault resolve(const std::string &host, std::vector<IpAddress> &addresses, const Patience &patience,
                Milliseconds until_ms);  // [any]

 private:
  struct Lookup;
  void work(int number);

  const ResolveName resolve_;
  BoundedQueue<std::shared_ptr<Lookup>> lookups_;  // owned by the call that waits and by the thread that looks up
  std::vector<std::jthread> threads_;
};

}  // namespace bellhop::core
