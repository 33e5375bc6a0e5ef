// SPDX-License-Identifier: Apache-2.0
#include "event/event.hpp"

#include <cstring>
#include <string>

#include "event/sha256.hpp"

namespace bellhop::core {
namespace {

constexpr std::string_view separator("\0", 1);  // between source name and body: "a" + "bc" is not "ab" + "c"

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string EventId::text() const { return hex_of(bytes.data(), bytes.size()); }

bool EventId::parse(std::string_view text, EventId &out) {
  EventId parsed;
  if (text.size() != 2 * parsed.bytes.size()) return false;
  for (std::size_t i = 0; i < parsed.bytes.size(); ++i) {
    const int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    parsed.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  out = parsed;
  return true;
}

EventId EventId::of(std::string_view source_name, std::string_view body, Milliseconds salt_ms) {
  // The salt comes last and after a NUL, which no JSON text contains: no body can pose as a salted one.
  const Sha256 digest = salt_ms == 0 ? sha256({source_name, separator, body})
                                     : sha256({source_name, separator, body, separator, std::to_string(salt_ms)});
  EventId id;
  std::memcpy(id.bytes.data(), digest.data(), id.bytes.size());
  return id;
}

SubjectKey subject_key(std::string_view subject) {
  const Sha256 digest = sha256({subject});
  std::uint64_t key = 0;  // big-endian, so that the number is the same on every machine
  for (int i = 0; i < 8; ++i) key = key << 8 | digest[static_cast<std::size_t>(i)];
  return static_cast<SubjectKey>(key);
}

}  // namespace bellhop::core
