// SPDX-License-Identifier: Apache-2.0
#include "http/addresses.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace bellhop::core {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Address from_v4(const in_addr &v4) {
  Address address;
  std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + 12, &v4, 4);
  return address;
}

bool parse_address(const std::string &text, Address &address) {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    address = from_v4(v4);
    return true;
  }
  return inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1;
}

}  // namespace

Address Address::of(const sockaddr_storage &from) {
  Address address;
  if (from.ss_family == AF_INET) return from_v4(reinterpret_cast<const sockaddr_in &>(from).sin_addr);
  if (from.ss_family == AF_INET6)
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6 &>(from).sin6_addr, 16);
  return address;
}

bool Address::is_v4() const { return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin()); }

std::string Address::text() const {
  if (is_unix()) return {};
  char text[INET6_ADDRSTRLEN];
  const bool v4 = is_v4();
  return inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text, sizeof text);
}

Address Address::host() const {
  Address host = *this;
  if (!is_v4()) std::fill(host.bytes.begin() + 8, host.bytes.end(), std::uint8_t{0});
  return host;
}

Result<AddressSet> AddressSet::parse(const std::vector<std::string> &blocks) {
  AddressSet set;
  for (const std::string &text : blocks) {
    const std::size_t slash = text.find('/');
    Block block;
    if (!parse_address(text.substr(0, slash), block.base))
      return Error{Kind::invalid, "read '" + text + "' as an address or CIDR block: it is neither IPv4 nor IPv6"};
    if (slash != std::string::npos) {
      const char *begin = text.data() + slash + 1, *end = text.data() + text.size();
      const int bits_max = block.base.is_v4() ? 32 : 128;
      const auto [stopped, code] = std::from_chars(begin, end, block.bits);
      if (code != std::errc() || stopped != end || begin == end || block.bits < 0 || block.bits > bits_max)
        return Error{Kind::invalid,
                     "read '" + text + "' as a CIDR block: the prefix length must be 0 to " + std::to_string(bits_max)};
      block.bits += 128 - bits_max;
    }
    set.blocks_.push_back(block);
  }
  return set;
}

bool AddressSet::contains(const Address &address) const {
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block &block) {
    const std::size_t whole = static_cast<std::size_t>(block.bits) / 8;
    const int rest = block.bits % 8;
    if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                    block.base.bytes.begin()))
      return false;
    return rest == 0 || ((address.bytes[whole] ^ block.base.bytes[whole]) >> (8 - rest)) == 0;
  });
}

}  // namespace bellhop::core
