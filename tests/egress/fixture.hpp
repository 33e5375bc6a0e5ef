// SPDX-License-Identifier: Apache-2.0
// What the tests of the whole Egress share: one with limits of a test's size, policies, and a call that waits for its
// reply.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "egress/egress.hpp"
#include "support/wayward_server.hpp"

namespace bellhop::core {

class EgressTest : public testing::Test {
 protected:
  static constexpr std::chrono::seconds patience{40};

  EgressTest() {
    options_.threads_max = 4;
    // Long enough for a loaded machine; those that wait for one shorten it.
    options_.connect_timeout_ms = 20'000;
    options_.first_byte_timeout_ms = 20'000;
    options_.total_timeout_ms = 20'000;
    options_.response_bytes_max = 4'096;
  }

  Egress &egress() {
    if (egress_ == nullptr) {
      auto opened = Egress::open(options_, clock_, log_, resolve_);
      EXPECT_TRUE(opened) << (opened ? "" : opened.error().sentence);
      egress_ = std::move(*opened);
    }
    return *egress_;
  }
  // The instance's settings name these servers as destinations: the only way to loopback.
  static std::shared_ptr<const EgressPolicy> trusting(const std::vector<std::string> &destinations,
                                                      std::vector<std::string> secrets = {}) {
    return policy({destinations, {}, std::move(secrets)});
  }
  static std::shared_ptr<const EgressPolicy> allowing(const std::vector<std::string> &patterns) {
    return policy({{}, patterns, {}});
  }
  std::future<HttpReply> start(std::shared_ptr<const EgressPolicy> policy, HttpCall call,
                               const EgressCaller &caller = {"crm", 0}) {
    auto promise = std::make_shared<std::promise<HttpReply>>();  // shared by this test and the callback
    egress().send(caller, std::move(policy), std::move(call),
                  [promise](HttpReply reply) { promise->set_value(std::move(reply)); });
    return promise->get_future();
  }
  static HttpReply wait(std::future<HttpReply> &future) {
    if (future.wait_for(patience) == std::future_status::ready) return future.get();
    ADD_FAILURE() << "no reply came";
    return {};
  }
  HttpReply call(std::shared_ptr<const EgressPolicy> policy, HttpCall http_call) {
    std::future<HttpReply> future = start(std::move(policy), std::move(http_call));
    return wait(future);
  }
  HttpReply get(const WaywardServer &server, const std::string &path = "/") {
    return call(trusting({server.url()}), {"GET", server.url(path), {}, "", 0, ""});
  }
  HttpReply post(const WaywardServer &server, const std::string &body) {
    return call(trusting({server.url()}), {"POST", server.url(), {}, body, 0, ""});
  }
  // Far from every time-out that is not shortened, and room for a loaded machine.
  static constexpr Milliseconds soon_ms = 10'000;
  // Milliseconds since the last look.
  Milliseconds lap() {
    const Milliseconds now_ms = clock_.steady_ms();
    return now_ms - std::exchange(lap_ms_, now_ms);
  }

  EgressOptions options_;
  SystemClock clock_;
  Log log_;
  ResolveName resolve_ = resolve_by_system;
  std::unique_ptr<Egress> egress_;

 private:
  static std::shared_ptr<const EgressPolicy> policy(EgressRules rules) {
    return std::make_shared<const EgressPolicy>(EgressPolicy::parse(std::move(rules)).value());
  }
  Milliseconds lap_ms_ = 0;
};

}  // namespace bellhop::core
