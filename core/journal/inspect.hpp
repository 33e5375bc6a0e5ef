// SPDX-License-Identifier: Apache-2.0
// Inspect: the questions that admin and the command line ask of the journal. Read-only, never on the hot path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"

namespace bellhop::core {

inline constexpr int inspect_rows_max = 1'000;  // of one answer
inline constexpr int select_rows_max = 10'000;  // looked at for one page of select_seqs
inline constexpr int attempts_kept_max = 32;    // of one delivery

struct EventRow {
  Seq seq = 0;
  EventId id;
  std::string source_name, type, subject, quarantine_reason;  // type "" when quarantined
  Milliseconds time_ms = 0, received_ms = 0;
  bool is_late = false, is_test = false, is_quarantined = false;
  std::int64_t body_bytes = 0;
  bool is_forgotten = false;  // its contents were erased on request
};

struct EventDetail {
  EventRow row;
  std::string json;  // canonical document; "" when quarantined
  std::string body;  // raw
  Headers headers;
  bool is_intact = true;  // checksum verified
};

struct DeliveryRow {
  DeliveryKey key;
  std::string instance_name;
  std::string event_type, event_subject;
  EventId event_id;
  DeliveryState state = DeliveryState::waiting;
  Verdict verdict = Verdict::ok;
  int attempts = 0, strikes = 0;
  Milliseconds due_ms = 0, settled_ms = 0, took_ms = 0;
  std::string message;
};

// One attempt, for `explain`: every settlement of a delivery counts as one, also a hold. Of many the first and the
// newest attempts_kept_max - 1 are kept. Of a delivery that went well without HTTP exchanges no attempt is stored: its
// DeliveryRow says it all, and the answer is made of that.
struct AttemptRow {
  DeliveryKey key;
  std::string instance_name;
  int number = 1;                                // of the settlement, from 1; gaps where attempts were not kept
  DeliveryState state = DeliveryState::waiting;  // what followed
  Verdict verdict = Verdict::ok;
  Milliseconds settled_ms = 0, took_ms = 0;  // wall; duration
  Milliseconds due_ms = 0;                   // steady; only when waiting
  std::string message;
  std::string exchanges;  // JSON array, "" = none; when it was too long the newest, and {"left_out":N} before them
};

// What an instance keeps, without the values.
struct KvRow {
  std::string key;
  std::int64_t value_bytes = 0;
};
struct DocumentRow {
  std::string path, content_type, etag;
  std::int64_t body_bytes = 0;
  Milliseconds modified_ms = 0;
};

struct InstanceRow {
  InstanceId id = 0;
  std::string name;
  bool is_parked = false;
  Seq cursor = 0;
  std::int64_t waiting_count = 0, dead_count = 0, delivered_count = 0, replays_waiting_count = 0;
  std::int64_t dropped_count = 0;
  KeptBytes kept;
};

struct EventQuery {
  std::string type_glob;      // "" = all; '*' wildcard
  std::optional<Seq> before;  // older than
  std::optional<Seq> after;   // newer than
  bool only_quarantined = false;
  int count_max = 50;  // at most 1000
};

// The order of dead letters: the newest settled first; seq and instance settle a draw.
struct DeadPlace {
  Milliseconds settled_ms = 0;
  Seq seq = 0;
  InstanceId instance = 0;
};

struct DeadQuery {
  std::string instance_name;        // "" = all
  std::string type_glob;            // "" = all
  std::optional<DeadPlace> before;  // older than this one, the last row of the page before
  int count_max = 50;               // at most 1000
};

// Events to be replayed.
struct SeqQuery {
  std::optional<Seq> from_seq, to_seq;         // both included
  std::optional<Milliseconds> from_ms, to_ms;  // received at; from is included, to is not
  std::string type_glob;                       // "" = all
  std::optional<InstanceId> dead_of;           // only dead letters of this instance
};

// A look at a bounded stretch of the journal: however many events it holds, no page takes long.
struct SeqPage {
  std::vector<Seq> seqs;  // ascending
  Seq after = 0;          // where the next page begins
  bool is_last = false;
};

struct VerifyReport {
  Seq first = 0, newest = 0;
  std::int64_t events_count = 0;
  std::vector<std::string> findings;  // a sentence each; none: all is well. 1000 at most, then a last one says so
};

class Inspect {
 public:
  virtual ~Inspect() = default;
  virtual Result<std::vector<EventRow>> events(const EventQuery &query) = 0;  // newest first
  // `reference`: an id of 32 hex digits, a unique prefix of at least 6, or a seq in decimal. Digits that fit both mean
  // the seq when there is such an event.
  //   errors    not_found; conflict: the prefix fits several; invalid: it is none of the three
  virtual Result<EventDetail> event(std::string_view reference) = 0;
  virtual Result<std::vector<DeliveryRow>> deliveries_of(Seq seq) = 0;
  // Of all instances' deliveries and replays of the event, by instance, replay and number.
  virtual Result<std::vector<AttemptRow>> attempts_of(Seq seq) = 0;
  virtual Result<std::vector<DeliveryRow>> dead(const DeadQuery &query) = 0;  // newest first
  // Events > after that fit; quarantined ones never do. Looks at select_rows_max events at most.
  virtual Result<SeqPage> select_seqs(const SeqQuery &query, Seq after, int count_max) = 0;
  // By key and by path; those > after, at most inspect_rows_max.
  virtual Result<std::vector<KvRow>> kv_of(InstanceId instance, std::string_view after, int count_max) = 0;
  virtual Result<std::vector<DocumentRow>> documents_of(InstanceId instance, std::string_view after, int count_max) = 0;
  virtual Result<std::vector<InstanceRow>> instances() = 0;
  // Reads everything: row checksums, gaps in seq, high-water mark, SQLite's own integrity check.
  virtual Result<VerifyReport> verify() = 0;
};

}  // namespace bellhop::core
