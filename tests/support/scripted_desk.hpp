// SPDX-License-Identifier: Apache-2.0
// ScriptedDesk: a Desk without journal and network, for tests of the host room. Answers at once from memory, or, after
// hold(), keeps every call until the test lets it go: on the test's own thread, in its own time, or after the death of
// the caller.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "host/desk.hpp"

namespace bellhop::core {

class ScriptedDesk final : public Desk {
 public:
  // ---- the script ----
  // What becomes of a request; by default 200 with its body.
  std::function<HttpReply(const HttpCall &)> answer = [](const HttpCall &call) {
    HttpReply reply;
    reply.status = 200;
    reply.body = call.body;
    reply.sentence = call.method + " " + call.url + ": 200";
    reply.exchange = "{\"url\":\"" + call.url + "\"}";
    return reply;
  };
  std::optional<Error> refusal;  // of every kv_get, kv_list and write
  std::string base_url;
  void hold() {  // calls are kept from now on
    Lock lock(mutex_);
    is_holding_ = true;
  }
  // Lets everything go that is kept, and what comes later. Returns how many calls there were.
  std::size_t release() {
    std::vector<std::function<void(bool)>> kept;
    {
      Lock lock(mutex_);
      is_holding_ = false;
      kept = std::exchange(kept_, {});
    }
    for (const auto &call : kept) call(false);
    return kept.size();
  }

  // ---- what was seen ----
  bool has_kept(std::size_t count) {
    Lock lock(mutex_);
    return kept_.size() >= count;
  }
  std::vector<HttpCall> requests() {
    Lock lock(mutex_);
    return requests_;
  }
  std::vector<MetricSample> metrics() {
    Lock lock(mutex_);
    return metrics_;
  }
  bool wait_for_metrics(std::size_t count) {
    Lock lock(mutex_);
    while (metrics_.size() < count) {
      if (!changed_.wait_for(mutex_, std::chrono::seconds(20))) return metrics_.size() >= count;
    }
    return true;
  }
  int cancels_count() {
    Lock lock(mutex_);
    return cancels_count_;
  }
  std::map<std::string, std::string> kv() {
    Lock lock(mutex_);
    return kv_;
  }
  std::map<std::string, DocumentWrite> documents() {
    Lock lock(mutex_);
    return documents_;
  }
  // What a settlement does with Report.staged.
  void apply(const Staged &staged) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    for (const KvWrite &write : staged.kv) {
      if (write.value) {
        kv_[write.key] = *write.value;
      } else {
        kv_.erase(write.key);
      }
    }
    for (const DocumentWrite &write : staged.documents) {
      if (write.body) {
        documents_[write.path] = write;
      } else {
        documents_.erase(write.path);
      }
    }
  }

  // ---- Desk ----
  void http(const Caller &, HttpCall call, std::function<void(HttpReply)> done) override {
    {
      Lock lock(mutex_);
      requests_.push_back(call);
    }
    go([this, call = std::move(call), done = std::move(done)](bool is_cancelled) {
      if (!is_cancelled) return done(answer(call));
      HttpReply reply;
      reply.failure = HttpFailure::cancelled;
      reply.sentence = call.method + " " + call.url + ": cancelled";
      done(std::move(reply));
    });
  }
  void cancel(const Caller &) override {
    std::vector<std::function<void(bool)>> kept;
    {
      Lock lock(mutex_);
      ++cancels_count_;
      if (!is_stubborn) kept = std::exchange(kept_, {});
      changed_.notify_all();
    }
    for (const auto &call : kept) call(true);
  }
  bool is_stubborn = false;  // cancel() ends nothing

  void kv_get(const Caller &, std::string key, std::function<void(Result<std::optional<std::string>>)> done) override {
    go([this, key = std::move(key), done = std::move(done)](bool) {
      if (refusal) return done(*refusal);
      const auto entries = kv();
      const auto found = entries.find(key);
      done(found == entries.end() ? std::optional<std::string>() : std::optional<std::string>(found->second));
    });
  }
  void kv_list(const Caller &, std::string prefix, std::string after, int count_max,
               std::function<void(Result<KvEntries>)> done) override {
    go([=, this](bool) {
      if (refusal) return done(*refusal);
      KvEntries entries;
      for (const auto &[key, value] : kv()) {
        if (key.compare(0, prefix.size(), prefix) != 0 || key <= after) continue;
        if (static_cast<int>(entries.size()) < count_max) entries.emplace_back(key, value);
      }
      done(std::move(entries));
    });
  }
  void write(const Caller &, Staged staged, std::function<void(Result<void>)> done) override {
    go([this, staged = std::move(staged), done = std::move(done)](bool) {
      if (refusal) return done(*refusal);
      apply(staged);
      done({});
    });
  }
  void metric(const Caller &, MetricSample sample) override {
    Lock lock(mutex_);
    metrics_.push_back(std::move(sample));
    changed_.notify_all();
  }
  std::string public_url(const Caller &) override { return base_url; }

 private:
  void go(std::function<void(bool)> call) EXCLUDES(mutex_) {
    {
      Lock lock(mutex_);
      if (is_holding_) {
        kept_.push_back(std::move(call));
        changed_.notify_all();
        return;
      }
    }
    call(false);
  }

  Mutex mutex_;
  CondVar changed_;
  bool is_holding_ GUARDED_BY(mutex_) = false;
  std::vector<std::function<void(bool is_cancelled)>> kept_ GUARDED_BY(mutex_);
  std::vector<HttpCall> requests_ GUARDED_BY(mutex_);
  std::vector<MetricSample> metrics_ GUARDED_BY(mutex_);
  int cancels_count_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string> kv_ GUARDED_BY(mutex_);
  std::map<std::string, DocumentWrite> documents_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::core
