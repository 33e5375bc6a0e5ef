// SPDX-License-Identifier: Apache-2.0
// CRMs of our own on loopback, each as its public documentation describes it and strict where the real one is. What
// they have in common is what a test asks in the end: who is there, what became of the meetings, and what no such CRM
// would have taken.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "vendor.hpp"

namespace bellhop::test {

struct CrmContact {
  std::string email, name;  // the last name, or the whole
  std::map<std::string, std::string> values;
};
struct CrmMeeting {
  std::string key, title, start;  // the start as the vendor has it
  bool is_canceled = false;
  std::set<std::string> contacts;
};

class CrmVendor {
 public:
  virtual ~CrmVendor() = default;
  std::string url() const { return server_.url(""); }
  virtual std::string settings() const = 0;  // of the plugin: {"driver":…}

  void fail_at(std::size_t request, Fault fault) { faults_[request] = std::move(fault); }
  const std::map<std::string, CrmContact> &contacts() const { return contacts_; }  // by id
  const std::map<std::string, CrmMeeting> &meetings() const { return meetings_; }
  const std::vector<std::string> &complaints() const { return complaints_; }
  std::size_t requests_count() const { return requests_count_; }

 protected:
  using Request = core::RecordedRequest;
  CrmVendor();
  virtual std::string answer(const Request &request, const std::string &path, const std::string &query,
                             const rapidjson::Document &body) = 0;
  std::string complain(const std::string &answer, const std::string &why);

  std::map<std::string, CrmContact> contacts_;
  std::map<std::string, CrmMeeting> meetings_;
  int next_id_ = 1;

 private:
  std::vector<core::ServerStep> take(const Request &request);

  std::map<std::size_t, Fault> faults_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0;
  core::WaywardServer server_;  // an heir's members are gone before it: no test leaves while the plugin asks
};

// REST API 60.0 with OAuth client credentials: SOQL, sObject rows, an Event by an external id, EventRelation.
class SalesforceVendor final : public CrmVendor {
 public:
  std::string settings() const override;
  void end_session() { token_ = ""; }  // what was given out is worth nothing from now on
  int tokens_count() const { return tokens_count_; }

 private:
  std::string answer(const Request &, const std::string &, const std::string &, const rapidjson::Document &) override;
  std::string token(const Request &request);
  std::string query(const std::string &soql);
  std::string contact(const Request &request, const std::string &id, const rapidjson::Document &body);
  std::string event(const Request &request, const std::string &rest, const rapidjson::Document &body);
  std::string relation(const rapidjson::Document &body);
  std::string relations_of(const std::string &soql);
  std::string remove_relation(const std::string &id);
  std::string refuse(int status, const std::string &code, const std::string &message, bool is_ours = true);

  std::string token_;
  int tokens_count_ = 0;
  std::map<std::string, std::string> who_;                                // the WhoId of an event
  std::map<std::string, std::pair<std::string, std::string>> relations_;  // event and contact
};

// API v2: persons with emails[] and phones[], activities with participants.
class PipedriveVendor final : public CrmVendor {
 public:
  std::string settings() const override;

 private:
  std::string answer(const Request &, const std::string &, const std::string &, const rapidjson::Document &) override;
  std::string persons(const Request &, const std::string &path, const std::string &query, const rapidjson::Document &);
  std::string activities(const Request &, const std::string &path, const std::string &, const rapidjson::Document &);
  std::string refuse(int status, const std::string &message, bool is_ours = true);

  std::map<std::string, std::string> notes_;  // of activities
};

// An end that nobody has heard of, for driver = "http": /people and /meetings, bodies of plain members.
class RestVendor final : public CrmVendor {
 public:
  std::string settings() const override;

 private:
  std::string answer(const Request &, const std::string &, const std::string &, const rapidjson::Document &) override;
};

// The member of an object as text, numbers too; "" when there is none.
std::string text_of(const rapidjson::Value &object, const char *name);
// The value of a parameter of a query, decoded.
std::string parameter_of(const std::string &query, const std::string &name);

}  // namespace bellhop::test
