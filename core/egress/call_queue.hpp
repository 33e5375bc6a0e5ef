// SPDX-License-Identifier: Apache-2.0
// CallQueue: the calls that wait for a thread or for a token of their rate bucket. First come, first served within a
// bucket and within an instance; an instance holds at most a share of the threads, so that one slow destination does
// not stop the others. A call that cannot be in time is told so at once, not when its time is over. No thread, no lock,
// no clock in here: the owner has them.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "egress/destination.hpp"
#include "egress/http_call.hpp"
#include "egress/rate_bucket.hpp"

namespace bellhop::core {

struct EgressCaller {
  std::string instance;
  int worker = 0;
  bool operator==(const EgressCaller &) const = default;
};

struct QueuedCall {
  EgressCaller caller;
  std::shared_ptr<const EgressPolicy> policy;  // the caller's, which may be replaced while calls are under way
  Url url;
  HttpCall call;
  std::function<void(HttpReply)> done;
  Milliseconds at_ms = 0;  // wall clock, for the record
  Milliseconds queued_ms = 0, end_ms = 0;
};

class CallQueue {
 public:
  CallQueue(const std::map<std::string, RateLimit> &limits, std::size_t calls_max, int per_instance_max,
            Milliseconds now_ms);

  bool has_bucket(const std::string &name) const { return buckets_.count(name) != 0; }
  // False when the queue is full; the call is then untouched.
  bool try_add(QueuedCall &&call);
  // The first call that may go now; its token is taken and its instance holds one thread more until finished().
  std::optional<QueuedCall> take_ready(Milliseconds now_ms);
  void finished(const EgressCaller &caller);

  struct Late {
    QueuedCall call;
    Milliseconds wait_ms = 0;  // how long its bucket would have made it wait from now; 0: no thread came free
  };
  // Those whose time is over, or whose turn in the bucket comes after it.
  std::vector<Late> take_late(Milliseconds now_ms);
  std::vector<QueuedCall> take_of(const EgressCaller &caller);
  std::vector<QueuedCall> take_all();
  void pause(const std::string &bucket, Milliseconds until_ms);
  // When take_ready or take_late may next find something that they do not find now.
  Milliseconds next_change_ms(Milliseconds now_ms);
  std::size_t size() const { return calls_.size(); }

 private:
  RateBucket *bucket_of(const QueuedCall &call);

  const std::size_t calls_max_;
  const int per_instance_max_;
  std::map<std::string, RateBucket> buckets_;
  std::map<std::string, int> running_;  // instance → threads it holds; no zeros
  std::list<QueuedCall> calls_;         // in the order of arrival
};

}  // namespace bellhop::core
