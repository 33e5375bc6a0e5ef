// SPDX-License-Identifier: Apache-2.0
// Journal: the append-only durable record of events and of the state of their deliveries. Intake, delivery and admin
// meet here and nowhere else.
//
// Model. append() writes only the event, never a row per instance. Each instance has a cursor: every event at or below
// it is settled for that instance. A delivery row (instance, seq) is written at the first settle. Owed to an instance =
// above its cursor, wanted by its filter (the caller's business), and no row, or a row that is waiting. Replays are
// rows of their own and never move a cursor. append, settle and replay go through one writer and share its fsync.
//
// Two implementations: SqliteJournal (the product) and MemoryJournal (tests, simulation). One contract suite runs on
// both.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "event/event.hpp"
#include "event/staged.hpp"

namespace bellhop::core {

using InstanceId = std::int64_t;  // given by the journal at the first open_instance of a name; never used again
using Headers = std::vector<std::pair<std::string, std::string>>;

// What intake hands over. Views live until append returns.
struct Incoming {
  std::string_view source_name;
  std::string_view body;               // byte for byte as received
  const Headers *headers = nullptr;    // as received; secrets already taken out (Authorization, the token in the path)
  const Event *event = nullptr;        // nullptr: quarantine
  EventId id;                          // equals event->id when there is one
  std::string_view quarantine_reason;  // only without event
  Milliseconds received_ms = 0;
};

struct Appended {
  Seq seq = 0;                // of the first copy when it is a duplicate
  bool is_duplicate = false;  // nothing was written
  bool is_late = false;       // older than the newest accepted of its subject (journal/late rule in EVENTS)
};

enum class DeliveryState : std::uint8_t {
  waiting = 1,    // due at due_ms
  delivered = 2,  // final: ok or skip
  dead = 3,       // final: a dead letter
  dropped = 4,    // final: a dead letter that a person has looked at and let go
};

enum class Verdict : std::uint8_t { ok = 0, skip = 1, retry = 2, fail = 3, hold = 4 };

// For people and for JSON: "waiting" …, "ok" …; "unknown" for a number that came from a damaged row.
std::string_view text_of(DeliveryState state);
std::string_view text_of(Verdict verdict);

// One event owed to one instance. replay 0 is live traffic; otherwise the id of a replay row.
struct DeliveryKey {
  InstanceId instance = 0;
  Seq seq = 0;
  std::int64_t replay = 0;
  bool operator==(const DeliveryKey &o) const { return instance == o.instance && seq == o.seq && replay == o.replay; }
  bool operator<(const DeliveryKey &o) const {
    return std::tie(instance, seq, replay) < std::tie(o.instance, o.seq, o.replay);
  }
};

// What the engine needs to know of an owed event; small, so that a window of them fits in memory.
struct Owed {
  DeliveryKey key;
  SubjectKey subject = 0;
  std::string type;
  bool is_quarantined = false;  // never offered; the reader of owed() steps over it
  int attempts = 0;             // made so far
  int strikes = 0;              // child deaths charged to it
  Milliseconds first_ms = 0;    // steady time of the first attempt's settle, 0 before
  Milliseconds due_ms = 0;
};

struct StoredEvent {
  Event event;
  Seq seq = 0;
  bool is_late = false;        // by what was known at append
  bool is_superseded = false;  // by what is known now: a newer one of its subject was accepted. A replay is late then
  std::string body;            // raw, byte for byte
};

struct Settlement {
  DeliveryKey key;
  SubjectKey subject = 0;
  DeliveryState state = DeliveryState::delivered;
  Verdict verdict = Verdict::ok;
  int attempts = 0;
  int strikes = 0;
  Milliseconds due_ms = 0;      // steady; only when waiting
  Milliseconds first_ms = 0;    // steady, of the first attempt
  Milliseconds settled_ms = 0;  // wall
  Milliseconds took_ms = 0;     // of the last attempt
  std::string message;          // one sentence; from a plugin or ours
  Staged staged;                // becomes durable with this settlement; with another state than delivered it is lost
  std::string exchanges;        // of this attempt, a JSON array of HttpReply::exchange; "" = none
};

struct CursorMove {
  InstanceId instance = 0;
  Seq cursor = 0;
};

// What a plugin wrote outside a settlement (BHP_KV_NOW, or outside deliver).
struct InstanceWrite {
  InstanceId instance = 0;
  Staged staged;
  Milliseconds written_ms = 0;  // wall
};

// What becomes durable in one transaction.
struct SettleBatch {
  std::vector<Settlement> settlements;
  std::vector<CursorMove> cursors;
  std::vector<InstanceWrite> writes{};
};

// A document published by an instance.
struct Document {
  std::string content_type;
  std::string body;
  std::string etag;              // quoted, strong: a digest of content_type and body
  Milliseconds modified_ms = 0;  // wall, of the last write that changed it
};

// What an instance keeps, in bytes of keys and values, and of paths, content types and bodies.
struct KeptBytes {
  std::int64_t kv = 0;
  std::int64_t documents = 0;
};

enum class Start { now, beginning };  // where a new instance begins

struct OpenedInstance {
  InstanceId id = 0;
  Seq cursor = 0;
  bool is_new = false;
  std::string token;  // 32 hex digits, made with the instance, secret: the path under which its documents are served
};

class Journal {
 public:
  virtual ~Journal() = default;

  // Stores the event, or finds the duplicate; returns once that is on stable storage. Blocks; many callers at once are
  // the normal case (group commit). [any]
  //   errors    full: disk or a cap of limits.hpp, named (say 503), unavailable: storage failed (say 503); in both
  //   nothing is promised stored
  virtual Result<Appended> append(const Incoming &incoming) = 0;

  // Makes the batch durable and then calls done on the journal's thread (it must only hand over). Batches become
  // durable in the order of the calls. A settlement of a replay with state delivered also turns the dead or dropped
  // letter (instance, seq) into delivered. What settlements staged is applied in their order, then the writes; no quota
  // refuses it here, since a delivery that happened must be settled: see check_staged. [any]
  //   errors    invalid: names what does not exist, nothing was written; full, unavailable: as append. What was
  //   answered
  //             with unavailable may come to light after all
  virtual void settle(SettleBatch batch, std::function<void(Result<void>)> done) = 0;

  // Asks for one more delivery of an event to an instance. Durable at return. [any]
  //   returns   the replay's id (> 0)
  //   errors    not_found: no such event or instance; invalid: quarantined event
  virtual Result<std::int64_t> replay(InstanceId instance, Seq seq) = 0;

  // The same for many events of one instance, in one transaction, skipping those that are not there or quarantined and
  // those of which a replay still waits. Callers page: at most replays_max at once. [any]
  //   returns   how many replays were written
  //   errors    not_found: no such instance; invalid: too many
  static constexpr std::size_t replays_max = 1'000;
  virtual Result<std::int64_t> replay_all(InstanceId instance, const std::vector<Seq> &seqs) = 0;
  // A person lets a dead letter go: state dropped. Durable at return. [any]
  //   errors    not_found: no such dead letter
  virtual Result<void> drop(InstanceId instance, Seq seq) = 0;

  // Finds or creates the instance's row; a parked one is taken up again with its cursor. Durable at return. [any]
  virtual Result<OpenedInstance> open_instance(std::string_view name, Start start) = 0;
  // Instances not named here are parked: kept, not offered anything, not in the way of retention. [any]
  virtual Result<void> park_instances_except(const std::vector<std::string> &names) = 0;

  // ---- reads of delivery; each sees all that was durable when it began [any] --------------------------------------
  // Events with seq > after that have no delivery row for the instance, oldest first, quarantined ones flagged.
  virtual Result<std::vector<Owed>> owed(InstanceId instance, Seq after, int count_max) = 0;
  // The same for one subject and seq <= up_to.
  virtual Result<std::vector<Owed>> owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                                    int count_max) = 0;
  // Waiting rows and replays with due_ms <= now_ms, by due_ms then seq. May repeat what the caller already holds.
  virtual Result<std::vector<Owed>> due(InstanceId instance, Milliseconds now_ms, int count_max) = 0;
  // The earliest due_ms of a waiting row or replay that is > after_ms; nullopt: none.
  virtual Result<std::optional<Milliseconds>> next_due(InstanceId instance, Milliseconds after_ms) = 0;
  // Is a live (not replay) delivery of this subject waiting?
  virtual Result<bool> is_waiting(InstanceId instance, SubjectKey subject) = 0;
  // The smallest seq of a waiting live row, nullopt: none. Cheap.
  virtual Result<std::optional<Seq>> first_waiting(InstanceId instance) = 0;
  // The event with its checksum verified.
  //   errors    not_found; corrupt: the row is not what was written (never delivered)
  virtual Result<StoredEvent> load(Seq seq) = 0;
  // ---- what instances keep; sees all that was durable when it began [any] ------------------------------------------
  //   errors    corrupt: the row is not what was written. Writing it anew mends it
  virtual Result<std::optional<std::string>> kv_get(InstanceId instance, std::string_view key) = 0;
  // Entries with that prefix and a key > after, in the order of their keys' bytes. Ends early, after one entry at
  // least, at kv_list_bytes_max: only an empty answer is the end.
  //   errors    corrupt: one of the rows
  virtual Result<std::vector<std::pair<std::string, std::string>>> kv_list(InstanceId instance, std::string_view prefix,
                                                                           std::string_view after, int count_max) = 0;
  //   errors    corrupt: as kv_get
  virtual Result<std::optional<Document>> document(InstanceId instance, std::string_view path) = 0;
  // 0 for an instance that does not exist.
  virtual Result<KeptBytes> kept_bytes(InstanceId instance) = 0;
  // May this be staged? To be asked before the plugin's OK is taken for one, and before `writes`: settle() asks no
  // more, so an instance may come to more than its quota by what its deliveries in flight have staged (staged_bytes_max
  // each), and then keeps that until it removes something. What makes nothing larger is always allowed.
  //   errors    invalid: a key or path of a wrong size; too_large: a limit of event/staged.hpp; full: a quota
  virtual Result<void> check_staged(InstanceId instance, const Staged &staged) = 0;

  // Newest durable seq, 0 when empty.
  virtual Seq newest() const = 0;

  // Called on the journal's thread after every commit that added events or replays; must only hand over. Set once,
  // before the first append.
  virtual void on_commit(std::function<void()> hint) = 0;
};

}  // namespace bellhop::core
