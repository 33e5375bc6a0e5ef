// SPDX-License-Identifier: Apache-2.0
#include "egress/egress.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "egress/redaction.hpp"
#include "egress/request.hpp"

namespace bellhop::core {

namespace {

constexpr Milliseconds full_queue_wait_ms = 1'000;

HttpReply refusal(HttpFailure failure, std::string sentence, Milliseconds retry_after_ms = 0) {
  HttpReply reply;
  reply.failure = failure;
  reply.sentence = std::move(sentence);
  reply.retry_after_ms = retry_after_ms;
  return reply;
}

Result<std::optional<Url>> parse_proxy(const std::string &text) {
  if (text.empty()) return std::optional<Url>();
  Result<Url> url = Url::parse(text);
  if (!url) return Error{Kind::invalid, "proxy " + url.error().sentence};
  if (url->is_tls || url->target != "/") {
    return Error{Kind::invalid, "proxy must have the form \"http://host:port\""};
  }
  return std::optional<Url>(std::move(*url));
}

}  // namespace

Result<std::unique_ptr<Egress>> Egress::open(EgressOptions options, const Clock &clock, const Log &log,
                                             ResolveName resolve) {
  CHECK(options.threads_max > 0 && options.calls_max > 0);
  Result<std::optional<Url>> proxy = parse_proxy(options.proxy);
  if (!proxy) return proxy.error();
  std::vector<HostPattern> except;
  for (const std::string &text : options.proxy_except) {
    Result<HostPattern> pattern = HostPattern::parse(text);
    if (!pattern) return Error{Kind::invalid, "proxy_except: " + pattern.error().sentence};
    except.push_back(std::move(*pattern));
  }
  Result<std::unique_ptr<TlsContext>> tls = TlsContext::open(options.ca_file);
  if (!tls) return Error{Kind::invalid, "ca_file: " + tls.error().sentence};
  return std::unique_ptr<Egress>(new Egress(std::move(options), clock, log, std::move(resolve), std::move(*tls),
                                            std::move(*proxy), std::move(except)));
}

Egress::Egress(EgressOptions options, const Clock &clock, const Log &log, ResolveName resolve,
               std::unique_ptr<TlsContext> tls, std::optional<Url> proxy, std::vector<HostPattern> proxy_except)
    : options_(std::move(options)),
      clock_(clock),
      log_(log),
      tls_(std::move(tls)),
      proxy_(std::move(proxy)),
      proxy_except_(std::move(proxy_except)),
      resolver_(std::move(resolve)),
      tools_{options_, proxy_except_, proxy_, *tls_, resolver_, pool_},
      queue_(options_.limits, options_.calls_max, std::max(1, options_.threads_max / 2), clock.steady_ms()) {
  for (int number = 1; number <= options_.threads_max; ++number) {
    Worker &worker = workers_.emplace_back();
    worker.thread = std::jthread([this, &worker, number] { work(worker, number); });
  }
  keeper_ = std::jthread([this] { keep_house(); });
}

Egress::~Egress() {
  {
    Lock lock(mutex_);
    is_stopping_ = true;
    for (QueuedCall &call : queue_.take_all()) cancelled_.push_back(std::move(call));
    for (Worker &worker : workers_) {
      if (worker.running) worker.cancel.signal();
    }
    changed_.notify_all();
  }
  for (Worker &worker : workers_) worker.thread.join();
  keeper_.join();
}

void Egress::send(const EgressCaller &caller, std::shared_ptr<const EgressPolicy> policy, HttpCall call,
                  std::function<void(HttpReply)> done) {
  const Milliseconds now_ms = clock_.steady_ms();
  QueuedCall queued{caller, std::move(policy), {}, std::move(call), std::move(done), clock_.wall_ms(), now_ms, 0};
  const Milliseconds wanted_ms = queued.call.timeout_ms;
  queued.end_ms = now_ms + (wanted_ms > 0 ? std::min(wanted_ms, options_.total_timeout_ms) : options_.total_timeout_ms);

  // untrusted: a plugin wrote the request, and perhaps took the URL from a payload
  if (const Result<void> checked = check_request(queued.call); !checked) {
    return finish(queued, refusal(HttpFailure::invalid, checked.error().sentence));
  }
  Result<Url> url = Url::parse(queued.call.url);
  if (!url) return finish(queued, refusal(HttpFailure::invalid, "the URL " + url.error().sentence));
  queued.url = std::move(*url);
  if (queued.policy->trust_of(queued.url) == Trust::denied) {
    return finish(queued, refusal(HttpFailure::denied, denied_sentence(caller.instance, queued.url)));
  }
  // trusted from here, but for the address that the name turns out to have
  const std::string limit = queued.call.limit;
  bool is_known = false, is_added = false, is_stopping = false;
  {
    Lock lock(mutex_);
    is_known = limit.empty() || queue_.has_bucket(limit);
    is_stopping = is_stopping_;
    if (is_known && !is_stopping) is_added = queue_.try_add(std::move(queued));
    if (is_added) changed_.notify_all();
  }
  if (is_added) return;
  if (is_stopping) return finish(queued, refusal(HttpFailure::cancelled, "cancelled, because the daemon is stopping"));
  if (!is_known) {
    return finish(queued,
                  refusal(HttpFailure::denied, "there is no rate bucket " + limit + "; add it to the config: [limit." +
                                                   limit + "] rate = \"1/s\""));
  }
  finish(queued, refusal(HttpFailure::timeout,
                         "too many calls wait for a thread already (" + std::to_string(options_.calls_max) + ")",
                         full_queue_wait_ms));
}

void Egress::cancel(const EgressCaller &caller) {
  Lock lock(mutex_);
  for (QueuedCall &call : queue_.take_of(caller)) cancelled_.push_back(std::move(call));
  for (Worker &worker : workers_) {
    if (worker.running == caller) worker.cancel.signal();
  }
  changed_.notify_all();
}

void Egress::work(Worker &worker, int number) {
  pthread_setname_np(pthread_self(), ("egress-" + std::to_string(number)).c_str());
  while (std::optional<QueuedCall> call = next(worker)) {
    HttpReply reply = transfer(*call, worker.cancel);
    {
      Lock lock(mutex_);
      worker.running.reset();
      queue_.finished(call->caller);
      constexpr int too_many_requests = 429;
      if (reply.status == too_many_requests && reply.retry_after_ms > 0) {
        queue_.pause(call->call.limit, clock_.steady_ms() + reply.retry_after_ms);
      }
      changed_.notify_all();
    }
    finish(*call, std::move(reply));
  }
}

std::optional<QueuedCall> Egress::next(Worker &worker) {
  Lock lock(mutex_);
  for (;;) {
    if (is_stopping_) return std::nullopt;
    const Milliseconds now_ms = clock_.steady_ms();
    if (std::optional<QueuedCall> call = queue_.take_ready(now_ms)) {
      worker.cancel.reset();
      worker.running = call->caller;
      return call;
    }
    changed_.wait_for(mutex_, std::chrono::milliseconds(queue_.next_change_ms(now_ms) - now_ms));
  }
}

// One of the house's bulkheads: whatever a library throws ends here and costs one call.
HttpReply Egress::transfer(const QueuedCall &call, const Wakeup &cancel) {
  try {
    return Transfer(tools_, call, Patience(clock_, call.end_ms, cancel)).run();
  } catch (const std::exception &error) {
    log_.error("egress", "a call of instance " + call.caller.instance + " failed in a way that nobody foresaw: " +
                             redacted_text(error.what(), call.policy->secrets()));
    return refusal(HttpFailure::connect, "the call failed inside the daemon; its log says how");
  }
}

void Egress::keep_house() {
  pthread_setname_np(pthread_self(), "egress-keeper");
  for (bool is_last = false; !is_last;) {
    std::vector<CallQueue::Late> late;
    std::vector<QueuedCall> cancelled;
    {
      Lock lock(mutex_);
      const Milliseconds now_ms = clock_.steady_ms();
      late = queue_.take_late(now_ms);
      cancelled.swap(cancelled_);
      is_last = is_stopping_;
      if (late.empty() && cancelled.empty() && !is_last) {
        const Milliseconds next_ms = std::min(queue_.next_change_ms(now_ms), now_ms + 1'000);
        changed_.wait_for(mutex_, std::chrono::milliseconds(next_ms - now_ms));
      }
    }
    answer_late(std::move(late));
    answer_cancelled(std::move(cancelled));
    pool_.prune(clock_.steady_ms());
  }
}

void Egress::answer_late(std::vector<CallQueue::Late> late) {
  for (auto &[call, wait_ms] : late) {
    std::string sentence = wait_ms > 0
                               ? "the rate bucket " + call.call.limit +
                                     " has no place for it in time; the next is in " + std::to_string(wait_ms) + " ms"
                               : "no thread came free in time; all are busy with other calls";
    finish(call, refusal(HttpFailure::timeout, std::move(sentence), wait_ms));
  }
}

void Egress::answer_cancelled(std::vector<QueuedCall> calls) {
  for (QueuedCall &call : calls) {
    finish(call, refusal(HttpFailure::cancelled, "cancelled, because the instance is being stopped"));
  }
}

// The one place where a call becomes a record: what was tried, on what, what came back, without secrets.
void Egress::finish(QueuedCall &call, HttpReply reply) {
  const std::vector<std::string> &secrets = call.policy->secrets();
  const bool is_url = !call.url.host.empty();
  ExchangeFacts facts;
  facts.at_ms = call.at_ms;
  facts.took_ms = clock_.steady_ms() - call.queued_ms;
  facts.method = redacted_text(std::string(std::string_view(call.call.method).substr(0, 32)), secrets);
  facts.url = is_url ? redacted_text(redacted_url(call.url), secrets) : "";
  facts.status = reply.status;
  facts.failure = reply.failure;
  facts.request_bytes = call.call.body.size();
  facts.response_bytes = reply.body.size();
  facts.sentence = redacted_text(reply.sentence, secrets);
  reply.sentence = facts.method + " " + (is_url ? facts.url : "(no URL)") + ": " + facts.sentence;
  reply.exchange = exchange_json(facts);
  call.done(std::move(reply));
}

}  // namespace bellhop::core
