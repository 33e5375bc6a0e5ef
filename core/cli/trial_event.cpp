// SPDX-License-Identifier: Apache-2.0
// Where the event of a trial comes from: a sample of the vendor's, a file, or the journal of a running daemon.
#include <bellhop/plugin.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/daemon_client.hpp"
#include "cli/json_text.hpp"
#include "cli/json_view.hpp"
#include "cli/template.hpp"
#include "cli/trial_plan.hpp"
#include "event/event_json.hpp"
#include "source/source.hpp"

namespace bellhop::core {

using namespace json_view;
namespace {

constexpr std::size_t file_bytes_max = 64 << 20;

bool is_reference(const std::string &text) {
  return !text.empty() && text.size() <= 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos &&
         (text.size() >= 6 || text.find_first_not_of("0123456789") == std::string::npos);
}

Parcel parcel_of(const Event &event, const std::string &body) {
  Parcel parcel;
  parcel.id = event.id;
  parcel.type = event.type;
  parcel.subject = event.subject;
  parcel.occurred_ms = event.time_ms;
  parcel.received_ms = event.received_ms;
  parcel.seq = 1;
  parcel.flags = event.is_test ? BHP_EV_TEST : 0;
  parcel.json = event.json;
  parcel.body = body;
  return parcel;
}

Result<Parcel> parcel_of_body(const std::string &body, const std::string &name, Milliseconds now_ms) {
  const Outcome outcome = find_source_kind("appointlet")(Body{"try", body, now_ms, 128});
  if (const auto *event = std::get_if<Event>(&outcome)) return parcel_of(*event, body);
  if (const auto *quarantine = std::get_if<Quarantine>(&outcome)) {
    return Error{Kind::invalid, name + ": the daemon would put this into quarantine: " + quarantine->reason};
  }
  const auto &rejection = std::get<Rejection>(outcome);
  return Error{Kind::invalid, name + ":" + std::to_string(rejection.line) + ":" + std::to_string(rejection.column) +
                                  ": this is not JSON: " + rejection.expected};
}

Result<Parcel> parcel_of_file(const std::string &file, Milliseconds now_ms) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{Kind::not_found, file + " cannot be read"};
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > file_bytes_max) return Error{Kind::invalid, file + " is larger than 64 MiB"};
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  const bool is_document = !document.HasParseError() && document.IsObject() && member(document, "specversion");
  return is_document ? parcel_of_document(text, file) : parcel_of_body(text, file, now_ms);
}

Result<Parcel> parcel_of_journal(const EventChoice &choice, const Surroundings &surroundings) {
  auto daemon = DaemonClient::find(choice.ask.where, surroundings, choice.ask.timeout_ms);
  if (!daemon) return daemon.error();
  const std::string path = "/v1/events/" + percent_encoded(choice.what);
  const auto head = daemon->get(path);
  if (!head) return head.error();
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(head->data(), head->size());
  if (document.HasParseError()) return Error{Kind::internal, path + " did not answer with JSON"};
  if (flag(document, "quarantined")) {
    return Error{Kind::invalid,
                 "event " + choice.what + " is in quarantine: it has no document that a plugin could get"};
  }
  const auto json = daemon->get(path + "/event"), body = daemon->get(path + "/body");
  if (!json) return json.error();
  Parcel parcel;
  EventId::parse(text(document, "id"), parcel.id);
  parcel.type = text(document, "type");
  parcel.subject = text(document, "subject");
  parcel.occurred_ms = unix_ms_of(text(document, "time"));
  parcel.received_ms = unix_ms_of(text(document, "received"));
  parcel.seq = number(document, "seq");
  parcel.flags =
      BHP_EV_REPLAY | (flag(document, "late") ? BHP_EV_LATE : 0U) | (flag(document, "test") ? BHP_EV_TEST : 0U);
  parcel.json = with_late(*json, flag(document, "late"));
  if (body) parcel.body = *body;
  return parcel;
}

}  // namespace

Result<Parcel> parcel_of_document(const std::string &json, const std::string &name) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) return Error{Kind::invalid, name + " is no JSON object"};
  Parcel parcel;
  parcel.type = text(document, "type");
  parcel.subject = text(document, "subject");
  if (!EventId::parse(text(document, "id"), parcel.id) || parcel.type.empty() || parcel.subject.empty()) {
    return Error{Kind::invalid,
                 name + " is no event of schema version 1: it needs id (32 hex digits), type and subject"};
  }
  parcel.occurred_ms = parcel.received_ms = std::max<Milliseconds>(0, unix_ms_of(text(document, "time")));
  parcel.seq = 1;
  if (flag(document, "late")) parcel.flags |= BHP_EV_LATE;
  if (flag(document, "test")) parcel.flags |= BHP_EV_TEST;
  parcel.json = json;
  return parcel;
}

Result<Parcel> sample_parcel(const std::string &type, const std::string &dialect, const std::vector<std::string> &sets,
                             Milliseconds now_ms, Random &random) {
  auto body = sample_body(type, dialect, now_ms, random);
  if (!body) return body.error();
  body = set_members(*body, sets);
  if (!body) return body.error();
  return parcel_of_body(*body, "the sample of " + type, now_ms);
}

Result<Parcel> find_event(const EventChoice &choice, const Surroundings &surroundings, const Screen &screen,
                          Random &random) {
  const std::vector<std::string> types = template_types();
  const auto every = template_types(choice.dialect);
  if (std::find(every.begin(), every.end(), choice.what) != every.end()) {
    return sample_parcel(choice.what, choice.dialect, choice.sets, screen.now_ms, random);
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(choice.what, ignored)) return parcel_of_file(choice.what, screen.now_ms);
  if (is_reference(choice.what)) return parcel_of_journal(choice, surroundings);
  const std::string nearest = nearest_name(choice.what, types);
  std::string list;
  for (const std::string &type : types) list += (list.empty() ? "" : ", ") + type;
  return Error{Kind::invalid, "\"" + choice.what + "\" is neither a type, nor a file, nor an event of the journal" +
                                  (nearest.empty() ? "" : "; did you mean " + nearest + "?") + " Types: " + list};
}

}  // namespace bellhop::core
