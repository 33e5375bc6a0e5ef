// SPDX-License-Identifier: Apache-2.0
// Redaction: what may be recorded of a call. Fails closed: of a URL only scheme, host, port and first segment stay (a
// Slack webhook's path is its password), of a query only the names; whatever is left is searched for the instance's
// secrets, plain and percent-encoded. Headers that carry credentials lose their whole value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "egress/http_call.hpp"
#include "egress/url.hpp"

namespace bellhop::core {

// "https://hooks.slack.com/services/…", "https://api.example.org/v3/…?limit=***&after=***"
std::string redacted_url(const Url &url);
// Every occurrence of a secret, as it is and percent-encoded, becomes "***"; the longest first.
std::string redacted_text(std::string text, const std::vector<std::string> &secrets);
// Values of headers that carry credentials become "***", the others go through redacted_text.
HttpFields redacted_fields(const HttpFields &fields, const std::vector<std::string> &secrets);

// The "failure" of an exchange: "timeout", "tls" …; "" for none.
std::string_view failure_name(HttpFailure failure);

struct ExchangeFacts {
  Milliseconds at_ms = 0, took_ms = 0;
  std::string method, url, sentence;  // redacted already
  int status = 0;
  HttpFailure failure = HttpFailure::none;
  std::size_t request_bytes = 0, response_bytes = 0;
};
inline constexpr std::size_t exchange_bytes_max = 2'048;
// HttpReply::exchange. Url and sentence are cut so that the whole never exceeds exchange_bytes_max.
std::string exchange_json(const ExchangeFacts &facts);

}  // namespace bellhop::core
