// SPDX-License-Identifier: Apache-2.0
// Poco's TCPServer, dispatcher and thread pool, with a lobby as its server socket and our connection class.
#include "http/server.hpp"

#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerParams.h>
#include <Poco/ThreadPool.h>

#include "http/connection.hpp"
#include "http/framing.hpp"
#include "http/listener.hpp"
#include "http/lobby.hpp"

namespace bellhop::core {
namespace {

constexpr int thread_idle_s_max = 30;
// How long a worker waits for a connection before it looks whether the server stops. Poco's stop() wakes those that
// wait; one that was started a moment before does not wait yet, and sleeps over it for this long: ten seconds by
// default.
constexpr int worker_look_us = 250'000;

class PocoHttpServer final : public HttpServer {
 public:
  PocoHttpServer(HttpLimits limits, HeadHandler head, Handler handler, const Clock &clock, const Log &log)
      : room_(std::move(limits), std::move(head), std::move(handler), clock, log),
        // A thread that leaves the dispatcher is counted out before the pool has it back: room for both.
        pool_("http", 1, room_.limits.threads_max * 2 + 2, thread_idle_s_max, 0) {}

  ~PocoHttpServer() override { stop(0); }

  Result<void> listen(const std::string &where) {
    Result<Listener> listener = Listener::open(where);
    if (!listener) return listener.error();
    port_ = listener->port();
    Result<std::unique_ptr<Lobby>> lobby =
        Lobby::open(std::move(listener).value(), room_.limits, room_.clock, room_.log, room_.counters);
    if (!lobby) return lobby.error();
    room_.lobby = std::move(lobby).value();
    Poco::Net::TCPServerParams::Ptr params = new Poco::Net::TCPServerParams;
    params->setMaxThreads(room_.limits.threads_max);
    params->setThreadIdleTime(Poco::Timespan(worker_look_us));
    // Never the limit that strikes: the lobby admits no more than connections_max, and only those can be queued.
    params->setMaxQueued(room_.limits.connections_max * 2 + 64);
    server_ =
        std::make_unique<Poco::Net::TCPServer>(new ConnectionFactory(room_), pool_, LobbySocket(*room_.lobby), params);
    return {};
  }

  void start() override { server_->start(); }

  void stop(Milliseconds budget_ms) override {
    if (!server_) return;
    room_.lobby->begin_closing();
    if (budget_ms > 0) room_.lobby->wait_until_empty(budget_ms);
    room_.lobby->cut_all();
    server_->stop();
    pool_.joinAll();
    server_.reset();
    room_.lobby.reset();
  }

  int port() const override { return port_; }

  Counters counters() const override {
    const HttpCounters &now = room_.counters;
    return {now.connections, now.requests, now.refused_frames, now.refused_addresses, now.timeouts};
  }

 private:
  ServerRoom room_;
  Poco::ThreadPool pool_;
  std::unique_ptr<Poco::Net::TCPServer> server_;
  int port_ = 0;
};

Result<void> check(const HttpLimits &limits) {
  const bool is_sound = limits.threads_max >= 2 && limits.connections_max >= 1 && limits.header_bytes_max >= 256 &&
                        limits.header_fields_max >= 1 && limits.body_bytes_max >= 0 &&
                        limits.bodies_bytes_max >= limits.body_bytes_max && limits.requests_per_connection_max >= 1;
  if (is_sound) return {};
  return Error{Kind::invalid,
               "open an HTTP listener: the limits contradict each other (threads_max at least 2, "
               "connections_max 1, header_bytes_max 256, bodies_bytes_max as large as body_bytes_max)"};
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto &[field, value] : headers)
    if (equals_ignoring_case(field, name)) return value;
  return {};
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(const std::string &listen, HttpLimits limits, HeadHandler head,
                                                     Handler handler, const Clock &clock, const Log &log) {
  if (Result<void> checked = check(limits); !checked) return checked.error();
  auto server = std::make_unique<PocoHttpServer>(std::move(limits), std::move(head), std::move(handler), clock, log);
  if (Result<void> listening = server->listen(listen); !listening) return listening.error();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace bellhop::core
