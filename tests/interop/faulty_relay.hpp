// SPDX-License-Identifier: Apache-2.0
// FaultyRelay: stands before somebody else's server and passes requests on, byte for byte but for the connection; and
// fails by a plan, before the server has heard of it or after it has done it.
#pragma once

#include <string>
#include <utility>

#include "streets/vendor.hpp"
#include "support/raw_http.hpp"

namespace bellhop::test {

class FaultyRelay {
 public:
  FaultyRelay(int port, FaultPlan plan) : port_(port), plan_(std::move(plan)) {
    server_.serve([this](const core::RecordedRequest &request) {
      ++requests_count_;
      std::vector<core::ServerStep> steps = with_fault(plan_(), [&] { return passed_on(request); });
      steps.push_back(core::close_it());
      return steps;
    });
  }
  std::string url(const std::string &path) const { return server_.url(path); }
  std::size_t requests_count() const { return requests_count_; }

 private:
  std::string passed_on(const core::RecordedRequest &request) const {
    std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\n";
    for (const auto &[name, value] : request.headers) {
      if (name != "Connection") bytes += name + ": " + value + "\r\n";
    }
    core::RawHttp http(port_);
    http.send(bytes + "Connection: close\r\n\r\n" + request.body);
    http.is_closed_within(std::chrono::seconds(20));
    return http.received();
  }

  const int port_;
  FaultPlan plan_;
  std::size_t requests_count_ = 0;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

}  // namespace bellhop::test
