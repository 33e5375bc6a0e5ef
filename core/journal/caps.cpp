// SPDX-License-Identifier: Apache-2.0
#include "journal/caps.hpp"

#include <algorithm>

namespace bellhop::core {
namespace {

std::string text_of(std::int64_t number) { return std::to_string(number); }

std::string whose(const WriteSession::Behind &behind) {
  return " for instance \"" + behind.name + "\", which is furthest behind (all up to " + text_of(behind.cursor) +
         " is settled)";
}

}  // namespace

std::int64_t Caps::free_bytes() const {
  return options_.free_bytes ? options_.free_bytes() : free_bytes_of(options_.path);
}

// While there is no room, every batch looks: the first one after it may be taken.
int Caps::look(WriteSession &session) {
  const Milliseconds now_ms = options_.clock->steady_ms();
  const bool is_fresh = ++batches_count_ < looks_batches_max && now_ms - looked_ms_ < looks_ms_max;
  if (is_fresh && why_.empty()) return SQLITE_OK;
  looked_ms_ = now_ms;
  batches_count_ = 0;
  why_.clear();
  if (options_.disk_reserve_bytes > 0) {
    const std::int64_t free_now = free_bytes();
    if (free_now >= 0 && free_now < options_.disk_reserve_bytes) {
      why_ = "append to " + options_.path + ": less than " + text_of(options_.disk_reserve_bytes) +
             " bytes are free on its file system (disk_reserve_bytes in [journal])";
      return SQLITE_OK;
    }
  }
  const std::int64_t bytes_max = options_.limits.bytes_max;
  if (bytes_max <= 0) return SQLITE_OK;
  WriteSession::Pages pages;
  if (const int code = session.read_pages(pages); code != SQLITE_OK) return code;
  const std::int64_t bytes = (pages.count - pages.free_count) * page_bytes + session.log_bytes();
  if (bytes < bytes_max) return SQLITE_OK;
  const WriteSession::Behind behind = session.furthest_behind();
  why_ = "append to " + options_.path + ": it holds " + text_of(bytes) + " bytes, and " + text_of(bytes_max) +
         " is the most (bytes_max in [journal])";
  if (!behind.name.empty()) why_ += "; " + text_of(session.newest() - behind.cursor) + " events wait" + whose(behind);
  return SQLITE_OK;
}

int Caps::room(WriteSession &session, Room &out) {
  if (const int code = look(session); code != SQLITE_OK) return code;
  if (!why_.empty()) {
    out = {0, why_};
    return SQLITE_OK;
  }
  const Limits &limits = options_.limits;
  if (limits.backlog_events_max <= 0 && limits.backlog_bytes_max <= 0) return SQLITE_OK;
  const WriteSession::Behind behind = session.furthest_behind();
  if (behind.name.empty()) {
    // Nobody is behind by anything, so that a batch may fill the whole cap.
    if (limits.backlog_events_max > 0 && session.has_active_instance()) {
      out = {limits.backlog_events_max, "append to " + options_.path + ": more than " +
                                            text_of(limits.backlog_events_max) +
                                            " events would wait (backlog_events_max in [journal])"};
    }
    return SQLITE_OK;
  }
  const std::int64_t events = session.newest() - behind.cursor;
  const std::int64_t bytes = limits.backlog_bytes_max > 0 ? session.backlog_bytes(behind.cursor) : 0;
  if (limits.backlog_bytes_max > 0 && bytes >= limits.backlog_bytes_max) {
    out = {0, "append to " + options_.path + ": " + text_of(bytes) + " bytes of events wait" + whose(behind) +
                  ", and " + text_of(limits.backlog_bytes_max) + " is the most (backlog_bytes_max in [journal])"};
  } else if (limits.backlog_events_max > 0) {
    out.events_count = std::max<std::int64_t>(limits.backlog_events_max - events, 0);
    out.why = "append to " + options_.path + ": " + text_of(std::max(events, limits.backlog_events_max)) +
              " events wait" + whose(behind) + ", and " + text_of(limits.backlog_events_max) +
              " is the most (backlog_events_max in [journal])";
  }
  return SQLITE_OK;
}

}  // namespace bellhop::core
