// SPDX-License-Identifier: Apache-2.0
// WebhookServer: a real HttpServer and Intake on a loopback port, before a journal in memory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "http/server.hpp"
#include "intake/intake.hpp"
#include "journal/memory_journal.hpp"
#include "support/raw_http.hpp"

namespace bellhop::core {

inline const std::string webhook_token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
inline const std::string webhook_path = "/hooks/appointlet/" + webhook_token;

class WebhookServer {
 public:
  explicit WebhookServer(HttpLimits limits = {}, const Clock *deadlines_clock = nullptr)
      : log_([this](Level, std::string_view line) {
          Lock lock(mutex_);
          lines_.emplace_back(line);
        }),
        intake_(journal_, clock_, log_,
                {{"appointlet", find_source_kind("appointlet"), {webhook_token, "the-older-token"}},
                 {"other", find_source_kind("appointlet"), {"another-token-of-another-source"}}},
                128, limits.body_bytes_max, [this](const Arrival &arrival) {
                  Lock lock(mutex_);
                  arrivals_.push_back(arrival);
                }) {
    auto opened = HttpServer::open(
        "127.0.0.1:0", std::move(limits), [this](const HttpRequest &head) { return intake_.on_head(head); },
        [this](const HttpRequest &request) { return intake_.on_request(request); },
        deadlines_clock != nullptr ? *deadlines_clock : clock_, log_);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().sentence);
    if (!opened) return;
    server_ = std::move(opened).value();
    server_->start();
  }

  int port() const { return server_->port(); }
  HttpServer &server() { return *server_; }
  MemoryJournal &journal() { return journal_; }
  std::vector<Arrival> arrivals() const {
    Lock lock(mutex_);
    return arrivals_;
  }
  std::vector<std::string> lines() const {
    Lock lock(mutex_);
    return lines_;
  }
  RawAnswer send(const std::string &bytes) const {
    RawHttp client(port());
    EXPECT_TRUE(client.send(bytes));
    const std::optional<RawAnswer> answer = client.read_answer();
    EXPECT_TRUE(answer) << "no answer to: " << bytes.substr(0, 300);
    return answer.value_or(RawAnswer());
  }
  RawAnswer post(const std::string &body, const std::string &fields = "Content-Type: application/json\r\n",
                 const std::string &path = webhook_path) const {
    return send(request("POST", path, fields, body));
  }
  static std::string request(const std::string &method, const std::string &path, const std::string &fields,
                             const std::string &body) {
    return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  SystemClock clock_;
  mutable Mutex mutex_;
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
  std::vector<Arrival> arrivals_ GUARDED_BY(mutex_);
  Log log_;
  MemoryJournal journal_;
  Intake intake_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace bellhop::core
