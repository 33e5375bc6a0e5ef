// SPDX-License-Identifier: Apache-2.0
#include "egress/ip_address.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>

namespace bellhop::core {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress IpAddress::v4(const std::uint8_t *four_bytes) {
  IpAddress address;
  std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
  std::copy_n(four_bytes, 4, address.bytes.begin() + 12);
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);  // inet_pton wants an end
  if (copy.size() != text.size() || copy.find('\0') != std::string::npos) return std::nullopt;
  std::uint8_t four[4];
  // inet_pton, unlike inet_aton, takes four decimal numbers only; glibc's also refuses leading zeros.
  if (inet_pton(AF_INET, copy.c_str(), four) == 1) return v4(four);
  IpAddress address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin()); }

std::string IpAddress::text() const {
  char text[INET6_ADDRSTRLEN];
  const bool v4 = is_v4();
  return inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text, sizeof text);
}

}  // namespace bellhop::core
