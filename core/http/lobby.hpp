// SPDX-License-Identifier: Apache-2.0
// Lobby: where connections wait until they have something to say, so that no worker thread waits for them.
//
// To Poco's TCPServer the lobby looks like a server socket whose accept() returns a connection that has bytes to read:
// a new one, or one that has been here before. TCPServer's own thread runs it (one epoll set); workers give visitors
// back with park(). It keeps every deadline, the caps, and the drains of refused connections. It parses nothing.
#pragma once

#include <Poco/Net/ServerSocket.h>

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "http/listener.hpp"
#include "http/server.hpp"
#include "http/visitor.hpp"

namespace bellhop::core {

struct HttpCounters {
  std::atomic<std::int64_t> connections{0}, requests{0}, refused_frames{0}, refused_addresses{0}, timeouts{0};
};

class Lobby {
 public:
  static Result<std::unique_ptr<Lobby>> open(Listener listener, const HttpLimits &limits, const Clock &clock,
                                             const Log &log, HttpCounters &counters);
  ~Lobby();

  // ---- TCPServer's thread ----------------------------------------------------------------------------------------
  bool wait(Milliseconds up_to_ms);  // true: take() has a visitor
  VisitorPtr take();

  // ---- workers ---------------------------------------------------------------------------------------------------
  void park(VisitorPtr visitor);     // until it is ready for its phase, or its deadline passes. [any]
  void requeue(VisitorPtr visitor);  // it has more to do, but others wait. [any]
  void on_served() { waiting_count_.fetch_sub(1, std::memory_order_relaxed); }  // a worker has begun with one
  bool has_waiting() const { return waiting_count_.load(std::memory_order_relaxed) > 0; }
  bool is_closing() const { return is_closing_.load(std::memory_order_relaxed); }
  void forget(Visitor &visitor);  // by its destructor

  // ---- stopping, any thread ----------------------------------------------------------------------------------------
  void begin_closing();                        // no more connections; idle ones go
  void wait_until_empty(Milliseconds budget);  // of visitors that are being served
  void cut_all();                              // close what is left, now

 private:
  using Parked = std::map<std::pair<Milliseconds, Visitor *>, VisitorPtr>;  // by deadline

  Lobby(Listener listener, AddressSet trusted, const HttpLimits &limits, const Clock &clock, const Log &log,
        HttpCounters &counters);
  Result<void> open_descriptors();
  Milliseconds sleep_ms(Milliseconds up_to_ms);
  void on_ready(Visitor *visitor);
  void drain(VisitorPtr visitor);
  void accept_new();
  bool accept_one();
  void admit(int descriptor, const Address &peer);
  bool on_exhausted(int code);
  void take_spare();
  void turn_away(int descriptor, int retry_after_s, std::string_view sentence);
  enum class Evicted { nobody, going, gone };  // going: it was told, and has its descriptor until it closes
  Evicted evict_longest_idle();
  void expire();
  void close_listener();
  void drop_parked(bool all_phases);
  void wake() const;
  Parked &parked(Phase phase) REQUIRES(mutex_) { return parked_[static_cast<std::size_t>(phase)]; }
  void insert(VisitorPtr visitor) REQUIRES(mutex_);
  VisitorPtr remove(Visitor &visitor) REQUIRES(mutex_);
  void uncount(Visitor &visitor) REQUIRES(mutex_);
  void arm(Visitor &visitor) const;
  void watch_listener(bool is_wanted);

  Listener listener_;
  const AddressSet trusted_;
  const HttpLimits &limits_;
  const Clock &clock_;
  const Log &log_;
  HttpCounters &counters_;
  int epoll_ = -1, wake_ = -1, spare_ = -1;
  Milliseconds accept_after_ms_ = 0;  // TCPServer's thread only, like the next two
  Milliseconds complained_ms_ = 0;
  bool is_accepting_ = true;
  std::atomic<int> waiting_count_{0};
  std::atomic<bool> is_closing_{false};

  Mutex mutex_;
  CondVar emptied_;
  std::array<Parked, phases_count> parked_ GUARDED_BY(mutex_);
  std::deque<VisitorPtr> ready_ GUARDED_BY(mutex_);
  std::unordered_set<Visitor *> all_ GUARDED_BY(mutex_);
  std::map<Address, int> count_of_host_ GUARDED_BY(mutex_);
  int counted_ GUARDED_BY(mutex_) = 0;
  Milliseconds sleeps_until_ms_ GUARDED_BY(mutex_) = 0;
  bool is_cut_ GUARDED_BY(mutex_) = false;
};

// The lobby as the server socket that Poco::Net::TCPServer wants.
class LobbySocket final : public Poco::Net::ServerSocket {
 public:
  explicit LobbySocket(Lobby &lobby);
};

}  // namespace bellhop::core
