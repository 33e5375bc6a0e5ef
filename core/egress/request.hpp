// SPDX-License-Identifier: Apache-2.0
// The request as bytes, and what a plugin may put into it. The framing is the daemon's alone: a plugin that sets Host
// or Transfer-Encoding itself is refused, as is every byte that could start a second request. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "egress/http_call.hpp"
#include "egress/url.hpp"

namespace bellhop::core {

inline constexpr std::size_t request_fields_max = 64;
inline constexpr std::size_t request_head_bytes_max = 32 << 10;
inline constexpr std::size_t request_body_bytes_max = 16 << 20;

enum class Form { origin, absolute };  // of the request target; absolute for a proxy

//   errors  invalid: what is wrong; quotes names of headers, never values
Result<void> check_request(const HttpCall &call);
// The head of a request that check_request has passed; the body follows it as it is.
std::string request_head(const HttpCall &call, const Url &url, Form form);
std::string connect_head(const Url &url);  // asks a proxy for a tunnel

// May be sent once more when a kept-alive connection turns out to be dead: the method is idempotent, and no condition
// (If-Match …) makes the second time another question than the first.
//   source  RFC 9110 section 9.2.2; PROPFIND and REPORT by RFC 4918 and 3253
bool is_repeatable(const HttpCall &call);

}  // namespace bellhop::core
