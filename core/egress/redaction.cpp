// SPDX-License-Identifier: Apache-2.0
#include "egress/redaction.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "event/event_json.hpp"
#include "event/utf8.hpp"
#include "http/framing.hpp"

namespace bellhop::core {

namespace {

constexpr std::string_view hidden = "***";
constexpr std::size_t first_segment_bytes_max = 40;  // longer ones are tokens more often than names
constexpr std::array<std::string_view, 9> credential_fields{"Authorization", "Proxy-Authorization", "Cookie",
                                                            "Set-Cookie",    "X-Api-Token",         "X-Api-Key",
                                                            "Api-Key",       "X-Auth-Token",        "WWW-Authenticate"};

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view unreserved = "-._~";
  std::string out;
  for (const char c : text) {
    const bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_alnum || unreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

void replace_all(std::string &text, std::string_view wanted) {
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + hidden.size())) {
    text.replace(at, wanted.size(), hidden);
  }
}

std::string redacted_query(std::string_view query) {
  std::string out;
  for (std::size_t begin = 0; begin <= query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view part = query.substr(begin, end - begin);
    const std::size_t equals = part.find('=');
    out += out.empty() ? '?' : '&';
    // A part without a name may be the value itself.
    out += equals == std::string_view::npos ? "" : std::string(part.substr(0, equals)) + "=";
    out += hidden;
    begin = end + 1;
  }
  return out;
}

std::string json_of(const ExchangeFacts &facts, std::string_view url, std::string_view sentence) {
  std::string out = "{\"at_ms\":" + std::to_string(facts.at_ms) + ",\"method\":";
  append_json_string(out, facts.method);
  out += ",\"url\":";
  append_json_string(out, url);
  out += ",\"status\":" + std::to_string(facts.status) + ",\"failure\":";
  append_json_string(out, failure_name(facts.failure));
  out += ",\"took_ms\":" + std::to_string(facts.took_ms) + ",\"request_bytes\":" + std::to_string(facts.request_bytes) +
         ",\"response_bytes\":" + std::to_string(facts.response_bytes) + ",\"sentence\":";
  append_json_string(out, sentence);
  return out + "}";
}

}  // namespace

std::string redacted_url(const Url &url) {
  const std::size_t question = std::min(url.target.find('?'), url.target.size());
  const std::string_view path = std::string_view(url.target).substr(0, question);
  const std::size_t slash = std::min(path.find('/', 1), path.size());
  std::string out = url.scheme_host();
  const bool is_short = slash <= first_segment_bytes_max;
  out += is_short ? path.substr(0, slash) : std::string_view("/…");
  if (is_short && slash < path.size()) out += slash + 1 < path.size() ? "/…" : "/";
  if (question < url.target.size()) out += redacted_query(std::string_view(url.target).substr(question + 1));
  return out;
}

std::string redacted_text(std::string text, const std::vector<std::string> &secrets) {
  std::vector<std::string> forms;
  for (const std::string &secret : secrets) {
    if (secret.empty()) continue;
    forms.push_back(secret);
    forms.push_back(percent_encoded(secret));
  }
  // The longest first: of a secret that holds another one nothing may stay.
  std::sort(forms.begin(), forms.end(), [](const auto &a, const auto &b) { return a.size() > b.size(); });
  for (const std::string &form : forms) replace_all(text, form);
  return text;
}

HttpFields redacted_fields(const HttpFields &fields, const std::vector<std::string> &secrets) {
  HttpFields out;
  for (const auto &[name, value] : fields) {
    const bool is_credential =
        std::any_of(credential_fields.begin(), credential_fields.end(),
                    [&, &field = name](std::string_view known) { return equals_ignoring_case(known, field); });
    out.emplace_back(name, is_credential ? std::string(hidden) : redacted_text(value, secrets));
  }
  return out;
}

std::string_view failure_name(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::none:
      return "";
    case HttpFailure::invalid:
      return "invalid";
    case HttpFailure::timeout:
      return "timeout";
    case HttpFailure::connect:
      return "connect";
    case HttpFailure::tls:
      return "tls";
    case HttpFailure::denied:
      return "denied";
    case HttpFailure::cancelled:
      return "cancelled";
    case HttpFailure::too_large:
      return "too_large";
  }
  return "unknown";
}

std::string exchange_json(const ExchangeFacts &facts) {
  // Escapes make up to six bytes of one, so what is cut is not the text but the room for it, until the whole fits.
  for (std::size_t room = 900; room > 0; room /= 2) {
    std::string json = json_of(facts, utf8_prefix(facts.url, room), utf8_prefix(facts.sentence, room));
    if (json.size() <= exchange_bytes_max) return json;
  }
  return json_of(facts, "", "");
}

}  // namespace bellhop::core
