// SPDX-License-Identifier: Apache-2.0
// The journal's doors: each write becomes a request to the writer, each read a question to a reader.
#include "journal/sqlite_journal.hpp"

#include <filesystem>
#include <utility>

#include "base/check.hpp"
#include "journal/kept.hpp"
#include "journal/reference.hpp"
#include "journal/waiting_request.hpp"

namespace bellhop::core {
namespace {

class AppendRequest final : public Waiting<Appended> {
 public:
  AppendRequest(const EventRecord &record, std::uint32_t crc) : record_(record), crc_(crc) {}
  int apply(WriteSession &session) override { return session.append(record_, crc_, result); }
  bool needs_space() const override { return true; }
  bool is_news() const override { return result.ok() && !result->is_duplicate; }

 private:
  const EventRecord record_;
  const std::uint32_t crc_;  // of what the caller knows
};

class ReplayRequest final : public Waiting<std::int64_t> {
 public:
  ReplayRequest(InstanceId instance, Seq seq) : instance_(instance), seq_(seq) {}
  int apply(WriteSession &session) override { return session.replay(instance_, seq_, result); }
  bool is_news() const override { return result.ok(); }

 private:
  const InstanceId instance_;
  const Seq seq_;
};

class ReplayAllRequest final : public Waiting<std::int64_t> {
 public:
  ReplayAllRequest(InstanceId instance, const std::vector<Seq> &seqs) : instance_(instance), seqs_(seqs) {}
  int apply(WriteSession &session) override { return session.replay_all(instance_, seqs_, result); }
  std::size_t weight() const override { return seqs_.size() + 1; }
  bool is_news() const override { return result.ok() && *result > 0; }

 private:
  const InstanceId instance_;
  const std::vector<Seq> &seqs_;
};

class DropRequest final : public Waiting<void> {
 public:
  DropRequest(InstanceId instance, Seq seq) : instance_(instance), seq_(seq) {}
  int apply(WriteSession &session) override { return session.drop(instance_, seq_, result); }

 private:
  const InstanceId instance_;
  const Seq seq_;
};

class OpenInstanceRequest final : public Waiting<OpenedInstance> {
 public:
  OpenInstanceRequest(std::string_view name, Start start) : name_(name), start_(start) {}
  int apply(WriteSession &session) override { return session.open_instance(name_, start_, result); }

 private:
  const std::string_view name_;
  const Start start_;
};

class ParkRequest final : public Waiting<void> {
 public:
  explicit ParkRequest(const std::vector<std::string> &names) : names_(names) {}
  int apply(WriteSession &session) override {
    result = {};
    return session.park_instances_except(names_);
  }

 private:
  const std::vector<std::string> &names_;
};

// Digests of documents are worked out in the caller's thread; weight: what was staged counts by its bytes too.
std::size_t prepare(Staged &staged) {
  constexpr std::size_t row_bytes = 8 << 10;
  std::size_t weight = staged.kv.size() + staged.documents.size();
  for (const KvWrite &write : staged.kv) weight += write.value ? write.value->size() / row_bytes : 0;
  for (DocumentWrite &write : staged.documents) {
    if (!write.body) continue;
    write.etag = etag_of(write.content_type, *write.body);
    weight += write.body->size() / row_bytes;
  }
  return weight;
}

std::size_t prepare(SettleBatch &batch) {
  std::size_t weight = batch.settlements.size() + batch.cursors.size() + 1;
  for (Settlement &settlement : batch.settlements) weight += prepare(settlement.staged);
  for (InstanceWrite &write : batch.writes) weight += prepare(write.staged);
  return weight;
}

// Owns itself: nobody waits for it.
class SettleRequest final : public WriteRequest {
 public:
  SettleRequest(SettleBatch batch, std::function<void(Result<void>)> done)
      : batch_(std::move(batch)), weight_(prepare(batch_)), done_(std::move(done)) {}
  int apply(WriteSession &session) override { return session.settle(batch_, result_); }
  void finish(const Error *failure) override {
    const std::unique_ptr<SettleRequest> self(this);
    done_(failure != nullptr ? Result<void>(*failure) : std::move(result_));
  }
  std::size_t weight() const override { return weight_; }

 private:
  SettleBatch batch_;
  const std::size_t weight_;
  const std::function<void(Result<void>)> done_;
  Result<void> result_;
};

std::string_view bytes_of(const EventId &id) {
  return {reinterpret_cast<const char *>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(JournalOptions options) {
  CHECK(options.clock != nullptr && options.log != nullptr && options.batch_max > 0);
  if (Result<void> durable = check_durable(options.path, options.durability, *options.log); !durable.ok()) {
    return durable.error();
  }
  Result<File> lock = lock_journal(options.path);
  if (!lock.ok()) return lock.error();
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::move(options), std::move(*lock)));
  if (Result<void> started = journal->writer_.start(); !started.ok()) return started.error();
  return journal;
}

SqliteJournal::SqliteJournal(JournalOptions options, File lock)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      readers_(options_.path, options_.vfs, young_),
      writer_(options_, young_, [this] { readers_.renew(); }) {}

// ---- writes ---------------------------------------------------------------------------------------------------------

// Digests and checksums are worked out here, in the caller's thread: the writer is one thread for all.
Result<Appended> SqliteJournal::append(const Incoming &incoming) {
  CHECK(incoming.event == nullptr || incoming.event->id == incoming.id);
  const std::string headers = encode_headers(incoming.headers);
  EventRecord record;
  record.id = bytes_of(incoming.id);
  record.id_key = id_key(incoming.id);
  record.source_name = incoming.source_name;
  record.headers = headers;
  record.body = incoming.body;
  record.received_ms = incoming.received_ms;
  if (incoming.event != nullptr) {
    const Event &event = *incoming.event;
    record.type = event.type;
    record.subject = event.subject;
    record.subject_key = subject_key(event.subject);
    record.time_ms = event.time_ms;
    record.json = event.json;
    if (event.is_test) record.flags = flag_test;
  } else {
    record.reason = incoming.quarantine_reason;
    record.time_ms = incoming.received_ms;
    record.flags = flag_quarantined;
  }
  return AppendRequest(record, content_crc(record)).write_with(writer_);
}

void SqliteJournal::settle(SettleBatch batch, std::function<void(Result<void>)> done) {
  writer_.put(new SettleRequest(std::move(batch), std::move(done)));
}

Result<std::int64_t> SqliteJournal::replay(InstanceId instance, Seq seq) {
  return ReplayRequest(instance, seq).write_with(writer_);
}

Result<std::int64_t> SqliteJournal::replay_all(InstanceId instance, const std::vector<Seq> &seqs) {
  if (seqs.size() > replays_max) return too_many_replays(seqs.size());
  return ReplayAllRequest(instance, seqs).write_with(writer_);
}

Result<void> SqliteJournal::drop(InstanceId instance, Seq seq) {
  return DropRequest(instance, seq).write_with(writer_);
}

Result<OpenedInstance> SqliteJournal::open_instance(std::string_view name, Start start) {
  return OpenInstanceRequest(name, start).write_with(writer_);
}

Result<void> SqliteJournal::park_instances_except(const std::vector<std::string> &names) {
  return ParkRequest(names).write_with(writer_);
}

// ---- delivery's reads -----------------------------------------------------------------------------------------------

Result<std::vector<Owed>> SqliteJournal::owed(InstanceId instance, Seq after, int count_max) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->owed(instance, after, count_max);
}

Result<std::vector<Owed>> SqliteJournal::owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                                         int count_max) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->owed_of_subject(instance, subject, after, up_to, count_max);
}

Result<std::vector<Owed>> SqliteJournal::due(InstanceId instance, Milliseconds now_ms, int count_max) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->due(instance, now_ms, count_max);
}

Result<std::optional<Milliseconds>> SqliteJournal::next_due(InstanceId instance, Milliseconds after_ms) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->next_due(instance, after_ms);
}

Result<bool> SqliteJournal::is_waiting(InstanceId instance, SubjectKey subject) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->is_waiting(instance, subject);
}

Result<std::optional<Seq>> SqliteJournal::first_waiting(InstanceId instance) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->first_waiting(instance);
}

Result<StoredEvent> SqliteJournal::load(Seq seq) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->load(seq);
}

// ---- what instances keep --------------------------------------------------------------------------------------------

Result<std::optional<std::string>> SqliteJournal::kv_get(InstanceId instance, std::string_view key) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->kv_get(instance, key);
}

Result<std::vector<std::pair<std::string, std::string>>> SqliteJournal::kv_list(InstanceId instance,
                                                                                std::string_view prefix,
                                                                                std::string_view after, int count_max) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->kv_list(instance, prefix, after, count_max);
}

Result<std::optional<Document>> SqliteJournal::document(InstanceId instance, std::string_view path) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->document(instance, path);
}

Result<KeptBytes> SqliteJournal::kept_bytes(InstanceId instance) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->kept_bytes(instance);
}

Result<void> SqliteJournal::check_staged(InstanceId instance, const Staged &staged) {
  Result<ReaderPool::Loan> reader = readers_.lend();
  if (!reader.ok()) return reader.error();
  return (*reader)->check_staged(instance, staged);
}

}  // namespace bellhop::core
