// SPDX-License-Identifier: Apache-2.0
#include "http/lobby.hpp"

#include <Poco/Net/ServerSocketImpl.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "http/answer.hpp"

namespace bellhop::core {
namespace {

constexpr int events_max = 128;
constexpr std::size_t drain_bytes_max = 4 << 20;
constexpr int drain_reads_max = 16;  // per turn

class LobbySocketImpl final : public Poco::Net::ServerSocketImpl {
 public:
  explicit LobbySocketImpl(Lobby &lobby) : lobby_(lobby) {}
  bool poll(const Poco::Timespan &timeout, int) override {
    thread_local const bool is_named = pthread_setname_np(pthread_self(), "http-lobby") == 0;
    static_cast<void>(is_named);
    return lobby_.wait(timeout.totalMilliseconds());
  }
  Poco::Net::SocketImpl *acceptConnection(Poco::Net::SocketAddress &) override { return lobby_.take().duplicate(); }
  Poco::Net::SocketAddress address() override { return {}; }

 private:
  Lobby &lobby_;
};

}  // namespace

LobbySocket::LobbySocket(Lobby &lobby) : ServerSocket(new LobbySocketImpl(lobby), true) {}

Lobby::Lobby(Listener listener, AddressSet trusted, const HttpLimits &limits, const Clock &clock, const Log &log,
             HttpCounters &counters)
    : listener_(std::move(listener)),
      trusted_(std::move(trusted)),
      limits_(limits),
      clock_(clock),
      log_(log),
      counters_(counters) {}

Result<std::unique_ptr<Lobby>> Lobby::open(Listener listener, const HttpLimits &limits, const Clock &clock,
                                           const Log &log, HttpCounters &counters) {
  Result<AddressSet> trusted = AddressSet::parse(limits.trusted_proxies);
  if (!trusted) return trusted.error();
  std::unique_ptr<Lobby> lobby(
      new Lobby(std::move(listener), std::move(trusted).value(), limits, clock, log, counters));
  if (Result<void> opened = lobby->open_descriptors(); !opened) return opened.error();
  return lobby;
}

Result<void> Lobby::open_descriptors() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  take_spare();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &wake_;
  bool is_ok = epoll_ >= 0 && wake_ >= 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0;
  event.data.ptr = &listener_;
  is_ok = is_ok && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_.descriptor(), &event) == 0;
  if (!is_ok) return Error{Kind::unavailable, std::string("set up epoll for a listener: ") + std::strerror(errno)};
  return {};
}

Lobby::~Lobby() {
  drop_parked(true);
  std::deque<VisitorPtr> ready;
  {
    Lock lock(mutex_);
    ready.swap(ready_);
  }
  ready.clear();
  for (const int descriptor : {epoll_, wake_, spare_})
    if (descriptor >= 0) ::close(descriptor);
}

void Lobby::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);  // full means: it is awake anyway
}

void Lobby::arm(Visitor &visitor) const {
  epoll_event event{};
  event.events = (visitor.phase == Phase::answer ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT;
  event.data.ptr = &visitor;
  // Fails only when the kernel is out of memory; the deadline then closes the visitor.
  ::epoll_ctl(epoll_, visitor.is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, visitor.descriptor(), &event);
  visitor.is_watched = true;
}

void Lobby::take_spare() { spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

void Lobby::watch_listener(bool is_wanted) {
  epoll_event event{};
  event.events = is_wanted ? static_cast<std::uint32_t>(EPOLLIN) : 0U;
  event.data.ptr = &listener_;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_.descriptor(), &event);
  is_accepting_ = is_wanted;
}

void Lobby::insert(VisitorPtr visitor) {
  Visitor *key = visitor.get();
  parked(key->phase).emplace(std::make_pair(key->deadline_ms, key), std::move(visitor));
}

VisitorPtr Lobby::remove(Visitor &visitor) {
  Parked &from = parked(visitor.phase);
  const auto found = from.find({visitor.deadline_ms, &visitor});
  if (found == from.end()) return {};
  VisitorPtr kept = std::move(found->second);
  from.erase(found);
  return kept;
}

void Lobby::uncount(Visitor &visitor) {
  if (!visitor.is_counted) return;
  visitor.is_counted = false;
  const auto found = count_of_host_.find(visitor.peer.host());
  if (found != count_of_host_.end() && --found->second == 0) count_of_host_.erase(found);
  if (--counted_ == 0) emptied_.notify_all();
}

void Lobby::forget(Visitor &visitor) {
  Lock lock(mutex_);
  uncount(visitor);
  all_.erase(&visitor);
}

void Lobby::park(VisitorPtr visitor) {
  VisitorPtr evicted;  // dies after the lock
  Lock lock(mutex_);
  const Phase phase = visitor->phase;
  if (is_cut_ || (is_closing() && (phase == Phase::idle || phase == Phase::silent))) {
    evicted = std::move(visitor);
    return;
  }
  if (phase == Phase::draining) {
    uncount(*visitor);
    Parked &drains = parked(Phase::draining);
    if (drains.size() >= static_cast<std::size_t>(limits_.connections_max)) {
      evicted = std::move(drains.begin()->second);
      drains.erase(drains.begin());
    }
  }
  Visitor &parked_one = *visitor;
  if (parked_one.deadline_ms < sleeps_until_ms_) wake();
  insert(std::move(visitor));
  arm(parked_one);
}

void Lobby::requeue(VisitorPtr visitor) {
  waiting_count_.fetch_add(1, std::memory_order_relaxed);
  Lock lock(mutex_);
  ready_.push_back(std::move(visitor));
  wake();
}

Milliseconds Lobby::sleep_ms(Milliseconds up_to_ms) {
  const Milliseconds now_ms = clock_.steady_ms();
  Lock lock(mutex_);
  if (is_cut_) return 1;
  Milliseconds until_ms = now_ms + up_to_ms;
  for (const Parked &phase : parked_)
    if (!phase.empty()) until_ms = std::min(until_ms, phase.begin()->first.first + 1);
  if (!is_accepting_) until_ms = std::min(until_ms, accept_after_ms_);
  sleeps_until_ms_ = until_ms;
  return ready_.empty() ? std::max<Milliseconds>(until_ms - now_ms, 0) : 0;
}

bool Lobby::wait(Milliseconds up_to_ms) {
  {
    Lock lock(mutex_);
    if (!ready_.empty()) return true;
  }
  epoll_event events[events_max];
  const int count = ::epoll_wait(epoll_, events, events_max, static_cast<int>(sleep_ms(up_to_ms)));
  bool has_newcomers = false;
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == &listener_) {
      has_newcomers = true;
    } else if (events[i].data.ptr == &wake_) {
      std::uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t taken = ::read(wake_, &ignored, sizeof ignored);
    } else {
      on_ready(static_cast<Visitor *>(events[i].data.ptr));
    }
  }
  if (is_closing()) close_listener();
  if (!is_accepting_ && clock_.steady_ms() >= accept_after_ms_) has_newcomers = true;
  if (has_newcomers && !is_closing()) accept_new();
  expire();
  Lock lock(mutex_);
  sleeps_until_ms_ = 0;
  return !ready_.empty();
}

VisitorPtr Lobby::take() {
  Lock lock(mutex_);
  CHECK(!ready_.empty());
  VisitorPtr visitor = std::move(ready_.front());
  ready_.pop_front();
  return visitor;
}

// The visitor may be gone: a worker that parks a refused one may have to let the oldest refused one go, of whom this
// thread has an event in its hands. Who is in all_ exists as long as the lock is held; no new visitor can have its
// address yet, because only this thread makes them.
void Lobby::on_ready(Visitor *visitor) {
  VisitorPtr kept;
  {
    Lock lock(mutex_);
    if (all_.count(visitor) == 0) return;
    kept = remove(*visitor);
    if (kept.isNull()) return;
    if (kept->phase != Phase::draining) {
      waiting_count_.fetch_add(1, std::memory_order_relaxed);
      ready_.push_back(std::move(kept));
      return;
    }
  }
  drain(std::move(kept));
}

// Throws away what a refused sender still sends, so that it can read the refusal; bounded in bytes and time.
void Lobby::drain(VisitorPtr visitor) {
  char scratch[16 << 10];
  for (int i = 0; i < drain_reads_max; ++i) {
    const ssize_t size = ::recv(visitor->descriptor(), scratch, sizeof scratch, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (size <= 0) return;
    visitor->drained_bytes += static_cast<std::size_t>(size);
    if (visitor->drained_bytes > drain_bytes_max) return;
  }
  park(std::move(visitor));
}

void Lobby::expire() {
  const Milliseconds now_ms = clock_.steady_ms();
  std::vector<VisitorPtr> late;
  {
    Lock lock(mutex_);
    for (Parked &phase : parked_) {
      while (!phase.empty() && phase.begin()->first.first <= now_ms) {
        late.push_back(std::move(phase.begin()->second));
        phase.erase(phase.begin());
      }
    }
  }
  for (VisitorPtr &visitor : late) {
    const bool has_spoken = visitor->phase == Phase::head || visitor->phase == Phase::body;
    if (has_spoken || visitor->phase == Phase::answer) ++counters_.timeouts;
    if (!has_spoken) continue;
    std::string bytes;
    write_answer(bytes,
                 problem(408, visitor->phase == Phase::head
                                  ? "the header section did not arrive within header_deadline"
                                  : "the body did not arrive within body_deadline; nothing was stored, send it again"),
                 Persistence::close, BodyWanted::yes, clock_.wall_ms());
    visitor->refuse(bytes, now_ms);
    park(std::move(visitor));
  }
}

void Lobby::close_listener() {
  if (listener_.descriptor() < 0) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_.descriptor(), nullptr);
  listener_.close();
  drop_parked(false);
}

void Lobby::drop_parked(bool all_phases) {
  std::array<Parked, phases_count> gone;
  Lock lock(mutex_);
  for (std::size_t i = 0; i < phases_count; ++i)
    if (all_phases || i == static_cast<std::size_t>(Phase::idle) || i == static_cast<std::size_t>(Phase::silent))
      gone[i].swap(parked_[i]);
}

void Lobby::begin_closing() {
  is_closing_ = true;
  wake();
}

void Lobby::wait_until_empty(Milliseconds budget) {
  Lock lock(mutex_);
  // Signalled only when nobody is left, and nobody new comes: the budget runs once.
  while (counted_ > 0)
    if (!emptied_.wait_for(mutex_, std::chrono::milliseconds(budget))) return;
}

void Lobby::cut_all() {
  {
    Lock lock(mutex_);
    is_cut_ = true;
    for (Visitor *visitor : all_) ::shutdown(visitor->descriptor(), SHUT_RDWR);
  }
  wake();
}

}  // namespace bellhop::core
