// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <bellhop/booking.hpp>
#include <bellhop/kv.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace crm {
namespace {

using bellhop::Json;
using bellhop::Verdict;

constexpr const char *const field_list =
    "fields are email, name, first_name, last_name, phone, host, host_email, meeting_type, organization, location, "
    "price, "
    "status, timezone, id, url, start, end, utm.source (medium, campaign, term, content) and answer.SLUG";

[[noreturn]] void refuse(const std::string &sentence) { throw bellhop::Abort(Verdict::fail(sentence)); }

std::string required(const Json &settings, std::string_view pointer, const std::string &driver) {
  std::string value = settings[pointer].str();
  if (value.empty()) refuse("driver = \"" + driver + "\" wants " + std::string(pointer));
  return value;
}

enum class Where { meeting_text, contact_call, meeting_call };

bool may_name(Where where, std::string_view name) {
  constexpr std::array<std::string_view, 7> of_contact{"email", "name",       "first_name", "last_name",
                                                       "phone", "contact.id", "properties"};
  constexpr std::array<std::string_view, 6> of_meeting{"meeting.id",   "meeting.key",   "meeting.title",
                                                       "meeting.text", "meeting.state", "meeting.contacts"};
  if (where == Where::contact_call) return std::find(of_contact.begin(), of_contact.end(), name) != of_contact.end();
  if (is_field(name)) return true;
  return where == Where::meeting_call && std::find(of_meeting.begin(), of_meeting.end(), name) != of_meeting.end();
}

void check_pattern(const std::string &pattern, const std::string &place, Where where) {
  std::string unknown;
  bellhop::walk_pattern(
      pattern, [](std::string_view) {},
      [&](std::string_view name) {
        if (unknown.empty() && !may_name(where, name)) unknown = name.empty() ? "{{}}" : std::string(name);
      });
  if (unknown.empty()) return;
  refuse(place + " names a field that is not there: " + unknown +
         (where == Where::contact_call
              ? "; of a contact there are email, name, first_name, last_name, phone, contact.id and properties"
              : std::string("; ") + field_list));
}

std::vector<std::int64_t> statuses_of(const Json &list) {
  std::vector<std::int64_t> out;
  for (const Json &status : list) out.push_back(status.integer());
  return out;
}

RestCall read_call(const Json &http, const std::string &name, bool is_required) {
  const Json json = http[name];
  RestCall call{json["method"].str(),         json["url"].str(), json["body"].str(),      statuses_of(json["success"]),
                statuses_of(json["missing"]), json["id"].str(),  json["properties"].str()};
  if (!json) {
    if (is_required) refuse("driver = \"http\" wants http." + name);
    return {};
  }
  const Where where = name.find("meeting") != std::string::npos ? Where::meeting_call : Where::contact_call;
  check_pattern(call.url, "http." + name + ".url", where);
  check_pattern(call.body, "http." + name + ".body", where);
  return call;
}

RestSettings read_rest(const Json &http) {
  RestSettings rest;
  for (const Json &header : http["headers"]) rest.headers.push_back({header["name"].str(), header["value"].str()});
  rest.find_contact = read_call(http, "find_contact", true);
  rest.read_contact = read_call(http, "read_contact", false);
  rest.create_contact = read_call(http, "create_contact", true);
  rest.update_contact = read_call(http, "update_contact", false);
  rest.find_meeting = read_call(http, "find_meeting", false);
  rest.create_meeting = read_call(http, "create_meeting", false);
  rest.update_meeting = read_call(http, "update_meeting", false);
  rest.check = read_call(http, "check", false);
  if (rest.find_contact.id.empty()) refuse("http.find_contact wants id, the JSON pointer to a contact's id");
  if (rest.create_contact.id.empty()) refuse("http.create_contact wants id, the JSON pointer to the new contact's id");
  if (!rest.create_meeting.method.empty() && rest.create_meeting.id.empty()) {
    refuse("http.create_meeting wants id, the JSON pointer to the new meeting's id");
  }
  return rest;
}

std::string call_schema(std::string_view title) {
  return R"({"type":"object","title":")" + std::string(title) +
         R"(","additionalProperties":false,"required":["method","url"],"properties":{)"
         R"("method":{"enum":["GET","POST","PUT","PATCH"]},"url":{"type":"string","pattern":"^/"},)"
         R"("body":{"type":"string"},"id":{"type":"string"},"properties":{"type":"string"},)"
         R"("success":{"type":"array","items":{"type":"integer","minimum":200,"maximum":299}},)"
         R"("missing":{"type":"array","items":{"type":"integer","minimum":200,"maximum":499}}}})";
}

std::string rest_schema() {
  return R"({"type":"object","title":"Any REST end, for driver = \"http\": one request per step","default":{},)"
         R"("additionalProperties":false,"properties":{"headers":{"type":"array","maxItems":16,"items":{)"
         R"("type":"object",)"
         R"("additionalProperties":false,"required":["name","value"],"properties":{"name":{"type":"string",)"
         R"("pattern":"^[A-Za-z0-9-]{1,64}$"},"value":{"type":"string","x-secret":true}}}},"find_contact":)" +
         call_schema("Finds a contact by {{email}}") + R"(,"read_contact":)" +
         call_schema("Reads a contact by {{contact.id}}") + R"(,"create_contact":)" +
         call_schema("Makes a contact of {{properties}}") + R"(,"update_contact":)" +
         call_schema("Writes {{properties}} of {{contact.id}}") + R"(,"find_meeting":)" +
         call_schema("Finds a meeting by {{meeting.key}}") + R"(,"create_meeting":)" + call_schema("Makes a meeting") +
         R"(,"update_meeting":)" + call_schema("Writes a meeting, {{meeting.id}}, anew") + R"(,"check":)" +
         call_schema("Answers without doing anything, for the health check") + "}}";
}

}  // namespace

bellhop::Manifest manifest() {
  return bellhop::Manifest("crm", "1.0.0", "Keeps contacts and meetings of a CRM in step with bookings")
      .license("Apache-2.0")
      .on("booking.*")
      .needs(BHP_SVC_HTTP, BHP_SVC_KV)
      .property(
          "driver",
          R"({"enum":["hubspot","salesforce","pipedrive","http","tryton"],"title":"Which CRM; http is any REST end"})",
          true)
      .destination("url",
                   "Its address: https://api.hubapi.com, https://YOURS.my.salesforce.com, "
                   "https://YOURS.pipedrive.com, a Tryton server …")
      .property("token",
                R"({"type":"string","title":"HubSpot: token of a private app; Pipedrive: API token","default":"",)"
                R"("x-secret":true})")
      .property("fields",
                R"({"type":"array","title":"What goes where, e.g. { from = \"answer.company\", to = \"company\" }",)"
                R"("default":[],"maxItems":100,"items":{"type":"object","additionalProperties":false,)"
                R"("required":["from","to"],"properties":{"from":{"type":"string"},"to":{"type":"string",)"
                R"("pattern":"^[A-Za-z0-9_.-]{1,100}$"},"overwrite":{"type":"boolean"}}}})")
      .boolean("overwrite", "Write properties that hold something else, too; without it only empty ones", false)
      .choice("attendees", "Who becomes a contact", {"all", "primary"})
      .text("title", "Title of a meeting", "{{meeting_type}}: {{name}}")
      .text("text", "Text of a meeting", "{{meeting_type}} with {{host}}\n{{url}}")
      .property("hubspot",
                R"({"type":"object","title":"For driver = \"hubspot\"","default":{},"additionalProperties":false,)"
                R"("properties":{"path":{"type":"string","pattern":"^/[A-Za-z0-9/_-]{1,60}[^/]$","title":)"
                R"("Where its objects are, /crm/v3 or a dated one"},"utc_offset_min":{"type":"integer",)"
                R"("minimum":-840,"maximum":840,"title":"The account's clock: when its day and its quota begin"},)"
                R"("association_type":{"type":"integer","minimum":1,"title":"Of a meeting with a contact"}}})")
      .property(
          "salesforce",
          R"({"type":"object","title":"For driver = \"salesforce\"","default":{},"additionalProperties":false,)"
          R"("properties":{"version":{"type":"string","pattern":"^[0-9]{2,3}\\.0$"},"client_id":{"type":"string"},)"
          R"("client_secret":{"type":"string","x-secret":true},"event_key":{"type":"string","pattern":)"
          R"("^[A-Za-z][A-Za-z0-9_]{0,60}__c$","title":"Text field of Event, External ID, unique"}}})")
      .property("tryton",
                R"({"type":"object","title":"For driver = \"tryton\"","default":{},"additionalProperties":false,)"
                R"("properties":{"database":{"type":"string","pattern":"^[A-Za-z0-9_-]{1,63}$"},)"
                R"("user":{"type":"string"},"password":{"type":"string","x-secret":true}}})")
      .property("http", rest_schema())
      .text("limit", "A named rate limit of the configuration; HubSpot takes 100 requests in 10 seconds on small plans",
            "")
      .integer("timeout_ms", "Time for one request, in milliseconds", 15'000, 100, 600'000);
}

Settings read_settings(const Json &json) {
  Settings settings;
  settings.driver = json["driver"].str();
  settings.url = json["url"].str();
  while (!settings.url.empty() && settings.url.back() == '/') settings.url.pop_back();
  settings.token = json["token"].str();
  settings.limit = json["limit"].str();
  settings.title = json["title"].str();
  settings.text = json["text"].str();
  check_pattern(settings.title, "title", Where::meeting_text);
  check_pattern(settings.text, "text", Where::meeting_text);
  settings.timeout_ms = json["timeout_ms"].integer();
  settings.is_primary_only = json["attendees"].text() == "primary";
  for (const Json &field : json["fields"]) {
    FieldRule rule{field["from"].str(), field["to"].str(), field["overwrite"].boolean(json["overwrite"].boolean())};
    if (!is_field(rule.from)) refuse("fields names " + rule.from + ", which is not there; " + field_list);
    settings.fields.push_back(std::move(rule));
  }
  if (settings.driver == "hubspot" || settings.driver == "pipedrive") required(json, "token", settings.driver);
  settings.hubspot = {json["hubspot"]["path"].str("/crm/v3"), json["hubspot"]["utc_offset_min"].integer(0),
                      std::to_string(json["hubspot"]["association_type"].integer(200))};
  if (settings.driver == "salesforce") {
    settings.salesforce = {json["salesforce"]["version"].str("60.0"),
                           required(json, "salesforce/client_id", settings.driver),
                           required(json, "salesforce/client_secret", settings.driver),
                           json["salesforce"]["event_key"].str("BellhopKey__c")};
  }
  if (settings.driver == "tryton") {
    settings.tryton = {required(json, "tryton/database", settings.driver),
                       required(json, "tryton/user", settings.driver),
                       required(json, "tryton/password", settings.driver)};
  }
  if (settings.driver == "http") settings.rest = read_rest(json["http"]);
  return settings;
}

}  // namespace crm
