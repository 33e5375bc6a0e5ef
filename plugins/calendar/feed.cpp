// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "text.hpp"
#include "vevent.hpp"

namespace calendar {
namespace {

constexpr std::int64_t day_s = 86'400;

using Shown = std::vector<const State *>;

// Those that fit, nearest to now first; written in the order of their starts.
std::string feed_text(Shown shown, const std::string &name, Detail detail, const FeedOptions &options) {
  std::vector<std::pair<const State *, std::string>> written;
  std::string head = feed_head(name, options.refresh_minutes);
  std::size_t bytes = head.size() + feed_tail.size();
  for (const State *state : shown) {
    if (written.size() >= options.events_max) break;
    std::string text = vevent_of(*state, detail);
    if (bytes + text.size() > options.bytes_max) break;
    bytes += text.size();
    written.emplace_back(state, std::move(text));
  }
  std::sort(written.begin(), written.end(), [](const auto &a, const auto &b) {
    return std::tie(a.first->start, a.first->uid) < std::tie(b.first->start, b.first->uid);
  });
  for (const auto &[state, text] : written) head += text;
  return head.append(feed_tail);
}

}  // namespace

std::string member_path(const std::string &host_id) { return "members/" + safe_name(host_id) + ".ics"; }

bool is_within(const State &state, const FeedOptions &options, std::int64_t now_s) {
  const std::int64_t end = state.end.value_or(state.start);
  return end >= now_s - options.past_days * day_s && state.start <= now_s + options.future_days * day_s;
}

std::vector<Feed> feeds_of(const std::vector<State> &states, const FeedOptions &options, std::int64_t now_s) {
  Shown shown;
  for (const State &state : states) {
    if (state.is_shown && is_within(state, options, now_s)) shown.push_back(&state);
  }
  const auto distance = [now_s](const State *state) { return std::abs(state->start - now_s); };
  std::sort(shown.begin(), shown.end(), [&](const State *a, const State *b) {
    return std::make_tuple(distance(a), a->uid) < std::make_tuple(distance(b), b->uid);
  });
  std::vector<Feed> feeds{{"feed.ics", feed_text(shown, options.name, Detail::full, options)}};
  if (options.has_busy) {
    Shown busy;
    std::copy_if(shown.begin(), shown.end(), std::back_inserter(busy),
                 [](const State *state) { return state->status != Status::canceled; });
    feeds.push_back({"busy.ics", feed_text(busy, options.name, Detail::busy, options)});
  }
  if (!options.has_members) return feeds;
  std::map<std::string, Shown> members;  // by path
  for (const State *state : shown) {
    if (state->host_id.empty()) continue;
    const std::string path = member_path(state->host_id);
    if (members.count(path) != 0 || members.size() < options.members_max) members[path].push_back(state);
  }
  for (const auto &[path, own] : members) {
    const std::string &host = own.front()->host_name;
    feeds.push_back(
        {path, feed_text(own, host.empty() ? options.name : options.name + ": " + host, Detail::full, options)});
  }
  return feeds;
}

}  // namespace calendar
