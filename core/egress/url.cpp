// SPDX-License-Identifier: Apache-2.0
#include "egress/url.hpp"

#include <algorithm>
#include <charconv>

#include "http/framing.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t label_bytes_max = 63;

Error wrong(std::string sentence) { return Error{Kind::invalid, std::move(sentence)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char &c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= label_bytes_max && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; });
}

// Some resolvers take 127.1, 2130706433, 0x7f000001 and 0177.0.0.1 for addresses. A last label that is a number, in
// any base, is therefore an address in its plain form or nothing.
//   source  the URL standard's "ends in a number" check, for the same reason
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') == std::string_view::npos ? 0 : host.rfind('.') + 1);
  if (last.empty()) return false;
  return std::all_of(last.begin(), last.end(), is_digit) || last.rfind("0x", 0) == 0;
}

// No encoded control bytes, which a careless far end would decode into a second line; nothing half encoded.
Result<void> check_escapes(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '%') continue;
    const int high = i + 2 < target.size() ? hex_digit(target[i + 1]) : -1;
    const int low = i + 2 < target.size() ? hex_digit(target[i + 2]) : -1;
    if (high < 0 || low < 0) return wrong("has a % that is not followed by two hex digits");
    const int byte = high * 16 + low;
    if (byte < 0x20 || byte == 0x7f) return wrong("has an encoded control byte; such text belongs into the body");
  }
  return {};
}

// "." and ".." in any spelling: the far end or a proxy would move elsewhere than the operator allowed.
bool has_dot_segment(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    std::string segment = lower(path.substr(begin, end - begin));
    for (std::size_t at = segment.find("%2e"); at != std::string::npos; at = segment.find("%2e")) {
      segment[at] = '.';
      segment.erase(at + 1, 2);
    }
    if (segment == "." || segment == "..") return true;
    begin = end + 1;
  }
  return false;
}

Result<void> check_target(std::string_view target) {
  if (const Result<void> escapes = check_escapes(target); !escapes) return escapes;
  if (has_dot_segment(target.substr(0, target.find('?')))) return wrong("has a . or .. segment in its path");
  return {};
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  if (!is_whole || port == 0 || text.front() == '0') return std::nullopt;
  return port;
}

Result<std::string> parse_host(std::string_view text) {
  if (text.empty()) return wrong("has no host");
  if (text.front() == '[') {
    if (text.back() != ']') return wrong("has a [ without its ]");
    const std::optional<IpAddress> address = IpAddress::parse(text.substr(1, text.size() - 2));
    const bool is_v6 = text.find(':') != std::string_view::npos;
    if (!address || !is_v6) return wrong("has something in brackets that is no IPv6 address");
    return address->text();
  }
  const std::string host = lower(text);
  if (host.size() > host_bytes_max) return wrong("has a host of more than 253 bytes");
  if (ends_in_number(host)) {
    if (!IpAddress::parse(host)) {
      return wrong("has a host that is a number but not an address of four plain decimal numbers");
    }
    return host;
  }
  for (std::size_t begin = 0; begin <= host.size();) {
    const std::size_t end = std::min(host.find('.', begin), host.size());
    if (!is_label(std::string_view(host).substr(begin, end - begin))) {
      return wrong("has a host that is no plain name (letters, digits, hyphens; no dot at its end)");
    }
    begin = end + 1;
  }
  return host;
}

Result<Url> Url::parse(std::string_view text) {
  if (text.empty()) return wrong("is empty");
  if (text.size() > url_bytes_max) return wrong("is longer than 8000 bytes");
  const auto is_plain = [](char c) { return is_byte_of(target_byte, c) || c == '[' || c == ']' || c == '#'; };
  if (!std::all_of(text.begin(), text.end(), is_plain)) {
    return wrong("has a byte that may not stand in a URL (space, control, quote, backslash or beyond ASCII)");
  }
  Url url;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string scheme = lower(text.substr(0, colon));
  if (scheme != "http" && scheme != "https") return wrong("must begin with https:// or http://");
  if (text.substr(colon, 3) != "://") return wrong("must have // after its scheme");
  url.is_tls = scheme == "https";
  url.port = url.is_tls ? 443 : 80;
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end), target = rest.substr(authority_end);

  if (authority.find('@') != std::string_view::npos) return wrong("has a user name or password in front of its host");
  std::string_view host = authority;
  const std::size_t bracket = std::min(authority.rfind(']'), authority.size());
  const bool is_unclosed = bracket == authority.size() && authority.find('[') != std::string_view::npos;
  if (is_unclosed) return wrong("has a [ without its ]");
  const std::size_t port_colon = authority.find(':', bracket == authority.size() ? 0 : bracket);
  if (port_colon != std::string_view::npos) {
    host = authority.substr(0, port_colon);
    const std::optional<std::uint16_t> port = parse_port(authority.substr(port_colon + 1));
    if (!port) return wrong("has a port that is no number from 1 to 65535");
    url.port = *port;
  }
  Result<std::string> parsed = parse_host(host);
  if (!parsed) return parsed.error();
  url.host = std::move(*parsed);
  url.address = IpAddress::parse(url.host);

  if (target.find('#') != std::string_view::npos) return wrong("has a #fragment, which is never sent");
  if (target.find_first_of("[]") != std::string_view::npos) return wrong("has a bracket in its path or query");
  if (const Result<void> checked = check_target(target); !checked) return checked.error();
  url.target = target.empty() || target.front() != '/' ? "/" + std::string(target) : std::string(target);
  return url;
}

std::string Url::authority() const {
  return port == (is_tls ? 443 : 80) ? host_port().substr(0, host_port().rfind(':')) : host_port();
}

std::string Url::host_port() const {
  const bool needs_brackets = host.find(':') != std::string::npos;
  return (needs_brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::scheme_host() const { return (is_tls ? "https://" : "http://") + authority(); }

}  // namespace bellhop::core
