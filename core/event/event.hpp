// SPDX-License-Identifier: Apache-2.0
// Event: one normalised fact, as the journal keeps it and delivery carries it. A value; immutable once stored.
//
// The envelope's attributes that machinery needs (id, type, subject, time) stand beside the canonical JSON document
// (schema version 1, sdk/schema/event-1.schema.json), which is what plugins read. The two never disagree: both are
// written by make_event (event/event_json.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace bellhop::core {

// Position in the journal: 1, 2, 3 … without gaps. 0 means "before everything".
using Seq = std::int64_t;

// The idempotency key: the first 16 bytes of SHA-256 over source name, 0x00 and the body as received. The same for
// every re-delivery of the same bytes. Text form: 32 lower-case hex digits.
struct EventId {
  std::array<std::uint8_t, 16> bytes{};

  std::string text() const;
  // False when `text` is not 32 hex digits.
  static bool parse(std::string_view text, EventId &out);
  // A ping carries the time of receipt into the digest, so that it is never a duplicate; others pass 0. [any]
  static EventId of(std::string_view source_name, std::string_view body, Milliseconds salt_ms = 0);

  bool operator==(const EventId &other) const { return bytes == other.bytes; }
  bool operator!=(const EventId &other) const { return bytes != other.bytes; }
};

// The ordering key of a subject as a number: the first 8 bytes of SHA-256 over it. Two subjects that share a key would
// merely be kept in order with each other.
using SubjectKey = std::int64_t;
SubjectKey subject_key(std::string_view subject);

struct Event {
  EventId id;
  std::string type;              // "booking.confirmed"; [a-z0-9_]{1,64}.[a-z0-9_]{1,64} or "ping"
  std::string subject;           // "booking/BOOKING_ID"; 1 to 256 bytes
  Milliseconds time_ms = 0;      // when it happened, by the vendor's word; the time of receipt if that was unreadable
  Milliseconds received_ms = 0;  // wall time of receipt
  bool is_test = false;          // {"test":true}, alone or beside a full envelope
  std::string json;              // the canonical document, schema version 1, without the attribute `late`
};

}  // namespace bellhop::core
