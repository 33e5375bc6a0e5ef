// SPDX-License-Identifier: Apache-2.0
// ChannelPool: connections kept open between calls. A connection is found again only under the very same scheme, host,
// port, vetted address and proxy: one that was opened for another name is never used, however equal the address.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "egress/channel.hpp"

namespace bellhop::core {

inline constexpr std::size_t idle_channels_max = 64;
inline constexpr std::size_t idle_channels_per_key_max = 8;

class ChannelPool {
 public:
  // The youngest idle connection under the key that is still good; those that are not are closed on the way. [any]
  std::optional<Channel> take(const std::string &key, Milliseconds now_ms);
  // Keeps it until then; over a limit the oldest one goes. [any]
  void put(std::string key, Channel channel, Milliseconds until_ms);
  // Closes what is over its time. [any]
  void prune(Milliseconds now_ms);
  std::size_t size();

 private:
  struct Idle {
    std::string key;
    Channel channel;
    Milliseconds until_ms = 0;
  };
  Mutex mutex_;
  std::list<Idle> idle_ GUARDED_BY(mutex_);  // the youngest first
};

}  // namespace bellhop::core
