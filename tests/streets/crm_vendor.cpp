// SPDX-License-Identifier: Apache-2.0
#include "crm_vendor.hpp"

#include <algorithm>

namespace bellhop::test {

std::string text_of(const rapidjson::Value &object, const char *name) {
  if (!object.IsObject() || !object.HasMember(name)) return "";
  const rapidjson::Value &value = object[name];
  if (value.IsString()) return {value.GetString(), value.GetStringLength()};
  return value.IsInt64() ? std::to_string(value.GetInt64()) : "";
}

std::string parameter_of(const std::string &query, const std::string &name) {
  const std::size_t at = ("&" + query).find("&" + name + "=");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 1;
  return percent_decoded(query.substr(begin, query.find('&', begin) - begin));
}

CrmVendor::CrmVendor() {
  server_.serve([this](const Request &request) { return take(request); });
}

std::string CrmVendor::complain(const std::string &answer, const std::string &why) {
  complaints_.push_back(why);
  return answer;
}

std::vector<core::ServerStep> CrmVendor::take(const Request &request) {
  const auto fault = faults_.find(requests_count_++);
  return with_fault(fault == faults_.end() ? Fault{} : fault->second, [&] {
    const std::size_t question = request.target.find('?');
    const bool has_query = question != std::string::npos;
    rapidjson::Document body;
    const bool is_form = request.header("Content-Type") == "application/x-www-form-urlencoded";
    if (!request.body.empty() && !is_form &&
        (request.header("Content-Type").rfind("application/json", 0) != 0 ||
         body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size()).HasParseError())) {
      return complain(http_answer(400, "{}"), "the body is not JSON: " + request.body);
    }
    return answer(request, request.target.substr(0, question), has_query ? request.target.substr(question + 1) : "",
                  body);
  });
}

// ---- Salesforce -----------------------------------------------------------------------------------------------------

namespace {

const std::string sobjects = "/services/data/v60.0/sobjects/";
const std::map<std::string, std::size_t> contact_fields{{"Id", 18},       {"Email", 80}, {"FirstName", 40},
                                                        {"LastName", 80}, {"Phone", 40}, {"LeadSource", 255}};
const std::map<std::string, std::size_t> event_fields{{"Subject", 255},      {"Description", 32'000}, {"Location", 255},
                                                      {"StartDateTime", 20}, {"EndDateTime", 20},     {"ShowAs", 4},
                                                      {"WhoId", 18}};

std::string salesforce_id(const char *prefix, int number) {
  std::string digits = std::to_string(number);
  return prefix + std::string(12 - digits.size(), '0') + digits + "AAA";
}

// The first member that an object of these fields may not have.
std::string wrong_member(const rapidjson::Value &body, const std::map<std::string, std::size_t> &fields) {
  for (const auto &member : body.GetObject()) {
    const auto field = fields.find(member.name.GetString());
    if (field == fields.end() || field->first == "Id") return std::string("no such field: ") + member.name.GetString();
    if (!member.value.IsString()) return field->first + " is no text";
    if (member.value.GetStringLength() > 4 * field->second) return field->first + " is too long";
  }
  return "";
}

}  // namespace

std::string SalesforceVendor::settings() const {
  return R"({"driver":"salesforce","url":")" + url() +
         R"(","fields":[{"from":"utm.source","to":"LeadSource"}],"salesforce":{"version":"60.0","client_id":"id",)" +
         R"("client_secret":"s3cr3t","event_key":"Bellhop_Key__c"}})";
}

std::string SalesforceVendor::refuse(int status, const std::string &code, const std::string &message, bool is_ours) {
  const std::string body = R"([{"message":)" + json_text(message) + R"(,"errorCode":")" + code + "\"}]";
  return is_ours ? complain(http_answer(status, body), message) : http_answer(status, body);
}

std::string SalesforceVendor::token(const Request &request) {
  if (request.method != "POST" || request.body != "grant_type=client_credentials&client_id=id&client_secret=s3cr3t") {
    return complain(http_answer(400, R"({"error":"invalid_client"})"), "token: " + request.body);
  }
  token_ = "00D!s3cr3t.token" + std::to_string(++tokens_count_);
  return http_answer(200,
                     R"({"access_token":")" + token_ + R"(","token_type":"Bearer","instance_url":")" + url() + "\"}");
}

std::string SalesforceVendor::answer(const Request &request, const std::string &path, const std::string &question,
                                     const rapidjson::Document &body) {
  if (path == "/services/oauth2/token") return token(request);
  if (token_.empty() || request.header("Authorization") != "Bearer " + token_) {
    return refuse(401, "INVALID_SESSION_ID", "Session expired or invalid", false);
  }
  if (path == "/services/data/v60.0/query") return query(parameter_of(question, "q"));
  if (path.rfind(sobjects, 0) != 0) return refuse(404, "NOT_FOUND", "no such path: " + path);
  const std::string rest = path.substr(sobjects.size());
  if (rest == "EventRelation" && request.method == "POST" && body.IsObject()) return relation(body);
  if (rest.rfind("EventRelation/", 0) == 0 && request.method == "DELETE") return remove_relation(rest.substr(14));
  if (rest == "Contact" && request.method == "GET") return http_answer(200, R"({"objectDescribe":{}})");
  if (rest == "Contact" || rest.rfind("Contact/", 0) == 0) {
    return contact(request, rest == "Contact" ? "" : rest.substr(8), body);
  }
  if (rest.rfind("Event/", 0) == 0 && (body.IsObject() || request.method == "GET")) {
    return event(request, rest.substr(6), body);
  }
  return refuse(404, "NOT_FOUND", "no such object: " + rest);
}

std::string SalesforceVendor::query(const std::string &soql) {
  if (soql.find(" FROM EventRelation ") != std::string::npos) return relations_of(soql);
  const std::string begin = "SELECT ", from = " FROM Contact WHERE Email = '", end = "' ORDER BY CreatedDate LIMIT 1";
  const std::size_t at = soql.find(from);
  if (soql.rfind(begin, 0) != 0 || at == std::string::npos || soql.size() < at + from.size() + end.size() ||
      soql.compare(soql.size() - end.size(), end.size(), end) != 0) {
    return refuse(400, "MALFORMED_QUERY", soql);
  }
  for (std::size_t field = begin.size(); field < at; field = std::min(soql.find(',', field), at) + 1) {
    const std::string name = soql.substr(field, std::min(soql.find(',', field), at) - field);
    if (contact_fields.count(name) == 0) return refuse(400, "INVALID_FIELD", "no such column " + name);
  }
  std::string email;
  const std::string quoted = soql.substr(at + from.size(), soql.size() - end.size() - at - from.size());
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] == '\'') return refuse(400, "MALFORMED_QUERY", "a quote ends the text: " + soql);
    if (quoted[i] == '\\' && ++i == quoted.size()) return refuse(400, "MALFORMED_QUERY", soql);
    email += quoted[i];
  }
  for (const auto &[id, one] : contacts_) {
    if (one.email != email) continue;
    std::string record = R"({"Id":")" + id + "\"";
    for (const auto &[name, value] : one.values) record += "," + json_text(name) + ":" + json_text(value);
    return http_answer(200, R"({"totalSize":1,"done":true,"records":[)" + record + "}]}");
  }
  return http_answer(200, R"({"totalSize":0,"done":true,"records":[]})");
}

std::string SalesforceVendor::contact(const Request &request, const std::string &id, const rapidjson::Document &body) {
  if (!id.empty() && contacts_.count(id) == 0) return refuse(404, "NOT_FOUND", "no contact " + id, false);
  if (request.method == "GET") {
    std::string record = R"({"Id":")" + id + "\"";
    for (const auto &[name, value] : contacts_[id].values) record += "," + json_text(name) + ":" + json_text(value);
    return http_answer(200, record + "}");
  }
  if (!body.IsObject() || request.method != (id.empty() ? "POST" : "PATCH"))
    return refuse(405, "METHOD_NOT_ALLOWED", id);
  if (std::string wrong = wrong_member(body, contact_fields); !wrong.empty())
    return refuse(400, "INVALID_FIELD", wrong);
  if (id.empty() && text_of(body, "LastName").empty()) return refuse(400, "REQUIRED_FIELD_MISSING", "LastName");
  const std::string whose = id.empty() ? salesforce_id("003", next_id_++) : id;
  CrmContact &one = contacts_[whose];
  for (const auto &member : body.GetObject()) one.values[member.name.GetString()] = member.value.GetString();
  if (id.empty()) one.email = text_of(body, "Email");
  one.name = one.values["LastName"];
  return id.empty() ? http_answer(201, R"({"id":")" + whose + R"(","success":true,"errors":[]})")
                    : http_answer(204, "");
}

std::string SalesforceVendor::event(const Request &request, const std::string &rest, const rapidjson::Document &body) {
  const std::string by_key = "Bellhop_Key__c/";
  const bool is_by_key = rest.rfind(by_key, 0) == 0;
  std::string id = is_by_key ? "" : rest;
  for (const auto &[own, meeting] : meetings_) {
    if (is_by_key && meeting.key == rest.substr(by_key.size())) id = own;
  }
  if (!is_by_key && meetings_.count(id) == 0) return refuse(404, "NOT_FOUND", "no event " + id, false);
  if (request.method == "GET" && !id.empty()) return http_answer(200, R"({"Id":")" + id + "\"}");
  if (request.method == "GET") return refuse(404, "NOT_FOUND", "no event with this key", false);
  if (request.method != "PATCH") return refuse(405, "METHOD_NOT_ALLOWED", request.method);
  if (std::string wrong = wrong_member(body, event_fields); !wrong.empty()) return refuse(400, "INVALID_FIELD", wrong);
  const std::string who = text_of(body, "WhoId"), shown_as = text_of(body, "ShowAs");
  if (contacts_.count(who) == 0 || (shown_as != "Busy" && shown_as != "Free") ||
      text_of(body, "StartDateTime").empty() || text_of(body, "Subject").empty()) {
    return refuse(400, "FIELD_INTEGRITY_EXCEPTION", request.body);
  }
  const bool is_new = id.empty();
  if (is_new) id = salesforce_id("00U", next_id_++);
  CrmMeeting &meeting = meetings_[id];
  if (is_new) meeting.key = rest.substr(by_key.size());
  meeting.title = text_of(body, "Subject");
  meeting.start = text_of(body, "StartDateTime");
  meeting.is_canceled = shown_as == "Free";
  // Whoever stood there before is in the event no more, unless invited too.
  if (const std::string before = who_[id]; before != who) {
    const auto invites = [&](const auto &one) { return one.second == std::pair(id, before); };
    if (std::none_of(relations_.begin(), relations_.end(), invites)) meeting.contacts.erase(before);
  }
  who_[id] = who;
  meeting.contacts.insert(who);
  if (!is_by_key) return http_answer(204, "");
  return http_answer(is_new ? 201 : 200,
                     R"({"id":")" + id + R"(","success":true,"errors":[],"created":)" + (is_new ? "true}" : "false}"));
}

std::string SalesforceVendor::relation(const rapidjson::Document &body) {
  const std::string event = text_of(body, "EventId"), contact = text_of(body, "RelationId");
  if (meetings_.count(event) == 0 || contacts_.count(contact) == 0) return refuse(400, "MALFORMED_ID", event);
  if (!meetings_[event].contacts.insert(contact).second) return refuse(400, "DUPLICATE_VALUE", "is there", false);
  const std::string id = salesforce_id("0RE", next_id_++);
  relations_[id] = {event, contact};
  return http_answer(201, R"({"id":")" + id + R"(","success":true})");
}

std::string SalesforceVendor::relations_of(const std::string &soql) {
  std::string records;
  for (const auto &[id, relation] : relations_) {
    const std::string exact = "SELECT Id FROM EventRelation WHERE EventId = '" + relation.first +
                              "' AND RelationId = '" + relation.second + "'";
    if (soql == exact) records += (records.empty() ? "" : ",") + (R"({"Id":")" + id + "\"}");
  }
  return http_answer(200, R"({"done":true,"records":[)" + records + "]}");
}

std::string SalesforceVendor::remove_relation(const std::string &id) {
  const auto relation = relations_.find(id);
  if (relation == relations_.end()) return refuse(404, "NOT_FOUND", "no relation " + id, false);
  meetings_[relation->second.first].contacts.erase(relation->second.second);
  relations_.erase(relation);
  return http_answer(204, "");
}

// ---- Pipedrive ------------------------------------------------------------------------------------------------------

namespace {

const std::string custom_field = "0123456789abcdef0123456789abcdef01234567";

bool is_shaped(const std::string &text, const std::string &shape) {  // '0' is any digit
  return text.size() == shape.size() && std::equal(text.begin(), text.end(), shape.begin(), [](char c, char as) {
           return as == '0' ? c >= '0' && c <= '9' : c == as;
         });
}

std::string person_of(const std::string &id, const CrmContact &one) {
  std::string custom, phones;
  for (const auto &[name, value] : one.values) {
    if (name == "phone") phones = R"({"value":)" + json_text(value) + R"(,"primary":true,"label":"work"})";
    if (name == custom_field) custom = "\"" + custom_field + "\":" + json_text(value);
  }
  return R"({"id":)" + id + R"(,"name":)" + json_text(one.name) + R"(,"is_deleted":false,"phones":[)" + phones +
         R"(],"custom_fields":{)" + custom + "}}";
}

std::string success(int status, const std::string &data) {
  return http_answer(status, R"({"success":true,"data":)" + data + "}");
}

}  // namespace

std::string PipedriveVendor::settings() const {
  return R"({"driver":"pipedrive","token":"s3cr3t","url":")" + url() + R"(","fields":[{"from":"utm.source","to":")" +
         custom_field + "\"}]}";
}

std::string PipedriveVendor::refuse(int status, const std::string &message, bool is_ours) {
  const std::string body = R"({"success":false,"error":)" + json_text(message) + "}";
  return is_ours ? complain(http_answer(status, body), message) : http_answer(status, body);
}

std::string PipedriveVendor::answer(const Request &request, const std::string &path, const std::string &query,
                                    const rapidjson::Document &body) {
  if (request.header("x-api-token") != "s3cr3t") return refuse(401, "unauthorized access");
  if (path.rfind("/api/v2/persons", 0) == 0) return persons(request, path.substr(15), query, body);
  if (path.rfind("/api/v2/activities", 0) == 0) return activities(request, path.substr(18), query, body);
  return refuse(404, "no such path: " + path);
}

std::string PipedriveVendor::persons(const Request &request, const std::string &path, const std::string &query,
                                     const rapidjson::Document &body) {
  if (path == "/search") {
    if (parameter_of(query, "fields") != "email" || parameter_of(query, "exact_match") != "true") {
      return refuse(400, "search: " + query);
    }
    for (const auto &[id, one] : contacts_) {
      if (one.email == parameter_of(query, "term")) {
        return success(200, R"({"items":[{"result_score":1,"item":{"id":)" + id + R"(,"type":"person"}}]})");
      }
    }
    return success(200, R"({"items":[]})");
  }
  if (path.empty() && request.method == "GET") return success(200, "[]");
  const std::string id = path.empty() ? "" : path.substr(1);
  if (!id.empty() && contacts_.count(id) == 0) return refuse(404, "Person not found", false);
  if (request.method == "GET") return success(200, person_of(id, contacts_[id]));
  if (!body.IsObject() || request.method != (id.empty() ? "POST" : "PATCH")) return refuse(405, request.method);
  CrmContact one = id.empty() ? CrmContact() : contacts_[id];
  for (const auto &member : body.GetObject()) {
    const std::string name = member.name.GetString();
    const auto &value = member.value;
    if (name == "name" && value.IsString() && value.GetStringLength() > 0) {
      one.name = value.GetString();
    } else if ((name == "emails" || name == "phones") && value.IsArray() && value.Size() == 1) {
      (name == "emails" ? one.email : one.values["phone"]) = text_of(value[0], "value");
    } else if (name == "custom_fields" && value.IsObject() && value.HasMember(custom_field.c_str())) {
      one.values[custom_field] = text_of(value, custom_field.c_str());
    } else {
      return refuse(400, "Validation failed: " + name);
    }
  }
  if (one.name.empty() || one.email.empty()) return refuse(400, "Validation failed: name or emails");
  const std::string whose = id.empty() ? std::to_string(next_id_++) : id;
  contacts_[whose] = one;
  return success(id.empty() ? 201 : 200, person_of(whose, one));
}

std::string PipedriveVendor::activities(const Request &request, const std::string &path, const std::string &query,
                                        const rapidjson::Document &body) {
  if (request.method == "GET") {
    std::string rows;
    for (const auto &[id, meeting] : meetings_) {
      if (meeting.contacts.count(parameter_of(query, "person_id")) == 0) continue;
      rows += (rows.empty() ? "" : ",") + (R"({"id":)" + id + R"(,"note":)") + json_text(notes_[id]) + "}";
    }
    return success(200, "[" + rows + "]");
  }
  const std::string id = path.empty() ? "" : path.substr(1);
  if (!id.empty() && meetings_.count(id) == 0) return refuse(404, "Activity not found", false);
  if (!body.IsObject() || request.method != (id.empty() ? "POST" : "PATCH")) return refuse(405, request.method);
  const std::set<std::string> known{"subject", "type",         "due_date", "due_time", "duration",
                                    "done",    "participants", "note",     "location"};
  for (const auto &member : body.GetObject()) {
    if (known.count(member.name.GetString()) == 0)
      return refuse(400, std::string("no field ") + member.name.GetString());
  }
  const bool is_sound = text_of(body, "type") == "meeting" && is_shaped(text_of(body, "due_date"), "0000-00-00") &&
                        is_shaped(text_of(body, "due_time"), "00:00") &&
                        is_shaped(text_of(body, "duration"), "00:00") && body.HasMember("done") &&
                        body["done"].IsBool() && !text_of(body, "subject").empty() && body.HasMember("participants") &&
                        body["participants"].IsArray() && !body["participants"].Empty();
  if (!is_sound) return refuse(400, "Validation failed: " + request.body);
  CrmMeeting meeting;
  for (const auto &participant : body["participants"].GetArray()) {
    const std::string person = text_of(participant, "person_id");
    if (!participant["person_id"].IsInt64() || contacts_.count(person) == 0) return refuse(400, "no person " + person);
    meeting.contacts.insert(person);
  }
  meeting.title = text_of(body, "subject");
  meeting.start = text_of(body, "due_date") + "T" + text_of(body, "due_time") + ":00Z";
  meeting.is_canceled = body["done"].GetBool();
  const std::string whose = id.empty() ? std::to_string(next_id_++) : id;
  meetings_[whose] = meeting;
  notes_[whose] = text_of(body, "note");
  return success(id.empty() ? 201 : 200, R"({"id":)" + whose + "}");
}

// ---- any REST end ---------------------------------------------------------------------------------------------------

std::string RestVendor::settings() const {
  const std::string meeting =
      R"("body":"{\"key\":\"{{meeting.key}}\",\"title\":\"{{meeting.title}}\",\"start\":\"{{start}}\",)"
      R"(\"state\":\"{{meeting.state}}\",\"who\":{{meeting.contacts}}}"})";
  return R"({"driver":"http","url":")" + url() + R"(","fields":[{"from":"utm.source","to":"source"},)" +
         R"({"from":"last_name","to":"surname"}],"http":{"headers":[{"name":"X-Key","value":"s3cr3t"}],)" +
         R"("find_contact":{"method":"GET","url":"/people?mail={{email}}","id":"/items/0/id",)" +
         R"("properties":"/items/0/values"},)" +
         R"("read_contact":{"method":"GET","url":"/people/{{contact.id}}","id":"/id","properties":"/values",)" +
         R"("missing":[404]},"create_contact":{"method":"POST","url":"/people","id":"/id",)" +
         R"("body":"{\"mail\":\"{{email}}\",\"called\":\"{{name}}\",\"values\":{{properties}}}"},)" +
         R"("update_contact":{"method":"PATCH","url":"/people/{{contact.id}}",)" +
         R"("body":"{\"values\":{{properties}}}","missing":[404]},)" +
         R"("find_meeting":{"method":"GET","url":"/meetings?key={{meeting.key}}","id":"/items/0/id"},)" +
         R"("create_meeting":{"method":"POST","url":"/meetings","id":"/id",)" + meeting +
         R"(,"update_meeting":{"method":"PUT","url":"/meetings/{{meeting.id}}","missing":[404],)" + meeting +
         R"(,"check":{"method":"GET","url":"/people?mail=none"}}})";
}

std::string RestVendor::answer(const Request &request, const std::string &path, const std::string &query,
                               const rapidjson::Document &body) {
  const auto wrong = [this](const std::string &why) { return complain(http_answer(422, R"({"error":"form"})"), why); };
  const auto person = [this](const std::string &id) {
    std::string values;
    for (const auto &[name, value] : contacts_[id].values) {
      values += (values.empty() ? "" : ",") + json_text(name) + ":" + json_text(value);
    }
    return R"({"id":")" + id + R"(","values":{)" + values + "}}";
  };
  if (request.header("X-Key") != "s3cr3t") return http_answer(401, "{}");
  const bool is_people = path.rfind("/people", 0) == 0;
  if (!is_people && path.rfind("/meetings", 0) != 0) return wrong("path " + path);
  const std::string id = path.substr(is_people ? 7 : 9) == "" ? "" : path.substr(is_people ? 8 : 10);
  if (id.find('/') != std::string::npos) return wrong("path " + path);
  if (request.method == "GET" && id.empty()) {
    std::string items;
    for (const auto &[own, one] : contacts_) {
      if (is_people && one.email == parameter_of(query, "mail")) items = person(own);
    }
    for (const auto &[own, one] : meetings_) {
      if (!is_people && one.key == parameter_of(query, "key")) items = R"({"id":")" + own + "\"}";
    }
    if (std::count(query.begin(), query.end(), '&') + std::count(query.begin(), query.end(), '#') > 0)
      return wrong(query);
    return http_answer(200, R"({"items":[)" + items + "]}");
  }
  if (!id.empty() && (is_people ? contacts_.count(id) : meetings_.count(id)) == 0) return http_answer(404, "{}");
  if (request.method == "GET") return http_answer(200, person(id));
  if (!body.IsObject()) return wrong("no object: " + request.body);
  const std::string whose = id.empty() ? "r" + std::to_string(next_id_++) : id;
  if (is_people) {
    if (!body.HasMember("values") || !body["values"].IsObject() || body.MemberCount() != (id.empty() ? 3U : 1U)) {
      return wrong("a person of " + request.body);
    }
    CrmContact &one = contacts_[whose];
    for (const auto &member : body["values"].GetObject()) {
      const std::string name = member.name.GetString();
      if (name != "source" && name != "surname") return wrong("a value " + name);
      one.values[name] = {member.value.GetString(), member.value.GetStringLength()};
    }
    if (id.empty()) one.email = text_of(body, "mail");
    one.name = one.values["surname"];
  } else {
    const std::string state = text_of(body, "state");
    if (body.MemberCount() != 5 || !body["who"].IsArray() || body["who"].Empty() || text_of(body, "key").size() != 32) {
      return wrong("a meeting of " + request.body);
    }
    CrmMeeting meeting{text_of(body, "key"), text_of(body, "title"), text_of(body, "start"), state == "canceled", {}};
    for (const auto &who : body["who"].GetArray()) {
      if (contacts_.count(who.GetString()) == 0) return wrong(std::string("nobody ") + who.GetString());
      meeting.contacts.insert(who.GetString());
    }
    meetings_[whose] = meeting;
  }
  return http_answer(id.empty() ? 201 : 200, R"({"id":")" + whose + "\"}");
}

}  // namespace bellhop::test
