// SPDX-License-Identifier: Apache-2.0
// The vendor of crm_vendor_hubspot.hpp.
#include "crm_vendor_hubspot.hpp"

#include <algorithm>

namespace bellhop::test {
namespace {

const std::set<std::string> contact_properties{"email", "firstname", "lastname",
                                               "phone", "company",   "hs_analytics_source"};
const std::set<std::string> meeting_properties{
    "hs_timestamp",        "hs_meeting_title",   "hs_meeting_body",           "hs_meeting_start_time",
    "hs_meeting_end_time", "hs_meeting_outcome", "hs_internal_meeting_notes", "hs_meeting_location"};
const std::set<std::string> outcomes{"SCHEDULED", "RESCHEDULED", "CANCELED", "COMPLETED", "NO_SHOW"};
const std::string prefix = "/crm/v3/objects";

bool begins(const std::string &text, const std::string &with) { return text.compare(0, with.size(), with) == 0; }

}  // namespace

HubSpotVendor::HubSpotVendor() {
  server_.serve([this](const Request &request) { return take(request); });
}

void HubSpotVendor::fail_at(std::size_t request, Fault fault) { faults_[request] = std::move(fault); }

std::string HubSpotVendor::add_contact(Values values) {
  const std::string id = std::to_string(next_id_++);
  contacts_[id] = std::move(values);
  return id;
}

std::vector<core::ServerStep> HubSpotVendor::take(const Request &request) {
  const auto fault = faults_.find(requests_count_++);
  const Fault what = fault != faults_.end() ? fault->second : plan_ ? plan_() : Fault{};
  return with_fault(what, [&] { return answer(request); });
}

std::string HubSpotVendor::refuse(int status, const std::string &category, const std::string &message) {
  if (status == 400) complaints_.push_back(message);
  return http_answer(status, R"({"status":"error","category":")" + category + R"(","message":)" + json_text(message) +
                                 R"(,"correlationId":"c0ffee"})");
}

std::string HubSpotVendor::found(const std::string &id, const Values &values) const {
  std::string properties;
  for (const auto &[name, value] : values) {
    properties += (properties.empty() ? "" : ",") + json_text(name) + ":" + json_text(value);
  }
  return R"({"id":")" + id + R"(","properties":{)" + properties + "}}";
}

bool HubSpotVendor::read_values(const rapidjson::Document &body, const std::set<std::string> &known, Values &values) {
  if (!body.IsObject() || !body.HasMember("properties") || !body["properties"].IsObject()) return false;
  for (const auto &member : body["properties"].GetObject()) {
    if (!member.value.IsString() || known.count(member.name.GetString()) == 0) return false;
    values[member.name.GetString()] = {member.value.GetString(), member.value.GetStringLength()};
  }
  return !values.empty();
}

std::string HubSpotVendor::answer(const Request &request) {
  if (request.header("Authorization") != "Bearer pat-s3cr3t") return refuse(401, "INVALID_AUTHENTICATION", "no token");
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  const std::string path = request.target.substr(0, question), query = request.target.substr(question);
  rapidjson::Document body;
  if (!request.body.empty() &&
      (body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size()).HasParseError() ||
       request.header("Content-Type") != "application/json")) {
    return refuse(400, "VALIDATION_ERROR", "the body is not JSON: " + request.body);
  }
  const std::string contacts = prefix + "/contacts", meetings = prefix + "/meetings";
  if (path == contacts && request.method == "GET") return http_answer(200, R"({"results":[]})");
  if (path == contacts && request.method == "POST") return create_contact(body);
  if (path == meetings && request.method == "POST") return create_meeting(body);
  if (path == meetings + "/batch/read" && request.method == "POST") return batch_read(body);
  if (begins(path, contacts + "/")) {
    std::string key = path.substr(contacts.size() + 1);
    const std::string suffix = "/associations/meetings";
    if (key.size() > suffix.size() && key.compare(key.size() - suffix.size(), suffix.size(), suffix) == 0) {
      key.resize(key.size() - suffix.size());
      std::string results;
      for (const auto &[id, meeting] : meetings_) {
        if (meeting.contacts.count(key) != 0) results += (results.empty() ? "" : ",") + (R"({"id":")" + id + "\"}");
      }
      return http_answer(200, R"({"results":[)" + results + "]}");
    }
    if (key.find('/') != std::string::npos) return refuse(400, "VALIDATION_ERROR", "no such path: " + path);
    return contact(request, percent_decoded(key), query);
  }
  if (!begins(path, meetings + "/")) return refuse(400, "VALIDATION_ERROR", "no such path: " + path);
  const std::string rest = path.substr(meetings.size() + 1), id = rest.substr(0, rest.find('/'));
  if (meetings_.count(id) == 0) return refuse(404, "OBJECT_NOT_FOUND", "resource not found");
  if (request.method == "PUT" || request.method == "DELETE") {
    const std::string mark = id + "/associations/contacts/";
    const std::string who =
        begins(rest, mark) ? rest.substr(mark.size(), rest.find('/', mark.size()) - mark.size()) : "";
    if (contacts_.count(who) == 0 || rest != mark + who + "/200") return refuse(400, "VALIDATION_ERROR", "bad " + rest);
    if (request.method == "DELETE") {
      meetings_[id].contacts.erase(who);
      return http_answer(204, "");
    }
    meetings_[id].contacts.insert(who);
    return http_answer(200, "{}");
  }
  Values values;
  if (request.method != "PATCH" || !read_values(body, meeting_properties, values)) {
    return refuse(400, "VALIDATION_ERROR", "bad meeting: " + request.body);
  }
  for (const auto &[name, value] : values) meetings_[id].values[name] = value;
  return http_answer(200, found(id, meetings_[id].values));
}

std::string HubSpotVendor::contact(const Request &request, const std::string &key, const std::string &query) {
  const bool is_by_email = query.find("idProperty=email") != std::string::npos;
  const auto at = std::find_if(contacts_.begin(), contacts_.end(), [&](const auto &one) {
    return is_by_email ? one.second.at("email") == key : one.first == key;
  });
  if (at == contacts_.end()) return refuse(404, "OBJECT_NOT_FOUND", "resource not found");
  if (request.method == "GET") return http_answer(200, found(at->first, at->second));
  rapidjson::Document body;
  body.Parse(request.body.data(), request.body.size());
  Values values;
  if (request.method != "PATCH" || !read_values(body, contact_properties, values)) {
    return refuse(400, "VALIDATION_ERROR", "bad contact: " + request.body);
  }
  for (const auto &[name, value] : values) at->second[name] = value;
  return http_answer(200, found(at->first, at->second));
}

std::string HubSpotVendor::create_contact(const rapidjson::Document &body) {
  Values values;
  if (!read_values(body, contact_properties, values) || values.count("email") == 0) {
    return refuse(400, "VALIDATION_ERROR", "bad new contact");
  }
  for (const auto &[id, other] : contacts_) {
    if (other.at("email") == values["email"])
      return refuse(409, "CONFLICT", "Contact already exists. Existing ID: " + id);
  }
  const std::string id = add_contact(values);
  return http_answer(201, found(id, values));
}

std::string HubSpotVendor::create_meeting(const rapidjson::Document &body) {
  Meeting meeting;
  if (!read_values(body, meeting_properties, meeting.values) || meeting.values["hs_timestamp"].empty() ||
      outcomes.count(meeting.values["hs_meeting_outcome"]) == 0 || !body.HasMember("associations")) {
    return refuse(400, "VALIDATION_ERROR", "bad new meeting");
  }
  for (const auto &one : body["associations"].GetArray()) {
    const std::string who = one["to"]["id"].GetString();
    const auto &type = one["types"][0];
    if (contacts_.count(who) == 0 || type["associationTypeId"].GetInt() != 200 ||
        std::string(type["associationCategory"].GetString()) != "HUBSPOT_DEFINED") {
      return refuse(400, "VALIDATION_ERROR", "bad association");
    }
    meeting.contacts.insert(who);
  }
  const std::string id = std::to_string(next_id_++);
  meetings_[id] = meeting;
  return http_answer(201, found(id, meeting.values));
}

std::string HubSpotVendor::batch_read(const rapidjson::Document &body) {
  for (const char *name : {"inputs", "properties", "propertiesWithHistory"}) {
    if (!body.IsObject() || !body.HasMember(name) || !body[name].IsArray()) {
      return refuse(400, "VALIDATION_ERROR", std::string("a batch read without ") + name);
    }
  }
  std::string results;
  for (const auto &input : body["inputs"].GetArray()) {
    const auto at = meetings_.find(input["id"].GetString());
    if (at != meetings_.end()) results += (results.empty() ? "" : ",") + found(at->first, at->second.values);
  }
  return http_answer(200, R"({"status":"COMPLETE","results":[)" + results + "]}");
}

}  // namespace bellhop::test
