// SPDX-License-Identifier: Apache-2.0
#include "egress/request.hpp"

#include <algorithm>
#include <array>

#include "http/framing.hpp"

namespace bellhop::core {

namespace {

constexpr std::size_t method_bytes_max = 32;
constexpr std::array<std::string_view, 13> fields_of_ours{"Host",
                                                          "Content-Length",
                                                          "Transfer-Encoding",
                                                          "Connection",
                                                          "Keep-Alive",
                                                          "TE",
                                                          "Trailer",
                                                          "Upgrade",
                                                          "Expect",
                                                          "Accept-Encoding",
                                                          "Proxy-Connection",
                                                          "Proxy-Authorization",
                                                          "HTTP2-Settings"};
constexpr std::array<std::string_view, 7> idempotent{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "REPORT"};

Error wrong(std::string sentence) { return Error{Kind::invalid, std::move(sentence)}; }

bool is_named(std::string_view name, const HttpFields::value_type &field) {
  return equals_ignoring_case(field.first, name);
}

bool has_field(const HttpCall &call, std::string_view name) {
  return std::any_of(call.headers.begin(), call.headers.end(),
                     [&](const auto &field) { return is_named(name, field); });
}

}  // namespace

Result<void> check_request(const HttpCall &call) {
  const bool is_method =
      !call.method.empty() && call.method.size() <= method_bytes_max &&
      std::all_of(call.method.begin(), call.method.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
  if (!is_method) return wrong("the method must be 1 to 32 capital letters");
  if (call.method == "CONNECT" || call.method == "TRACE") return wrong("the method " + call.method + " is not allowed");
  if (call.timeout_ms < 0) return wrong("the time-out is negative");
  if (call.body.size() > request_body_bytes_max) return wrong("the body is larger than 16 MiB");
  if (call.headers.size() > request_fields_max) return wrong("there are more than 64 header fields");
  std::size_t bytes = 0;
  for (const auto &field : call.headers) {
    const auto &[name, value] = field;
    bytes += name.size() + value.size() + 4;
    if (name.empty() || !all_bytes_of(token_byte, name)) return wrong("a header name is empty or no token");
    if (!all_bytes_of(value_byte, value)) return wrong("the value of header " + name + " has a control byte");
    const bool is_ours = std::any_of(fields_of_ours.begin(), fields_of_ours.end(),
                                     [&](std::string_view ours) { return is_named(ours, field); });
    if (is_ours) return wrong("the header " + name + " is the daemon's to set");
  }
  if (bytes > request_head_bytes_max) return wrong("the header fields are larger than 32 KiB");
  return {};
}

std::string request_head(const HttpCall &call, const Url &url, Form form) {
  std::string head = call.method + " " + (form == Form::absolute ? url.scheme_host() : "") + url.target +
                     " HTTP/1.1\r\nHost: " + url.authority() + "\r\n";
  if (!has_field(call, "User-Agent")) head += "User-Agent: Bellhop/" BELLHOP_VERSION "\r\n";
  for (const auto &[name, value] : call.headers) head += name + ": " + value + "\r\n";
  const bool wants_length =
      !call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH";
  if (wants_length) head += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  return head + "\r\n";
}

std::string connect_head(const Url &url) {
  return "CONNECT " + url.host_port() + " HTTP/1.1\r\nHost: " + url.host_port() + "\r\n\r\n";
}

bool is_repeatable(const HttpCall &call) {
  const bool is_idempotent = std::find(idempotent.begin(), idempotent.end(), call.method) != idempotent.end();
  return is_idempotent && !has_field(call, "If-Match") && !has_field(call, "If-None-Match") &&
         !has_field(call, "If-Unmodified-Since") && !has_field(call, "If-Modified-Since") && !has_field(call, "If");
}

}  // namespace bellhop::core
