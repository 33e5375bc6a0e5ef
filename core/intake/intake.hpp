// SPDX-License-Identifier: Apache-2.0
// Intake: the webhook handlers. POST /hooks/<source>/<token> → authenticate → normalise → append → 202.
//
// A 2xx is sent only after Journal::append has returned: the event is on stable storage then. Wrong token and unknown
// path are the same 404, byte for byte and after the same work; the cause goes to our log only, rate-limited.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "http/server.hpp"
#include "journal/journal.hpp"
#include "source/source.hpp"

namespace bellhop::core {

struct IntakeSource {
  std::string name;  // URL segment
  Normalize normalize = nullptr;
  std::vector<std::string> tokens;
};

// For the console: one per request that reached the journal, or was refused by the normaliser. While the journal takes
// nothing, one each ten seconds stands for all, with their number in its reason.
struct Arrival {
  enum class What { accepted, duplicate, quarantined, rejected, unavailable };
  What what = What::accepted;
  std::string source_name, type, subject, reason;  // reason: quarantined, rejected, unavailable
  EventId id;
  Seq seq = 0;
  bool is_late = false, is_test = false;
  Milliseconds took_ms = 0;
  Milliseconds append_ms = -1;  // of that, in the journal; -1: it was not asked
};

class Intake {
 public:
  using Observer = std::function<void(const Arrival &)>;  // [any]; must not block

  Intake(Journal &journal, const Clock &clock, const Log &log, std::vector<IntakeSource> sources, int json_depth_max,
         std::int64_t body_bytes_max, Observer observer);

  std::optional<HttpAnswer> on_head(const HttpRequest &head);  // 404, 405, 415 … before the body is read. [any]
  HttpAnswer on_request(const HttpRequest &request);           // [any]

 private:
  const IntakeSource *find(std::string_view path) const;
  HttpAnswer not_found(const HttpRequest &request);
  HttpAnswer reject(const Rejection &rejection, Arrival arrival);
  HttpAnswer store(const HttpRequest &request, const IntakeSource &source, const Outcome &outcome, Arrival arrival);
  HttpAnswer unavailable(const Error &error, Arrival arrival);
  HttpAnswer finish(HttpAnswer answer, Arrival &arrival) const;

  Journal &journal_;
  const Clock &clock_;
  const Log &log_;
  const std::vector<IntakeSource> sources_;
  const IntakeSource decoy_;  // what an unknown source's token is compared with, to take the same time
  const int json_depth_max_;
  const std::int64_t body_bytes_max_;
  const Observer observer_;

  Mutex strangers_mutex_;
  std::int64_t strangers_count_ GUARDED_BY(strangers_mutex_) = 0;  // since the last line about them
  Milliseconds strangers_logged_ms_ GUARDED_BY(strangers_mutex_) = 0;
  Milliseconds failure_logged_ms_ GUARDED_BY(strangers_mutex_) = 0;
  std::int64_t failures_count_ GUARDED_BY(strangers_mutex_) = 0;  // since the last line about them
};

}  // namespace bellhop::core
