// SPDX-License-Identifier: Apache-2.0
// EchoServer: a real HttpServer on a loopback port that records every request it handles and answers with its body.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "http/server.hpp"
#include "support/raw_http.hpp"

namespace bellhop::core {

class EchoServer {
 public:
  explicit EchoServer(HttpLimits limits = {}, HeadHandler head = {}, Handler handler = {},
                      const std::string &listen = "127.0.0.1:0", const Clock *clock = nullptr)
      : log_([this](Level, std::string_view line) {
          Lock lock(mutex_);
          lines_.emplace_back(line);
        }) {
    if (!handler)
      handler = [](const HttpRequest &request) {
        HttpAnswer answer;
        answer.content_type = "text/plain";
        answer.body = request.body;
        return answer;
      };
    Result<std::unique_ptr<HttpServer>> opened = HttpServer::open(
        listen, std::move(limits), std::move(head),
        [this, handler = std::move(handler)](const HttpRequest &request) {
          {
            Lock lock(mutex_);
            seen_.push_back(request);
          }
          return handler(request);
        },
        clock != nullptr ? *clock : system_clock_, log_);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().sentence);
    if (!opened) return;
    server_ = std::move(opened).value();
    server_->start();
  }

  HttpServer &server() { return *server_; }
  int port() const { return server_->port(); }
  std::vector<HttpRequest> seen() const {
    Lock lock(mutex_);
    return seen_;
  }
  std::vector<std::string> lines() const {
    Lock lock(mutex_);
    return lines_;
  }

 private:
  SystemClock system_clock_;
  mutable Mutex mutex_;
  std::vector<HttpRequest> seen_ GUARDED_BY(mutex_);
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
  Log log_;
  std::unique_ptr<HttpServer> server_;  // last: stops before what it uses goes
};

inline std::string post(const std::string &path, const std::string &body, const std::string &fields = {}) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string get(const std::string &path, const std::string &fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

}  // namespace bellhop::core
