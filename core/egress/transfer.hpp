// SPDX-License-Identifier: Apache-2.0
// Transfer: one call, from its vetted URL to its reply, in the thread that runs it. It decides; Url, EgressPolicy,
// Resolver, Channel and ResponseReader do the work.
//
// What holds: the name is resolved once and the connection goes to an address of that answer which the guard has
// passed. No redirect is followed. A request is sent a second time only when a kept-alive connection turned out to be
// dead before the first byte of an answer, and then only if repeating it changes nothing, or if not one byte of it had
// left.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "egress/call_queue.hpp"
#include "egress/channel.hpp"
#include "egress/channel_pool.hpp"
#include "egress/egress_options.hpp"
#include "egress/fault.hpp"
#include "egress/patience.hpp"
#include "egress/resolver.hpp"
#include "egress/response_reader.hpp"
#include "egress/tls.hpp"

namespace bellhop::core {

// What all transfers of one Egress share.
struct TransferTools {
  const EgressOptions &options;
  const std::vector<HostPattern> &proxy_except;
  const std::optional<Url> &proxy;
  const TlsContext &tls;
  Resolver &resolver;
  ChannelPool &pool;
};

class Transfer {
 public:
  Transfer(const TransferTools &tools, const QueuedCall &call, const Patience &patience);
  HttpReply run();

 private:
  Fault choose_addresses();
  Fault vet(std::vector<IpAddress> found);
  Fault open_channel(bool may_reuse);
  Fault connect_any();
  Fault tunnel();
  Fault exchange(ResponseReader &reader);
  Fault read_answer(ResponseReader &reader);
  bool may_repeat(const ResponseReader &reader, const Fault &fault) const;
  void keep(ResponseReader &reader);
  std::string key_of(const IpAddress &address) const;
  HttpReply reply_of(ResponseReader &reader) const;

  const TransferTools &tools_;
  const QueuedCall &call_;
  const Patience &patience_;
  const Url *const proxy_;  // null: straight to the destination
  const bool is_tunnelled_;
  std::vector<IpAddress> addresses_;  // of the destination or of the proxy
  IpAddress used_;
  Channel channel_;
  bool is_reused_ = false;
  std::size_t sent_bytes_ = 0;
};

}  // namespace bellhop::core
