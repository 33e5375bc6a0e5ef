// SPDX-License-Identifier: Apache-2.0
// The lobby's front door: accept, the caps per address and in all, and what happens when descriptors run out. Nobody is
// ever closed without a word while there is a descriptor to say it on.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "http/answer.hpp"
#include "http/lobby.hpp"

namespace bellhop::core {
namespace {

constexpr int accepts_max = 64;         // per turn, so that accepting never starves the ready
constexpr int socket_wait_us = 10'000;  // what one blocking recv or send may take; longer waits are the lobby's
constexpr Milliseconds accept_pause_ms = 100;
constexpr Milliseconds complaint_ms_min = 10'000;

void set_up(int descriptor, bool is_unix) {
  const timeval wait{0, socket_wait_us};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  const int on = 1;
  if (!is_unix) ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

void Lobby::accept_new() {
  if (!is_accepting_) watch_listener(true);
  for (int i = 0; i < accepts_max; ++i)
    if (!accept_one()) return;
}

bool Lobby::accept_one() {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const int descriptor = ::accept4(listener_.descriptor(), reinterpret_cast<sockaddr *>(&from), &size, SOCK_CLOEXEC);
  if (descriptor < 0) {
    const int code = errno;
    if (code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM) return on_exhausted(code);
    return code == EINTR || code == ECONNABORTED || code == EPROTO;
  }
  ++counters_.connections;
  if (spare_ < 0) take_spare();  // another thread was quicker when there was only this one
  set_up(descriptor, listener_.is_unix());
  admit(descriptor, listener_.is_unix() ? Address{} : Address::of(from));
  return true;
}

void Lobby::admit(int descriptor, const Address &peer) {
  const Milliseconds now_ms = clock_.steady_ms();
  VisitorPtr visitor(new Visitor(descriptor, *this, peer));
  const bool is_capped = limits_.connections_per_address_max > 0 && !peer.is_unix() && !trusted_.contains(peer);
  const char *refusal = nullptr;
  bool is_full = false;
  {
    Lock lock(mutex_);
    all_.insert(visitor.get());
    is_full = counted_ >= limits_.connections_max;
    const auto count = count_of_host_.find(peer.host());
    if (is_capped && count != count_of_host_.end() && count->second >= limits_.connections_per_address_max)
      refusal = "your address has as many connections open here as connections_per_address_max allows";
  }
  if (refusal != nullptr) {
    ++counters_.refused_addresses;
  } else if (is_full && evict_longest_idle() == Evicted::nobody) {
    refusal = "every connection this server allows (connections_max) is busy";
  }
  if (refusal != nullptr) {
    std::string bytes;
    write_answer(bytes, busy(refusal, 1), Persistence::close, BodyWanted::yes, clock_.wall_ms());
    visitor->refuse(bytes, now_ms);
  } else {
    visitor->deadline_ms = now_ms + limits_.header_deadline_ms;
    Lock lock(mutex_);
    visitor->is_counted = true;
    ++counted_;
    ++count_of_host_[peer.host()];
  }
  park(std::move(visitor));
}

// Makes room for a newcomer: first those between two requests, then those that never spoke, then slow heads.
Lobby::Evicted Lobby::evict_longest_idle() {
  VisitorPtr evicted;
  {
    Lock lock(mutex_);
    for (const Phase phase : {Phase::idle, Phase::silent, Phase::head}) {
      Parked &waiting = parked(phase);
      if (waiting.empty()) continue;
      evicted = std::move(waiting.begin()->second);
      waiting.erase(waiting.begin());
      uncount(*evicted);
      break;
    }
  }
  if (evicted.isNull()) return Evicted::nobody;
  if (evicted->phase != Phase::head) return Evicted::gone;
  std::string bytes;
  write_answer(bytes, busy("the server needed this connection for a quicker client", 1), Persistence::close,
               BodyWanted::yes, clock_.wall_ms());
  evicted->refuse(bytes, clock_.steady_ms());
  park(std::move(evicted));
  return Evicted::going;
}

// No descriptor for a newcomer, if there is one: the kernel looks for a descriptor first, and says the same when nobody
// waits. Let an idle one go; else use the spare descriptor to say 503; else, or while a slow one is going, leave
// newcomers in the kernel's backlog for a moment.
bool Lobby::on_exhausted(int code) {
  pollfd waiting{listener_.descriptor(), POLLIN, 0};
  if (::poll(&waiting, 1, 0) == 0) return false;
  const Milliseconds now_ms = clock_.steady_ms();
  if (now_ms - complained_ms_ >= complaint_ms_min) {
    complained_ms_ = now_ms;
    log_.warn("http", std::string("accept a connection: ") + std::strerror(code) +
                          "; raise the descriptor limit (LimitNOFILE) or lower connections_max");
  }
  const Evicted evicted = evict_longest_idle();
  if (evicted == Evicted::gone) return true;
  if (evicted == Evicted::nobody && spare_ >= 0) {
    ::close(spare_);
    const int descriptor = ::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) turn_away(descriptor, 5, "the server is out of file descriptors");
    take_spare();
    if (descriptor >= 0 && spare_ >= 0) return true;
  }
  watch_listener(false);
  accept_after_ms_ = now_ms + accept_pause_ms;
  return false;
}

void Lobby::turn_away(int descriptor, int retry_after_s, std::string_view sentence) {
  std::string bytes;
  write_answer(bytes, busy(sentence, retry_after_s), Persistence::close, BodyWanted::yes, clock_.wall_ms());
  char scratch[16 << 10];  // what has arrived already would turn our close into a reset
  [[maybe_unused]] const ssize_t size = ::recv(descriptor, scratch, sizeof scratch, MSG_DONTWAIT);
  [[maybe_unused]] const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(descriptor, SHUT_WR);
  ::close(descriptor);
}

}  // namespace bellhop::core
