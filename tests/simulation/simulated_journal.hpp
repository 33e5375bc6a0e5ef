// SPDX-License-Identifier: Apache-2.0
// SimulatedJournal: a MemoryJournal behind a writer's queue that can be cut, and with a disk that has bad days.
//
// A settle waits in the queue, neither visible nor durable, until commit_next(). A crash makes a prefix of the queue
// durable and forgets the rest; nobody is answered. A commit may also fail in the four ways in which a disk can:
// refused and not written; answered "unavailable" and written all the same, or not written, or written when the file is
// opened again, before the next commit.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "journal/memory_journal.hpp"

namespace bellhop::core {

class SimulatedJournal final : public Journal {
 public:
  enum class Outcome { durable, refused, unavailable_written, unavailable_lost, unavailable_until_reopened };

  explicit SimulatedJournal(std::uint64_t seed) : random_(seed) {}

  MemoryJournal inner;
  std::function<void(const SettleBatch &)> on_durable;  // a batch has just become so
  std::function<void()> on_read_failure;
  int read_failures_per_10000 = 0;

  // ---- the writer ----
  void settle(SettleBatch batch, std::function<void(Result<void>)> done) override {
    queue_.push_back({std::move(batch), std::move(done)});
  }
  std::size_t queued_count() const { return queue_.size(); }
  // The oldest batch of the queue meets its outcome and is answered.
  void commit_next(Outcome outcome) {
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    reopen(true);
    switch (outcome) {
      case Outcome::durable:
        return next.done(write(std::move(next.batch)));
      case Outcome::refused:
        return next.done(Error{Kind::full, "the disk is full"});
      case Outcome::unavailable_written:
        if (Result<void> written = write(std::move(next.batch)); !written.ok()) return next.done(std::move(written));
        break;
      case Outcome::unavailable_until_reopened:
        limbo_ = std::move(next.batch);
        break;
      case Outcome::unavailable_lost:
        break;
    }
    next.done(Error{Kind::unavailable, "the disk gave no answer"});
  }
  // Power goes: the first `count` batches of the queue are on the disk, the rest never was.
  void crash(std::size_t count, bool is_limbo_written) {
    reopen(is_limbo_written);
    for (std::size_t i = 0; i < count && i < queue_.size(); ++i) {
      const Result<void> written = write(std::move(queue_[i].batch));
      CHECK(written.ok());
    }
    queue_.clear();
  }

  // ---- the rest goes straight through ----
  Result<Appended> append(const Incoming &incoming) override { return inner.append(incoming); }
  Result<std::int64_t> replay(InstanceId instance, Seq seq) override { return inner.replay(instance, seq); }
  Result<std::int64_t> replay_all(InstanceId instance, const std::vector<Seq> &seqs) override {
    return inner.replay_all(instance, seqs);
  }
  Result<void> drop(InstanceId instance, Seq seq) override { return inner.drop(instance, seq); }
  Result<OpenedInstance> open_instance(std::string_view name, Start start) override {
    return inner.open_instance(name, start);
  }
  Result<void> park_instances_except(const std::vector<std::string> &names) override {
    return inner.park_instances_except(names);
  }
  Result<std::vector<Owed>> owed(InstanceId instance, Seq after, int count_max) override {
    if (fails()) return failure_;
    return inner.owed(instance, after, count_max);
  }
  Result<std::vector<Owed>> owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                            int count_max) override {
    if (fails()) return failure_;
    return inner.owed_of_subject(instance, subject, after, up_to, count_max);
  }
  Result<std::vector<Owed>> due(InstanceId instance, Milliseconds now_ms, int count_max) override {
    if (fails()) return failure_;
    return inner.due(instance, now_ms, count_max);
  }
  Result<std::optional<Milliseconds>> next_due(InstanceId instance, Milliseconds after_ms) override {
    if (fails()) return failure_;
    return inner.next_due(instance, after_ms);
  }
  Result<bool> is_waiting(InstanceId instance, SubjectKey subject) override {
    if (fails()) return failure_;
    return inner.is_waiting(instance, subject);
  }
  Result<std::optional<Seq>> first_waiting(InstanceId instance) override {
    if (fails()) return failure_;
    return inner.first_waiting(instance);
  }
  Result<StoredEvent> load(Seq seq) override {
    if (fails()) return failure_;
    return inner.load(seq);
  }
  Result<std::optional<std::string>> kv_get(InstanceId instance, std::string_view key) override {
    return inner.kv_get(instance, key);
  }
  Result<std::vector<std::pair<std::string, std::string>>> kv_list(InstanceId instance, std::string_view prefix,
                                                                   std::string_view after, int count_max) override {
    return inner.kv_list(instance, prefix, after, count_max);
  }
  Result<std::optional<Document>> document(InstanceId instance, std::string_view path) override {
    return inner.document(instance, path);
  }
  Result<KeptBytes> kept_bytes(InstanceId instance) override { return inner.kept_bytes(instance); }
  Result<void> check_staged(InstanceId instance, const Staged &staged) override {
    return inner.check_staged(instance, staged);
  }
  Seq newest() const override { return inner.newest(); }
  void on_commit(std::function<void()> hint) override { inner.on_commit(std::move(hint)); }

 private:
  struct Queued {
    SettleBatch batch;
    std::function<void(Result<void>)> done;
  };

  bool fails() {
    if (read_failures_per_10000 == 0) return false;
    if (random_.below(10'000) >= static_cast<std::uint64_t>(read_failures_per_10000)) return false;
    if (on_read_failure) on_read_failure();
    return true;
  }
  Result<void> write(SettleBatch batch) {
    Result<void> written;
    inner.settle(batch, [&written](Result<void> result) { written = std::move(result); });
    if (written.ok() && on_durable) on_durable(batch);
    return written;
  }
  void reopen(bool is_limbo_written) {
    if (!limbo_) return;
    SettleBatch batch = std::move(*limbo_);
    limbo_.reset();
    if (!is_limbo_written) return;
    const Result<void> written = write(std::move(batch));
    CHECK(written.ok());
  }

  std::deque<Queued> queue_;
  std::optional<SettleBatch> limbo_;  // answered with unavailable; may come to light
  Random random_;
  const Error failure_{Kind::unavailable, "disk I/O error"};
};

}  // namespace bellhop::core
