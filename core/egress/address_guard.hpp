// SPDX-License-Identifier: Apache-2.0
// The guard against forged addresses: which addresses are the open Internet and which are somebody's inside. Our own
// table, because library predicates miss unique local addresses, carrier-grade NAT, 240/4 and every form in which an
// IPv4 address hides inside an IPv6 one. A pure function of the address.
#pragma once

#include <string_view>

#include "egress/ip_address.hpp"

namespace bellhop::core {

// "" when the address is global, else what it is, to go after "which is": "loopback", "private (RFC 1918)" …
//   source  IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates). What is not
//           2000::/3 is not handed out and counts as not global.
std::string_view why_not_global(const IpAddress &address);

}  // namespace bellhop::core
