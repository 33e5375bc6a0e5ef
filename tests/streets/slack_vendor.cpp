// SPDX-License-Identifier: Apache-2.0
#include "slack_vendor.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <ctime>
#include <set>
#include <sstream>

namespace bellhop::test {
namespace {

using rapidjson::Value;

const std::set<std::string> channels{"C0GENERAL", "C0DEMO"};
const std::set<std::string> arguments{"channel", "ts",           "thread_ts",    "text",   "blocks",     "attachments",
                                      "parse",   "unfurl_links", "unfurl_media", "mrkdwn", "link_names", "metadata"};

std::string member(const Value &object, const char *name) {
  if (!object.IsObject() || !object.HasMember(name) || !object[name].IsString()) return "";
  return {object[name].GetString(), object[name].GetStringLength()};
}

std::string json_of(const Value &value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  value.Accept(writer);
  return {out.GetString(), out.GetSize()};
}

// In UTF-16 units, as Slack counts.
std::size_t units_of(const std::string &text) {
  std::size_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    count += (byte & 0xc0) != 0x80 ? 1 : 0;
    count += byte >= 0xf0 ? 1 : 0;
  }
  return count;
}

// "<" begins a mention, a link or a date; only our own date is meant.
bool calls_somebody(const std::string &text) {
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    if (text.compare(at, 7, "<!date^") != 0) return true;
  }
  return false;
}

std::string wrong_text(const Value &holder, const char *name, std::size_t units_max) {
  if (!holder.HasMember(name) || !holder[name].IsObject()) return std::string(name) + " is no text object";
  const Value &text = holder[name];
  const std::string type = member(text, "type"), what = member(text, "text");
  if (type != "plain_text" && type != "mrkdwn") return "a text of type " + type;
  if (what.empty() || units_of(what) > units_max) return "a text of " + std::to_string(units_of(what)) + " units";
  if (type == "mrkdwn" ? text.HasMember("emoji") : calls_somebody(what))
    return "a text that is more than text: " + what;
  if (type == "mrkdwn" && calls_somebody(what)) return "a mention: " + what;
  return "";
}

std::string wrong_section(const Value &block) {
  if (!block.HasMember("text") && !block.HasMember("fields")) return "a section without text";
  if (block.HasMember("text")) {
    if (std::string wrong = wrong_text(block, "text", 3'000); !wrong.empty()) return wrong;
  }
  if (!block.HasMember("fields")) return "";
  if (!block["fields"].IsArray() || block["fields"].Empty() || block["fields"].Size() > 10) return "bad fields";
  for (const Value &field : block["fields"].GetArray()) {
    const std::string text = member(field, "text");
    if (member(field, "type") != "plain_text" || text.empty() || units_of(text) > 2'000 || calls_somebody(text)) {
      return "a bad field: " + text;
    }
  }
  return "";
}

std::string wrong_actions(const Value &block) {
  if (!block.HasMember("elements") || !block["elements"].IsArray() || block["elements"].Empty() ||
      block["elements"].Size() > 25) {
    return "bad elements";
  }
  std::set<std::string> ids;
  for (const Value &element : block["elements"].GetArray()) {
    const std::string url = member(element, "url");
    if (member(element, "type") != "button") return "an element that is no button";
    if (!ids.insert(member(element, "action_id")).second) return "an action_id twice";
    if (std::string wrong = wrong_text(element, "text", 75); !wrong.empty()) return wrong;
    if (url.rfind("http", 0) != 0 || units_of(url) > 3'000) return "a button's url: " + url;
  }
  return "";
}

std::string wrong_blocks(const Value &body) {
  if (!body.HasMember("blocks")) return "";
  if (!body["blocks"].IsArray() || body["blocks"].Empty() || body["blocks"].Size() > 50) return "bad number of blocks";
  for (const Value &block : body["blocks"].GetArray()) {
    const std::string type = member(block, "type");
    std::string wrong = "a block of type " + type;
    if (type == "header") wrong = wrong_text(block, "text", 150);
    if (type == "section") wrong = wrong_section(block);
    if (type == "actions") wrong = wrong_actions(block);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string wrong_message(const Value &body) {
  if (!body.IsObject()) return "no object";
  for (const auto &argument : body.GetObject()) {
    if (arguments.count(argument.name.GetString()) == 0) return std::string("argument ") + argument.name.GetString();
  }
  if (body.HasMember("metadata") &&
      (member(body["metadata"], "event_type").empty() || !body["metadata"].HasMember("event_payload") ||
       !body["metadata"]["event_payload"].IsObject())) {
    return "bad metadata";
  }
  const std::string text = member(body, "text");
  if (calls_somebody(text) || units_of(text) > 40'000) return "a bad text: " + text;
  if (member(body, "parse") != "none") return "a text that is parsed";
  return wrong_blocks(body);
}

}  // namespace

SlackVendor::SlackVendor() {
  server_.serve([this](const Request &request) { return take(request); });
}

void SlackVendor::answer_next(int status, const std::string &body, const std::string &more_headers) {
  next_answers_.push_back(http_answer(status, body, more_headers));
}

std::vector<std::string> SlackVendor::roots() const {
  std::vector<std::string> found;
  for (const auto &[ts, message] : messages_) {
    if (message.thread_ts.empty()) found.push_back(ts);
  }
  return found;
}

std::vector<std::string> SlackVendor::posted_roots() const {
  std::vector<std::string> found;
  for (const std::string &ts : roots()) {
    if (!messages_.at(ts).body.empty()) found.push_back(ts);
  }
  return found;
}

std::vector<std::string> SlackVendor::replies_to(const std::string &ts) const {
  std::vector<std::string> found;
  for (const auto &[own, message] : messages_) {
    if (message.thread_ts == ts) found.push_back(own);
  }
  return found;
}

std::vector<core::ServerStep> SlackVendor::take(const Request &request) {
  ++requests_count_;
  if (!next_answers_.empty()) {
    const std::string bytes = next_answers_.front();
    next_answers_.erase(next_answers_.begin());
    return {core::send_bytes(bytes)};
  }
  return with_fault(plan_ ? plan_() : Fault{}, [&] { return answer(request); });
}

// As Slack's: the time, and a count that keeps messages of one second apart.
std::string SlackVendor::next_ts() {
  const std::string count = std::to_string(next_ts_++);
  return std::to_string(std::time(nullptr)) + "." + std::string(6 - count.size(), '0') + count;
}

std::string SlackVendor::refuse(const std::string &error, const std::string &why) {
  if (!why.empty()) complaints_.push_back(why);
  return http_answer(200, R"({"ok":false,"error":")" + error + "\"}");
}

// What reading methods take: form fields. Newest first, as many as a page has.
std::string SlackVendor::read(const Request &request, const std::string &method) {
  if (request.header("Content-Type") != "application/x-www-form-urlencoded") return refuse("invalid_form_data", "form");
  std::map<std::string, std::string> fields;
  std::istringstream stream(request.body);
  for (std::string field; std::getline(stream, field, '&');) {
    const std::size_t is = field.find('=');
    fields[field.substr(0, is)] = percent_decoded(field.substr(is + 1));
  }
  for (const auto &[name, value] : fields) {
    static const std::set<std::string> known{"channel", "include_all_metadata", "limit", "oldest", "ts", "cursor"};
    if (known.count(name) == 0) return refuse("invalid_arg_name", "argument " + name);
  }
  if (!may_read_) return refuse("missing_scope", "");
  if (channels.count(fields["channel"]) == 0) return refuse("channel_not_found", "");  // a name is no id
  if (fields["limit"].empty() || std::stoi(fields["limit"]) > 999) return refuse("invalid_limit", "a limit");
  const std::size_t count_max = std::min<std::size_t>(page_, std::stoul(fields["limit"]));
  std::size_t skipped = fields["cursor"].empty() ? 0 : std::stoul(fields["cursor"].substr(5));
  std::string list, next;
  std::size_t count = 0, seen = 0;
  for (auto at = messages_.rbegin(); at != messages_.rend() && next.empty(); ++at) {
    const auto &[ts, message] = *at;
    const bool is_in_thread = ts == fields["ts"] || message.thread_ts == fields["ts"];
    const bool is_wanted = method == "conversations.replies" ? is_in_thread : message.thread_ts.empty();
    if (message.channel != fields["channel"] || !is_wanted || ts < fields["oldest"] || seen++ < skipped) continue;
    if (count++ == count_max) {
      next = "next=" + std::to_string(skipped + count_max);
      break;
    }
    list +=
        (list.empty() ? "" : ",") + std::string(R"({"type":"message","ts":")") + ts + R"(","text":)" +
        json_text(message.text) +
        (message.metadata.empty() || fields["include_all_metadata"] != "true" ? ""
                                                                              : ",\"metadata\":" + message.metadata) +
        "}";
  }
  return http_answer(200,
                     R"({"ok":true,"messages":[)" + list + R"(],"response_metadata":{"next_cursor":")" + next + "\"}}");
}

std::string SlackVendor::answer(const Request &request) {
  const bool is_read = request.target.rfind("/api/conversations.", 0) == 0;
  if (is_read && request.header("Authorization") != "Bearer xoxb-s3cr3t") return refuse("invalid_auth", "");
  if (is_read) return read(request, request.target.substr(5));
  rapidjson::Document body;
  const bool is_json =
      !body.Parse<rapidjson::kParseValidateEncodingFlag>(request.body.data(), request.body.size()).HasParseError();
  const bool is_typed = request.header("Content-Type").rfind("application/json", 0) == 0;
  if (request.method != "POST" || !is_json || !is_typed) return refuse("invalid_json", "no JSON: " + request.body);
  if (request.target == "/services/T0/B0/s3cr3t") {
    if (member(body, "text").empty() && !body.HasMember("blocks") && !body.HasMember("attachments")) {
      return http_answer(400, "no_text");
    }
    if (std::string wrong = wrong_message(body); !wrong.empty()) {
      complaints_.push_back(wrong);
      return http_answer(400, "invalid_blocks");
    }
    messages_[std::to_string(next_ts_++)] = {"", "", member(body, "text"), request.body, "", 0};
    return http_answer(200, "ok");
  }
  if (request.target.rfind("/api/", 0) != 0) return http_answer(404, "no_service");
  if (request.header("Authorization") != "Bearer xoxb-s3cr3t") return refuse("invalid_auth", "");
  if (request.header("Content-Type") != "application/json; charset=utf-8") {
    return refuse("missing_charset", "content type " + request.header("Content-Type"));
  }
  return api(request, request.target.substr(5), body);
}

std::string SlackVendor::api(const Request &request, const std::string &method, const rapidjson::Document &body) {
  if (method == "auth.test") return http_answer(200, R"({"ok":true,"team":"T","user":"bellhop"})");
  if (method != "chat.postMessage" && method != "chat.update") return refuse("unknown_method", method);
  if (std::string wrong = wrong_message(body); !wrong.empty()) return refuse("invalid_blocks", wrong);
  const std::string channel = member(body, "channel"), text = member(body, "text");
  if (channels.count(channel) == 0) return refuse("channel_not_found", "");
  if (text.empty() && !body.HasMember("attachments")) return refuse("no_text", "no text");
  std::string ts = member(body, "ts");
  if (method == "chat.update") {
    const auto old = messages_.find(ts);
    if (old == messages_.end() || old->second.channel != channel) return refuse("message_not_found", "");
    old->second.text = text;
    old->second.body = request.body;
    ++old->second.updates_count;
  } else {
    if (!ts.empty()) return refuse("invalid_arg_name", "ts with chat.postMessage");
    const std::string thread = member(body, "thread_ts");
    if (!thread.empty() && messages_.count(thread) == 0) return refuse("thread_not_found", "thread " + thread);
    ts = next_ts();
    messages_[ts] = {channel, thread, text, request.body, "", 0};
    if (body.HasMember("metadata")) messages_[ts].metadata = json_of(body["metadata"]);
  }
  return http_answer(200, R"({"ok":true,"channel":")" + channel + R"(","ts":")" + ts + R"("})");
}

}  // namespace bellhop::test
