// SPDX-License-Identifier: Apache-2.0
// Settings: the instance's settings as plain values, checked once, with a sentence for what the schema cannot say.
#pragma once

#include <bellhop/plugin.hpp>

#include <string>
#include <vector>

#include "caldav.hpp"
#include "feed.hpp"

namespace calendar {

enum class Source { any, rel, local };

struct Settings {
  Source source = Source::any;
  std::vector<std::string> rel_origins;  // "https://host" or "https://host:port"
  std::vector<std::string> directories;  // without a slash at the end
  std::vector<Account> accounts;
  bool has_feed = true;
  FeedOptions feed;
  int64_t tick_ms = 0;
  int keep_days = 0;  // how long a booking that is over is remembered
};

bellhop::Manifest manifest();
// Throws Abort with FAIL and the sentence.
Settings read_settings(const bellhop::Json &json);

}  // namespace calendar
