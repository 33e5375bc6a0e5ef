// SPDX-License-Identifier: Apache-2.0
// Addresses: who a peer is for the cap per address, and which peers the cap spares.
//
// An IPv4 host is its address; an IPv6 host is its /64, because whoever has one address there has 2^64 of them. IPv4
// peers that arrive over an IPv6 socket count as IPv4.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

struct sockaddr_storage;

namespace bellhop::core {

// 16 bytes, IPv4 in its mapped form ::ffff:a.b.c.d; all zero for a Unix socket.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Address &) const = default;

  static Address of(const sockaddr_storage &from);
  bool is_v4() const;
  bool is_unix() const { return *this == Address{}; }
  std::string text() const;  // "127.0.0.1", "2001:db8::1", "" for a Unix socket
  Address host() const;      // what the cap counts
};

class AddressSet {
 public:
  // Each of `blocks` is an address or a CIDR block.
  //   errors    invalid: names the block
  static Result<AddressSet> parse(const std::vector<std::string> &blocks);
  bool contains(const Address &address) const;

 private:
  struct Block {
    Address base;
    int bits = 128;
  };
  std::vector<Block> blocks_;
};

}  // namespace bellhop::core
