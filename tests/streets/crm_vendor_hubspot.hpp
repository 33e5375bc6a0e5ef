// SPDX-License-Identifier: Apache-2.0
// A HubSpot of our own on loopback: contacts, meetings and their associations as the public documentation describes
// them, strict where the real one is (unknown properties, values that are no strings, ids that are not there). It can
// be told to fail at the n-th request, before or after it has done what it was asked.
#pragma once

#include <rapidjson/document.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/wayward_server.hpp"
#include "vendor.hpp"

namespace bellhop::test {

class HubSpotVendor {
 public:
  using Values = std::map<std::string, std::string>;
  struct Meeting {
    Values values;
    std::set<std::string> contacts;
  };

  HubSpotVendor();
  std::string url() const { return server_.url(""); }

  void fail_at(std::size_t request, Fault fault);  // counted from 0 over the life of this vendor
  void fail_by(FaultPlan plan) { plan_ = std::move(plan); }
  std::string add_contact(Values values);
  void remove_meetings() { meetings_.clear(); }

  const std::map<std::string, Values> &contacts() const { return contacts_; }
  const std::map<std::string, Meeting> &meetings() const { return meetings_; }
  const std::vector<std::string> &complaints() const { return complaints_; }  // requests that no HubSpot would take
  std::size_t requests_count() const { return requests_count_; }

 private:
  using Request = core::RecordedRequest;
  std::vector<core::ServerStep> take(const Request &request);
  std::string answer(const Request &request);
  std::string contact(const Request &request, const std::string &key, const std::string &query);
  std::string create_contact(const rapidjson::Document &body);
  std::string create_meeting(const rapidjson::Document &body);
  std::string batch_read(const rapidjson::Document &body);
  bool read_values(const rapidjson::Document &body, const std::set<std::string> &known, Values &values);
  std::string refuse(int status, const std::string &category, const std::string &message);
  std::string found(const std::string &id, const Values &values) const;

  std::map<std::size_t, Fault> faults_;
  FaultPlan plan_;
  std::map<std::string, Values> contacts_;
  std::map<std::string, Meeting> meetings_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0;
  int next_id_ = 51;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

}  // namespace bellhop::test
