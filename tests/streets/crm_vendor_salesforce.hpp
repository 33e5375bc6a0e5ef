// SPDX-License-Identifier: Apache-2.0
// A Salesforce of our own on loopback: token end, Contact, Event by an external id, EventRelation, as the REST API
// guide describes them, strict where the real one is: unknown fields, lengths, required fields, types, sessions that
// end.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/wayward_server.hpp"
#include "vendor.hpp"

namespace bellhop::test {

class SalesforceVendor {
 public:
  using Values = std::map<std::string, std::string>;

  SalesforceVendor();
  std::string url() const { return server_.url(""); }

  void fail_at(std::size_t request, Fault fault) { faults_[request] = std::move(fault); }
  void end_session_at(std::size_t request) { session_ends_at_ = request; }

  const std::map<std::string, Values> &contacts() const { return contacts_; }
  const std::map<std::string, Values> &events() const { return events_; }  // by external id
  const std::set<std::string> &invited() const { return invited_; }        // "EVENT/CONTACT"
  const std::vector<std::string> &complaints() const { return complaints_; }
  std::size_t requests_count() const { return requests_count_; }
  std::size_t tokens_count() const { return tokens_count_; }

 private:
  using Request = core::RecordedRequest;
  std::vector<core::ServerStep> take(const Request &request);
  std::string answer(const Request &request);
  std::string token(const Request &request);
  std::string query(const std::string &soql);
  std::string contact(const Request &request, const std::string &id, const rapidjson::Document &body);
  std::string event(const Request &request, const std::string &id, const rapidjson::Document &body);
  std::string upsert(const std::string &key, const rapidjson::Document &body);
  std::string relation(const rapidjson::Document &body);
  std::string refuse(int status, const std::string &code, const std::string &message);
  std::string read(const rapidjson::Document &body, const std::map<std::string, std::size_t> &known, Values &values);
  std::string made(const std::string &prefix);

  std::map<std::size_t, Fault> faults_;
  std::map<std::string, Values> contacts_, events_;
  std::set<std::string> invited_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0, tokens_count_ = 0, session_ends_at_ = ~std::size_t{0};
  std::string token_;  // the one that counts
  int next_id_ = 1;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

}  // namespace bellhop::test
