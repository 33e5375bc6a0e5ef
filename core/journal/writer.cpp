// SPDX-License-Identifier: Apache-2.0
#include "journal/writer.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>

#include "base/check.hpp"

namespace bellhop::core {
Writer::Writer(const JournalOptions &options, YoungIndex &young, std::function<void()> reopened)
    : options_(options),
      young_(young),
      reopened_(std::move(reopened)),
      caps_(options),
      alarm_(*options.log),
      housekeeping_(options) {}

Writer::~Writer() {
  is_stopping_ = true;
  queue_.end_waiting();
  if (thread_.joinable()) thread_.join();
  sync_mark();
  // The last connection to close moves the log into the database: let that be this one, and not a reader's.
  reopened_();
  session_.reset();
}

Result<void> Writer::start() {
  if (Result<void> opened = open_session(); !opened.ok()) return opened;
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "journal");
    run();
  });
  return {};
}

// The mark is read anew each time: it is what was acknowledged, whatever SQLite finds in its files now.
Result<void> Writer::open_session() {
  const Result<HighWater::Found> found = HighWater::read(options_.path);
  if (!found.ok()) return found.error();
  if (found->mark && found->is_damaged && !high_water_) {
    options_.log->warn("journal", "a slot of the high-water file " + HighWater::path_of(options_.path) +
                                      " is damaged; the other one says " + std::to_string(*found->mark));
  }
  const Seq acknowledged = std::max(found->mark.value_or(0), newest());
  Result<std::unique_ptr<WriteSession>> opened =
      WriteSession::open({options_.path, options_.vfs, options_.generation_count, options_.clock->wall_ms()},
                         acknowledged, young_, *options_.log);
  if (!opened.ok()) return opened.error();
  session_ = std::move(*opened);
  if (!found->mark && session_->newest() > 0) {
    options_.log->warn("journal", "the high-water file " + HighWater::path_of(options_.path) +
                                      " was missing: whether the journal's end was lost cannot be told this time");
  }
  Result<HighWater> high_water = HighWater::open(options_.path);
  if (!high_water.ok()) return high_water.error();
  high_water_ = std::move(*high_water);
  if (found->mark != session_->newest() || found->is_damaged) {  // both slots, so that none is empty from here on
    for (int slot = 0; slot < 2; ++slot) mark(session_->newest());
  }
  if (!found->mark) {  // a first start: the files' names must be durable too
    if (Result<void> synced = sync_directory_of(options_.path); !synced.ok()) return synced;
  }
  newest_.store(session_->newest(), std::memory_order_release);
  return {};
}

// ---- the thread -----------------------------------------------------------------------------------------------------

// Bulkhead: what is thrown below (out of memory, a caller's `done`) ends the process, as our own bug; the journal makes
// that safe.
void Writer::run() {
  for (;;) {
    if (pending_ == nullptr) pending_ = queue_.take_all();
    if (pending_ != nullptr) {
      write_batch(cut_batch());
      continue;
    }
    sync_mark();
    if (is_stopping_) return;
    if (keep_house(true)) continue;
    queue_.wait(high_water_ && !high_water_->is_synced() ? mark_sync_ms : housekeeping_.wait_ms());
  }
}

// The oldest requests, up to batch_max rows of them, at least one.
WriteRequest *Writer::cut_batch() {
  WriteRequest *first = pending_;
  WriteRequest *last = first;
  std::size_t rows = last->weight();
  while (last->next != nullptr && rows + last->next->weight() <= static_cast<std::size_t>(options_.batch_max)) {
    last = last->next;
    rows += last->weight();
  }
  pending_ = std::exchange(last->next, nullptr);
  return first;
}

void Writer::write_batch(WriteRequest *first) {
  if (is_fatal_) {
    const Error error{Kind::unavailable, "the journal " + options_.path + " has failed " +
                                             std::to_string(failures_max) + " times in a row and is closed"};
    return finish(first, &error);
  }
  if (session_ == nullptr) {
    if (Result<void> opened = open_session(); !opened.ok()) {
      const Error error{Kind::unavailable, opened.error().sentence};
      finish(first, &error);
      return storage_failed(error.sentence);
    }
    reopened_();
    if (hint_) hint_();  // what was refused may have come to light
  }
  first = refuse_for_space(first);
  if (first == nullptr) return;
  const int code = apply(first);
  if (code != SQLITE_OK) return failed(first, code);
  committed(first);
  tidy();
  keep_house(false);
}

int Writer::apply(WriteRequest *first) {
  if (const int code = session_->begin(); code != SQLITE_OK) return code;
  for (WriteRequest *request = first; request != nullptr; request = request->next) {
    if (const int code = request->apply(*session_); code != SQLITE_OK) return code;
  }
  return session_->commit();
}

void Writer::committed(WriteRequest *first) {
  failures_count_ = 0;
  const Seq newest = session_->newest();
  if (newest != newest_.load(std::memory_order_relaxed)) {
    mark(newest);
    newest_.store(newest, std::memory_order_release);
  }
  bool is_news = false, took_space = false;
  for (WriteRequest *request = first; request != nullptr; request = request->next) {
    is_news |= request->is_news();
    took_space |= request->needs_space();
  }
  for (WriteRequest *request = first; request != nullptr; request = request->next) request->after_commit(*session_);
  if (took_space) alarm_.taken(options_.clock->steady_ms());
  CRASH_POINT("journal.before_answer");
  // First the hint, then the callers: once every append has returned, no hint can follow, and whoever listens may go.
  if (is_news && hint_) hint_();
  finish(first, nullptr);
  sync_mark();
}

// A request may be gone as soon as it is finished: its successor is read before.
void Writer::finish(WriteRequest *first, const Error *failure) {
  while (first != nullptr) std::exchange(first, first->next)->finish(failure);
}

void Writer::failed(WriteRequest *first, int code) {
  Error error = session_->error("write to the journal");
  session_->rollback();
  if ((code & 0xff) == SQLITE_FULL) {
    error.kind = Kind::full;
    std::int64_t refused_count = 0;
    for (WriteRequest *request = first; request != nullptr; request = request->next) {
      refused_count += request->needs_space();
    }
    alarm_.refused(error.sentence, refused_count, options_.clock->steady_ms());
    return finish(first, &error);
  }
  error.kind = Kind::unavailable;
  finish(first, &error);
  storage_failed(error.sentence);
}

// After the answers: a checkpoint takes as long as several commits.
void Writer::tidy() {
  if (const int code = session_->tidy(); code != SQLITE_OK)
    tidying_failed(code, "move the write-ahead log into the journal");
}

// True: there is more to do. What cannot be read any more is left alone, and is no reason to stop taking events.
bool Writer::keep_house(bool is_idle) {
  if (session_ == nullptr || is_fatal_) return false;
  bool has_more = false;
  const int code = housekeeping_.step(*session_, is_idle, has_more);
  if (code == SQLITE_OK) {
    if (has_more) tidy();
    return has_more && session_ != nullptr;
  }
  const Error error = session_->error("remove old events from the journal");
  session_->rollback();
  housekeeping_.failed(error.sentence);
  if (error.kind != Kind::corrupt && error.kind != Kind::full && (code & 0xff) != SQLITE_BUSY) {
    storage_failed(error.sentence);
  }
  return false;
}

void Writer::tidying_failed(int code, const std::string &what) {
  if ((code & 0xff) == SQLITE_BUSY) return;
  const Error error = session_->error(what);
  if ((code & 0xff) == SQLITE_FULL) return alarm_.refused(error.sentence, 0, options_.clock->steady_ms());
  storage_failed(error.sentence);
}

// ---- failures -------------------------------------------------------------------------------------------------------

void Writer::storage_failed(const std::string &sentence) {
  ++failures_count_;
  options_.log->error("journal", sentence + "; nothing is acknowledged until it was opened anew and checked (failure " +
                                     std::to_string(failures_count_) + " of " + std::to_string(failures_max) + ")");
  session_.reset();
  if (failures_count_ < failures_max) return;
  is_fatal_ = true;
  const std::string last_words = "the journal failed " + std::to_string(failures_max) + " times in a row: " + sentence;
  if (options_.fatal) options_.fatal(last_words);
}

// Without room only new events are refused: deliveries go on, and their end is what makes room.
WriteRequest *Writer::refuse_for_space(WriteRequest *first) {
  Room room;
  if (const int code = caps_.room(*session_, room); code != SQLITE_OK) return first;  // the batch will meet it too
  const Error error{Kind::full, room.why};
  std::int64_t refused_count = 0;
  WriteRequest *kept = nullptr, **kept_end = &kept, *refused = nullptr, **refused_end = &refused;
  while (first != nullptr) {
    WriteRequest *request = std::exchange(first, first->next);
    request->next = nullptr;
    const bool is_refused = request->needs_space() && --room.events_count < 0;
    refused_count += is_refused;
    WriteRequest **&end = is_refused ? refused_end : kept_end;
    *end = request;
    end = &request->next;
  }
  // Told before the callers know: whoever was refused finds the line.
  if (refused_count > 0) alarm_.refused(error.sentence, refused_count, options_.clock->steady_ms());
  finish(refused, &error);
  return kept;
}

// ---- the high-water mark: a second witness. Its own failures are told and do not stop the journal
// --------------------

void Writer::mark(Seq newest) {
  if (!high_water_) return;
  if (const Result<void> written = high_water_->write(newest); !written.ok()) return mark_failed(written.error());
  is_mark_bad_ = false;
}

void Writer::sync_mark() {
  if (!high_water_) return;
  const Result<void> synced = high_water_->sync(options_.clock->steady_ms(), is_stopping_);
  if (!synced.ok()) mark_failed(synced.error());
}

void Writer::mark_failed(const Error &error) {
  if (std::exchange(is_mark_bad_, true)) return;
  options_.log->error("journal", error.sentence + "; a lost end of the journal might go unnoticed");
}

}  // namespace bellhop::core
