// SPDX-License-Identifier: Apache-2.0
#include "services/services.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace bellhop::core {
namespace {

constexpr int entries_max = 1'000;  // of one kv_list

std::map<std::string, Served, std::less<>> by_name(std::vector<Served> instances) {
  std::map<std::string, Served, std::less<>> map;
  for (Served &served : instances) {
    std::string name = served.name;
    map.emplace(std::move(name), std::move(served));
  }
  return map;
}

}  // namespace

Services::Services(Journal &journal, Egress &egress, const Publications &publications, Metrics &metrics,
                   const Clock &clock, std::vector<Served> instances)
    : journal_(journal),
      egress_(egress),
      publications_(publications),
      metrics_(metrics),
      clock_(clock),
      instances_(by_name(std::move(instances))) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "services");
    while (std::optional<Work> work = queue_.pop()) (*work)();
  });
}

Services::~Services() {
  queue_.close();
  thread_.join();
}

const Served *Services::find(const std::string &name) const {
  const auto found = instances_.find(name);
  return found == instances_.end() ? nullptr : &found->second;
}

// Carries `work` to the thread `services` with a `done` that counts the call. Never calls `done` twice and never not at
// all.
template <class T>
void Services::on_thread(const Caller &caller, const char *call, std::function<void(Result<T>)> done,
                         std::function<void(const Served &, std::function<void(Result<T>)>)> work) {
  // It may be called after this object is gone: by the journal's thread, with what was being written.
  const auto counted = [&metrics = metrics_, instance = caller.instance, call,
                        done = std::move(done)](Result<T> result) {
    metrics.service(instance, call, result.ok());
    done(std::move(result));
  };
  const Served *served = find(caller.instance);
  if (served == nullptr) {
    return counted(Error{Kind::not_found, "there is no instance \"" + caller.instance + "\""});
  }
  const bool is_queued = queue_.try_push([served, counted, work = std::move(work)] { work(*served, counted); });
  if (!is_queued) {
    counted(Error{Kind::unavailable, std::string(call) + ": " + std::to_string(reads_max) +
                                         " calls of plugins wait for the disk already"});
  }
}

void Services::http(const Caller &caller, HttpCall call, std::function<void(HttpReply)> done) {
  const Served *served = find(caller.instance);
  const Milliseconds began_ms = clock_.steady_ms();
  // As above: egress may answer when this object is gone.
  auto counted = [&metrics = metrics_, &clock = clock_, instance = caller.instance, began_ms,
                  done = std::move(done)](HttpReply reply) {
    metrics.http(instance, reply, clock.steady_ms() - began_ms);
    done(std::move(reply));
  };
  if (served == nullptr) {
    HttpReply reply;
    reply.failure = HttpFailure::denied;
    reply.sentence = "there is no instance \"" + caller.instance + "\"";
    return counted(std::move(reply));
  }
  egress_.send({caller.instance, caller.worker}, served->policy, std::move(call), std::move(counted));
}

void Services::cancel(const Caller &caller) { egress_.cancel({caller.instance, caller.worker}); }

void Services::kv_get(const Caller &caller, std::string key,
                      std::function<void(Result<std::optional<std::string>>)> done) {
  on_thread<std::optional<std::string>>(caller, "kv_get", std::move(done),
                                        [this, key = std::move(key)](const Served &served, const auto &answer) {
                                          answer(journal_.kv_get(served.id, key));
                                        });
}

void Services::kv_list(const Caller &caller, std::string prefix, std::string after, int count_max,
                       std::function<void(Result<KvEntries>)> done) {
  const int count = std::clamp(count_max, 1, entries_max);
  on_thread<KvEntries>(
      caller, "kv_list", std::move(done),
      [this, prefix = std::move(prefix), after = std::move(after), count](const Served &served, const auto &answer) {
        answer(journal_.kv_list(served.id, prefix, after, count));
      });
}

// The quota is asked first: settle() refuses nothing.
void Services::write(const Caller &caller, Staged staged, std::function<void(Result<void>)> done) {
  on_thread<void>(caller, "write", std::move(done),
                  [this, staged = std::move(staged)](const Served &served, const auto &answer) mutable {
                    if (staged.empty()) return answer({});
                    if (Result<void> checked = journal_.check_staged(served.id, staged); !checked) {
                      return answer(std::move(checked));
                    }
                    SettleBatch batch;
                    batch.writes.push_back({served.id, std::move(staged), clock_.wall_ms()});
                    journal_.settle(std::move(batch), answer);
                  });
}

void Services::metric(const Caller &caller, MetricSample sample) { metrics_.sample(caller.instance, sample); }

std::string Services::public_url(const Caller &caller) { return publications_.url_of(caller.instance); }

}  // namespace bellhop::core
