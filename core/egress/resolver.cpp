// SPDX-License-Identifier: Apache-2.0
#include "egress/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/mutex.hpp"

namespace bellhop::core {

namespace {

constexpr int threads_count = 4;
constexpr std::size_t lookups_max = 256;

}  // namespace

struct Resolver::Lookup {
  explicit Lookup(std::string name) : host(std::move(name)) {}
  const std::string host;
  Wakeup done;
  Mutex mutex;
  std::optional<Result<std::vector<IpAddress>>> result GUARDED_BY(mutex);
};

Result<std::vector<IpAddress>> resolve_by_system(const std::string &host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
    return Error{Kind::unavailable, ::gai_strerror(code)};
  }
  std::vector<IpAddress> addresses;
  for (const addrinfo *one = found; one != nullptr; one = one->ai_next) {
    IpAddress address;
    if (one->ai_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, one->ai_addr, sizeof v4);
      address = IpAddress::v4(reinterpret_cast<const std::uint8_t *>(&v4.sin_addr));
    } else if (one->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, one->ai_addr, sizeof v6);
      std::memcpy(address.bytes.data(), &v6.sin6_addr, address.bytes.size());
    } else {
      continue;
    }
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) return Error{Kind::unavailable, "it has no address"};
  return addresses;
}

Resolver::Resolver(ResolveName resolve) : resolve_(std::move(resolve)), lookups_(lookups_max) {
  for (int number = 1; number <= threads_count; ++number) {
    threads_.emplace_back([this, number] { work(number); });
  }
}

Resolver::~Resolver() { lookups_.close(); }

void Resolver::work(int number) {
  pthread_setname_np(pthread_self(), ("egress-dns-" + std::to_string(number)).c_str());
  while (std::optional<std::shared_ptr<Lookup>> lookup = lookups_.pop()) {
    Result<std::vector<IpAddress>> result = resolve_((*lookup)->host);
    {
      Lock lock((*lookup)->mutex);
      (*lookup)->result.emplace(std::move(result));
    }
    (*lookup)->done.signal();
  }
}

Fault Resolver::resolve(const std::string &host, std::vector<IpAddress> &addresses, const Patience &patience,
                        Milliseconds until_ms) {
  auto lookup = std::make_shared<Lookup>(host);
  if (!lookups_.try_push(std::shared_ptr<Lookup>(lookup))) {
    return {HttpFailure::timeout, "too many names are being looked up"};
  }
  switch (patience.wait(lookup->done.descriptor(), POLLIN, until_ms)) {
    case Waited::ready:
      break;
    case Waited::time_over:
      return {HttpFailure::timeout, "took too long: looking up the name " + host};
    case Waited::cancelled:
      return {HttpFailure::cancelled, "cancelled, because the instance is being stopped"};
  }
  Lock lock(lookup->mutex);
  if (!*lookup->result) {
    return {HttpFailure::connect, "cannot look up the name " + host + ": " + lookup->result->error().sentence};
  }
  addresses = **lookup->result;
  return {};
}

}  // namespace bellhop::core
