// SPDX-License-Identifier: Apache-2.0
// Services: the daemon's Desk. What a plugin asks for goes to the room that can do it: http to egress under the
// instance's own policy, kv and publish to the journal, metrics to the registry. It knows which instance is which and
// nothing of processes or plugins.
//
// One thread, `services`, reads from the journal for all instances: a read is quick unless the disk is not, and then
// the thread that feeds every plugin (delivery) must not be the one that waits. What is queued is bounded; beyond that
// a call is refused at once (docs/decisions/0095).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.hpp"
#include "base/clock.hpp"
#include "egress/egress.hpp"
#include "host/desk.hpp"
#include "journal/journal.hpp"
#include "services/metrics.hpp"
#include "services/publications.hpp"

namespace bellhop::core {

// One instance as the desk knows it.
struct Served {
  std::string name;
  InstanceId id = 0;
  std::shared_ptr<const EgressPolicy> policy;  // shared with the calls under way, which may outlive a reload
};

class Services final : public Desk {
 public:
  static constexpr std::size_t reads_max = 1'024;  // calls that wait for the thread `services`

  // All of them outlive this object; the metrics also outlive every call that egress and journal still carry.
  Services(Journal &journal, Egress &egress, const Publications &publications, Metrics &metrics, const Clock &clock,
           std::vector<Served> instances);
  ~Services() override;  // answers what is queued, joins

  void http(const Caller &caller, HttpCall call, std::function<void(HttpReply)> done) override;
  void cancel(const Caller &caller) override;
  void kv_get(const Caller &caller, std::string key,
              std::function<void(Result<std::optional<std::string>>)> done) override;
  void kv_list(const Caller &caller, std::string prefix, std::string after, int count_max,
               std::function<void(Result<KvEntries>)> done) override;
  void write(const Caller &caller, Staged staged, std::function<void(Result<void>)> done) override;
  void metric(const Caller &caller, MetricSample sample) override;
  std::string public_url(const Caller &caller) override;

 private:
  using Work = std::function<void()>;

  // nullptr: no such instance.
  const Served *find(const std::string &name) const;
  template <class T>
  void on_thread(const Caller &caller, const char *call, std::function<void(Result<T>)> done,
                 std::function<void(const Served &, std::function<void(Result<T>)>)> work);

  Journal &journal_;
  Egress &egress_;
  const Publications &publications_;
  Metrics &metrics_;
  const Clock &clock_;
  const std::map<std::string, Served, std::less<>> instances_;
  BoundedQueue<Work> queue_{reads_max};
  std::thread thread_;
};

}  // namespace bellhop::core
