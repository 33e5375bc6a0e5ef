// SPDX-License-Identifier: Apache-2.0
#include "egress/channel_pool.hpp"

#include <algorithm>
#include <utility>

namespace bellhop::core {

std::optional<Channel> ChannelPool::take(const std::string &key, Milliseconds now_ms) {
  for (;;) {
    std::list<Idle> taken;
    {
      Lock lock(mutex_);
      const auto found = std::find_if(idle_.begin(), idle_.end(), [&](const Idle &idle) { return idle.key == key; });
      if (found == idle_.end()) return std::nullopt;
      taken.splice(taken.begin(), idle_, found);
    }
    // Looking at the socket happens outside the lock.
    if (taken.front().until_ms > now_ms && taken.front().channel.is_quiet()) return std::move(taken.front().channel);
  }
}

void ChannelPool::put(std::string key, Channel channel, Milliseconds until_ms) {
  std::list<Idle> closed;
  Lock lock(mutex_);
  std::size_t same_count = 0;
  for (auto it = idle_.begin(); it != idle_.end();) {
    const auto next = std::next(it);
    if (it->key == key && ++same_count >= idle_channels_per_key_max) closed.splice(closed.begin(), idle_, it);
    it = next;
  }
  if (idle_.size() >= idle_channels_max) closed.splice(closed.begin(), idle_, std::prev(idle_.end()));
  idle_.push_front(Idle{std::move(key), std::move(channel), until_ms});
}

void ChannelPool::prune(Milliseconds now_ms) {
  std::list<Idle> closed;
  Lock lock(mutex_);
  for (auto it = idle_.begin(); it != idle_.end();) {
    const auto next = std::next(it);
    if (it->until_ms <= now_ms) closed.splice(closed.begin(), idle_, it);
    it = next;
  }
}

std::size_t ChannelPool::size() {
  Lock lock(mutex_);
  return idle_.size();
}

}  // namespace bellhop::core
