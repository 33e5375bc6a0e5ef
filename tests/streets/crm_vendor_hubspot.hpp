// SPDX-License-Identifier: Apache-2.0
// A HubSpot of our own on loopback: contacts, meetings and their associations as the public documentation describes
// them, strict where the real one is (unknown properties, values that are no strings, ids that are not there). It can
// be told to fail at the n-th request, before or after it has done what it was asked.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/wayward_server.hpp"

namespace bellhop::test {

inline std::string http_answer(int status, const std::string &body, const std::string &more_headers = "") {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more_headers + "\r\n" + body;
}

std::string json_text(const std::string &text);
std::string percent_decoded(const std::string &text);

// What happens to one request instead of its answer.
struct Fault {
  enum class What { none, answer, reset, lost };  // lost: it is done, and then the connection is reset
  What what = What::none;
  std::string bytes;  // of `answer`
};

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
  std::map<std::string, Values> contacts_;
  std::map<std::string, Meeting> meetings_;
  std::vector<std::string> complaints_;
  std::size_t requests_count_ = 0;
  int next_id_ = 51;
  core::WaywardServer server_;  // the last member: its threads use all the others
};

}  // namespace bellhop::test
