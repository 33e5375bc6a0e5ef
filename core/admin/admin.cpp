// SPDX-License-Identifier: Apache-2.0
#include "admin/admin.hpp"

#include <algorithm>
#include <utility>

#include "admin/answers.hpp"
#include "admin/json_writer.hpp"
#include "admin/monitor.hpp"
#include "admin/request.hpp"
#include "event/filter.hpp"

namespace bellhop::core {
namespace {

HttpAnswer answer(JsonWriter &json) {
  HttpAnswer out;
  out.body = json.take();
  out.body += '\n';
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

int status_of(Kind kind) {
  switch (kind) {
    case Kind::invalid:
      return 400;
    case Kind::denied:
      return 403;
    case Kind::not_found:
      return 404;
    case Kind::conflict:
      return 409;
    case Kind::too_large:
      return 413;
    case Kind::full:
    case Kind::unavailable:
    case Kind::timeout:
      return 503;
    case Kind::corrupt:
    case Kind::internal:
      return 500;
  }
  return 500;
}

HttpAnswer refusal(const Error &error) { return problem(status_of(error.kind), error.sentence); }

// nullopt when the method is the one wanted.
std::optional<HttpAnswer> wrong_method(const HttpRequest &request, std::string_view wanted) {
  if (request.method == wanted) return std::nullopt;
  HttpAnswer out = problem(405, request.path + " wants " + std::string(wanted));
  out.headers.emplace_back("Allow", wanted);
  return out;
}

HttpAnswer unknown_path() {
  return problem(404,
                 "no such path; this is Bellhop's admin API: GET /v1/status, /v1/events, /v1/events/REF, "
                 "/v1/instances, /v1/dead; POST /v1/replay, /v1/verify");
}

HttpAnswer document(std::string content_type, std::string body) {
  HttpAnswer out;
  out.content_type = std::move(content_type);
  out.body = std::move(body);
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

std::string label(const EventRow &row) { return row.id.text() + " (seq " + std::to_string(row.seq) + ")"; }

}  // namespace

AdminApi::AdminApi(Inspect &inspect, Journal &journal, const Control &control, const Clock &clock, const Log &log)
    : inspect_(inspect), journal_(journal), control_(control), clock_(clock), log_(log) {}

HttpLimits AdminApi::limits() {
  HttpLimits limits;
  limits.body_bytes_max = 64 << 10;
  limits.bodies_bytes_max = 1 << 20;
  limits.connections_max = 32;
  limits.connections_per_address_max = 0;
  limits.threads_max = 4;  // a running verify must not keep `bellhop status` waiting
  return limits;
}

HttpAnswer AdminApi::on_request(const HttpRequest &request) {
  static constexpr std::string_view events_path = "/v1/events/";
  if (auto monitored = monitor_answer(control_, request)) return *std::move(monitored);
  const std::string_view path = request.path;
  const bool is_change = path == "/v1/replay" || path == "/v1/verify";
  const bool is_event = path.substr(0, events_path.size()) == events_path;
  if (!is_change && !is_event && path != "/v1/status" && path != "/v1/events" && path != "/v1/instances" &&
      path != "/v1/dead") {
    return unknown_path();
  }
  if (auto refused = wrong_method(request, is_change ? "POST" : "GET")) return *std::move(refused);
  if (path == "/v1/events") return events(request);
  if (path == "/v1/dead") return dead(request);
  if (const auto none = parse_query(request.query, {}); !none) {
    return problem(400, request.path + " takes no parameters");
  }
  if (path == "/v1/status") return status();
  if (path == "/v1/instances") return instances();
  if (path == "/v1/replay") return replay(request);
  if (path == "/v1/verify") return verify();
  return event(path.substr(events_path.size()));
}

HttpAnswer AdminApi::status() const {
  const auto rows = inspect_.instances();
  if (!rows) return refusal(rows.error());
  const auto controls = control_.instances();
  const Seq newest = journal_.newest();
  JsonWriter json;
  json.open('{');
  write_daemon(json, control_.daemon());
  json.key("now").time(clock_.wall_ms()).key("newest").number(newest).key("instances");
  write_instances(json, join_instances(controls, *rows), newest);
  json.close('}');
  return answer(json);
}

HttpAnswer AdminApi::instances() const {
  const auto rows = inspect_.instances();
  if (!rows) return refusal(rows.error());
  const auto controls = control_.instances();
  JsonWriter json;
  json.open('{').key("instances");
  write_instances(json, join_instances(controls, *rows), journal_.newest());
  json.close('}');
  return answer(json);
}

HttpAnswer AdminApi::events(const HttpRequest &request) const {
  const auto query = parse_event_query(request.query);
  if (!query) return refusal(query.error());
  const auto rows = inspect_.events(*query);
  if (!rows) return refusal(rows.error());
  JsonWriter json;
  json.open('{').key("events").open('[');
  for (const EventRow &row : *rows) {
    json.open('{');
    write_event_row(json, row);
    json.close('}');
  }
  json.close(']').key("next");
  if (static_cast<int>(rows->size()) < query->count_max || rows->empty()) {
    json.null();
  } else {
    json.number(rows->back().seq);
  }
  json.close('}');
  return answer(json);
}

// REF, REF/body (the bytes as received) or REF/event (the canonical document, byte for byte).
HttpAnswer AdminApi::event(std::string_view reference) const {
  const std::size_t slash = reference.find('/');
  const std::string_view part = slash == std::string_view::npos ? "" : reference.substr(slash + 1);
  if (slash != std::string_view::npos && part != "body" && part != "event") return unknown_path();
  const auto detail = inspect_.event(reference.substr(0, slash));
  if (!detail) return refusal(detail.error());
  const EventRow &row = detail->row;
  if (!part.empty() && !detail->is_intact) {
    return problem(500, "event " + label(row) + " is damaged: its checksum does not fit; see POST /v1/verify");
  }
  if (part == "body") return document("application/octet-stream", detail->body);
  if (part == "event" && detail->json.empty()) {
    return problem(404, "event " + label(row) + " is quarantined and has no document: " + row.quarantine_reason);
  }
  if (part == "event") return document("application/json", detail->json);
  const auto deliveries = inspect_.deliveries_of(row.seq);
  if (!deliveries) return refusal(deliveries.error());
  JsonWriter json;
  json.open('{');
  write_event_detail(json, *detail);
  json.key("deliveries");
  write_deliveries(json, *deliveries, clock_.wall_ms() - clock_.steady_ms());
  json.close('}');
  return answer(json);
}

HttpAnswer AdminApi::dead(const HttpRequest &request) const {
  const auto limit = parse_limit(request.query);
  if (!limit) return refusal(limit.error());
  const auto rows = inspect_.dead({"", "", std::nullopt, *limit});
  if (!rows) return refusal(rows.error());
  JsonWriter json;
  json.open('{').key("dead");
  write_deliveries(json, *rows, clock_.wall_ms() - clock_.steady_ms());
  json.close('}');
  return answer(json);
}

namespace {

// The instances that a replay is for.
//   errors    not_found, conflict: nobody to replay to, with what there is
Result<std::vector<InstanceRow>> audience(Inspect &inspect, const Control &control, const EventRow &event,
                                          const std::string &name) {
  const auto rows = inspect.instances();
  if (!rows) return rows.error();
  const auto deliveries = inspect.deliveries_of(event.seq);
  if (!deliveries) return deliveries.error();
  const auto controls = control.instances();  // the views below point into it
  std::vector<InstanceRow> offered, wanting;
  std::string names;
  for (const auto &[configured, row] : join_instances(controls, *rows)) {
    if (row == nullptr) continue;
    if (row->name == name && configured == nullptr) {
      return Error{Kind::conflict, "instance \"" + name + "\" is parked: put it back into the config first"};
    }
    if (configured == nullptr) continue;
    if (row->name == name) return std::vector<InstanceRow>{*row};
    names += (names.empty() ? "" : ", ") + row->name;
    const auto filter = Filter::parse(configured->events);
    if (filter && filter->matches(event.type)) wanting.push_back(*row);
    const bool is_offered = std::any_of(deliveries->begin(), deliveries->end(),
                                        [id = row->id](const DeliveryRow &d) { return d.key.instance == id; });
    if (is_offered) offered.push_back(*row);
  }
  if (names.empty()) return Error{Kind::not_found, "no instance is configured: there is nobody to replay to"};
  if (!name.empty()) return Error{Kind::not_found, "no instance \"" + name + "\"; configured: " + names};
  if (!offered.empty()) return offered;
  if (!wanting.empty()) return wanting;
  return Error{Kind::conflict, "no instance has been offered " + label(event) + " and no filter wants type \"" +
                                   event.type + "\"; name the instance to replay to; configured: " + names};
}

}  // namespace

HttpAnswer AdminApi::replay(const HttpRequest &request) {
  const auto asked = parse_replay(request.body);
  if (!asked) return refusal(asked.error());
  const auto detail = inspect_.event(asked->event);
  if (!detail) return refusal(detail.error());
  const EventRow &event = detail->row;
  if (event.is_quarantined) {
    return problem(409, "event " + label(event) + " is quarantined (" + event.quarantine_reason +
                            "): it has no document to deliver; it is read again after an upgrade");
  }
  if (!detail->is_intact) {
    return problem(409, "event " + label(event) + " is damaged: its checksum does not fit, so it is not delivered");
  }
  const auto instances = audience(inspect_, control_, event, asked->instance);
  if (!instances) return refusal(instances.error());
  JsonWriter replays;
  replays.open('[');
  for (const InstanceRow &instance : *instances) {
    const auto id = journal_.replay(instance.id, event.seq);
    if (!id) {
      replays.close(']');
      return problem(status_of(id.error().kind), "replay to " + instance.name + ": " + id.error().sentence,
                     "\"replays\":" + replays.take());  // those that were made before it
    }
    replays.open('{').key("instance").text(instance.name).key("replay").number(*id).close('}');
    log_.info("admin", "replay " + std::to_string(*id) + " of event " + label(event) + " to " + instance.name);
  }
  replays.close(']');
  JsonWriter json;
  json.open('{').key("seq").number(event.seq).key("id").text(event.id.text()).key("type").text(event.type);
  json.key("replays").raw(replays.take()).close('}');
  return answer(json);
}

HttpAnswer AdminApi::verify() const {
  const auto report = inspect_.verify();
  if (!report) return refusal(report.error());
  log_.line(report->findings.empty() ? Level::info : Level::error, "admin",
            "verify read " + std::to_string(report->events_count) +
                " events: " + std::to_string(report->findings.size()) + " findings");
  JsonWriter json;
  json.open('{');
  write_verify(json, *report);
  json.close('}');
  return answer(json);
}

}  // namespace bellhop::core
