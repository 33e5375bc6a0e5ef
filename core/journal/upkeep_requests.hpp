// SPDX-License-Identifier: Apache-2.0
// Requests of those who keep the journal small: free pages, and the log that is cut off.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/waiting_request.hpp"

namespace bellhop::core {

inline constexpr int vacuum_pages_max = 64;  // moved in one step: half a MiB

struct GivenBack {
  std::int64_t pages_count = 0, left_count = 0;
};

// Gives some free pages back.
class GiveBackRequest final : public Waiting<GivenBack> {
 public:
  int apply(WriteSession &session) override {
    WriteSession::Pages before, after;
    int code = session.read_pages(before);
    if (code == SQLITE_OK) code = session.give_back_pages(vacuum_pages_max);
    if (code == SQLITE_OK) code = session.read_pages(after);
    result = GivenBack{before.free_count - after.free_count, after.free_count};
    return code;
  }
};

// Cuts the log off, and then clears what pages hold of rows that have moved away (journal/scrub.hpp). The result is
// false when a reader was in the way.
class CutLogRequest final : public Waiting<bool> {
 public:
  explicit CutLogRequest(const std::vector<std::int64_t> &pages) : pages_(pages) {}
  int apply(WriteSession &) override { return SQLITE_OK; }
  void after_commit(WriteSession &session) override {
    result = session.cut_log() == SQLITE_OK && (pages_.empty() || session.scrub(pages_) == SQLITE_OK);
  }

 private:
  const std::vector<std::int64_t> &pages_;
};

}  // namespace bellhop::core
