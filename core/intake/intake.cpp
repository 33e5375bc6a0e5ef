// SPDX-License-Identifier: Apache-2.0
#include "intake/intake.hpp"

#include <array>
#include <utility>

#include "base/check.hpp"
#include "event/utf8.hpp"
#include "http/framing.hpp"

namespace bellhop::core {
namespace {

constexpr Milliseconds stranger_line_ms_min = 10'000;  // at most one line about strangers in that time
constexpr Milliseconds failure_line_ms_min = 10'000;
constexpr int full_retry_after_s = 30;
constexpr int unavailable_retry_after_s = 5;
constexpr std::string_view hooks_prefix = "/hooks/";
constexpr std::array<std::string_view, 3> secret_headers{"Authorization", "Cookie", "Proxy-Authorization"};

struct Segments {
  std::string_view source, token;
};

// A path of another shape gives an empty source, which no configuration has.
Segments split(std::string_view path) {
  if (path.substr(0, hooks_prefix.size()) != hooks_prefix) return {{}, path};
  const std::string_view rest = path.substr(hooks_prefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {{}, rest};
  const std::string_view token = rest.substr(slash + 1);
  return {token.find('/') == std::string_view::npos ? rest.substr(0, slash) : std::string_view(), token};
}

// Nothing (many senders leave it out), application/json, application/*+json or text/json, with any parameters.
bool is_json_type(std::string_view type) {
  std::string_view essence = type.substr(0, type.find(';'));
  while (!essence.empty() && (essence.back() == ' ' || essence.back() == '\t')) essence.remove_suffix(1);
  if (essence.empty()) return true;
  if (equals_ignoring_case(essence, "application/json") || equals_ignoring_case(essence, "text/json")) return true;
  constexpr std::string_view prefix = "application/", suffix = "+json";
  return essence.size() > prefix.size() + suffix.size() &&
         equals_ignoring_case(essence.substr(0, prefix.size()), prefix) &&
         equals_ignoring_case(essence.substr(essence.size() - suffix.size()), suffix);
}

// Two signatures cannot both be the right one, and which of them a proxy checked nobody knows.
bool has_two_signatures(const HttpRequest &head) {
  constexpr std::string_view word = "signature";
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const std::string_view name = head.headers[i].first;
    if (name.size() < word.size() || !equals_ignoring_case(name.substr(name.size() - word.size()), word)) continue;
    for (std::size_t j = i + 1; j < head.headers.size(); ++j)
      if (equals_ignoring_case(name, head.headers[j].first)) return true;
  }
  return false;
}

bool is_secret(std::string_view name) {
  for (const std::string_view secret : secret_headers)
    if (equals_ignoring_case(name, secret)) return true;
  return false;
}

// `headers` itself when there is nothing to hide, else a copy made in `redacted`.
const Headers &without_secrets(const Headers &headers, Headers &redacted) {
  bool has_secret = false;
  for (const auto &[name, value] : headers) has_secret = has_secret || is_secret(name);
  if (!has_secret) return headers;
  redacted = headers;
  for (auto &[name, value] : redacted)
    if (is_secret(name)) value = "[redacted]";
  return redacted;
}

void append_json_text(std::string &out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Sequence sequence = utf8_sequence(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!sequence.is_valid) {
      out += replacement_character;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      if (byte == '"' || byte == '\\') out += '\\';
      out += text.substr(i, sequence.size);
    }
    i += sequence.size;
  }
  out += '"';
}

}  // namespace

Intake::Intake(Journal &journal, const Clock &clock, const Log &log, std::vector<IntakeSource> sources,
               int json_depth_max, std::int64_t body_bytes_max, Observer observer)
    : journal_(journal),
      clock_(clock),
      log_(log),
      sources_(std::move(sources)),
      decoy_{"", nullptr, sources_.empty() ? std::vector<std::string>() : sources_.front().tokens},
      json_depth_max_(json_depth_max),
      body_bytes_max_(body_bytes_max),
      observer_(std::move(observer)) {}

// The source whose token the path carries, or nullptr. Every path costs one walk over the names and one comparison with
// every token of one source, whether it is known or not.
const IntakeSource *Intake::find(std::string_view path) const {
  const Segments segments = split(path);
  const IntakeSource *named = &decoy_;
  for (const IntakeSource &source : sources_)
    if (source.name == segments.source) named = &source;
  const bool is_match = token_matches(named->tokens, segments.token);
  return is_match && named != &decoy_ ? named : nullptr;
}

HttpAnswer Intake::not_found(const HttpRequest &request) {
  std::int64_t count = 0;
  {
    Lock lock(strangers_mutex_);
    ++strangers_count_;
    const Milliseconds now_ms = clock_.steady_ms();
    if (now_ms - strangers_logged_ms_ >= stranger_line_ms_min) {
      strangers_logged_ms_ = now_ms;
      count = std::exchange(strangers_count_, 0);
    }
  }
  if (count > 0)
    log_.warn("intake", "refused " + std::to_string(count) +
                            " request(s) with a wrong token or an unknown path, the "
                            "last from " +
                            (request.peer.empty() ? std::string("a local socket") : request.peer));
  return problem(404, "there is nothing here; check the webhook URL, every character of its token counts");
}

// untrusted from here: anyone can send this
std::optional<HttpAnswer> Intake::on_head(const HttpRequest &head) {
  const IntakeSource *source = find(head.path);
  if (source == nullptr) return not_found(head);
  // authenticated from here: the sender knows a token; what it sends is still untrusted
  if (head.method == "GET" || head.method == "HEAD") {
    HttpAnswer hint;
    hint.content_type = "text/plain; charset=utf-8";
    hint.body = "This is the webhook URL of Bellhop for " + source->name +
                ". It wants POST with a JSON body; a browser's GET stores nothing.\n";
    return hint;
  }
  if (head.method != "POST") {
    HttpAnswer refusal = problem(405, "this is a webhook URL; it wants POST with a JSON body");
    refusal.headers.emplace_back("Allow", "GET, HEAD, POST");
    return refusal;
  }
  if (!is_json_type(head.header("Content-Type")))
    return problem(415, "the body must be JSON: send Content-Type application/json, or none");
  if (has_two_signatures(head))
    return problem(400, "a signature header stands twice; nobody can tell which one counts");
  return std::nullopt;
}

HttpAnswer Intake::on_request(const HttpRequest &request) {
  const IntakeSource *source = find(request.path);
  if (source == nullptr) return not_found(request);
  const Milliseconds began_ms = clock_.steady_ms();
  Arrival arrival;
  arrival.source_name = source->name;
  arrival.took_ms = began_ms;  // finish() turns it into a duration
  if (request.body.empty()) {
    Rejection rejection;
    rejection.expected = "a JSON document, found an empty body";
    return reject(rejection, std::move(arrival));
  }
  if (static_cast<std::int64_t>(request.body.size()) > body_bytes_max_)
    return problem(413, "the body is larger than body_bytes_max (" + std::to_string(body_bytes_max_) + " bytes)");
  Body body;
  body.source_name = source->name;
  body.bytes = request.body;
  body.received_ms = clock_.wall_ms();
  body.depth_max = static_cast<std::size_t>(json_depth_max_);
  const Outcome outcome = source->normalize(body);
  if (const auto *rejection = std::get_if<Rejection>(&outcome)) return reject(*rejection, std::move(arrival));
  return store(request, *source, outcome, std::move(arrival));
}
// trusted from here: an event in our own form, or quarantined bytes that nobody reads

HttpAnswer Intake::reject(const Rejection &rejection, Arrival arrival) {
  std::string members = "\"line\":" + std::to_string(rejection.line) +
                        ",\"column\":" + std::to_string(rejection.column) + ",\"expected\":";
  append_json_text(members, rejection.expected);
  if (!rejection.hint.empty()) {
    members += ",\"hint\":";
    append_json_text(members, rejection.hint);
  }
  arrival.what = Arrival::What::rejected;
  arrival.reason = "line " + std::to_string(rejection.line) + ", column " + std::to_string(rejection.column) + ": " +
                   rejection.expected;
  return finish(problem(400,
                        "the body is not JSON, first at line " + std::to_string(rejection.line) + ", column " +
                            std::to_string(rejection.column) + "; nothing was stored",
                        members),
                arrival);
}

HttpAnswer Intake::store(const HttpRequest &request, const IntakeSource &source, const Outcome &outcome,
                         Arrival arrival) {
  Headers redacted;
  Incoming incoming;
  incoming.source_name = source.name;
  incoming.body = request.body;
  incoming.headers = &without_secrets(request.headers, redacted);
  incoming.received_ms = clock_.wall_ms();
  if (const auto *event = std::get_if<Event>(&outcome)) {
    incoming.event = event;
    incoming.id = event->id;
    incoming.received_ms = event->received_ms;
    arrival.type = event->type;
    arrival.subject = event->subject;
    arrival.is_test = event->is_test;
  } else {
    const Quarantine &quarantine = std::get<Quarantine>(outcome);
    incoming.id = quarantine.id;
    incoming.quarantine_reason = quarantine.reason;
    arrival.reason = quarantine.reason;
  }
  arrival.id = incoming.id;
  const Milliseconds append_began_ms = clock_.steady_ms();
  const Result<Appended> appended = journal_.append(incoming);
  arrival.append_ms = clock_.steady_ms() - append_began_ms;
  if (!appended) return unavailable(appended.error(), std::move(arrival));
  CRASH_POINT("intake.before_answer");
  arrival.seq = appended->seq;
  arrival.is_late = appended->is_late;
  std::string_view status = "accepted";
  if (incoming.event == nullptr) {
    arrival.what = Arrival::What::quarantined;
    status = "quarantined";
  }
  if (appended->is_duplicate) {
    arrival.what = Arrival::What::duplicate;
    status = "duplicate";
  }
  HttpAnswer answer;
  answer.status = 202;
  answer.body.reserve(96);
  answer.body.append("{\"id\":\"").append(incoming.id.text()).append("\",\"seq\":");
  answer.body.append(std::to_string(appended->seq)).append(",\"status\":\"").append(status).append("\"}\n");
  return finish(std::move(answer), arrival);
}

HttpAnswer Intake::unavailable(const Error &error, Arrival arrival) {
  bool is_said = false;
  std::int64_t count = 0;
  {
    Lock lock(strangers_mutex_);
    const Milliseconds now_ms = clock_.steady_ms();
    is_said = now_ms - failure_logged_ms_ >= failure_line_ms_min;
    ++failures_count_;
    if (is_said) {
      failure_logged_ms_ = now_ms;
      count = std::exchange(failures_count_, 0);
    }
  }
  const std::string times = count > 1 ? "; " + std::to_string(count) + " times since the last line about it" : "";
  if (is_said)
    log_.error("intake", "store an event: " + error.sentence + "; the sender was told to come again" + times);
  const bool is_full = error.kind == Kind::full;
  HttpAnswer answer = problem(503, is_full ? "the journal is full; nothing was stored, send it again later"
                                           : "the journal cannot be written now; nothing was stored, send it again");
  answer.headers.emplace_back("Retry-After", std::to_string(is_full ? full_retry_after_s : unavailable_retry_after_s));
  arrival.what = Arrival::What::unavailable;
  arrival.reason = error.sentence + times;
  return is_said ? finish(std::move(answer), arrival) : answer;
}

HttpAnswer Intake::finish(HttpAnswer answer, Arrival &arrival) const {
  arrival.took_ms = clock_.steady_ms() - arrival.took_ms;
  if (observer_) observer_(arrival);
  return answer;
}

}  // namespace bellhop::core
