// SPDX-License-Identifier: Apache-2.0
// Writer: the thread `journal`. Takes all requests that wait, applies them in one transaction, answers them after its
// one sync: group commit. It never waits for more requests to come; while one batch syncs, the next one gathers by
// itself.
//
// After a failure: everybody waiting is told `unavailable`, the connection is closed and opened anew (which rewrites
// and syncs what the log holds, and checks the last rows), and the third failure in a row calls options.fatal. A full
// disk is not a failure: callers are told `full`, and it is tried again each time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "journal/alarm.hpp"
#include "journal/caps.hpp"
#include "journal/high_water.hpp"
#include "journal/housekeeping.hpp"
#include "journal/journal_options.hpp"
#include "journal/write_queue.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {

class Writer {
 public:
  // `reopened` is called on the journal's thread whenever the connection was opened anew.
  Writer(const JournalOptions &options, YoungIndex &young, std::function<void()> reopened);
  ~Writer();  // writes what is queued, then stops

  Result<void> start();
  void put(WriteRequest *request) { queue_.put(request); }  // [any]
  Seq newest() const { return newest_.load(std::memory_order_acquire); }
  // What usage() says of limits and disk. [journal]
  Caps &caps() { return caps_; }
  void on_commit(std::function<void()> hint) { hint_ = std::move(hint); }  // before the first request

 private:
  void run();
  void write_batch(WriteRequest *first);
  int apply(WriteRequest *first);
  void committed(WriteRequest *first);
  void failed(WriteRequest *first, int code);
  void finish(WriteRequest *first, const Error *failure);
  WriteRequest *cut_batch();
  WriteRequest *refuse_for_space(WriteRequest *first);
  void tidy();
  bool keep_house(bool is_idle);
  void tidying_failed(int code, const std::string &what);
  void storage_failed(const std::string &sentence);
  Result<void> open_session();
  void mark(Seq newest);
  void sync_mark();
  void mark_failed(const Error &error);

  const JournalOptions &options_;
  YoungIndex &young_;
  const std::function<void()> reopened_;
  std::function<void()> hint_;
  WriteQueue queue_;
  WriteRequest *pending_ = nullptr;        // taken out, oldest first, not yet in a batch
  std::unique_ptr<WriteSession> session_;  // null after a failure, until it could be opened anew
  std::optional<HighWater> high_water_;
  std::atomic<Seq> newest_{0};
  std::atomic<bool> is_stopping_{false};
  int failures_count_ = 0;  // in a row
  bool is_fatal_ = false;
  bool is_mark_bad_ = false;  // said so already
  Caps caps_;
  RefusalAlarm alarm_;
  Housekeeping housekeeping_;
  std::jthread thread_;
};

}  // namespace bellhop::core
