// SPDX-License-Identifier: Apache-2.0
// Which path leads where, and the pages that only show.
#include "admin/admin.hpp"

#include <utility>

#include "admin/answers.hpp"
#include "admin/monitor.hpp"
#include "admin/pages.hpp"
#include "admin/request.hpp"

namespace bellhop::core {
namespace {

constexpr std::string_view events_path = "/v1/events/", explain_path = "/v1/explain/",
                           instances_path = "/v1/instances/";

// nullopt when the method is the one wanted.
std::optional<HttpAnswer> wrong_method(const HttpRequest &request, std::string_view wanted) {
  if (request.method == wanted) return std::nullopt;
  HttpAnswer out = problem(405, request.path + " wants " + std::string(wanted));
  out.headers.emplace_back("Allow", wanted);
  return out;
}

std::optional<HttpAnswer> unwanted_query(const HttpRequest &request) {
  if (parse_query(request.query, {})) return std::nullopt;
  return problem(400, request.path + " takes no parameters");
}

HttpAnswer unknown_path() {
  return problem(404,
                 "no such path; this is Bellhop's admin API: GET /v1/status, /v1/events, /v1/events/REF, "
                 "/v1/explain/REF, /v1/instances, /v1/instances/NAME/kv, /v1/instances/NAME/documents, /v1/dead; "
                 "POST /v1/replay, /v1/dead/drop, /v1/forget, /v1/verify, /v1/instances/NAME/health, "
                 "/v1/instances/NAME/run");
}

HttpAnswer document(std::string content_type, std::string body) {
  HttpAnswer out;
  out.content_type = std::move(content_type);
  out.body = std::move(body);
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

// Paths that are whole and take no parameters.
std::string_view method_of(std::string_view path) {
  for (const std::string_view change : {"/v1/replay", "/v1/verify", "/v1/forget", "/v1/dead/drop"}) {
    if (path == change) return "POST";
  }
  for (const std::string_view page : {"/v1/status", "/v1/events", "/v1/instances", "/v1/dead"}) {
    if (path == page) return "GET";
  }
  return begins_with(path, events_path) || begins_with(path, explain_path) ? "GET" : "";
}

}  // namespace

AdminApi::AdminApi(Inspect &inspect, Journal &journal, Upkeep &upkeep, const Control &control, const Clock &clock,
                   const Log &log)
    : rooms_{inspect, journal, upkeep, control, clock, log} {}

HttpLimits AdminApi::limits() {
  HttpLimits limits;
  limits.body_bytes_max = 64 << 10;
  limits.bodies_bytes_max = 1 << 20;
  limits.connections_max = 32;
  limits.connections_per_address_max = 0;
  limits.threads_max = 2 * slow_max;  // what is slow must not keep `bellhop status` waiting
  return limits;
}

HttpAnswer AdminApi::on_request(const HttpRequest &request) {
  if (auto monitored = monitor_answer(rooms_.control, request)) return *std::move(monitored);
  const std::string_view path = request.path;
  if (begins_with(path, instances_path)) return of_instance(request, path.substr(instances_path.size()));
  const std::string_view method = method_of(path);
  if (method.empty()) return unknown_path();
  if (auto refused = wrong_method(request, method)) return *std::move(refused);
  if (path == "/v1/events") return events(request);
  if (path == "/v1/dead") return dead_page(rooms_, request);
  if (auto refused = unwanted_query(request)) return *std::move(refused);
  if (path == "/v1/status") return status();
  if (path == "/v1/instances") return instances();
  if (path == "/v1/replay") return replay_page(rooms_, request);
  if (path == "/v1/dead/drop") return drop_page(rooms_, request);
  if (path == "/v1/forget") return slowly(request, [&] { return forget_page(rooms_, request); });
  if (path == "/v1/verify") return slowly(request, [this] { return verify(); });
  if (begins_with(path, explain_path)) return explain_page(rooms_, std::string(path.substr(explain_path.size())));
  return event(path.substr(events_path.size()));
}

// NAME/kv, NAME/documents, NAME/health, NAME/run
HttpAnswer AdminApi::of_instance(const HttpRequest &request, std::string_view rest) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0) return unknown_path();
  const std::string name(rest.substr(0, slash));
  const std::string_view what = rest.substr(slash + 1);
  const bool is_list = what == "kv" || what == "documents";
  if (!is_list && what != "health" && what != "run") return unknown_path();
  if (auto refused = wrong_method(request, is_list ? "GET" : "POST")) return *std::move(refused);
  if (what == "kv") return kv_page(rooms_, name, request);
  if (what == "documents") return documents_page(rooms_, name, request);
  if (auto refused = unwanted_query(request)) return *std::move(refused);
  return slowly(request, [&] {
    return what == "health" ? health_question(rooms_, name, request) : run_question(rooms_, name, request);
  });
}

HttpAnswer AdminApi::slowly(const HttpRequest &request, const std::function<HttpAnswer()> &page) {
  struct Place {
    explicit Place(std::atomic<int> &of) : count(of), number(++of) {}
    ~Place() { --count; }
    std::atomic<int> &count;
    const int number;
  } const place(slow_count_);
  if (place.number <= slow_max) return page();
  return problem(503, request.path + ": " + std::to_string(slow_max) +
                          " requests that take long are under way already; ask again when one has ended");
}

HttpAnswer AdminApi::status() const {
  const auto rows = rooms_.inspect.instances();
  if (!rows) return refusal(rows.error());
  const auto usage = rooms_.upkeep.usage();
  if (!usage) return refusal(usage.error());
  const auto controls = rooms_.control.instances();
  const Seq newest = rooms_.journal.newest();
  JsonWriter json;
  json.open('{');
  write_daemon(json, rooms_.control.daemon());
  json.key("now").time(rooms_.clock.wall_ms()).key("newest").number(newest).key("journal").open('{');
  write_usage(json, *usage);
  json.close('}').key("instances");
  write_instances(json, join_instances(controls, *rows), newest);
  json.close('}');
  return json_answer(json);
}

HttpAnswer AdminApi::instances() const {
  const auto rows = rooms_.inspect.instances();
  if (!rows) return refusal(rows.error());
  const auto controls = rooms_.control.instances();
  JsonWriter json;
  json.open('{').key("instances");
  write_instances(json, join_instances(controls, *rows), rooms_.journal.newest());
  json.close('}');
  return json_answer(json);
}

HttpAnswer AdminApi::events(const HttpRequest &request) const {
  const auto query = parse_event_query(request.query);
  if (!query) return refusal(query.error());
  const auto rows = rooms_.inspect.events(*query);
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
  return json_answer(json);
}

// REF, REF/body (the bytes as received) or REF/event (the canonical document, byte for byte).
HttpAnswer AdminApi::event(std::string_view reference) const {
  const std::size_t slash = reference.find('/');
  const std::string_view part = slash == std::string_view::npos ? "" : reference.substr(slash + 1);
  if (slash != std::string_view::npos && part != "body" && part != "event") return unknown_path();
  const auto detail = rooms_.inspect.event(reference.substr(0, slash));
  if (!detail) return refusal(detail.error());
  const EventRow &row = detail->row;
  if (!part.empty() && !detail->is_intact) {
    return problem(500, "event " + event_label(row) + " is damaged: its checksum does not fit; see POST /v1/verify");
  }
  if (part == "body") return document("application/octet-stream", detail->body);
  if (part == "event" && row.is_forgotten) {
    return problem(404, "event " + event_label(row) + " was forgotten on request");
  }
  if (part == "event" && detail->json.empty()) {
    return problem(404, "event " + event_label(row) + " is quarantined and has no document: " + row.quarantine_reason);
  }
  if (part == "event") return document("application/json", detail->json);
  const auto deliveries = rooms_.inspect.deliveries_of(row.seq);
  if (!deliveries) return refusal(deliveries.error());
  JsonWriter json;
  json.open('{');
  write_event_detail(json, *detail);
  json.key("deliveries");
  write_deliveries(json, *deliveries, rooms_.steady_to_wall_ms());
  json.close('}');
  return json_answer(json);
}

HttpAnswer AdminApi::verify() const {
  const auto report = rooms_.inspect.verify();
  if (!report) return refusal(report.error());
  rooms_.log.line(report->findings.empty() ? Level::info : Level::error, "admin",
                  "verify read " + std::to_string(report->events_count) +
                      " events: " + std::to_string(report->findings.size()) + " findings");
  JsonWriter json;
  json.open('{');
  write_verify(json, *report);
  json.close('}');
  return json_answer(json);
}

}  // namespace bellhop::core
