// SPDX-License-Identifier: Apache-2.0
// Egress: the one door through which plugins' HTTP requests leave. A bounded number of threads `egress-*`, one call on
// each, over Poco's sockets; one more thread, `egress-keeper`, answers calls whose time is over while they wait and
// closes idle connections. What a call may do and what is recorded of it is decided here, once for all plugins.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "egress/call_queue.hpp"
#include "egress/channel_pool.hpp"
#include "egress/destination.hpp"
#include "egress/egress_options.hpp"
#include "egress/resolver.hpp"
#include "egress/tls.hpp"
#include "egress/transfer.hpp"

namespace bellhop::core {

class Egress {
 public:
  // Starts the threads. `clock` must be one that runs: waits are real.
  //   resolve   the system's resolver, or a test's own
  //   errors    invalid: proxy, proxy_except or ca_file cannot be read; the sentence names the key
  static Result<std::unique_ptr<Egress>> open(EgressOptions options, const Clock &clock, const Log &log,
                                              ResolveName resolve = resolve_by_system);
  // Every call that is waiting or under way ends with `cancelled`, then the threads are joined. A name that the system
  // is still looking up is waited for.
  ~Egress();

  // Never blocks. `done` is called exactly once: at once, in this thread, when the call is refused; else later, in a
  // thread of ours, which it must not hold up. [any]
  //   timeout_ms   0 or more than total_timeout means total_timeout; waiting for a thread or a token counts
  //   failure      denied: the policy or an unknown bucket; timeout with retry_after_ms: the bucket's next free place
  void send(const EgressCaller &caller, std::shared_ptr<const EgressPolicy> policy, HttpCall call,
            std::function<void(HttpReply)> done);
  // Calls of that worker end with `cancelled` soon, those that wait and those under way. Later ones are not touched.
  // [any]
  void cancel(const EgressCaller &caller);

  std::size_t idle_channels_count() { return pool_.size(); }  // [any]

 private:
  struct Worker {
    Wakeup cancel;
    std::optional<EgressCaller> running;  // guarded by mutex_
    std::jthread thread;
  };

  Egress(EgressOptions options, const Clock &clock, const Log &log, ResolveName resolve,
         std::unique_ptr<TlsContext> tls, std::optional<Url> proxy, std::vector<HostPattern> proxy_except);
  void work(Worker &worker, int number);
  void keep_house();
  std::optional<QueuedCall> next(Worker &worker);
  HttpReply transfer(const QueuedCall &call, const Wakeup &cancel);
  void finish(QueuedCall &call, HttpReply reply);
  void answer_late(std::vector<CallQueue::Late> late);
  void answer_cancelled(std::vector<QueuedCall> calls);

  const EgressOptions options_;
  const Clock &clock_;
  const Log &log_;
  const std::unique_ptr<TlsContext> tls_;
  const std::optional<Url> proxy_;
  const std::vector<HostPattern> proxy_except_;
  ChannelPool pool_;
  Resolver resolver_;
  const TransferTools tools_;

  Mutex mutex_;
  CondVar changed_;
  CallQueue queue_ GUARDED_BY(mutex_);
  std::vector<QueuedCall> cancelled_ GUARDED_BY(mutex_);  // taken from the queue, to be answered by the keeper
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::list<Worker> workers_;  // a list, because a Worker cannot move
  std::jthread keeper_;
};

}  // namespace bellhop::core
