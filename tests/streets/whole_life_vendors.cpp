// SPDX-License-Identifier: Apache-2.0
// The vendors of whole_life_vendors.hpp.
#include "whole_life_vendors.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace bellhop::test {
namespace {

constexpr std::size_t faulty_requests = 60;  // of one vendor; after them it is well

// The number of characters (not bytes) of UTF-8; -1: it is none.
int characters_of(const std::string &text) {
  int count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size == 0 || first > 0xf4 || at + size > text.size()) return -1;
    for (std::size_t i = 1; i < size; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return -1;
    }
    at += size;
  }
  return count;
}

std::string string_at(const rapidjson::Value &json, const char *name) {
  const auto at = json.FindMember(name);
  return at != json.MemberEnd() && at->value.IsString()
             ? std::string(at->value.GetString(), at->value.GetStringLength())
             : "";
}

// Slack's limits by kind of element, in characters.
//   source  https://api.slack.com/reference/block-kit/blocks
std::string complaint_about_element(const rapidjson::Value &element, const char *place, int characters_max) {
  const std::string type = string_at(element, "type"), text = string_at(element, "text");
  const int count = characters_of(text);
  if (count < 1 || count > characters_max) {
    return std::string(place) + " of " + std::to_string(count) + " characters";
  }
  if (type == "plain_text" || type == "mrkdwn") return "";
  return std::string(place) + " of type " + type;
}

std::string complaint_about_block(const rapidjson::Value &block) {
  const std::string type = string_at(block, "type");
  std::string wrong;
  if (type == "header") return complaint_about_element(block["text"], "header", 150);
  if (type == "section") {
    if (block.HasMember("text")) wrong = complaint_about_element(block["text"], "section", 3000);
    if (!block.HasMember("fields")) return wrong;
    if (block["fields"].Size() > 10) return "more than 10 fields";
    for (const auto &field : block["fields"].GetArray()) {
      if (wrong.empty()) wrong = complaint_about_element(field, "field", 2000);
    }
    return wrong;
  }
  if (type != "actions") return "a block of type " + type;
  if (block["elements"].Size() > 25) return "more than 25 elements";
  for (const auto &button : block["elements"].GetArray()) {
    if (wrong.empty()) wrong = complaint_about_element(button["text"], "button", 75);
    const std::string url = string_at(button, "url");
    if (url.rfind("http://", 0) != 0 && url.rfind("https://", 0) != 0) wrong = "a button to " + url;
    if (characters_of(url) > 3000) wrong = "a button's URL is too long";
  }
  return wrong;
}

// A control sequence (<!channel>, <@U1>, <#C1>, <http://…|…>) is Slack's only if the plugin made it, and it makes
// dates.
std::string complaint_about_markup(const std::string &text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos; ++at) {
    if (text.compare(at, 7, "<!date^") != 0)
      return "markup that nobody should have let through: " + text.substr(at, 20);
  }
  return "";
}

std::string every_text(const rapidjson::Value &json) {
  if (json.IsString()) return std::string(json.GetString(), json.GetStringLength()) + "\n";
  std::string all;
  if (json.IsArray()) {
    for (const auto &one : json.GetArray()) all += every_text(one);
  } else if (json.IsObject()) {
    for (const auto &member : json.GetObject()) all += every_text(member.value);
  }
  return all;
}

std::string complaint_about_message(const rapidjson::Document &message) {
  if (characters_of(string_at(message, "text")) > 4000) return "msg_too_long";
  if (!message.HasMember("blocks")) {
    return string_at(message, "text").empty() ? "no_text" : complaint_about_markup(every_text(message));
  }
  if (message["blocks"].Size() > 50) return "more than 50 blocks";
  for (const auto &block : message["blocks"].GetArray()) {
    if (std::string wrong = complaint_about_block(block); !wrong.empty()) return "invalid_blocks: " + wrong;
  }
  return complaint_about_markup(every_text(message));
}

// Lines with their folding undone; `wrong` says what no reader would take.
std::vector<std::string> unfolded(const std::string &text, std::string &wrong) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    if (end == std::string::npos) {
      wrong = "a line without end";
      break;
    }
    const std::string line = text.substr(at, end - at);
    if (line.size() > 75) wrong = "a line of " + std::to_string(line.size()) + " octets";
    if (std::any_of(line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; })) {
      wrong = "a control character in " + line;
    }
    const bool is_continued = !line.empty() && (line[0] == ' ' || line[0] == '\t');
    if (is_continued && !lines.empty()) {
      lines.back() += line.substr(1);
    } else {
      lines.push_back(line);
    }
    at = end + 2;
  }
  return lines;
}

}  // namespace

FaultPlan random_faults(std::mt19937_64 &random, LostAnswers lost) {
  const std::string busy = R"({"ok":false,"error":"rate_limited","retry_after":1,"policyName":"SECONDLY"})";
  std::vector<Fault> kinds{{Fault::What::answer, http_answer(429, busy, "Retry-After: 1\r\n")},
                           {Fault::What::answer, http_answer(503, "<html>down</html>")},
                           {Fault::What::reset, ""}};
  if (lost == LostAnswers::happen) kinds.push_back({Fault::What::lost, ""});
  FaultPlan plan;
  for (std::size_t request = 0; request < faulty_requests; ++request) {
    if (random() % 3 == 0) plan[request] = kinds[random() % kinds.size()];
  }
  plan[random() % 5] = {Fault::What::answer, ""};  // too slow: nothing comes before the client's patience ends
  return plan;
}

FaultyVendor::FaultyVendor(FaultPlan faults) : faults_(std::move(faults)) {}

void FaultyVendor::serve() {
  server_.serve([this](const Request &request) -> std::vector<core::ServerStep> {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto fault = faults_.find(requests_count_++);
    const Fault what = fault == faults_.end() ? Fault{} : fault->second;
    if (what.what == Fault::What::reset) return {core::reset_it()};
    if (what.what == Fault::What::answer) return {core::send_bytes(what.bytes)};
    const std::string bytes = answer(request);
    if (what.what == Fault::What::lost) return {core::reset_it()};
    return {core::send_bytes(bytes)};
  });
}

std::vector<std::string> FaultyVendor::complaints() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return complaints_;
}

std::size_t FaultyVendor::requests_count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_count_;
}

std::string FaultyVendor::refuse(int status, const std::string &sentence) {
  complaints_.push_back(sentence);
  return http_answer(status, "{\"ok\":false,\"error\":\"invalid_arguments\"}");
}

// ---- Slack ----

std::map<std::string, SlackVendor::Message> SlackVendor::messages() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return messages_;
}

std::string SlackVendor::answer(const Request &request) {
  rapidjson::Document body;
  body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size());
  if (request.header("Authorization") != "Bearer xoxb-s3cr3t") return refuse(200, "not_authed");
  if (body.HasParseError() || !body.IsObject() || request.header("Content-Type").rfind("application/json", 0) != 0) {
    return refuse(200, "invalid_json: " + request.body);
  }
  if (string_at(body, "channel") != "C0BOOKINGS") return refuse(200, "channel_not_found");
  if (const std::string wrong = complaint_about_message(body); !wrong.empty()) return refuse(200, wrong);
  std::string ts = string_at(body, "ts");
  if (request.target == "/api/chat.update") {
    if (messages_.count(ts) == 0) return refuse(200, "message_not_found");
    messages_[ts].text = string_at(body, "text");
    messages_[ts].body = request.body;
    ++messages_[ts].updates_count;
  } else if (request.target == "/api/chat.postMessage") {
    const std::string thread_ts = string_at(body, "thread_ts");
    if (!thread_ts.empty() && messages_.count(thread_ts) == 0) return refuse(200, "thread_not_found");
    ts = "1700000000." + std::to_string(100'000 + messages_.size());
    messages_[ts] = {thread_ts, string_at(body, "text"), request.body, 0};
  } else {
    return refuse(404, "unknown_method " + request.target);
  }
  return http_answer(200, R"({"ok":true,"channel":"C0BOOKINGS","ts":")" + ts + "\"}");
}

// ---- CalDAV ----

std::map<std::string, std::string> CalDavVendor::resources() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::map<std::string, std::string> texts;
  for (const auto &[path, resource] : resources_) texts[path] = resource.text;
  return texts;
}

std::string CalDavVendor::answer(const Request &request) {
  if (request.target.rfind("/cal/", 0) != 0 || request.target.find("..") != std::string::npos) {
    return refuse(404, "no such path: " + request.target);
  }
  if (request.method == "PUT") return put(request);
  if (request.method == "REPORT") return report(request);
  const auto at = resources_.find(request.target);
  if (request.method != "GET") return refuse(405, request.method);
  if (at == resources_.end()) return http_answer(404, "");
  return http_answer(200, at->second.text, "ETag: " + at->second.etag + "\r\n");
}

std::string CalDavVendor::put(const Request &request) {
  const auto at = resources_.find(request.target);
  const bool is_there = at != resources_.end();
  const std::string if_match = request.header("If-Match"), if_none = request.header("If-None-Match");
  if ((if_match.empty()) == (if_none != "*")) return refuse(400, "a PUT that does not say what it expects");
  if (const std::string wrong = complaint_about_calendar(request.body); !wrong.empty()) return refuse(415, wrong);
  if (if_none == "*" ? is_there : !is_there || at->second.etag != if_match) return http_answer(412, "");
  const std::string uid = property_of(request.body, "UID");
  for (const auto &[path, other] : resources_) {
    if (path != request.target && property_of(other.text, "UID") == uid) return http_answer(409, "<no-uid-conflict/>");
  }
  const std::string etag = "\"" + std::to_string(++etags_count_) + "\"";
  resources_[request.target] = {request.body, etag};
  return http_answer(is_there ? 200 : 201, "", "ETag: " + etag + "\r\n");
}

std::string CalDavVendor::report(const Request &request) const {
  std::string found;
  for (const auto &[path, resource] : resources_) {
    if (request.body.find(">" + property_of(resource.text, "UID") + "<") == std::string::npos) continue;
    found += "<response><href>" + path + "</href></response>";
  }
  return http_answer(207, "<multistatus>" + found + "</multistatus>");
}

std::string complaint_about_calendar(const std::string &text) {
  static const std::set<std::string> known{
      "BEGIN",       "END",      "VERSION", "PRODID",   "UID", "DTSTAMP",       "DTSTART", "DTEND",  "SUMMARY",
      "DESCRIPTION", "LOCATION", "STATUS",  "SEQUENCE", "URL", "LAST-MODIFIED", "CREATED", "TRANSP", "CATEGORIES"};
  if (characters_of(text) < 0) return "not UTF-8";
  std::string wrong;
  int events_count = 0;
  for (const std::string &line : unfolded(text, wrong)) {
    const std::string name = line.substr(0, line.find_first_of(":;"));
    if (known.count(name) == 0) return "a property of somebody else's: " + line;
    if (name != "BEGIN") continue;
    if (line != "BEGIN:VCALENDAR" && line != "BEGIN:VEVENT") return "a component of somebody else's: " + line;
    events_count += line == "BEGIN:VEVENT" ? 1 : 0;
  }
  return wrong.empty() && events_count != 1 ? std::to_string(events_count) + " events" : wrong;
}

std::string property_of(const std::string &calendar, const std::string &name) {
  std::string ignored;
  for (const std::string &line : unfolded(calendar, ignored)) {
    if (line.rfind(name + ":", 0) == 0 || line.rfind(name + ";", 0) == 0) return line.substr(line.find(':') + 1);
  }
  return "";
}

// ---- a receiver ----

std::vector<ReceiverVendor::Received> ReceiverVendor::received() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return received_;
}

std::string ReceiverVendor::answer(const Request &request) {
  const std::string id = request.header("webhook-id");
  rapidjson::Document body;
  body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size());
  if (request.method != "POST" || request.target != "/hook" || id.empty() || body.HasParseError()) {
    return refuse(400, "no event: " + request.method + " " + request.target);
  }
  if (request.header("webhook-signature").rfind("v1,", 0) != 0) return refuse(400, "no signature");
  for (const auto &[name, value] : request.headers) {
    if (name.find_first_of("\r\n ") != std::string::npos || name == "X-Injected") return refuse(400, "header " + name);
  }
  const bool is_new = std::none_of(received_.begin(), received_.end(), [&](const auto &one) { return one.id == id; });
  if (is_new) received_.push_back({id, request.body});
  return http_answer(200, "");
}

}  // namespace bellhop::test
