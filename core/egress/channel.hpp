// SPDX-License-Identifier: Apache-2.0
// Channel: one connection to one vetted address, plain or TLS, whose every step has an end. Poco's sockets in their
// non-blocking form: their own time-outs begin anew with every recv (docs/decisions/0090). What Poco throws stops here
// and becomes a Fault, because only here it is known what was being done.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <Poco/Net/StreamSocket.h>

#include "egress/fault.hpp"
#include "egress/ip_address.hpp"
#include "egress/patience.hpp"
#include "egress/tls.hpp"

namespace bellhop::core {

class Channel {
 public:
  // Steps end at until_ms or with the patience, whichever is first.
  Fault connect(const IpAddress &address, std::uint16_t port, const Patience &patience, Milliseconds until_ms);
  // The TLS handshake; the certificate must be one for `host`, a name or an address.
  Fault secure(const TlsContext &tls, const std::string &host, const Patience &patience, Milliseconds until_ms);
  // `sent` counts what was handed to the system, also when it fails in between.
  Fault send(std::string_view bytes, std::size_t &sent, const Patience &patience, Milliseconds until_ms);
  // Some bytes, or `received` 0: the far end closed properly (with TLS: said so). Cut off is a fault.
  Fault receive(char *buffer, std::size_t size, std::size_t &received, const Patience &patience, Milliseconds until_ms);
  // An idle connection is good for another request: still open, and nothing came that nobody asked for.
  bool is_quiet();

 private:
  int descriptor() const;
  template <class Step>
  Fault attempt(const Step &step, short events, const char *what, const Patience &patience, Milliseconds until_ms);

  Poco::Net::StreamSocket socket_;
  bool is_tls_ = false;
};

}  // namespace bellhop::core
