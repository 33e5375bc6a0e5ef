// SPDX-License-Identifier: Apache-2.0
// Signatures of the Standard Webhooks specification 1.0.0 (standardwebhooks.com): HMAC-SHA256 over "ID.TIMESTAMP.BODY".
// Pure; no clock, no network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forward {

// The key's bytes: what stands behind the optional "whsec_", in base64. nullopt: it is no base64, or not of 24 to 64
// bytes, the sizes that the specification asks for.
std::optional<std::string> key_of(std::string_view secret);

// The value of the field webhook-signature: "v1,…" for each key, a space between two, so that a receiver that knows any
// one of them is content while one replaces the other.
std::string signatures(const std::vector<std::string> &keys, std::string_view id, std::int64_t timestamp_s,
                       std::string_view body);

}  // namespace forward
