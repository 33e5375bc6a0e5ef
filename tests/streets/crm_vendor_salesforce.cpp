// SPDX-License-Identifier: Apache-2.0
// The vendor of crm_vendor_salesforce.hpp.
#include "crm_vendor_salesforce.hpp"

#include <algorithm>

namespace bellhop::test {
namespace {

const std::string base = "/services/data/v60.0";
const std::string form = "grant_type=client_credentials&client_id=app%26id&client_secret=s3cr3t%2Bapp%3D";
// Lengths in characters of Salesforce, which are UTF-16 units.
const std::map<std::string, std::size_t> contact_fields{{"FirstName", 40}, {"LastName", 80},    {"Email", 80},
                                                        {"Phone", 40},     {"LeadSource", 255}, {"Title", 128}};
const std::map<std::string, std::size_t> event_fields{{"Subject", 255},      {"Description", 32'000}, {"Location", 255},
                                                      {"StartDateTime", 20}, {"EndDateTime", 20},     {"ShowAs", 40},
                                                      {"WhoId", 18}};

bool begins(const std::string &text, const std::string &with) { return text.compare(0, with.size(), with) == 0; }

std::size_t units_of(const std::string &text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0U) == 0x80U ? 0 : byte >= 0xF0U ? 2 : 1;
  }
  return units;
}

}  // namespace

SalesforceVendor::SalesforceVendor() {
  server_.serve([this](const Request &request) { return take(request); });
}

std::vector<core::ServerStep> SalesforceVendor::take(const Request &request) {
  const std::size_t number = requests_count_++;
  if (number == session_ends_at_) token_ = "ended";
  const auto fault = faults_.find(number);
  return with_fault(fault == faults_.end() ? Fault{} : fault->second, [&] { return answer(request); });
}

std::string SalesforceVendor::refuse(int status, const std::string &code, const std::string &message) {
  if (status == 400 || status == 405 || status == 415) complaints_.push_back(code + ": " + message);
  return http_answer(status, R"([{"message":)" + json_text(message) + R"(,"errorCode":")" + code + R"("}])");
}

std::string SalesforceVendor::made(const std::string &prefix) {
  std::string number = std::to_string(next_id_++);
  return prefix + std::string(15 - number.size(), '0') + number;
}

// "" or the refusal
std::string SalesforceVendor::read(const rapidjson::Document &body, const std::map<std::string, std::size_t> &known,
                                   Values &values) {
  if (!body.IsObject()) return refuse(400, "JSON_PARSER_ERROR", "an object is wanted");
  for (const auto &member : body.GetObject()) {
    const auto field = known.find(member.name.GetString());
    if (field == known.end())
      return refuse(400, "INVALID_FIELD", std::string("No such column ") + member.name.GetString());
    if (!member.value.IsString()) return refuse(400, "JSON_PARSER_ERROR", "a string is wanted");
    std::string value{member.value.GetString(), member.value.GetStringLength()};
    if (units_of(value) > field->second) return refuse(400, "STRING_TOO_LONG", field->first + ": data value too large");
    values[field->first] = std::move(value);
  }
  return values.empty() ? refuse(400, "JSON_PARSER_ERROR", "nothing in it") : std::string();
}

std::string SalesforceVendor::token(const Request &request) {
  if (request.method != "POST" || request.header("Content-Type") != "application/x-www-form-urlencoded" ||
      request.body != form || !request.header("Authorization").empty()) {
    complaints_.push_back("token: " + request.body);
    return http_answer(400, R"({"error":"invalid_client","error_description":"invalid client credentials"})");
  }
  token_ = "00D!t0k3n" + std::to_string(++tokens_count_);
  return http_answer(200, R"({"access_token":")" + token_ + R"(","instance_url":"x","token_type":"Bearer"})");
}

std::string SalesforceVendor::answer(const Request &request) {
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  const std::string path = request.target.substr(0, question), query_part = request.target.substr(question);
  if (path == "/services/oauth2/token") return token(request);
  if (token_.empty() || request.header("Authorization") != "Bearer " + token_) {
    return refuse(401, "INVALID_SESSION_ID", "Session expired or invalid");
  }
  rapidjson::Document body;
  if (!request.body.empty()) {
    if (request.header("Content-Type") != "application/json") return refuse(415, "UNSUPPORTED_MEDIA_TYPE", "not JSON");
    if (body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size()).HasParseError()) {
      return refuse(400, "JSON_PARSER_ERROR", request.body);
    }
  }
  const std::string contact_path = base + "/sobjects/Contact", event_path = base + "/sobjects/Event/",
                    key_path = event_path + "BellhopKey__c/";
  if (path == base + "/query" && request.method == "GET" && begins(query_part, "?q=")) {
    return query(percent_decoded(query_part.substr(3)));
  }
  if (path == contact_path && request.method == "GET") return http_answer(200, R"({"objectDescribe":{}})");
  if (path == contact_path || begins(path, contact_path + "/")) {
    return contact(request, path == contact_path ? "" : path.substr(contact_path.size() + 1), body);
  }
  if (path == base + "/sobjects/EventRelation" && request.method == "POST") return relation(body);
  if (begins(path, key_path) && request.method == "PATCH") return upsert(path.substr(key_path.size()), body);
  if (begins(path, event_path)) return event(request, path.substr(event_path.size()), body);
  return refuse(405, "METHOD_NOT_ALLOWED", request.method + " " + path);
}

std::string SalesforceVendor::query(const std::string &soql) {
  const std::string head = "SELECT Id,", from = " FROM Contact WHERE Email = '",
                    tail = "' ORDER BY CreatedDate LIMIT 1";
  const std::size_t at = soql.find(from);
  if (!begins(soql, head) || at == std::string::npos || soql.size() < at + from.size() + tail.size() ||
      soql.compare(soql.size() - tail.size(), tail.size(), tail) != 0) {
    return refuse(400, "MALFORMED_QUERY", soql);
  }
  std::string email;
  for (std::size_t i = at + from.size(); i < soql.size() - tail.size(); ++i) {
    if (soql[i] == '\'') return refuse(400, "MALFORMED_QUERY", "a quote ends the text: " + soql);
    if (soql[i] == '\\') ++i;
    email += soql[i];
  }
  for (const auto &[id, values] : contacts_) {
    if (values.at("Email") != email) continue;
    std::string out = R"({"Id":")" + id + "\"";
    for (const auto &[name, value] : values) out += "," + json_text(name) + ":" + json_text(value);
    return http_answer(200, R"({"totalSize":1,"done":true,"records":[)" + out + "}]}");
  }
  return http_answer(200, R"({"totalSize":0,"done":true,"records":[]})");
}

std::string SalesforceVendor::contact(const Request &request, const std::string &id, const rapidjson::Document &body) {
  const auto at = contacts_.find(id);
  if (!id.empty() && at == contacts_.end()) return refuse(404, "NOT_FOUND", "The requested resource does not exist");
  if (request.method == "GET" && !id.empty()) {
    std::string out = R"({"Id":")" + id + "\"";
    for (const auto &[name, value] : at->second) out += "," + json_text(name) + ":" + json_text(value);
    return http_answer(200, out + "}");
  }
  Values values;
  if (std::string refusal = read(body, contact_fields, values); !refusal.empty()) return refusal;
  if (request.method == "PATCH" && !id.empty()) {
    for (const auto &[name, value] : values) at->second[name] = value;
    return "HTTP/1.1 204 X\r\n\r\n";
  }
  if (request.method != "POST" || !id.empty()) return refuse(405, "METHOD_NOT_ALLOWED", request.method);
  if (values["LastName"].empty())
    return refuse(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]");
  const std::string made_id = made("003");
  contacts_[made_id] = values;
  return http_answer(201, R"({"id":")" + made_id + R"(","success":true,"errors":[]})");
}

std::string SalesforceVendor::upsert(const std::string &key, const rapidjson::Document &body) {
  if (key.size() != 32) return refuse(400, "STRING_TOO_LONG", "BellhopKey__c: " + key);
  Values values;
  if (std::string refusal = read(body, event_fields, values); !refusal.empty()) return refusal;
  if (contacts_.count(values["WhoId"]) == 0) return refuse(400, "MALFORMED_ID", "WhoId");
  if (values["StartDateTime"].empty() || values["EndDateTime"] < values["StartDateTime"]) {
    return refuse(400, "FIELD_INTEGRITY_EXCEPTION", "an event ends after its start");
  }
  const bool is_new = events_.count(key) == 0;
  if (is_new) values["Id"] = made("00U");
  for (const auto &[name, value] : values) events_[key][name] = value;
  return http_answer(
      is_new ? 201 : 200,
      R"({"id":")" + events_[key]["Id"] + R"(","success":true,"errors":[],"created":)" + (is_new ? "true}" : "false}"));
}

std::string SalesforceVendor::event(const Request &request, const std::string &id, const rapidjson::Document &body) {
  const auto at =
      std::find_if(events_.begin(), events_.end(), [&](const auto &one) { return one.second.at("Id") == id; });
  if (at == events_.end()) return refuse(404, "NOT_FOUND", "The requested resource does not exist");
  if (request.method != "PATCH") return refuse(405, "METHOD_NOT_ALLOWED", request.method);
  Values values;
  if (std::string refusal = read(body, event_fields, values); !refusal.empty()) return refusal;
  for (const auto &[name, value] : values) at->second[name] = value;
  return "HTTP/1.1 204 X\r\n\r\n";
}

std::string SalesforceVendor::relation(const rapidjson::Document &body) {
  const bool is_right = body.IsObject() && body.MemberCount() == 3 && body.HasMember("EventId") &&
                        body.HasMember("RelationId") && body.HasMember("IsInvitee") && body["IsInvitee"].IsTrue();
  if (!is_right || contacts_.count(body["RelationId"].GetString()) == 0)
    return refuse(400, "INVALID_FIELD", "relation");
  const std::string pair = std::string(body["EventId"].GetString()) + "/" + body["RelationId"].GetString();
  if (!invited_.insert(pair).second) {
    return http_answer(400, R"([{"errorCode":"DUPLICATE_VALUE","message":"there already"}])");
  }
  return http_answer(201, R"({"id":")" + made("0RE") + R"(","success":true,"errors":[]})");
}

}  // namespace bellhop::test
