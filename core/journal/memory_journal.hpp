// SPDX-License-Identifier: Apache-2.0
// MemoryJournal: the journal's contract in memory, for tests and simulation. Deterministic: no thread, no clock, no
// disk.
//
// Everything happens in the calling thread: settle() calls `done`, append() and replay() call the commit hint, before
// they return (under no lock of ours). Between hold_settles() and release_settles() batches wait, neither visible nor
// durable, until complete_settle() lets the oldest through. Failures are made with fail_*().
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "journal/inspect.hpp"
#include "journal/journal.hpp"
#include "journal/kept.hpp"
#include "journal/upkeep.hpp"

namespace bellhop::core {

class MemoryJournal final : public Journal, public Inspect, public Upkeep {
 public:
  Result<Appended> append(const Incoming &incoming) override;
  void settle(SettleBatch batch, std::function<void(Result<void>)> done) override;
  Result<std::int64_t> replay(InstanceId instance, Seq seq) override;
  Result<std::int64_t> replay_all(InstanceId instance, const std::vector<Seq> &seqs) override;
  Result<void> drop(InstanceId instance, Seq seq) override;
  Result<OpenedInstance> open_instance(std::string_view name, Start start) override;
  Result<void> park_instances_except(const std::vector<std::string> &names) override;

  Result<std::vector<Owed>> owed(InstanceId instance, Seq after, int count_max) override;
  Result<std::vector<Owed>> owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                            int count_max) override;
  Result<std::vector<Owed>> due(InstanceId instance, Milliseconds now_ms, int count_max) override;
  Result<std::optional<Milliseconds>> next_due(InstanceId instance, Milliseconds after_ms) override;
  Result<bool> is_waiting(InstanceId instance, SubjectKey subject) override;
  Result<std::optional<Seq>> first_waiting(InstanceId instance) override;
  Result<StoredEvent> load(Seq seq) override;
  Result<std::optional<std::string>> kv_get(InstanceId instance, std::string_view key) override;
  Result<std::vector<std::pair<std::string, std::string>>> kv_list(InstanceId instance, std::string_view prefix,
                                                                   std::string_view after, int count_max) override;
  Result<std::optional<Document>> document(InstanceId instance, std::string_view path) override;
  Result<KeptBytes> kept_bytes(InstanceId instance) override;
  Result<void> check_staged(InstanceId instance, const Staged &staged) override;
  Result<Retained> retain() override;  // only when told: nothing happens by and by
  Result<Forgotten> forget(std::string_view email) override;
  Result<JournalUsage> usage() override;
  Seq newest() const override;
  void on_commit(std::function<void()> hint) override { hint_ = std::move(hint); }

  Result<std::vector<EventRow>> events(const EventQuery &query) override;
  Result<EventDetail> event(std::string_view reference) override;
  Result<std::vector<DeliveryRow>> deliveries_of(Seq seq) override;
  Result<std::vector<AttemptRow>> attempts_of(Seq seq) override;
  Result<std::vector<DeliveryRow>> dead(const DeadQuery &query) override;
  Result<SeqPage> select_seqs(const SeqQuery &query, Seq after, int count_max) override;
  Result<std::vector<KvRow>> kv_of(InstanceId instance, std::string_view after, int count_max) override;
  Result<std::vector<DocumentRow>> documents_of(InstanceId instance, std::string_view after, int count_max) override;
  Result<std::vector<InstanceRow>> instances() override;
  Result<VerifyReport> verify() override;

  // None before this. retention_bytes and bytes_max have no meaning here.
  void limit(const Limits &limits, const Clock &clock);

  // ---- what tests do to it; the next `count` calls fail with `error` and change nothing ----------------------------
  void fail_appends(Error error, int count = 1);
  void fail_settles(Error error, int count = 1);
  void fail_reads(Error error, int count = 1);  // owed … check_staged
  void hold_settles();
  std::size_t held_settles_count() const;
  bool complete_settle();  // the oldest held batch; false when there is none
  void release_settles();  // all held ones, and no more holding
  void corrupt(Seq seq);   // load(seq) says corrupt, verify() finds it, event() says that it is not intact
  void lose(Seq seq);      // as if the row were gone: load(seq) says not_found, verify() finds the gap
  // Until it is written anew: kv_get, kv_list or document say corrupt, verify() finds it.
  void corrupt_key(InstanceId instance, const std::string &key);
  void corrupt_document(InstanceId instance, const std::string &path);

 private:
  struct Stored {
    EventRow row;
    SubjectKey subject = 0;
    std::string json, body;
    Headers headers;
    bool is_intact = true;
    bool is_forgotten = false;
  };
  struct Delivery {  // a live one or a replay
    Settlement last;
    std::vector<AttemptRow> attempts;
    bool is_waiting() const { return last.state == DeliveryState::waiting; }
  };
  struct KeptValue {
    std::string value;
    bool is_intact = true;
  };
  struct KeptDocument {
    Document document;
    bool is_intact = true;
  };
  using Place = std::pair<Seq, std::int64_t>;  // seq and replay
  struct Instance {
    std::string name;
    bool is_parked = false;
    Seq cursor = 0;
    std::map<Place, Delivery> deliveries;
    std::set<std::pair<Milliseconds, Place>> due;         // the waiting ones
    std::map<SubjectKey, std::set<Seq>> waiting_subject;  // the waiting live ones
    std::set<Seq> waiting;                                // the same by seq
    std::string token;
    std::map<std::string, KeptValue, std::less<>> kv;
    std::map<std::string, KeptDocument, std::less<>> documents;
    KeptBytes kept;
  };
  struct Subject {
    std::vector<Seq> seqs;
    Milliseconds newest_ms = 0;
  };
  struct Failure {
    Error error;
    int count = 0;
  };
  struct Held {
    SettleBatch batch;
    std::function<void(Result<void>)> done;
  };

  static bool is_due(Failure &failure);
  Result<void> apply(const SettleBatch &batch) REQUIRES(mutex_);
  Result<void> check(const SettleBatch &batch) const REQUIRES(mutex_);
  static void put(Instance &instance, const Settlement &settlement);
  static void put_attempt(Delivery &delivery, const Settlement &settlement);
  static void put_staged(Instance &instance, const Staged &staged, Milliseconds written_ms);
  static void put_document(Instance &instance, const DocumentWrite &write, Milliseconds written_ms);
  static KeptBytes replaced_by(const Instance &instance, const StagedSizes &sizes);
  std::int64_t put_asked(InstanceId instance, const Stored &stored) REQUIRES(mutex_);
  static void forget_waiting(Instance &instance, const Settlement &settlement);
  bool is_known(InstanceId instance) const REQUIRES(mutex_);
  Owed owed_now(InstanceId instance, const Stored &stored) const REQUIRES(mutex_);
  DeliveryRow row_of(const Instance &instance, const Settlement &settlement) const REQUIRES(mutex_);
  EventDetail detail_of(const Stored &stored) const REQUIRES(mutex_);
  Seq append_new(const Incoming &incoming) REQUIRES(mutex_);
  Seq floor(std::string &name) const REQUIRES(mutex_);
  std::int64_t bytes_above(Seq floor) const REQUIRES(mutex_);
  std::optional<Error> refusal() const REQUIRES(mutex_);
  bool is_held(const Stored &stored, Milliseconds dead_since_ms) const REQUIRES(mutex_);
  void remove(Seq seq) REQUIRES(mutex_);
  void let_go(const Stored &stored, Forgotten &out) REQUIRES(mutex_);
  static void erase_kept(Instance &instance, std::string_view email, Forgotten &out);
  Milliseconds now_ms() const REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<Seq, Stored> events_ GUARDED_BY(mutex_);
  std::map<std::array<std::uint8_t, 16>, Seq> ids_ GUARDED_BY(mutex_);
  std::map<SubjectKey, Subject> subjects_ GUARDED_BY(mutex_);
  std::map<InstanceId, Instance> instances_ GUARDED_BY(mutex_);
  Seq newest_ GUARDED_BY(mutex_) = 0;
  std::int64_t replays_count_ GUARDED_BY(mutex_) = 0;
  Failure append_failure_ GUARDED_BY(mutex_), settle_failure_ GUARDED_BY(mutex_), read_failure_ GUARDED_BY(mutex_);
  bool is_holding_ GUARDED_BY(mutex_) = false;
  std::deque<Held> held_ GUARDED_BY(mutex_);
  Limits limits_ GUARDED_BY(mutex_);
  const Clock *clock_ GUARDED_BY(mutex_) = nullptr;  // of limits_
  std::set<Seq> removed_ GUARDED_BY(mutex_);         // by retention
  std::function<void()> hint_;                       // set before the first append
};

}  // namespace bellhop::core
