// SPDX-License-Identifier: Apache-2.0
// WaywardServer: an HTTP server on loopback that misbehaves to order. A test queues what it does with each connection,
// one script after the other; what is not scripted is answered 200 "ok" and kept alive. Everything it was sent is
// recorded.
//
//   WaywardServer server;
//   server.answer(429, {{"Retry-After", "2"}}, "slow down");           // proper answers
//   server.script({send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), close()});
//   server.script({hold()});                                           // says nothing until the server is destroyed
//   … call server.url("/path") …
//   EXPECT_EQ(server.requests().at(0).body, "…");
//
// With a function given to serve() it is a small server of its own. With certificates (tests/support/certificates.hpp)
// it speaks TLS.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bellhop::core {

struct RecordedRequest {
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;
  int connection = 0;                                 // from 1, in the order in which they were accepted
  std::string header(const std::string &name) const;  // "" when it is not there; ignores case
};

// One thing that the server does after it has read a request.
struct ServerStep {
  enum class What { send, drip, hold, close, reset, cut };
  What what = What::send;
  std::string bytes;
};
inline ServerStep send_bytes(std::string bytes) { return {ServerStep::What::send, std::move(bytes)}; }
// One byte every few milliseconds, over and over again, until the other side has gone.
inline ServerStep drip(std::string bytes) { return {ServerStep::What::drip, std::move(bytes)}; }
inline ServerStep hold() { return {ServerStep::What::hold, {}}; }
inline ServerStep close_it() { return {ServerStep::What::close, {}}; }  // with TLS: after a close_notify
inline ServerStep reset_it() { return {ServerStep::What::reset, {}}; }  // RST
inline ServerStep cut_it() { return {ServerStep::What::cut, {}}; }      // FIN without close_notify

class WaywardServer {
 public:
  enum class Greeting { none, silent, closes };  // what happens before TLS or HTTP: normal, never reads, closes at once
  struct Tls {
    std::string certificate_pem, key_pem;
    bool stops_in_handshake = false;
    bool is_tls11_only = false;
  };

  WaywardServer() : WaywardServer(std::make_unique<Tls>(), false) {}
  explicit WaywardServer(Tls tls) : WaywardServer(std::make_unique<Tls>(std::move(tls)), true) {}
  ~WaywardServer();

  // The next request that nothing is queued for yet gets this.
  void script(std::vector<ServerStep> steps);
  void answer(int status, std::vector<std::pair<std::string, std::string>> headers = {}, std::string body = {});
  void greet_next(Greeting greeting);  // the next connection
  // What is not scripted goes to this from now on, one request at a time, in the threads of the connections: a server
  // that keeps something. It must outlive this one's last request.
  void serve(std::function<std::vector<ServerStep>(const RecordedRequest &)> answer_to);

  int port() const;
  std::string url(const std::string &path = "/") const;  // http(s)://127.0.0.1:port/path
  std::string host_port() const;                         // 127.0.0.1:port
  std::vector<RecordedRequest> requests() const;
  int connections_count() const;
  // Waits until that many requests have come; false after twenty seconds.
  bool wait_for_requests(std::size_t count) const;
  // Closes every connection as soon as it waits for a further request; returns when all are closed.
  void close_idle_connections();

 private:
  WaywardServer(std::unique_ptr<Tls> tls, bool is_tls);
  struct Room;
  std::unique_ptr<Room> room_;
};

}  // namespace bellhop::core
