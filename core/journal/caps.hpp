// SPDX-License-Identifier: Apache-2.0
// Caps: how many more events there is room for, and why there are no more. Looks at the disk and at the size of the
// files now and then, at the backlog always: that is the difference of two numbers.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "journal/journal_options.hpp"
#include "journal/write_session.hpp"

namespace bellhop::core {

struct Room {
  std::int64_t events_count = std::numeric_limits<std::int64_t>::max();
  std::string why;  // one sentence, when it is an answer for somebody that there is no more
};

class Caps {
 public:
  explicit Caps(const JournalOptions &options) : options_(options) {}

  // Before a batch.
  //   errors    an SQLite code
  int room(WriteSession &session, Room &out);
  void look_again() { batches_count_ = looks_batches_max; }  // the next room() reads sizes anew
  std::int64_t free_bytes() const;

 private:
  static constexpr Milliseconds looks_ms_max = 100;      // between two looks at the sizes,
  static constexpr std::int64_t looks_batches_max = 64;  // or this many batches

  int look(WriteSession &session);

  const JournalOptions &options_;
  Milliseconds looked_ms_ = 0;
  std::int64_t batches_count_ = looks_batches_max;
  std::string why_;  // by the last look
};

}  // namespace bellhop::core
