// SPDX-License-Identifier: Apache-2.0
// HttpClient: one keep-alive HTTP/1.1 connection, to a Unix socket or to http://host:port, with a deadline over the
// whole exchange. Poco's own time-outs are per recv, so a dripping answer could hold a terminal for ever; a watchdog
// shuts the socket down instead. It never follows a redirect, never asks twice, and speaks no TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace bellhop::core {

struct Reply {
  int status = 0;
  std::string content_type, body;
  std::string retry_after;  // as sent, "" = none
  double took_ms = 0;
};

struct WebAddress {
  std::string host;
  std::uint16_t port = 80;
  std::string target;  // "/hooks/…", with the query
};
// "http://host[:port]/path".
//   errors    invalid: not an http URL; https is named as not supported
Result<WebAddress> parse_web_address(const std::string &url);

class HttpClient {
 public:
  static HttpClient to_unix_socket(std::string path);
  static HttpClient to_address(const WebAddress &address);
  HttpClient(HttpClient &&) noexcept;
  ~HttpClient();

  // Connects when needed. A connection that the server has closed meanwhile is replaced before anything is sent.
  //   method    "GET" or "POST"; a POST is sent as application/json
  //   errors    unavailable: nobody listens, or hung up; denied: the socket may not be opened; timeout; invalid: the
  //   path
  //             is too long for a Unix socket; internal: what came back is not HTTP
  Result<Reply> ask(const std::string &method, const std::string &target, const std::string &body,
                    Milliseconds deadline_ms);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bellhop::core
