// SPDX-License-Identifier: Apache-2.0
// Inspect: the questions that admin and the command line ask of the journal. Read-only, never on the hot path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"

namespace bellhop::core {

struct EventRow {
  Seq seq = 0;
  EventId id;
  std::string source_name, type, subject, quarantine_reason;  // type "" when quarantined
  Milliseconds time_ms = 0, received_ms = 0;
  bool is_late = false, is_test = false, is_quarantined = false;
  std::int64_t body_bytes = 0;
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

// One attempt, for `explain`. The last one of a delivery repeats what its DeliveryRow says.
struct AttemptRow {
  DeliveryKey key;
  std::string instance_name;
  int number = 1;
  DeliveryState state = DeliveryState::waiting;  // what followed
  Verdict verdict = Verdict::ok;
  Milliseconds settled_ms = 0, took_ms = 0;  // wall; duration
  Milliseconds due_ms = 0;                   // steady; only when waiting
  std::string message;
  std::string exchanges;  // JSON array, "" = none
};

struct InstanceRow {
  InstanceId id = 0;
  std::string name;
  bool is_parked = false;
  Seq cursor = 0;
  std::int64_t waiting_count = 0, dead_count = 0, delivered_count = 0, replays_waiting_count = 0;
};

struct EventQuery {
  std::string type_glob;      // "" = all; '*' wildcard
  std::optional<Seq> before;  // older than
  std::optional<Seq> after;   // newer than
  bool only_quarantined = false;
  int count_max = 50;  // at most 1000
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
  virtual Result<std::vector<DeliveryRow>> dead(int count_max) = 0;  // newest first
  virtual Result<std::vector<InstanceRow>> instances() = 0;
  // Reads everything: row checksums, gaps in seq, high-water mark, SQLite's own integrity check.
  virtual Result<VerifyReport> verify() = 0;
};

}  // namespace bellhop::core
