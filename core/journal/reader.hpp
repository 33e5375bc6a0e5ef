// SPDX-License-Identifier: Apache-2.0
// Reader: one read-only connection with delivery's questions prepared. ReaderPool: lends them out, one to one caller at
// a time; delivery's thread and a few of admin share a handful. Readers never write and never checkpoint, and each
// question is one short transaction, so that the write-ahead log can start over.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "journal/journal.hpp"
#include "journal/record.hpp"
#include "journal/sqlite.hpp"
#include "journal/young_index.hpp"

namespace bellhop::core {

class Reader {
 public:
  static Result<std::unique_ptr<Reader>> open(const std::string &path, const std::string &vfs, const YoungIndex &young);

  Result<std::vector<Owed>> owed(InstanceId instance, Seq after, int count_max);
  Result<std::vector<Owed>> owed_of_subject(InstanceId instance, SubjectKey subject, Seq after, Seq up_to,
                                            int count_max);
  Result<std::vector<Owed>> due(InstanceId instance, Milliseconds now_ms, int count_max);
  Result<std::optional<Milliseconds>> next_due(InstanceId instance, Milliseconds after_ms);
  Result<bool> is_waiting(InstanceId instance, SubjectKey subject);
  Result<std::optional<Seq>> first_waiting(InstanceId instance);
  Result<StoredEvent> load(Seq seq);
  // reader_kept.cpp
  Result<std::optional<std::string>> kv_get(InstanceId instance, std::string_view key);
  Result<std::vector<std::pair<std::string, std::string>>> kv_list(InstanceId instance, std::string_view prefix,
                                                                   std::string_view after, int count_max);
  Result<std::optional<Document>> document(InstanceId instance, std::string_view path);
  Result<KeptBytes> kept_bytes(InstanceId instance);
  Result<void> check_staged(InstanceId instance, const Staged &staged);

  Database &database() { return database_; }  // for Inspect, whose questions are rare: prepared when asked

 private:
  struct Statements {
    Statement owed, owed_of_subject, owed_one, due, next_due, is_waiting, first_waiting, load, newest_of_subject;
    Statement kv_get, kv_list, document, kept, kv_bytes, document_bytes;
  };
  explicit Reader(const YoungIndex &young) : young_(young) {}
  Result<void> prepare();
  Result<void> add_young(std::vector<Owed> &found, const std::vector<Seq> &seqs, InstanceId instance, int count_max);
  Result<std::vector<Owed>> read_owed(Statement &statement, InstanceId instance);
  Result<Milliseconds> newest_of_subject(SubjectKey subject);
  Result<std::int64_t> replaced_bytes(Statement &size, std::string_view what);

  const YoungIndex &young_;
  Database database_;
  Statements statements_;
};

class ReaderPool {
 public:
  static constexpr int readers_max = 8;

  ReaderPool(std::string path, std::string vfs, const YoungIndex &young)
      : path_(std::move(path)), vfs_(std::move(vfs)), young_(young) {}

  // A reader until it is destroyed; waits for one when all are lent.
  class Loan {
   public:
    Loan(ReaderPool &pool, std::unique_ptr<Reader> reader, int generation)
        : pool_(&pool), reader_(std::move(reader)), generation_(generation) {}
    Loan(Loan &&other) = default;
    Loan &operator=(Loan &&other) = delete;
    ~Loan() {
      if (reader_ != nullptr) pool_->give_back(std::move(reader_), generation_);
    }
    Reader *operator->() { return reader_.get(); }
    Reader &operator*() { return *reader_; }

   private:
    ReaderPool *pool_;
    std::unique_ptr<Reader> reader_;
    int generation_;
  };
  Result<Loan> lend();  // [any]

  // Readers of before are closed when they come back: the writer has opened its connection anew. [any]
  void renew();

 private:
  void give_back(std::unique_ptr<Reader> reader, int generation);

  const std::string path_, vfs_;
  const YoungIndex &young_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::unique_ptr<Reader>> idle_ GUARDED_BY(mutex_);
  int lent_count_ GUARDED_BY(mutex_) = 0;
  int generation_ GUARDED_BY(mutex_) = 0;
};

}  // namespace bellhop::core
