// SPDX-License-Identifier: Apache-2.0
// Housekeeping: when the writer's thread removes what is finished and gives free pages back. One bounded step at a
// time, after the answers, in a transaction of its own; between two steps whoever waits to write comes first.
//
// A pass of retention ends at the first event that is to stay. Passes begin a second apart while events come, a minute
// apart otherwise; once an hour one begins anew at the oldest event, for what was held then and is free now.
#pragma once

#include <string>

#include "journal/journal_options.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {

class Housekeeping {
 public:
  explicit Housekeeping(const JournalOptions &options) : options_(options) {}

  // Makes a step when one is due. has_more: another one is due at once.
  //   is_idle   nobody waits to write
  //   errors    an SQLite code; the transaction is still open then
  int step(WriteSession &session, bool is_idle, bool &has_more);
  void failed(const std::string &sentence);  // a step did: tells it, and rests for a while
  Milliseconds wait_ms() const;              // until the next step of an idle journal; -1: none

 private:
  int remove_some(WriteSession &session);
  int give_back_some(WriteSession &session);
  bool has_work() const { return is_removing_ || is_giving_back_; }

  const JournalOptions &options_;
  bool is_removing_ = false, is_giving_back_ = false;
  bool is_from_beginning_ = true;
  Milliseconds pass_ms_ = 0;     // the last pass began
  Milliseconds rewound_ms_ = 0;  // the last one from the beginning did
  Milliseconds rests_until_ms_ = 0;
};

inline constexpr Milliseconds pass_ms_busy = 1'000, pass_ms_idle = 60'000, rewind_ms = 3'600'000;
inline constexpr Milliseconds step_ms_max = 10;  // of retention, and one row more
inline constexpr int step_rows_max = 256;
inline constexpr std::int64_t free_pages_kept = 1'024;  // 8 MiB for events to come; a quarter of the file at least

}  // namespace bellhop::core
