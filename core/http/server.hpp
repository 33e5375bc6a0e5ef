// SPDX-License-Identifier: Apache-2.0
// HttpServer: Poco's HTTP server framework behind our limits. It knows requests and answers, no webhook.
//
// Handlers see a whole, bounded, well-framed request and return a whole answer; framing, deadlines, caps, draining and
// closing are this room's business, so that the connection class can be replaced without touching a handler.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace bellhop::core {

struct HttpLimits {
  std::int64_t body_bytes_max = 1 << 20;
  std::int64_t bodies_bytes_max = 64 << 20;
  std::int64_t header_bytes_max = 16 << 10;
  int header_fields_max = 64;
  int connections_max = 512;
  int connections_per_address_max = 32;      // 0 = no cap (Unix sockets)
  std::vector<std::string> trusted_proxies;  // CIDR blocks or addresses that the cap per address spares
  int threads_max = 64;
  Milliseconds header_deadline_ms = 10'000;
  Milliseconds body_deadline_ms = 20'000;
  Milliseconds idle_ms_max = 60'000;
  int requests_per_connection_max = 10'000;
};

struct HttpRequest {
  std::string method;  // a token, upper case as sent
  std::string target;  // origin form as sent, "/hooks/…?…"
  std::string path;    // percent-decoded once, no query; never contains NUL, "//", "/./" or "/../"
  std::string query;   // raw, without '?'
  std::vector<std::pair<std::string, std::string>> headers;  // as received, in order
  std::string body;                                          // complete, length checked
  std::string peer;                                          // address, "" on a Unix socket

  // The value of the first field of that name (case-insensitive), or "".
  std::string_view header(std::string_view name) const;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // names and values of ours only; never echoed input
  bool is_closing = false;
};

// RFC 9457 problem+json. `type` stays about:blank; `title` is the status phrase; members are extra JSON members,
// already written ("\"line\":1,\"column\":2"), or "".
HttpAnswer problem(int status, std::string_view detail, std::string_view members = {});

// Decides, from the head alone and before the body is read, whether a request is welcome: nullopt = read the body.
using HeadHandler = std::function<std::optional<HttpAnswer>(const HttpRequest &head)>;
// Answers a complete request. May block (group commit). Exceptions become 500 and are logged. [any, many at once]
using Handler = std::function<HttpAnswer(const HttpRequest &request)>;

class HttpServer {
 public:
  // Binds and listens, does not accept yet. `listen`: "host:port" or "unix:/path" (socket file mode 0660).
  //   errors    unavailable: address in use and the like, with the address
  static Result<std::unique_ptr<HttpServer>> open(const std::string &listen, HttpLimits limits, HeadHandler head,
                                                  Handler handler, const Clock &clock, const Log &log);
  virtual ~HttpServer() = default;  // stop(0)

  virtual void start() = 0;
  // Closes the listener, lets running requests finish within budget, closes the rest, joins.
  virtual void stop(Milliseconds budget_ms) = 0;
  virtual int port() const = 0;  // the real one; 0 for a Unix socket

  struct Counters {
    std::int64_t connections = 0, requests = 0, refused_frames = 0, refused_addresses = 0, timeouts = 0;
  };
  virtual Counters counters() const = 0;  // [any]
};

}  // namespace bellhop::core
