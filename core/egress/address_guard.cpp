// SPDX-License-Identifier: Apache-2.0
#include "egress/address_guard.hpp"

#include <cstddef>
#include <vector>

#include "base/check.hpp"

namespace bellhop::core {

namespace {

struct Row {
  const char *base;
  int bits;
  std::string_view what;
};

// The first row that fits decides, so the narrow one stands before the wide one. An address inside a translation
// prefix (NAT64, 6to4, Teredo …) is refused whatever IPv4 address it carries: a gateway may take it anywhere.
constexpr Row rows[] = {
    {"0.0.0.0", 8, "\"this network\" (0.0.0.0/8)"},
    {"10.0.0.0", 8, "private (RFC 1918)"},
    {"100.64.0.0", 10, "shared address space of carriers (100.64.0.0/10)"},
    {"127.0.0.0", 8, "loopback"},
    {"169.254.0.0", 16, "link-local, where clouds keep their metadata"},
    {"172.16.0.0", 12, "private (RFC 1918)"},
    {"192.0.0.0", 24, "reserved for protocols (192.0.0.0/24)"},
    {"192.0.2.0", 24, "documentation"},
    {"192.31.196.0", 24, "reserved for AS112"},
    {"192.52.193.0", 24, "reserved for AMT"},
    {"192.88.99.0", 24, "the former 6to4 relay"},
    {"192.168.0.0", 16, "private (RFC 1918)"},
    {"192.175.48.0", 24, "reserved for AS112"},
    {"198.18.0.0", 15, "for benchmarks (198.18.0.0/15)"},
    {"198.51.100.0", 24, "documentation"},
    {"203.0.113.0", 24, "documentation"},
    {"224.0.0.0", 4, "multicast"},
    {"255.255.255.255", 32, "broadcast"},
    {"240.0.0.0", 4, "reserved (240.0.0.0/4)"},
    {"::ffff:0:0", 96, ""},  // every other IPv4 address
    {"::", 128, "unspecified"},
    {"::1", 128, "loopback"},
    {"::", 96, "an IPv4-compatible address"},
    {"64:ff9b::", 96, "a NAT64 translation"},
    {"64:ff9b:1::", 48, "a NAT64 translation"},
    {"100::", 64, "the discard prefix"},
    {"2001::", 32, "a Teredo tunnel"},
    {"2001::", 23, "reserved for protocols (2001::/23)"},
    {"2001:db8::", 32, "documentation"},
    {"2002::", 16, "a 6to4 tunnel"},
    {"2620:4f:8000::", 48, "reserved for AS112"},
    {"3fff::", 20, "documentation"},
    {"2000::", 3, ""},  // every other address that is handed out
    {"fc00::", 7, "private (unique local)"},
    {"fe80::", 10, "link-local"},
    {"fec0::", 10, "site-local"},
    {"ff00::", 8, "multicast"},
    {"::", 0, "not global (outside 2000::/3)"},
};

struct Block {
  IpAddress base;
  int bits;  // of 128
  std::string_view what;
};

const std::vector<Block> &blocks() {
  static const std::vector<Block> table = [] {
    std::vector<Block> made;
    for (const Row &row : rows) {
      const std::optional<IpAddress> base = IpAddress::parse(row.base);
      CHECK(base.has_value());
      const bool is_dotted = std::string_view(row.base).find('.') != std::string_view::npos;
      made.push_back({*base, row.bits + (is_dotted ? 96 : 0), row.what});
    }
    return made;
  }();
  return table;
}

bool is_in(const IpAddress &address, const Block &block) {
  for (int bit = 0; bit < block.bits; bit += 8) {
    const std::size_t index = static_cast<std::size_t>(bit) / 8;
    const int left = block.bits - bit;
    const auto difference = static_cast<unsigned>(address.bytes[index] ^ block.base.bytes[index]);
    if ((left >= 8 ? difference : difference >> (8 - left)) != 0) return false;
  }
  return true;
}

}  // namespace

std::string_view why_not_global(const IpAddress &address) {
  for (const Block &block : blocks()) {
    if (is_in(address, block)) return block.what;
  }
  return "not global";
}

}  // namespace bellhop::core
