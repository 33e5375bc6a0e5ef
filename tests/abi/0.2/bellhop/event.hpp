// SPDX-License-Identifier: Apache-2.0
// bellhop/event.hpp -- Event and Batch: what a plugin is given, as views. Part of plugin.hpp.
#pragma once

#include <string>
#include <string_view>

#include "json.hpp"
#include "plugin.h"
#include "verdict.hpp"

#pragma GCC visibility push(hidden)  // nothing of this leaves the plugin

namespace bellhop {

// A view, valid until deliver returns.
class Event {
 public:
  Event(const bhp_event &event, const bhp_json_v1 *api) : event_(&event), api_(api) {}

  std::string_view id() const { return detail::view(event_->id); }
  std::string_view type() const { return detail::view(event_->type); }
  std::string_view subject() const { return detail::view(event_->subject); }
  std::string_view json() const { return detail::view(event_->json); }
  std::string_view body() const { return detail::view(event_->body); }
  int64_t occurred_ms() const { return event_->occurred_ms; }
  int64_t received_ms() const { return event_->received_ms; }
  int64_t budget_ms() const { return event_->budget_ms; }
  uint64_t seq() const { return event_->seq; }
  uint32_t attempt() const { return event_->attempt; }
  uint32_t attempts_max() const { return event_->attempts_max; }
  bool is_test() const { return has(BHP_EV_TEST); }
  bool is_replay() const { return has(BHP_EV_REPLAY); }
  bool is_redelivery() const { return has(BHP_EV_REDELIVERY); }
  bool is_late() const { return has(BHP_EV_LATE); }
  bool is_dryrun() const { return has(BHP_EV_DRYRUN); }

  Json root() const { return {api_, event_->root}; }
  Json operator[](std::string_view pointer) const { return root()[pointer]; }

  // "{{/data/booking/attendee/email}} booked" with the values put in. No escaping: that is the destination's business.
  std::string render(std::string_view pattern) const {
    std::string out;
    for (size_t at = 0;;) {
      const size_t open = pattern.find("{{", at);
      const size_t close = open == pattern.npos ? open : pattern.find("}}", open);
      if (close == pattern.npos) return out.append(pattern.substr(at));
      out.append(pattern.substr(at, open - at)).append((*this)[pattern.substr(open + 2, close - open - 2)].text());
      at = close + 2;
    }
  }
  const bhp_event &c() const { return *event_; }

 private:
  bool has(uint32_t flag) const { return (event_->flags & flag) != 0; }
  const bhp_event *event_;
  const bhp_json_v1 *api_;
};

// Several events in one call, at most one per subject, oldest first. A view, valid until deliver_batch returns.
class Batch {
 public:
  Batch(const bhp_event *const *events, size_t count, const bhp_json_v1 *api, int64_t budget_ms, int64_t backlog_count)
      : events_(events), count_(count), api_(api), budget_ms_(budget_ms), backlog_count_(backlog_count) {}

  size_t size() const { return count_; }
  Event operator[](size_t index) const { return {*events_[index], api_}; }
  int64_t budget_ms() const { return budget_ms_; }
  int64_t backlog_count() const { return backlog_count_; }  // events owed behind this batch, as far as known

 private:
  const bhp_event *const *events_;
  size_t count_;
  const bhp_json_v1 *api_;
  int64_t budget_ms_, backlog_count_;
};

}  // namespace bellhop

#pragma GCC visibility pop
