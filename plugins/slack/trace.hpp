// SPDX-License-Identifier: Apache-2.0
// Trace: what is written beside a message so that it can be found again. Slack takes no key with a message, so that one
// whose answer was lost would be posted twice; but it keeps a program's own words with it (metadata), and shows them to
// whoever may read the channel. Pure.
//   source    Slack, "Message metadata"; conversations.history and conversations.replies
#pragma once

#include <bellhop/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace slack {

struct Trace {
  std::string_view what;  // "message" or "reply"
  std::string_view event_id;
};

// For the argument `metadata`. Nothing of what a stranger wrote.
bellhop::Obj metadata_of(const Trace &trace);

// The arguments of conversations.history, or of conversations.replies with a thread, for one page.
//   oldest_s    Unix seconds; cursor "" = the first page
std::string arguments_of(std::string_view channel, std::string_view thread_ts, std::int64_t oldest_s,
                         std::string_view cursor);

struct Page {
  std::string ts;           // of the message with the trace, "" = it is not on this page
  std::string next_cursor;  // "" = the last page
};
// `root` is the answer as JSON, with "ok":true.
Page read_page(const bellhop::Json &root, const Trace &trace);

}  // namespace slack
