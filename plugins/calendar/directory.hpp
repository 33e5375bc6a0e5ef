// SPDX-License-Identifier: Apache-2.0
// A directory of .ics files, one per booking. A reader sees the old file or the new one, never half of one.
#pragma once

#include <bellhop/plugin.hpp>

#include <string>
#include <string_view>

namespace calendar {

// Writes `directory`/`name`.ics: a temporary file beside it, synced, renamed over it. OK; RETRY when the disk is full
// or busy, HOLD when the directory is not there or may not be written.
bellhop::Verdict write_file(const std::string &directory, const std::string &name, std::string_view text);

// Removes the files of ours that mention the address (bellhop/mention.hpp), half-written ones too; the directory is
// synced. A directory that is not there has none. HOLD, RETRY as above, of the last one that could not be read or
// removed; all others are removed all the same.
//   removed_count   is added to
bellhop::Verdict remove_mentions(const std::string &directory, std::string_view email, std::size_t &removed_count);

// Is it there, and may we write into it? Leaves nothing behind.
bellhop::Verdict check_directory(const std::string &directory);

}  // namespace calendar
