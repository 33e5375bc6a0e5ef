// SPDX-License-Identifier: Apache-2.0
// SqliteJournal: the journal of the product. One database file in WAL mode with synchronous=FULL; one writing
// connection, owned by the thread `journal` (journal/writer.hpp); a few read-only ones (journal/reader.hpp). Beside it
// PATH.lock keeps a second daemon out, and PATH.mark remembers the newest acknowledged seq.
//
// It refuses: a second process, a file of another program or of a newer version, and (strict) a file system in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "journal/inspect.hpp"
#include "journal/journal.hpp"
#include "journal/journal_options.hpp"
#include "journal/reader.hpp"
#include "journal/storage.hpp"
#include "journal/upkeep.hpp"
#include "journal/writer.hpp"
#include "journal/young_index.hpp"

namespace bellhop::core {

class SqliteJournal final : public Journal, public Inspect, public Upkeep {
 public:
  //   errors    conflict: in use, another program's, or newer; denied: not a durable place; corrupt: damaged beyond
  //             writing; unavailable. A lost end is no error: it is logged, and verify() names it
  static Result<std::unique_ptr<SqliteJournal>> open(JournalOptions options);
  ~SqliteJournal() override = default;  // writes what is queued

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
  Result<Retained> retain() override;
  Result<Forgotten> forget(std::string_view email) override;
  Result<JournalUsage> usage() override;
  Seq newest() const override { return writer_.newest(); }
  void on_commit(std::function<void()> hint) override { writer_.on_commit(std::move(hint)); }

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

 private:
  SqliteJournal(JournalOptions options, File lock);

  const JournalOptions options_;
  const File lock_;  // until all connections are closed
  YoungIndex young_;
  ReaderPool readers_;  // the writer lets its readers go before itself: the last connection to close cleans up
  Writer writer_;
};

}  // namespace bellhop::core
