// SPDX-License-Identifier: Apache-2.0
#include "answer.hpp"

#include <algorithm>
#include <array>

namespace crm {
namespace {

using bellhop::Verdict;

constexpr std::int64_t locked_ms = 2'000;  // HubSpot, 423: "at least 2 seconds"
constexpr std::int64_t quota_probe_ms =
    3'600'000;  // Salesforce counts the last 24 hours, so calls come back bit by bit
constexpr std::int64_t ms_per_min = 60'000;

template <std::size_t N>
bool has(const std::array<std::string_view, N> &words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

Verdict by_status(const Said &said) {
  const int status = said.status;
  if (status == 0) return said.transport;
  if (status == 408 || status == 425 || status == 429 || status >= 500) {
    return Verdict::retry(said.text(), said.retry_after_ms);
  }
  if (status == 401 || status == 403) {
    return Verdict::hold(said.text() + ": it does not accept our credentials, or they may not do this",
                         said.retry_after_ms);
  }
  if (status / 100 == 3) {
    return Verdict::hold(said.text() + ": redirects are not followed; check url", said.retry_after_ms);
  }
  if (status == 404 || status == 405 || status == 410) {
    return Verdict::hold(said.text() + ": nothing answers under this address; check url", said.retry_after_ms);
  }
  if (status / 100 == 2 || status < 400) return Verdict::retry(said.text() + ": this is no answer that we understand");
  return Verdict::fail(said.text());
}

}  // namespace

std::string Said::text() const {
  std::string out = sentence;
  if (!code.empty()) out += ": " + code;
  if (!policy.empty()) out += " (" + policy + ")";
  if (!detail.empty()) out += ": " + detail;
  if (!trace.empty()) out += " [correlationId " + trace + "]";
  return out;
}

std::int64_t ms_until_midnight(std::int64_t now_ms, std::int64_t utc_offset_min) {
  const std::int64_t local_ms = now_ms + utc_offset_min * ms_per_min;
  const std::int64_t of_day_ms = ((local_ms % ms_per_day) + ms_per_day) % ms_per_day;
  return ms_per_day - of_day_ms;
}

Verdict hubspot_verdict(const Said &said, std::int64_t now_ms, std::int64_t utc_offset_min) {
  switch (said.status) {
    case 429:
      if (said.policy == "DAILY") {
        return Verdict::hold(said.text() + ": today's requests are used up; going on at midnight",
                             ms_until_midnight(now_ms, utc_offset_min));
      }
      return Verdict::retry(said.text(), said.retry_after_ms);
    case 423:
      return Verdict::retry(said.text(), std::max(said.retry_after_ms, locked_ms));
    case 477:  // the account moves to another data centre
      return Verdict::retry(said.text(), said.retry_after_ms);
    case 403:
      if (said.code == "MISSING_SCOPES") {
        return Verdict::hold(said.text() + ": give the private app the scopes that the README lists",
                             said.retry_after_ms);
      }
      return by_status(said);
    case 409:
      return Verdict::retry(said.text());  // somebody was quicker; the next attempt finds what he made
    case 404:
      // With HubSpot's own words a record is missing, without them the address is wrong.
      if (said.code == "OBJECT_NOT_FOUND") return Verdict::retry(said.text());
      return by_status(said);
    case 400:
      if (contains(said.detail, "PROPERTY_DOESNT_EXIST") || contains(said.detail, "does not exist")) {
        return Verdict::hold(said.text() + ": a property of fields is not there in HubSpot; make it or change fields");
      }
      return Verdict::fail(said.text());
    default:
      return by_status(said);
  }
}

Verdict salesforce_verdict(const Said &said) {
  constexpr std::array<std::string_view, 6> may_pass{
      "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG",
      "UNKNOWN_EXCEPTION",  "QUERY_TIMEOUT",      "CONCURRENT_REQUESTS_LIMIT_EXCEEDED"};
  constexpr std::array<std::string_view, 10> is_closed{
      "INVALID_SESSION_ID", "API_DISABLED_FOR_ORG",  "API_CURRENTLY_DISABLED", "INSUFFICIENT_ACCESS",
      "INVALID_TYPE",       "INVALID_FIELD",         "invalid_client",         "invalid_client_id",
      "invalid_grant",      "STORAGE_LIMIT_EXCEEDED"};
  constexpr std::array<std::string_view, 8> is_refused{"DUPLICATES_DETECTED",
                                                       "REQUIRED_FIELD_MISSING",
                                                       "STRING_TOO_LONG",
                                                       "INVALID_EMAIL_ADDRESS",
                                                       "MALFORMED_ID",
                                                       "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                                                       "FIELD_INTEGRITY_EXCEPTION",
                                                       "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"};
  if (said.code == "REQUEST_LIMIT_EXCEEDED") {
    return Verdict::hold(said.text() + ": the requests of 24 hours are used up",
                         std::max(said.retry_after_ms, quota_probe_ms));
  }
  if (has(may_pass, said.code)) return Verdict::retry(said.text(), said.retry_after_ms);
  if (has(is_closed, said.code)) return Verdict::hold(said.text(), said.retry_after_ms);
  if (has(is_refused, said.code)) return Verdict::fail(said.text());
  if (said.status == 300) return Verdict::fail(said.text() + ": several records have this external id");
  if (said.status == 404 && said.code == "NOT_FOUND") {
    return Verdict::hold(said.text() + ": the object or its external id field is not there; see the README");
  }
  return by_status(said);
}

Verdict pipedrive_verdict(const Said &said, std::int64_t now_ms) {
  if (said.status == 402) return Verdict::hold(said.text() + ": the company's account is closed");
  if (said.status == 429 && contains(said.detail, "daily")) {
    return Verdict::hold(said.text() + ": today's requests are used up; going on at midnight UTC",
                         ms_until_midnight(now_ms, 0));
  }
  return by_status(said);
}

Verdict tryton_verdict(const Said &said) {
  if (said.code == "LoginException" || said.code == "AccessError" || said.code == "AccessButtonError") {
    return Verdict::hold(said.text() + ": the user may not do this; check user, password and access rights");
  }
  // Something that Tryton did not expect: a fault of a module, or a database that is away.
  if (said.code == "server error") return Verdict::retry(said.text());
  if (said.code == "ConcurrencyException") return Verdict::retry(said.text());
  if (said.code == "RateLimitException") return Verdict::retry(said.text(), said.retry_after_ms);
  if (!said.code.empty() && said.is_2xx()) return Verdict::fail(said.text());
  return by_status(said);
}

Verdict rest_verdict(const Said &said) { return by_status(said); }

std::string existing_id_of(std::string_view message) {
  constexpr std::string_view mark = "Existing ID: ";
  constexpr std::size_t digits_max = 20;
  const std::size_t at = message.find(mark);
  if (at == message.npos) return {};
  message.remove_prefix(at + mark.size());
  const std::size_t size = std::min(message.find_first_not_of("0123456789"), message.size());
  return size == 0 || size > digits_max ? std::string() : std::string(message.substr(0, size));
}

}  // namespace crm
