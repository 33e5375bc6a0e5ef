// SPDX-License-Identifier: Apache-2.0
// A Pipedrive of our own on loopback: persons, their search, and activities of API v2 as its reference describes them,
// strict where the real one is: unknown fields and parameters, types, forms of dates, persons that are not there.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <string>
#include <vector>

#include "support/wayward_server.hpp"
#include "vendor.hpp"

namespace bellhop::test {

class PipedriveVendor {
 public:
  struct Person {
    std::string name, email, phone;
    std::map<std::string, std::string> custom;
  };
  struct Activity {
    std::string subject, due_date, due_time, duration, note, location;
    bool is_done = false;
    std::vector<int> people;
  };

  PipedriveVendor();
  std::string url() const { return server_.url(""); }

  void fail_at(std::size_t request, Fault fault) { faults_[request] = std::move(fault); }
  void remove_activities() { activities_.clear(); }

  const std::map<int, Person> &persons() const { return persons_; }
  const std::map<int, Activity> &activities() const { return activities_; }
  const std::vector<std::string> &complaints() const { return complaints_; }
  std::size_t requests_count() const { return requests_count_; }

 private:
  using Request = core::RecordedRequest;
  std::vector<core::ServerStep> take(const Request &request);
  std::string answer(const Request &request);
  std::string search(const std::string &term) const;
  std::string list(int person) const;
  std::string person(const Request &request, const std::string &id, const rapidjson::Document &body);
  std::string activity(const Request &request, const std::string &id, const rapidjson::Document &body);
  std::string refuse(int status, const std::string &message);
  bool read(const rapidjson::Document &body, Person &person) const;
  bool read(const rapidjson::Document &body, Activity &activity) const;

  std::map<std::size_t, Fault> faults_;
  std::map<int, Person> persons_;
  std::map<int, Activity> activities_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0;
  int next_id_ = 71;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

}  // namespace bellhop::test
