// SPDX-License-Identifier: Apache-2.0
// epoll behind Waiter.
#include "delivery/waiter.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/check.hpp"

namespace bellhop::core {
namespace {

constexpr std::uint64_t wake_tag = ~std::uint64_t{0};

// Instance ids are counted from 1: 40 bits of them and 16 of the worker's number fit beside each other.
std::uint64_t tag_of(Waiter::Key key) {
  CHECK(key.instance >= 0 && key.instance < (1LL << 40) && key.worker >= 0 && key.worker < (1 << 16));
  return static_cast<std::uint64_t>(key.instance) << 16 | static_cast<std::uint64_t>(key.worker);
}

epoll_event interest(std::uint64_t tag, bool wants_write) {
  epoll_event event{};
  event.events = EPOLLIN | (wants_write ? EPOLLOUT : 0u);
  event.data.u64 = tag;
  return event;
}

}  // namespace

Waiter::Waiter() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event = interest(wake_tag, false);
  if (epoll_ < 0 || wake_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    const std::error_code error(errno, std::generic_category());
    if (wake_ >= 0) close(wake_);
    if (epoll_ >= 0) close(epoll_);
    throw std::system_error(error, "delivery: create its epoll and eventfd");
  }
}

Waiter::~Waiter() {
  close(wake_);
  close(epoll_);
}

void Waiter::wake() {
  const std::uint64_t one = 1;
  // EAGAIN means that the counter is full, which wakes as well.
  while (write(wake_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

std::vector<Waiter::Key> Waiter::wait(int timeout_ms) {
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  CHECK(count >= 0 || errno == EINTR);
  std::vector<Key> ready;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
    if (tag == wake_tag) {
      std::uint64_t spent = 0;
      while (read(wake_, &spent, sizeof spent) < 0 && errno == EINTR) {
      }
      continue;
    }
    ready.push_back({static_cast<InstanceId>(tag >> 16), static_cast<int>(tag & 0xffff)});
  }
  return ready;
}

void Waiter::watch(int descriptor, Key key, bool wants_write) {
  epoll_event event = interest(tag_of(key), wants_write);
  CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

void Waiter::change(int descriptor, Key key, bool wants_write) {
  epoll_event event = interest(tag_of(key), wants_write);
  CHECK(epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void Waiter::forget(int descriptor) {
  // The instance may have closed it already, which took it out of the set.
  if (descriptor >= 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

}  // namespace bellhop::core
