// SPDX-License-Identifier: Apache-2.0
#include "journal/housekeeping.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "journal/upkeep_requests.hpp"

namespace bellhop::core {
namespace {

constexpr Milliseconds rest_ms = 600'000;

}  // namespace

int Housekeeping::step(WriteSession &session, bool is_idle, bool &has_more) {
  has_more = false;
  const Milliseconds now_ms = options_.clock->steady_ms();
  if (now_ms < rests_until_ms_) return SQLITE_OK;
  if (!has_work()) {
    if (now_ms - pass_ms_ < (is_idle ? pass_ms_idle : pass_ms_busy)) return SQLITE_OK;
    pass_ms_ = now_ms;
    is_removing_ = options_.limits.has_retention();
    is_giving_back_ = !is_removing_;
    is_from_beginning_ = now_ms - rewound_ms_ >= rewind_ms;
    if (is_from_beginning_) rewound_ms_ = now_ms;
  }
  const int code = is_removing_ ? remove_some(session) : give_back_some(session);
  has_more = code == SQLITE_OK && has_work();
  return code;
}

// A wall clock that jumps ahead must not make everything old: of two clocks the one that says less.
int Housekeeping::remove_some(WriteSession &session) {
  const Clock &clock = *options_.clock;
  const Milliseconds began_ms = clock.steady_ms();
  WriteSession::RetentionStep step;
  step.now_ms = std::min(clock.wall_ms(), began_ms);
  step.is_from_beginning = is_from_beginning_;
  step.rows_max = step_rows_max;
  step.is_late = [&] { return clock.steady_ms() - began_ms >= step_ms_max; };
  WriteSession::RetentionDone done;
  if (const int code = session.begin(); code != SQLITE_OK) return code;
  if (const int code = session.remove_finished(options_.limits, step, done); code != SQLITE_OK) return code;
  if (const int code = session.commit(); code != SQLITE_OK) return code;
  CRASH_POINT("journal.after_removal_commit");
  is_from_beginning_ = false;
  if (!done.is_over) return SQLITE_OK;
  is_removing_ = false;
  is_giving_back_ = true;
  return SQLITE_OK;
}

// Free pages are used for the next events: only what is a good deal more than they need goes.
int Housekeeping::give_back_some(WriteSession &session) {
  WriteSession::Pages pages;
  if (const int code = session.begin(); code != SQLITE_OK) return code;
  if (const int code = session.read_pages(pages); code != SQLITE_OK) return code;
  is_giving_back_ = pages.free_count > std::max(free_pages_kept, pages.count / 4);
  if (is_giving_back_) {
    if (const int code = session.give_back_pages(vacuum_pages_max); code != SQLITE_OK) return code;
  }
  return session.commit();
}

void Housekeeping::failed(const std::string &sentence) {
  is_removing_ = is_giving_back_ = false;
  rests_until_ms_ = options_.clock->steady_ms() + rest_ms;
  options_.log->error("journal", sentence + "; old events are kept for " + std::to_string(rest_ms / 60'000) +
                                     " minutes until this is tried again");
}

Milliseconds Housekeeping::wait_ms() const {
  const Milliseconds now_ms = options_.clock->steady_ms();
  return std::max<Milliseconds>(std::max(pass_ms_ + pass_ms_idle, rests_until_ms_) - now_ms, 1);
}

}  // namespace bellhop::core
