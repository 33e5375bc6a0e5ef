// SPDX-License-Identifier: Apache-2.0
// What the vendors' answers mean, one table for each. Pure: a link has read the answer into Said before.
#pragma once

#include <bellhop/verdict.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace crm {

// An answer, with the vendor's own words for what is wrong.
struct Said {
  std::int32_t status = 0;          // 0: no answer, see `transport`
  std::int64_t retry_after_ms = 0;  //
  std::string sentence;             // of the http service: "POST https://… answered 429 in 3 ms"
  std::string code;                 // HubSpot's category, Salesforce's errorCode, Tryton's class of exception …
  std::string detail;               // its sentence, cut
  std::string policy;               // HubSpot: which limit was reached, "DAILY"
  std::string trace;                // HubSpot: correlationId, what its support asks for
  bellhop::Verdict transport{};     // when there is no answer

  bool is_2xx() const { return status / 100 == 2; }
  // The sentence for the operator: what was tried, what came back, in whose words.
  std::string text() const;
};

constexpr std::int64_t ms_per_day = 86'400'000;

// Milliseconds until the next midnight of a clock that many minutes ahead of UTC.
std::int64_t ms_until_midnight(std::int64_t now_ms, std::int64_t utc_offset_min);

// Each of them: HOLD when the destination is wrong or closed for every event, FAIL when this event is what it does not
// take, RETRY for what may pass. 2xx is not asked here.
//   source  HubSpot, "Handling API errors" and "API usage guidelines"
bellhop::Verdict hubspot_verdict(const Said &said, std::int64_t now_ms, std::int64_t utc_offset_min);
//   source  Salesforce, REST API Developer Guide, "Status Codes and Error Responses"; SOAP API, "StatusCode"
bellhop::Verdict salesforce_verdict(const Said &said);
//   source  Pipedrive, "HTTP status codes" and "Rate limiting" of its API
bellhop::Verdict pipedrive_verdict(const Said &said, std::int64_t now_ms);
//   source  Tryton 6.0, trytond/exceptions.py and trytond/protocols; observed answers
bellhop::Verdict tryton_verdict(const Said &said);
// Any REST end: by status alone.
bellhop::Verdict rest_verdict(const Said &said);

// HubSpot's 409 for a contact: {"message":"Contact already exists. Existing ID: 51"}. "" when there is no such number.
std::string existing_id_of(std::string_view message);

}  // namespace crm
