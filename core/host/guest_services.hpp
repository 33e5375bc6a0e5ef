// SPDX-License-Identifier: Apache-2.0
// GuestServices: the services http, kv, publish and metrics on the plugin's side, as functions over values: checks what
// the plugin asks for, stages its writes while it delivers, and passes the rest through the doors. The tables of the
// ABI in front of it are in host/guest_tables.cpp.
//
// Functions tagged [any] may be called by every thread of the plugin. Staging is the owner's: a thread of the plugin
// writes at once, because nobody could say with which delivery its write belongs.
#pragma once

#include <bellhop/plugin.h>

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.hpp"
#include "host/guest_doors.hpp"
#include "host/staged_writes.hpp"

namespace bellhop::core {

inline constexpr std::size_t metric_series_count_max = 512;  // of one instance

class GuestServices {
 public:
  // `doors` must outlive it. The constructing thread is the owner.
  GuestServices(const GuestDoors &doors, std::string public_url) : doors_(doors), public_url_(std::move(public_url)) {}

  // The table of a service, or nullptr. [any]
  const void *find(std::string_view id) const;

  // Around every call of the plugin, by the owner. Writes of a `deliver` are staged; everywhere else they are durable
  // at once, but in `create`, which has no I/O.
  enum class During { create, deliver, other };
  void begin(During during, Milliseconds budget_ms);
  // The end of the call; what it staged, when it is to be kept.
  Staged end(bool is_kept);

  // Each returns 0 or BHP_E_*.
  std::int32_t http(HttpCall call, HttpReply &reply);                 // [any]
  std::int32_t get(std::string_view key, std::string &value);         // [any]
  std::int32_t write(KvWrite write, bool is_now);                     // [any]
  std::int32_t write(DocumentWrite write, bool is_now);               // [any]
  std::int32_t list(KvList list, ServiceReply &page, bool &is_more);  // [any]
  std::int32_t url(std::string_view path, std::string &url) const;    // [any]
  std::int32_t metric(MetricSample sample);                           // [any]

 private:
  bool is_creating() const { return during_ == During::create; }
  bool is_owner() const { return std::this_thread::get_id() == owner_; }
  bool is_staging() const { return is_owner() && during_ == During::deliver; }
  void add_staged(const KvList &list, const std::string *horizon, KvEntries &entries) const;
  template <class Write>
  std::int32_t put(Write write, bool is_now);

  const GuestDoors &doors_;
  const std::string public_url_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<During> during_{During::other};
  Milliseconds deadline_ms_ = 0;  // the owner's; of requests in the call under way, steady; 0 = none
  StagedWrites staged_;           // the owner's

  Mutex mutex_;
  std::set<std::string> series_ GUARDED_BY(mutex_);  // <= metric_series_count_max
};

}  // namespace bellhop::core
