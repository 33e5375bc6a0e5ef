// SPDX-License-Identifier: Apache-2.0
// A CalDAV collection of our own on loopback (RFC 4791, 5545, 7232 as far as one writer needs them): PUT, GET and
// DELETE of single events with entity tags. Strict: preconditions, the content type, folded lines of at most 75 octets
// with CRLF, one VEVENT with one UID, and a UID only once. (The real servers are in tests/interop.)
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vendor.hpp"

namespace bellhop::test {

class CalDavVendor {
 public:
  struct Resource {
    std::string body, etag;
  };

  CalDavVendor();
  std::string url() const { return server_.url("/cal/"); }

  void fail_by(FaultPlan plan) { plan_ = std::move(plan); }

  const std::map<std::string, Resource> &resources() const { return resources_; }  // by path
  const std::vector<std::string> &complaints() const { return complaints_; }
  std::size_t requests_count() const { return requests_count_; }

 private:
  using Request = core::RecordedRequest;
  std::string answer(const Request &request);
  std::string put(const Request &request);
  std::string refuse(int status, const std::string &why);

  FaultPlan plan_;
  std::map<std::string, Resource> resources_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0;
  int next_etag_ = 1;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

// What no calendar would take, or the plugin never writes, in the text of one event; "" = nothing.
std::string wrong_calendar(const std::string &body);
// The value of a property of an iCalendar text, unfolded; "" when it is not there.
std::string property_of(const std::string &calendar, const std::string &name);

}  // namespace bellhop::test
