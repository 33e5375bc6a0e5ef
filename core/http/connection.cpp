// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "http/answer.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t kept_bytes_max = 64 << 10;    // of a body's or an answer's memory, for the next request
constexpr std::int64_t charge_bytes_min = 4 << 10;  // first step of a body's share of the budget
constexpr int requests_per_turn_max = 32;           // when others wait for a worker
constexpr int retry_after_s = 2;

// One worker in eight (at least one) never waits for a visitor, so that a newcomer always finds a free worker at once.
int lingering_count_max(int threads_max) { return threads_max - std::max(1, threads_max / 8); }

}  // namespace

Connection::Connection(const Poco::Net::StreamSocket &socket, ServerRoom &room)
    : TCPServerConnection(socket), room_(room), visitor_(static_cast<Visitor &>(*socket.impl())) {}

void Connection::run() {
  thread_local bool is_named = false;
  if (!is_named) {
    const std::string name = "http-" + std::to_string(room_.names_count.fetch_add(1) + 1);
    is_named = pthread_setname_np(pthread_self(), name.c_str()) == 0;
  }
  room_.lobby->on_served();
  try {
    Next next = Next::again;
    while (next == Next::again) next = step();
    visitor_.turns_count.fetch_add(1, std::memory_order_release);
    if (next == Next::park) room_.lobby->park(VisitorPtr(&visitor_, true));
  } catch (const std::exception &e) {  // out of memory, at worst: this connection ends, the server does not
    room_.log.error("http", std::string("serve a connection: ") + e.what());
  }
}

void Connection::enter(Phase phase, Milliseconds within_ms) {
  visitor_.phase = phase;
  visitor_.deadline_ms = room_.clock.steady_ms() + within_ms;
}

Connection::Next Connection::step() {
  if (!visitor_.talk)
    visitor_.talk = std::make_unique<Talk>(
        HeadLimits{static_cast<std::size_t>(room_.limits.header_bytes_max),
                   static_cast<std::size_t>(room_.limits.header_fields_max), room_.limits.body_bytes_max},
        room_.budget);
  switch (visitor_.phase) {
    case Phase::silent:
    case Phase::idle:
    case Phase::head:
      return read_head();
    case Phase::body:
      return read_body();
    case Phase::answer:
      return send_answer();
    case Phase::draining:
      return Next::park;
  }
  return Next::leave;
}

// untrusted from here: anyone can send this
Connection::Next Connection::read_head() {
  Talk &talk = *visitor_.talk;
  switch (talk.head.advance(talk.in.view())) {
    case Progress::refused:
      return refuse(talk.head.refusal());
    case Progress::complete:
      return on_head_complete();
    case Progress::need_more:
      break;
  }
  if (talk.head.has_started()) {
    if (visitor_.phase == Phase::silent) visitor_.phase = Phase::head;  // its deadline runs since accept
    if (visitor_.phase == Phase::idle) enter(Phase::head, room_.limits.header_deadline_ms);
  }
  return receive();
}

Connection::Next Connection::on_head_complete() {
  Talk &talk = *visitor_.talk;
  HttpRequest &request = talk.head.request();
  request.peer = visitor_.peer_text;
  talk.in.consume(talk.head.size());
  enter(Phase::body, room_.limits.body_deadline_ms);
  std::optional<HttpAnswer> refusal;
  const HttpAnswer failure = guarded([&] {
    refusal = room_.head ? room_.head(request) : std::nullopt;
    return HttpAnswer();
  });
  if (failure.status == 500) refusal = failure;
  if (refusal) {
    // The body is skipped when all of it is here; otherwise nobody waits for it and the connection ends.
    const auto length = static_cast<std::size_t>(talk.head.content_length());
    const bool is_here = talk.head.body_form() != BodyForm::chunked && talk.in.view().size() >= length;
    if (is_here) talk.in.consume(length);
    if (!is_here) talk.is_last = talk.is_unread = true;
    return answer(*refusal);
  }
  if (talk.head.expects_continue() && talk.in.is_empty()) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    if (::send(visitor_.descriptor(), go_on.data(), go_on.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(go_on.size()))
      return Next::leave;
  }
  return Next::again;
}

// Takes the body's share of the global budget before memory is used for it, in doubling steps: a sender that announces
// much and sends little holds little.
bool Connection::charge(std::int64_t bytes) {
  Talk &talk = *visitor_.talk;
  if (bytes <= talk.charged_bytes) return true;
  const bool is_length_known = talk.head.body_form() == BodyForm::length;
  const std::int64_t most = is_length_known ? talk.head.content_length() : room_.limits.body_bytes_max;
  const std::int64_t step = std::max({bytes, talk.charged_bytes * 2, charge_bytes_min});
  for (const std::int64_t wanted : {std::max(bytes, std::min(step, most)), bytes}) {
    if (!room_.budget.try_take(wanted - talk.charged_bytes)) continue;
    talk.charged_bytes = wanted;
    talk.head.request().body.reserve(static_cast<std::size_t>(wanted));
    return true;
  }
  return false;
}

Connection::Next Connection::read_body() {
  Talk &talk = *visitor_.talk;
  std::string &body = talk.head.request().body;
  const std::string_view here = talk.in.view();
  std::size_t used = 0;
  Progress progress = Progress::complete;
  if (talk.head.body_form() != BodyForm::none) {
    const auto length = static_cast<std::size_t>(talk.head.content_length());
    const bool is_chunked = talk.head.body_form() == BodyForm::chunked;
    used = is_chunked ? here.size() : std::min(here.size(), length - body.size());
    if (!charge(static_cast<std::int64_t>(body.size() + used))) {
      talk.is_last = talk.is_unread = true;
      return answer(
          busy("the bodies in flight have reached bodies_bytes_max; nothing was stored, send it again", retry_after_s));
    }
    if (is_chunked) {
      progress = talk.chunked.advance(here, used, body, room_.limits.body_bytes_max);
    } else {
      body.append(here.data(), used);
      if (body.size() < length) progress = Progress::need_more;
    }
  }
  talk.in.consume(used);
  switch (progress) {
    case Progress::refused:
      return refuse(talk.chunked.refusal());
    case Progress::complete:
      return respond();
    case Progress::need_more:
      break;
  }
  return receive();
}
// trusted from here: framing is whole; what the body means is the handler's to judge

Connection::Next Connection::respond() {
  ++room_.counters.requests;
  return answer(guarded([&] { return room_.handler(visitor_.talk->head.request()); }));
}

template <class Call>
HttpAnswer Connection::guarded(Call call) {
  std::string what = "an exception of no known kind";
  try {
    return call();
  } catch (const std::exception &e) {
    what = e.what();
  } catch (...) {
  }
  room_.log.error("http", "answer a request: " + what);
  HttpAnswer failure = problem(500, "the server failed over this request; its log says why");
  failure.is_closing = true;
  return failure;
}

Connection::Next Connection::refuse(const Refusal &refusal) {
  ++room_.counters.refused_frames;
  if (visitor_.served_count == 0 || room_.counters.refused_frames < 100)
    room_.log.debug("http", "refused a request from " + visitor_.peer_text + ": " + refusal.sentence);
  visitor_.talk->is_last = visitor_.talk->is_unread = true;
  HttpAnswer refused = problem(refusal.status, refusal.sentence);
  if (refusal.status == 405) refused.headers.emplace_back("Allow", "");  // RFC 9110 section 15.5.6 wants the field
  return answer(refused);
}

Connection::Next Connection::answer(const HttpAnswer &answer) {
  Talk &talk = *visitor_.talk;
  ++visitor_.served_count;
  talk.is_last = talk.is_last || answer.is_closing || !talk.head.keeps_alive() || room_.lobby->is_closing() ||
                 visitor_.served_count >= room_.limits.requests_per_connection_max;
  talk.out.clear();
  talk.out_sent = 0;
  write_answer(talk.out, answer, talk.is_last ? Persistence::close : Persistence::keep,
               talk.head.request().method == "HEAD" ? BodyWanted::no : BodyWanted::yes, room_.clock.wall_ms());
  std::string &body = talk.head.request().body;
  if (body.capacity() > kept_bytes_max) std::string().swap(body);
  room_.budget.give(std::exchange(talk.charged_bytes, 0));
  enter(Phase::answer, room_.limits.body_deadline_ms);
  return send_answer();
}

Connection::Next Connection::send_answer() {
  Talk &talk = *visitor_.talk;
  while (talk.out_sent < talk.out.size()) {
    const ssize_t size =
        ::send(visitor_.descriptor(), talk.out.data() + talk.out_sent, talk.out.size() - talk.out_sent, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN ? Next::park : Next::leave;
    talk.out_sent += static_cast<std::size_t>(size);
    if (room_.clock.steady_ms() >= visitor_.deadline_ms) return Next::leave;
  }
  if (!talk.is_last) return begin_next_request();
  // Closing with unread bytes in the kernel would reset the connection and could take the answer along.
  if (!talk.is_unread && talk.in.is_empty()) return Next::leave;
  visitor_.start_draining(room_.clock.steady_ms());
  return Next::park;
}

Connection::Next Connection::begin_next_request() {
  Talk &talk = *visitor_.talk;
  if (talk.out.capacity() > kept_bytes_max) std::string().swap(talk.out);
  talk.head.reset();
  talk.chunked.reset();
  enter(Phase::idle, room_.limits.idle_ms_max);
  if (++served_in_turn_count_ < requests_per_turn_max || !room_.lobby->has_waiting()) return Next::again;
  if (talk.in.is_empty()) return Next::park;
  room_.lobby->requeue(VisitorPtr(&visitor_, true));
  return Next::leave;
}

Connection::Next Connection::receive() {
  if (room_.clock.steady_ms() >= visitor_.deadline_ms) return time_out();
  Talk &talk = *visitor_.talk;
  std::size_t room_bytes = 0;
  char *const room = talk.in.room(room_bytes);
  // A slow head is an attack more often than not, so nobody waits for the rest of one.
  bool is_lingering = visitor_.phase != Phase::head && visitor_.phase != Phase::silent;
  if (is_lingering && ++room_.lingering_count > lingering_count_max(room_.limits.threads_max)) {
    --room_.lingering_count;
    is_lingering = false;
  }
  ssize_t size = -1;
  do {
    size = ::recv(visitor_.descriptor(), room, room_bytes, is_lingering ? 0 : MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  const bool is_dry = size < 0 && errno == EAGAIN;
  if (is_lingering) --room_.lingering_count;
  if (size > 0) {
    talk.in.grow(static_cast<std::size_t>(size));
    return Next::again;
  }
  if (!is_dry) return Next::leave;  // the sender is gone; what was not complete is forgotten
  if (visitor_.phase == Phase::idle) visitor_.talk.reset();
  return Next::park;
}

// The sender drips so steadily that the visitor never came to rest in the lobby.
Connection::Next Connection::time_out() {
  if (visitor_.phase == Phase::idle || visitor_.phase == Phase::silent) return Next::leave;
  ++room_.counters.timeouts;
  visitor_.talk->is_last = visitor_.talk->is_unread = true;
  return answer(problem(408, "the request did not arrive in time; nothing was stored, send it again"));
}

}  // namespace bellhop::core
