// SPDX-License-Identifier: Apache-2.0
#include "cli/trial_desk.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <utility>

#include "admin/json_writer.hpp"
#include "cli/json_text.hpp"
#include "cli/json_view.hpp"
#include "egress/redaction.hpp"
#include "egress/request.hpp"
#include "egress/retry_after.hpp"
#include "event/utf8.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

constexpr std::size_t shown_bytes_max = 2'000;

constexpr HttpFailure failures[] = {HttpFailure::invalid,  HttpFailure::timeout, HttpFailure::connect,
                                    HttpFailure::tls,      HttpFailure::denied,  HttpFailure::cancelled,
                                    HttpFailure::too_large};

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Sequence sequence = utf8_sequence(bytes, at);
    if (!sequence.is_valid) return false;
    at += sequence.size;
  }
  return true;
}

std::optional<HttpFailure> failure_of(const std::string &name) {
  for (const HttpFailure failure : failures) {
    if (failure_name(failure) == name) return failure;
  }
  return std::nullopt;
}

std::string media_type_of(const HttpFields &fields) {
  for (const auto &[name, value] : fields) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == "content-type") return value;
  }
  return "";
}

// Text that a person can read, cut; other bytes are counted only.
std::string shown(const std::string &bytes) {
  if (bytes.empty()) return "";
  if (!is_utf8(bytes)) return "(" + std::to_string(bytes.size()) + " bytes that are no text)";
  if (bytes.size() <= shown_bytes_max) return bytes;
  return std::string(utf8_prefix(bytes, shown_bytes_max)) + "… (" + std::to_string(bytes.size()) + " bytes)";
}

void write_fields(JsonWriter &json, const HttpFields &fields) {
  json.open('[');
  for (const auto &[name, value] : fields) json.open('[').text(name).text(value).close(']');
  json.close(']');
}

Error wrong(const std::string &file, std::size_t number, const std::string &what) {
  return Error{Kind::invalid, file + ": answer number " + std::to_string(number) + " " + what};
}

Result<ScriptedAnswer> read_answer(const JsonValue &one, const std::string &file, std::size_t place) {
  ScriptedAnswer answer;
  answer.method = text(one, "method").empty() ? "*" : text(one, "method");
  answer.url = text(one, "url");
  if (answer.url.empty()) return wrong(file, place, "has no url");
  answer.reply.status = static_cast<int>(number(one, "status"));
  answer.reply.body = text(one, "body");
  for (const JsonValue &field : list(one, "headers").GetArray()) {
    if (!field.IsArray() || field.Size() != 2 || !field[0].IsString() || !field[1].IsString()) {
      return wrong(file, place, "has a header that is not [\"name\", \"value\"]");
    }
    answer.reply.headers.emplace_back(field[0].GetString(), field[1].GetString());
  }
  const std::string failure = text(one, "failure");
  if (!failure.empty()) {
    const auto known = failure_of(failure);
    if (!known) return wrong(file, place, "has the failure \"" + failure + "\", which there is not");
    answer.reply.failure = *known;
    answer.reply.status = 0;
  } else if (answer.reply.status < 100 || answer.reply.status > 599) {
    return wrong(file, place, "has neither a status from 100 to 599 nor a failure");
  }
  return answer;
}

}  // namespace

bool ScriptedAnswer::fits(const HttpCall &call) const {
  const bool is_open = !url.empty() && url.back() == '*';
  const std::string_view wanted = std::string_view(url).substr(0, url.size() - (is_open ? 1 : 0));
  return (method == "*" || method == call.method) &&
         (is_open ? std::string_view(call.url).substr(0, wanted.size()) == wanted : call.url == wanted);
}

Result<std::deque<ScriptedAnswer>> parse_answers(const std::string &json, const std::string &file) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  if (document.HasParseError() || !document.IsArray()) {
    const TextPosition at = position_of(json, document.HasParseError() ? document.GetErrorOffset() : 0);
    return Error{Kind::invalid, file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                                    ": the answers are no JSON array"};
  }
  std::deque<ScriptedAnswer> answers;
  for (const JsonValue &one : document.GetArray()) {
    auto answer = read_answer(one, file, answers.size() + 1);
    if (!answer) return answer.error();
    answers.push_back(std::move(*answer));
  }
  return answers;
}

std::string answers_json(const std::deque<ScriptedAnswer> &answers) {
  std::string out = "[";
  for (const ScriptedAnswer &answer : answers) {
    JsonWriter json;
    json.open('{').key("method").text(answer.method).key("url").text(answer.url);
    if (answer.reply.failure != HttpFailure::none) {
      json.key("failure").text(failure_name(answer.reply.failure));
    } else {
      json.key("status").number(answer.reply.status).key("headers");
      write_fields(json, answer.reply.headers);
      json.key("body").text(answer.reply.body);
    }
    json.close('}');
    out += (out.size() > 1 ? ",\n " : "\n ") + json.take();
  }
  return out + "\n]\n";
}

TrialDesk::TrialDesk(TrialHttp mode, EgressPolicy policy, std::deque<ScriptedAnswer> answers, Egress *egress,
                     Transcript &transcript)
    : mode_(mode),
      policy_(std::make_shared<const EgressPolicy>(std::move(policy))),
      egress_(egress),
      transcript_(transcript),
      answers_(std::move(answers)) {}

HttpReply TrialDesk::make_up(const HttpCall &call) {
  HttpReply reply;
  const auto url = Url::parse(call.url);
  const auto checked = check_request(call);
  if (!url || !checked) {
    reply.failure = HttpFailure::invalid;
    reply.sentence = call.method + ": " + (url ? checked.error() : url.error()).sentence;
    return reply;
  }
  const std::string what = call.method + " " + redacted_text(redacted_url(*url), policy_->secrets()) + ": ";
  Lock lock(mutex_);
  const auto found =
      std::find_if(answers_.begin(), answers_.end(), [&](const ScriptedAnswer &answer) { return answer.fits(call); });
  if (found != answers_.end()) {
    reply = found->reply;
    const bool is_last =
        std::none_of(found + 1, answers_.end(), [&](const ScriptedAnswer &answer) { return answer.fits(call); });
    if (!is_last) answers_.erase(found);
  } else if (policy_->trust_of(*url) == Trust::denied) {
    reply.failure = HttpFailure::denied;
    reply.sentence = denied_sentence("try", *url);
    return reply;
  } else {
    reply.status = 200;
    reply.headers = {{"Content-Type", "application/json"}};
    reply.body = "{}";
  }
  has_made_up_ = true;
  for (const auto &[name, value] : reply.headers) {
    if (name == "Retry-After") reply.retry_after_ms = retry_after(value, SystemClock().wall_ms());
  }
  reply.sentence =
      what +
      (reply.failure != HttpFailure::none ? std::string(failure_name(reply.failure)) : std::to_string(reply.status)) +
      " (made up)";
  return reply;
}

void TrialDesk::tell(const HttpCall &call, const HttpReply &reply, bool is_made_up) {
  const auto url = Url::parse(call.url);
  const auto &secrets = policy_->secrets();
  const std::string where = redacted_text(url ? redacted_url(*url) : "(an address that cannot be read)", secrets);
  const std::string body = redacted_text(shown(call.body), secrets), type = media_type_of(call.headers);
  const std::string answer = reply.failure != HttpFailure::none
                                 ? std::string(failure_name(reply.failure)) + ": " + reply.sentence
                                 : std::to_string(reply.status);
  std::string line = call.method + " " + where + " (" + std::to_string(call.body.size()) + " bytes" +
                     (type.empty() ? "" : ", " + type) + ") -> " + answer;
  if (is_made_up) line += ", made up: nothing was sent";
  JsonWriter json;
  json.open('{').key("what").text("http").key("method").text(call.method).key("url").text(where);
  json.key("headers");
  write_fields(json, redacted_fields(call.headers, secrets));
  json.key("body").text(body).key("made_up").boolean(is_made_up).key("status").number(reply.status);
  json.key("failure");
  if (reply.failure == HttpFailure::none) {
    json.null();
  } else {
    json.text(failure_name(reply.failure));
  }
  json.key("sentence").text(reply.sentence).key("answer").text(redacted_text(shown(reply.body), secrets)).close('}');
  transcript_.add({"http", printable(line), printable(body), json.take()});
}

void TrialDesk::http(const Caller &caller, HttpCall call, std::function<void(HttpReply)> done) {
  if (mode_ == TrialHttp::stub) {
    HttpReply reply = make_up(call);
    tell(call, reply, reply.failure != HttpFailure::denied && reply.failure != HttpFailure::invalid);
    return done(std::move(reply));
  }
  HttpCall kept = call;
  egress_->send({caller.instance, caller.worker}, policy_, std::move(call),
                [this, kept = std::move(kept), done = std::move(done)](HttpReply reply) {
                  tell(kept, reply, false);
                  {
                    Lock lock(mutex_);
                    if (mode_ == TrialHttp::record) recorded_.push_back({kept.method, kept.url, reply});
                  }
                  done(std::move(reply));
                });
}

void TrialDesk::cancel(const Caller &caller) {
  if (egress_ != nullptr) egress_->cancel({caller.instance, caller.worker});
}

void TrialDesk::kv_get(const Caller &, std::string key, std::function<void(Result<std::optional<std::string>>)> done) {
  std::optional<std::string> value;
  {
    Lock lock(mutex_);
    if (const auto found = kv_.find(key); found != kv_.end()) value = found->second;
  }
  done(std::move(value));
}

void TrialDesk::kv_list(const Caller &, std::string prefix, std::string after, int count_max,
                        std::function<void(Result<KvEntries>)> done) {
  KvEntries entries;
  {
    Lock lock(mutex_);
    for (auto entry = kv_.lower_bound(std::max(prefix, after)); entry != kv_.end(); ++entry) {
      if (entry->first.compare(0, prefix.size(), prefix) != 0) break;
      if (entry->first == after) continue;
      if (static_cast<int>(entries.size()) >= count_max) break;
      entries.emplace_back(*entry);
    }
  }
  done(std::move(entries));
}

void TrialDesk::apply(const Staged &staged, const char *when) {
  const auto &secrets = policy_->secrets();
  for (const KvWrite &write : staged.kv) {
    const std::string key = is_utf8(write.key) ? write.key : shown(write.key);
    const std::string value = redacted_text(shown(write.value.value_or("")), secrets);
    JsonWriter json;
    json.open('{').key("what").text("kv").key("key").text(key).key("value");
    if (write.value) {
      json.text(value);
    } else {
      json.null();
    }
    json.key("when").text(when).close('}');
    transcript_.add({"kv",
                     printable((write.value ? "put " + key + " = " + value : "remove " + key) + " (" + when + ")"), "",
                     json.take()});
    Lock lock(mutex_);
    if (write.value) {
      kv_[write.key] = *write.value;
    } else {
      kv_.erase(write.key);
    }
  }
  for (const DocumentWrite &write : staged.documents) {
    JsonWriter json;
    json.open('{').key("what").text("document").key("path").text(write.path).key("content_type");
    json.text(write.content_type).key("body");
    if (write.body) {
      json.text(shown(*write.body));
    } else {
      json.null();
    }
    json.key("when").text(when).close('}');
    const std::string line = write.body ? "put " + write.path + ", " + write.content_type + ", " +
                                              std::to_string(write.body->size()) + " bytes (" + when + ")"
                                        : "remove " + write.path + " (" + when + ")";
    transcript_.add({"document", printable(line), write.body ? printable(shown(*write.body)) : "", json.take()});
  }
}

void TrialDesk::write(const Caller &, Staged staged, std::function<void(Result<void>)> done) {
  apply(staged, "at once");
  done({});
}

void TrialDesk::metric(const Caller &, MetricSample sample) {
  static constexpr const char *names[] = {"count", "gauge", "observe"};
  const char *what = names[static_cast<int>(sample.what)];
  std::string labels;
  JsonWriter json;
  json.open('{').key("what").text("metric").key("kind").text(what).key("name").text(sample.name);
  json.key("labels").open('[');
  for (const auto &[name, value] : sample.labels) {
    labels += (labels.empty() ? "{" : ",") + name + "=\"" + value + "\"";
    json.open('[').text(name).text(value).close(']');
  }
  json.close(']').key("value").raw(std::to_string(sample.value)).close('}');
  if (!labels.empty()) labels += "}";
  transcript_.add({"metric",
                   printable(std::string(what) + " " + sample.name + labels + " " + std::to_string(sample.value)), "",
                   json.take()});
}

std::map<std::string, std::string> TrialDesk::kv() {
  Lock lock(mutex_);
  return kv_;
}

void TrialDesk::set_kv(std::map<std::string, std::string> kv) {
  Lock lock(mutex_);
  kv_ = std::move(kv);
}

std::deque<ScriptedAnswer> TrialDesk::recorded() {
  Lock lock(mutex_);
  return recorded_;
}

bool TrialDesk::has_made_up() const {
  Lock lock(mutex_);
  return has_made_up_;
}

}  // namespace bellhop::core
