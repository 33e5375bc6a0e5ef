// SPDX-License-Identifier: Apache-2.0
// Url: an absolute http or https URL, read strictly, because two readers who differ about a URL are how a guard is
// fooled. There is one spelling of a host: lower case, no trailing dot, an address only in its plain form. What is
// refused needs no second look elsewhere: userinfo, fragments, control bytes plain or encoded, dot segments, names of
// other scripts, numbers that some resolvers take for addresses. Pure; the sentence never quotes the URL, which may
// hold a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "egress/ip_address.hpp"

namespace bellhop::core {

inline constexpr std::size_t url_bytes_max = 8'000;
inline constexpr std::size_t host_bytes_max = 253;

struct Url {
  bool is_tls = false;  // https
  std::string host;     // "api.example.org", "192.0.2.1", "2001:db8::1"; lower case, no brackets
  std::uint16_t port = 0;
  std::string target;                // path and query as given, at least "/"
  std::optional<IpAddress> address;  // the host is a literal

  //   errors  invalid, with what is wrong
  static Result<Url> parse(std::string_view text);

  std::string authority() const;    // for Host: the port only when it is not the scheme's own
  std::string host_port() const;    // "api.example.org:443", "[2001:db8::1]:443"
  std::string scheme_host() const;  // "https://api.example.org", "http://192.0.2.1:8080"
};

// A host name or address as it may stand in a URL (an IPv6 address in brackets), lower case, brackets taken off.
Result<std::string> parse_host(std::string_view text);
// 1 to 65535, digits only.
std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace bellhop::core
