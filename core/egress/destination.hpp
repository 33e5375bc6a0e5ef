// SPDX-License-Identifier: Apache-2.0
// EgressPolicy: where one instance may go. Two ways in, both the operator's word:
//
//   destinations  host and port of the settings marked x-destination. Private addresses included: a calendar server on
//                 the LAN is the operator's word, not a forgery.
//   allow         patterns of the config, [instance.NAME.http] allow. Every address they resolve to must be global.
//
// Everything else is denied, with the line to add. Pure; addresses are judged by address_guard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "egress/url.hpp"

namespace bellhop::core {

// "api.example.org" (https, its own port), "*.example.org:8443" (any name below, not the name itself),
// "http://intranet.example.org" (the scheme must be said when it is not https).
struct HostPattern {
  bool is_tls = true;
  bool is_wildcard = false;
  std::string host;  // without the "*."
  std::uint16_t port = 443;

  //   errors  invalid: names the pattern
  static Result<HostPattern> parse(std::string_view text);
  bool matches(const Url &url) const { return url.is_tls == is_tls && url.port == port && matches_host(url.host); }
  bool matches_host(std::string_view other) const;
};

// As the operator wrote it.
struct EgressRules {
  std::vector<std::string> destinations;  // values of x-destination settings: a URL or "host:port"
  std::vector<std::string> allow;
  std::vector<std::string> secrets;  // of the instance; "***" in everything that is recorded
};

enum class Trust { denied, global_only, any_address };

class EgressPolicy {
 public:
  //   errors  invalid: names the rule that cannot be read; a destination is not quoted, it may hold a secret
  static Result<EgressPolicy> parse(EgressRules rules);

  Trust trust_of(const Url &url) const;
  const std::vector<std::string> &secrets() const { return secrets_; }

 private:
  std::vector<std::pair<std::string, std::uint16_t>> destinations_;
  std::vector<HostPattern> allow_;
  std::vector<std::string> secrets_;
};

// What is said of an address that is not global, to whoever wonders how it could be reached.
inline constexpr const char *inside_rule =
    "; such an address is reached only as the destination in the plugin's own settings, never by an allow rule";

// Why the instance may not go there, and what would allow it.
std::string denied_sentence(const std::string &instance, const Url &url);

}  // namespace bellhop::core
