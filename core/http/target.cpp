// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include <algorithm>

namespace bellhop::core {
namespace {

// The part behind "http://authority", or nullopt when the text is no absolute form of our host.
std::optional<std::string_view> strip_authority(std::string_view text, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(text.substr(0, scheme.size()), scheme)) continue;
    const std::size_t end = std::min(text.find_first_of("/?", scheme.size()), text.size());
    if (!equals_ignoring_case(text.substr(scheme.size(), end - scheme.size()), host)) return std::nullopt;
    const std::string_view rest = text.substr(end);
    return rest.empty() ? std::string_view("/") : rest;
  }
  return std::nullopt;
}

bool has_bad_segment(std::string_view path) {
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "." || segment == "..") return true;
    if (segment.empty() && end < path.size()) return true;
    begin = end + 1;
  }
  return false;
}

std::optional<Refusal> decode_path(std::string_view raw, std::string &path) {
  path.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      path.push_back(raw[i]);
      continue;
    }
    const int high = i + 2 < raw.size() ? hex_digit(raw[i + 1]) : -1;
    const int low = i + 2 < raw.size() ? hex_digit(raw[i + 2]) : -1;
    if (high < 0 || low < 0) return Refusal{400, "a '%' in the path must be followed by two hex digits"};
    const int byte = high * 16 + low;
    if (byte < 0x20 || byte == 0x7f) return Refusal{400, "the path contains an encoded control byte"};
    if (byte == '/' || byte == '\\') return Refusal{400, "the path contains an encoded slash"};
    path.push_back(static_cast<char>(byte));
    i += 2;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> parse_target(std::string_view method, std::string_view text, std::string_view host,
                                    Target &target) {
  if (text == "*") {
    if (method == "OPTIONS") return Refusal{405, "this server offers nothing under '*'; ask a path instead"};
    return Refusal{400, "the request target '*' belongs to OPTIONS only"};
  }
  if (!all_bytes_of(target_byte, text))
    return Refusal{400, "the request target contains a byte that must be percent-encoded"};
  if (text.empty() || text.front() != '/') {
    const std::optional<std::string_view> rest = strip_authority(text, host);
    if (!rest || rest->front() != '/')
      return Refusal{400, "the request target must be a path such as /hooks/..., or a URL of the host that Host names"};
    text = *rest;
  }
  const std::size_t question = std::min(text.find('?'), text.size());
  target.origin = text;
  target.query = text.substr(std::min(question + 1, text.size()));
  if (std::optional<Refusal> refusal = decode_path(text.substr(0, question), target.path)) return refusal;
  if (has_bad_segment(target.path))
    return Refusal{400, "the path must not contain empty segments, '.' or '..'; send it in its plain form"};
  return std::nullopt;
}

}  // namespace bellhop::core
