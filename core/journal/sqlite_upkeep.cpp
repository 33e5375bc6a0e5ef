// SPDX-License-Identifier: Apache-2.0
// SqliteJournal's doors to what keeps it small.
#include <algorithm>
#include <filesystem>

#include "journal/forget.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/upkeep_requests.hpp"

namespace bellhop::core {
namespace {

std::int64_t size_of_file(const std::string &path) {
  std::error_code failure;
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  return failure ? 0 : static_cast<std::int64_t>(size);
}

class RetainRequest final : public Waiting<WriteSession::RetentionDone> {
 public:
  RetainRequest(const Limits &limits, WriteSession::RetentionStep step) : limits_(limits), step_(std::move(step)) {}
  int apply(WriteSession &session) override {
    WriteSession::RetentionDone done;
    const int code = session.remove_finished(limits_, step_, done);
    result = done;
    return code;
  }
  std::size_t weight() const override { return static_cast<std::size_t>(step_.rows_max); }

 private:
  const Limits &limits_;
  const WriteSession::RetentionStep step_;
};

// In the writer's thread, because what it counts lives there. Writes nothing, and so syncs nothing.
class UsageRequest final : public Waiting<JournalUsage> {
 public:
  UsageRequest(const JournalOptions &options, Caps &caps) : options_(options), caps_(caps) {}
  int apply(WriteSession &) override { return SQLITE_OK; }
  void after_commit(WriteSession &session) override { result = read(session); }

 private:
  Result<JournalUsage> read(WriteSession &session) {
    JournalUsage usage;
    Milliseconds received_ms = 0;
    const Result<Seq> first = session.oldest(received_ms);
    if (!first.ok()) return first.error();
    WriteSession::Pages pages;
    Room room;
    caps_.look_again();
    if (session.read_pages(pages) != SQLITE_OK || caps_.room(session, room) != SQLITE_OK) {
      return session.error("count what is in");
    }
    const WriteSession::Behind behind = session.furthest_behind();
    usage.events_count = session.kept_count();
    usage.first = *first;
    usage.newest = session.newest();
    usage.backlog_events = session.newest() - behind.cursor;
    usage.backlog_bytes = session.backlog_bytes(behind.cursor);
    usage.furthest_behind = behind.name;
    usage.file_bytes = size_of_file(options_.path);
    usage.wal_bytes = size_of_file(options_.path + "-wal");
    usage.free_page_bytes = pages.free_count * page_bytes;
    usage.free_disk_bytes = caps_.free_bytes();
    usage.is_full = room.events_count <= 0;
    if (usage.is_full) usage.why_full = room.why;
    usage.removed_count = session.removed_count();
    if (*first > 0 && options_.limits.retention_age_ms > 0) {
      usage.retention_next_ms = received_ms + options_.limits.retention_age_ms;
    }
    return usage;
  }

  const JournalOptions &options_;
  Caps &caps_;
};

}  // namespace

Result<Retained> SqliteJournal::retain() {
  Retained all;
  WriteSession::RetentionStep step;
  step.now_ms = std::min(options_.clock->wall_ms(), options_.clock->steady_ms());
  step.rows_max = step_rows_max;
  step.is_from_beginning = true;
  for (bool is_over = !options_.limits.has_retention(); !is_over; step.is_from_beginning = false) {
    const Result<WriteSession::RetentionDone> done = RetainRequest(options_.limits, step).write_with(writer_);
    if (!done.ok()) return done.error();
    all.removed_count += done->removed_count;
    is_over = done->is_over;
  }
  for (bool has_more = true; has_more;) {  // ends: each step makes the file smaller
    const Result<GivenBack> given = GiveBackRequest().write_with(writer_);
    if (!given.ok()) return given.error();
    all.freed_bytes += given->pages_count * page_bytes;
    has_more = given->pages_count > 0 && given->left_count > 0;
  }
  return all;
}

Result<Forgotten> SqliteJournal::forget(std::string_view email) {
  return forget_person(readers_, writer_, *options_.clock, email);
}

Result<JournalUsage> SqliteJournal::usage() { return UsageRequest(options_, writer_.caps()).write_with(writer_); }

}  // namespace bellhop::core
