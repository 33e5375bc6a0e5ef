// SPDX-License-Identifier: Apache-2.0
// Records: what one row of the journal holds, and the checksum over it. SQLite notices few flipped bits; a CRC32 over a
// canonical encoding of all other columns of a row notices them all (docs/guarantees.md).
//
// Encoding: integers as 8 bytes, little-endian; texts and blobs as their size and their bytes; in the order of the
// fields. What a caller of append() knows comes first and is summed in its own thread; the writer adds the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "journal/inspect.hpp"
#include "journal/journal.hpp"
#include "journal/sqlite.hpp"

namespace bellhop::core {

inline constexpr Seq seq_max = Seq{1} << 62;  // greater ones can only come from damage

enum Flag : std::int64_t { flag_test = 1, flag_quarantined = 2, flag_late = 4, flag_forgotten = 8 };

EventId id_of(std::string_view bytes);  // what is there of its 16 bytes

// A row of table event; views point into the caller's values or into the statement it was read with.
struct EventRecord {
  // known to the caller of append
  std::string_view id;  // 16 bytes
  std::string_view source_name, type, subject, reason, headers, body, json;
  std::int64_t id_key = 0;
  std::optional<SubjectKey> subject_key;  // absent: quarantined
  Milliseconds time_ms = 0, received_ms = 0;
  // known to the writer
  Seq seq = 0;
  std::int64_t flags = 0;
  Milliseconds newest_ms = 0;  // of the subject, up to and with this event
};

std::uint32_t content_crc(const EventRecord &record);                       // the caller's part
std::uint32_t event_crc(const EventRecord &record, std::uint32_t content);  // all of it

// The columns of event in the order of event_columns; the last one is the crc.
inline constexpr std::string_view event_columns =
    "seq, id, id_key, source, type, subject, subject_key, time_ms, received_ms, flags, newest_ms, reason, headers, "
    "body, json, crc";
EventRecord read_event(const Statement &statement);  // views into the statement's row
bool is_intact(const Statement &statement, const EventRecord &record);

// A row of table delivery or (key.replay != 0) of table replay.
std::uint32_t delivery_crc(const Settlement &settlement);
inline constexpr std::string_view delivery_columns =
    "instance, seq, state, verdict, attempts, strikes, due_ms, first_ms, settled_ms, took_ms, message, "
    "subject_key, crc";
Settlement read_delivery(const Statement &statement, std::int64_t replay);
bool is_intact_delivery(const Statement &statement, const Settlement &settlement);

struct InstanceRecord {
  InstanceId id = 0;
  std::string name;
  bool is_parked = false;
  Seq cursor = 0;
  std::int64_t delivered_count = 0;  // live rows in state delivered: counting a million would take too long
};
std::uint32_t instance_crc(const InstanceRecord &record);
inline constexpr std::string_view instance_columns = "id, name, is_parked, cursor, delivered_count, crc";
InstanceRecord read_instance(const Statement &statement);
bool is_intact_instance(const Statement &statement, const InstanceRecord &record);

// A row of table kept: the sizes are sums over the instance's rows of kv and document.
struct KeptRecord {
  InstanceId instance = 0;
  std::string token;
  KeptBytes bytes;
};
std::uint32_t kept_crc(const KeptRecord &record);
inline constexpr std::string_view kept_columns = "instance, token, kv_bytes, documents_bytes, crc";
KeptRecord read_kept(const Statement &statement);
bool is_intact_kept(const Statement &statement, const KeptRecord &record);

std::uint32_t kv_crc(InstanceId instance, std::string_view key, std::string_view value);
std::uint32_t document_crc(InstanceId instance, std::string_view path, std::string_view content_type,
                           std::string_view etag, Milliseconds modified_ms, std::string_view body);

// A row of table attempt, without the instance's name.
std::uint32_t attempt_crc(const AttemptRow &row);
inline constexpr std::string_view attempt_columns =
    "seq, instance, replay, number, state, verdict, settled_ms, took_ms, due_ms, message, exchanges, crc";
AttemptRow read_attempt(const Statement &statement);
bool is_intact_attempt(const Statement &statement, const AttemptRow &row);

// Events first..last that were acknowledged and are gone.
struct Hole {
  Seq first = 0, last = 0;
  Milliseconds found_ms = 0;  // wall
};
std::uint32_t hole_crc(const Hole &hole);

// Headers as one blob: for each name and value its size (4 bytes, little-endian) and its bytes.
std::string encode_headers(const Headers *headers);
std::optional<Headers> decode_headers(std::string_view bytes);  // nullopt: cut short

}  // namespace bellhop::core
