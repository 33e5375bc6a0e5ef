// SPDX-License-Identifier: Apache-2.0
// The vendor of crm_vendor_pipedrive.hpp.
#include "crm_vendor_pipedrive.hpp"

#include <algorithm>

namespace bellhop::test {
namespace {

const std::string source_field = "0123456789abcdef0123456789abcdef01234567";
constexpr std::size_t name_units_max = 255;

bool begins(const std::string &text, const std::string &with) { return text.compare(0, with.size(), with) == 0; }

std::string text_of(const rapidjson::Value &value) { return {value.GetString(), value.GetStringLength()}; }

// A form of digits: 'd' stands for one of them.
bool has_form(const std::string &text, const std::string &form) {
  return text.size() == form.size() && std::equal(text.begin(), text.end(), form.begin(), [](char c, char f) {
           return f == 'd' ? c >= '0' && c <= '9' : c == f;
         });
}

std::size_t units_of(const std::string &text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0U) == 0x80U ? 0 : byte >= 0xF0U ? 2 : 1;
  }
  return units;
}

// [{"value":…,"primary":true,"label":"work"}]
bool read_one(const rapidjson::Value &list, std::string &out) {
  if (!list.IsArray() || list.Size() != 1 || !list[0].IsObject()) return false;
  for (const auto &member : list[0].GetObject()) {
    const std::string name = text_of(member.name);
    if (name == "primary" ? !member.value.IsBool() : !member.value.IsString()) return false;
    if (name != "primary" && name != "label" && name != "value") return false;
    if (name == "value") out = text_of(member.value);
  }
  return !out.empty();
}

std::string data_of(const std::string &data) { return R"({"success":true,"data":)" + data + "}"; }

}  // namespace

PipedriveVendor::PipedriveVendor() {
  server_.serve([this](const Request &request) { return take(request); });
}

std::vector<core::ServerStep> PipedriveVendor::take(const Request &request) {
  const auto fault = faults_.find(requests_count_++);
  return with_fault(fault == faults_.end() ? Fault{} : fault->second, [&] { return answer(request); });
}

std::string PipedriveVendor::refuse(int status, const std::string &message) {
  if (status == 400) complaints_.push_back(message);
  return http_answer(status, R"({"success":false,"error":)" + json_text(message) + R"(,"error_info":"","data":null})");
}

std::string PipedriveVendor::answer(const Request &request) {
  if (request.header("x-api-token") != "pd-s3cr3t") return refuse(401, "unauthorized access");
  if (request.target.find("pd-s3cr3t") != std::string::npos) return refuse(400, "the token is in the URL");
  rapidjson::Document body;
  if (!request.body.empty() &&
      (body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size()).HasParseError() ||
       request.header("Content-Type") != "application/json" || !body.IsObject())) {
    return refuse(400, "the body is no JSON object: " + request.body);
  }
  const std::string persons = "/api/v2/persons", activities = "/api/v2/activities",
                    search_head = persons + "/search?fields=email&exact_match=true&limit=1&term=",
                    list_head = activities + "?limit=500&sort_by=add_time&sort_direction=desc&person_id=";
  const std::string &target = request.target;
  if (request.method == "GET" && target == persons + "?limit=1") return http_answer(200, data_of("[]"));
  if (request.method == "GET" && begins(target, search_head)) {
    const std::string term = target.substr(search_head.size());
    if (term.find_first_of("&#+/ ") != std::string::npos) return refuse(400, "bad term " + term);
    return http_answer(200, search(percent_decoded(term)));
  }
  if (request.method == "GET" && begins(target, list_head)) {
    return http_answer(200, list(std::stoi(target.substr(list_head.size()))));
  }
  if (target == persons || begins(target, persons + "/")) {
    return person(request, target == persons ? "" : target.substr(persons.size() + 1), body);
  }
  if (target == activities || begins(target, activities + "/")) {
    return activity(request, target == activities ? "" : target.substr(activities.size() + 1), body);
  }
  return refuse(400, "no such request: " + request.method + " " + target);
}

std::string PipedriveVendor::search(const std::string &term) const {
  std::string items;
  for (const auto &[id, one] : persons_) {
    if (one.email != term || !items.empty()) continue;
    items = R"({"result_score":1.1,"item":{"id":)" + std::to_string(id) + R"(,"type":"person"}})";
  }
  return data_of(R"({"items":[)" + items + "]}");
}

std::string PipedriveVendor::list(int person) const {
  std::string out;
  for (const auto &[id, one] : activities_) {
    if (std::find(one.people.begin(), one.people.end(), person) == one.people.end()) continue;
    out += (out.empty() ? "" : ",") + (R"({"id":)" + std::to_string(id) + R"(,"note":)" + json_text(one.note) + "}");
  }
  return data_of("[" + out + "]");
}

bool PipedriveVendor::read(const rapidjson::Document &body, Person &person) const {
  for (const auto &member : body.GetObject()) {
    const std::string name = text_of(member.name);
    if (name == "name" && member.value.IsString()) {
      person.name = text_of(member.value);
    } else if (name == "emails" || name == "phones") {
      if (!read_one(member.value, name == "emails" ? person.email : person.phone)) return false;
    } else if (name == "custom_fields" && member.value.IsObject()) {
      for (const auto &custom : member.value.GetObject()) {
        if (text_of(custom.name) != source_field || !custom.value.IsString()) return false;
        person.custom[source_field] = text_of(custom.value);
        if (units_of(person.custom[source_field]) > name_units_max) return false;
      }
    } else {
      return false;
    }
  }
  return !person.name.empty() && units_of(person.name) <= name_units_max && units_of(person.phone) <= name_units_max;
}

std::string PipedriveVendor::person(const Request &request, const std::string &id, const rapidjson::Document &body) {
  if (id.find_first_not_of("0123456789") != std::string::npos) return refuse(400, "bad id " + id);
  const auto at = id.empty() ? persons_.end() : persons_.find(std::stoi(id));
  if (!id.empty() && at == persons_.end()) return refuse(404, "Person not found");
  if (request.method == "GET" && !id.empty()) {
    std::string custom;
    for (const auto &[name, value] : at->second.custom) custom = json_text(name) + ":" + json_text(value);
    const std::string phones =
        at->second.phone.empty() ? "" : R"({"value":)" + json_text(at->second.phone) + R"(,"primary":true})";
    return http_answer(200, data_of(R"({"id":)" + id + R"(,"is_deleted":false,"name":)" + json_text(at->second.name) +
                                    R"(,"phones":[)" + phones + R"(],"custom_fields":{)" + custom + "}}"));
  }
  Person read_person = id.empty() ? Person() : at->second;
  if (request.method != (id.empty() ? "POST" : "PATCH") || !body.IsObject() || !read(body, read_person)) {
    return refuse(400, "bad person: " + request.method + " " + request.body);
  }
  const int number = id.empty() ? next_id_++ : at->first;
  persons_[number] = read_person;
  return http_answer(id.empty() ? 201 : 200, data_of(R"({"id":)" + std::to_string(number) + "}"));
}

bool PipedriveVendor::read(const rapidjson::Document &body, Activity &activity) const {
  const std::map<std::string, std::string *> texts{{"subject", &activity.subject},
                                                   {"due_date", &activity.due_date},
                                                   {"due_time", &activity.due_time},
                                                   {"duration", &activity.duration},
                                                   {"note", &activity.note}};
  for (const auto &member : body.GetObject()) {
    const std::string name = text_of(member.name);
    const auto text = texts.find(name);
    if (text != texts.end() && member.value.IsString()) {
      *text->second = text_of(member.value);
    } else if (name == "type") {
      if (!member.value.IsString() || text_of(member.value) != "meeting") return false;
    } else if (name == "done" && member.value.IsBool()) {
      activity.is_done = member.value.GetBool();
    } else if (name == "location" && member.value.IsObject() && member.value.MemberCount() == 1) {
      activity.location = text_of(member.value["value"]);
    } else if (name == "participants" && member.value.IsArray()) {
      activity.people.clear();
      for (const auto &one : member.value.GetArray()) {
        if (one.MemberCount() != 2 || !one["person_id"].IsInt() || !one["primary"].IsBool()) return false;
        if (persons_.count(one["person_id"].GetInt()) == 0) return false;
        if (one["primary"].GetBool() != activity.people.empty()) return false;  // exactly one, and it is the first
        activity.people.push_back(one["person_id"].GetInt());
      }
    } else {
      return false;
    }
  }
  return !activity.subject.empty() && units_of(activity.subject) <= name_units_max &&
         has_form(activity.due_date, "dddd-dd-dd") && has_form(activity.due_time, "dd:dd") &&
         has_form(activity.duration, "dd:dd");
}

std::string PipedriveVendor::activity(const Request &request, const std::string &id, const rapidjson::Document &body) {
  if (id.find_first_not_of("0123456789") != std::string::npos) return refuse(400, "bad id " + id);
  const auto at = id.empty() ? activities_.end() : activities_.find(std::stoi(id));
  if (!id.empty() && at == activities_.end()) return refuse(404, "Activity not found");
  Activity read_activity = id.empty() ? Activity() : at->second;
  if (request.method != (id.empty() ? "POST" : "PATCH") || !body.IsObject() || !read(body, read_activity)) {
    return refuse(400, "bad activity: " + request.method + " " + request.body);
  }
  const int number = id.empty() ? next_id_++ : at->first;
  activities_[number] = read_activity;
  return http_answer(id.empty() ? 201 : 200, data_of(R"({"id":)" + std::to_string(number) + "}"));
}

}  // namespace bellhop::test
