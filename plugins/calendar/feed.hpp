// SPDX-License-Identifier: Apache-2.0
// The feeds: all bookings of a window of time as documents to subscribe to. feed.ics has all of them, members/ID.ics
// those of one member, busy.ics only that somebody is busy. Bounded whatever was forged: the nearest bookings win.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "state.hpp"

namespace calendar {

struct FeedOptions {
  std::string name = "Bookings";
  int past_days = 30, future_days = 365;
  int refresh_minutes = 60;
  bool has_members = true, has_busy = true;
  std::size_t events_max = 5'000;     // of one feed
  std::size_t bytes_max = 4'000'000;  // of one feed
  std::size_t members_max = 100;
};

struct Feed {
  std::string path, text;
};

// What is shown of the states at `now_s`. The same states give the same bytes within a window, so that a reader who
// asks again is told that nothing changed.
std::vector<Feed> feeds_of(const std::vector<State> &states, const FeedOptions &options, std::int64_t now_s);

// "members/7.ics": the member's id, or its digest when it is not fit for a path.
std::string member_path(const std::string &host_id);

// Is the booking within the window?
bool is_within(const State &state, const FeedOptions &options, std::int64_t now_s);

}  // namespace calendar
