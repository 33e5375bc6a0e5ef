// SPDX-License-Identifier: Apache-2.0
// TrialDesk: what stands behind a plugin that is tried out (cli/trial.hpp). kv and documents are in memory; HTTP is
// made up (stub: nothing leaves this machine), done (live), or done and written down (record). The instance's policy of
// destinations holds in all three, so a missing allow rule shows here and not in production.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "cli/trial.hpp"
#include "egress/egress.hpp"
#include "host/desk.hpp"

namespace bellhop::core {

enum class TrialHttp { stub, live, record };

// One line of an answers file: what a request of this method and URL gets, in the order of the file. "*" is any method,
// a URL that ends in '*' any that begins so. The last one that fits is given again.
struct ScriptedAnswer {
  std::string method, url;
  HttpReply reply;
  bool fits(const HttpCall &call) const;
};

// JSON: [{"method","url","status","headers":[["name","value"]],"body"}] or, for no answer at all, "failure": "timeout",
// "connect", "tls", "denied", "too_large".
//   errors    invalid: with what is wrong
Result<std::deque<ScriptedAnswer>> parse_answers(const std::string &json, const std::string &file);
std::string answers_json(const std::deque<ScriptedAnswer> &answers);

class TrialDesk final : public Desk {
 public:
  // `egress` is not null for live and record; all outlive this object.
  TrialDesk(TrialHttp mode, EgressPolicy policy, std::deque<ScriptedAnswer> answers, Egress *egress,
            Transcript &transcript);

  void http(const Caller &caller, HttpCall call, std::function<void(HttpReply)> done) override;
  void cancel(const Caller &caller) override;
  void kv_get(const Caller &caller, std::string key,
              std::function<void(Result<std::optional<std::string>>)> done) override;
  void kv_list(const Caller &caller, std::string prefix, std::string after, int count_max,
               std::function<void(Result<KvEntries>)> done) override;
  void write(const Caller &caller, Staged staged, std::function<void(Result<void>)> done) override;
  void metric(const Caller &caller, MetricSample sample) override;
  std::string public_url(const Caller &) override { return "http://127.0.0.1/pub/TOKEN/"; }

  // What a settlement does with what was staged.
  void settle(const Staged &staged) { apply(staged, "with the verdict"); }

  std::map<std::string, std::string> kv();
  void set_kv(std::map<std::string, std::string> kv);
  std::deque<ScriptedAnswer> recorded();  // record: what came back, in order
  bool has_made_up() const;               // an answer that no server gave

 private:
  void apply(const Staged &staged, const char *when);
  HttpReply make_up(const HttpCall &call);
  void tell(const HttpCall &call, const HttpReply &reply, bool is_made_up);

  const TrialHttp mode_;
  const std::shared_ptr<const EgressPolicy> policy_;  // shared with the calls under way
  Egress *const egress_;
  Transcript &transcript_;
  mutable Mutex mutex_;
  std::deque<ScriptedAnswer> answers_ GUARDED_BY(mutex_), recorded_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> kv_ GUARDED_BY(mutex_);
  bool has_made_up_ GUARDED_BY(mutex_) = false;
};

}  // namespace bellhop::core
