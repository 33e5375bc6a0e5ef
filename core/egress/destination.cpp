// SPDX-License-Identifier: Apache-2.0
#include "egress/destination.hpp"

#include <algorithm>

#include "egress/address_guard.hpp"

namespace bellhop::core {

namespace {

Result<std::pair<std::string, std::uint16_t>> host_and_port(std::string_view text) {
  const Result<Url> url =
      Url::parse(text.find("://") == std::string_view::npos ? "https://" + std::string(text) : std::string(text));
  if (!url) return url.error();
  return std::pair(url->host, url->port);
}

}  // namespace

Result<HostPattern> HostPattern::parse(std::string_view text) {
  const auto wrong = [&](const std::string &why) {
    return Error{Kind::invalid, "\"" + std::string(text) + "\" " + why +
                                    "; write a host as in \"api.example.org\", \"*.example.org:8443\" or "
                                    "\"http://plain.example.org\""};
  };
  HostPattern pattern;
  std::string_view rest = text;
  if (rest.rfind("https://", 0) == 0) {
    rest.remove_prefix(8);
  } else if (rest.rfind("http://", 0) == 0) {
    rest.remove_prefix(7);
    pattern.is_tls = false;
    pattern.port = 80;
  }
  if (rest.find_first_of("/?#@") != std::string_view::npos) return wrong("is more than a host and a port");
  if (rest.rfind("*.", 0) == 0) {
    pattern.is_wildcard = true;
    rest.remove_prefix(2);
  }
  const std::size_t bracket = rest.rfind(']');
  const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const std::optional<std::uint16_t> port = parse_port(rest.substr(colon + 1));
    if (!port) return wrong("has a port that is no number from 1 to 65535");
    pattern.port = *port;
    rest = rest.substr(0, colon);
  }
  Result<std::string> host = parse_host(rest);
  if (!host) return wrong(host.error().sentence);
  if (pattern.is_wildcard && IpAddress::parse(*host)) return wrong("has a * in front of an address");
  pattern.host = std::move(*host);
  return pattern;
}

bool HostPattern::matches_host(std::string_view other) const {
  if (!is_wildcard) return other == host;
  return other.size() > host.size() + 1 && other.substr(other.size() - host.size()) == host &&
         other[other.size() - host.size() - 1] == '.';
}

Result<EgressPolicy> EgressPolicy::parse(EgressRules rules) {
  EgressPolicy policy;
  for (std::size_t i = 0; i < rules.destinations.size(); ++i) {
    auto destination = host_and_port(rules.destinations[i]);
    if (!destination) {
      return Error{Kind::invalid, "destination number " + std::to_string(i + 1) + " " + destination.error().sentence};
    }
    policy.destinations_.push_back(std::move(*destination));
  }
  for (const std::string &text : rules.allow) {
    Result<HostPattern> pattern = HostPattern::parse(text);
    if (!pattern) return pattern.error();
    policy.allow_.push_back(std::move(*pattern));
  }
  policy.secrets_ = std::move(rules.secrets);
  return policy;
}

Trust EgressPolicy::trust_of(const Url &url) const {
  const bool is_destination = std::any_of(destinations_.begin(), destinations_.end(), [&](const auto &destination) {
    return destination.first == url.host && destination.second == url.port;
  });
  if (is_destination) return Trust::any_address;
  const bool is_allowed =
      std::any_of(allow_.begin(), allow_.end(), [&](const HostPattern &pattern) { return pattern.matches(url); });
  return is_allowed ? Trust::global_only : Trust::denied;
}

std::string denied_sentence(const std::string &instance, const Url &url) {
  const std::string begin = "instance " + instance + " may not call " + url.scheme_host();
  // An allow rule would not help, and who follows bad advice tries the next bad thing.
  if (const std::string_view what = url.address ? why_not_global(*url.address) : ""; !what.empty()) {
    return begin + ": its host is " + std::string(what) + inside_rule;
  }
  const std::string pattern = url.is_tls ? url.authority() : url.scheme_host();
  return begin + "; if it should, add to the config: [instance." + instance + ".http] allow = [\"" + pattern + "\"]";
}

}  // namespace bellhop::core
