// SPDX-License-Identifier: Apache-2.0
#include "admin/answers.hpp"

#include <Poco/Base64Encoder.h>

#include <algorithm>
#include <sstream>

#include "event/utf8.hpp"

namespace bellhop::core {
namespace {

std::string base64(std::string_view bytes) {
  std::ostringstream out;
  Poco::Base64Encoder encoder(out);
  encoder.rdbuf()->setLineLength(0);
  encoder.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  encoder.close();
  return out.str();
}

// Can a raw body be shown as a JSON string without changing a byte of it?
bool is_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const Utf8Sequence sequence = utf8_sequence(bytes, at);
    if (!sequence.is_valid) return false;
    at += sequence.size;
  }
  return true;
}

// "" means: does not apply here.
void write_optional(JsonWriter &json, std::string_view key, std::string_view text) {
  json.key(key);
  if (text.empty()) {
    json.null();
  } else {
    json.text(text);
  }
}

void write_time(JsonWriter &json, std::string_view key, Milliseconds unix_ms) {  // 0: null
  json.key(key);
  if (unix_ms == 0) {
    json.null();
  } else {
    json.time(unix_ms);
  }
}

void write_control(JsonWriter &json, const InstanceControl *control, const InstanceRow *row) {
  json.key("plugin").text(control ? control->plugin : "").key("library").text(control ? control->library : "");
  const bool is_parked = control == nullptr || (row != nullptr && row->is_parked);
  json.key("state").text(is_parked ? "parked" : control->state);
  json.key("reason").text(control ? control->reason : "not in the config: kept with its cursor, offered nothing");
  json.key("events").open('[');
  if (control) {
    for (const std::string &glob : control->events) json.text(glob);
  }
  json.close(']');
  json.key("workers").number(control ? control->workers : 0);
  json.key("in_flight").number(control ? control->in_flight_count : 0);
  json.key("restarts").number(control ? control->restarts_count : 0);
  write_optional(json, "held_by", control ? control->held_by : "");
  write_time(json, "held_since", control ? control->held_since_ms : 0);
  write_time(json, "next_probe", control ? control->next_probe_ms : 0);
  write_optional(json, "breaker", control ? control->breaker : "");
  write_optional(json, "last_error", control ? control->last_error : "");
  json.key("oldest").number(control ? control->oldest : 0);
  write_time(json, "oldest_since", control ? control->oldest_since_ms : 0);
  json.key("has_health").boolean(control != nullptr && control->has_health).key("commands").open('[');
  if (control) {
    for (const CommandControl &command : control->commands) {
      json.open('{').key("name").text(command.name).key("summary").text(command.summary).close('}');
    }
  }
  json.close(']');
}

}  // namespace

std::vector<InstanceView> join_instances(const std::vector<InstanceControl> &controls,
                                         const std::vector<InstanceRow> &rows) {
  std::vector<InstanceView> views;
  for (const InstanceControl &control : controls) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto &r) { return r.name == control.name; });
    views.push_back({&control, row == rows.end() ? nullptr : &*row});
  }
  for (const InstanceRow &row : rows) {
    const bool is_configured =
        std::any_of(controls.begin(), controls.end(), [&](const auto &c) { return c.name == row.name; });
    if (!is_configured) views.push_back({nullptr, &row});
  }
  return views;
}

void write_daemon(JsonWriter &json, const DaemonControl &daemon) {
  json.key("version").text(daemon.version).key("pid").number(daemon.pid).key("started").time(daemon.started_ms);
  write_optional(json, "config_file", daemon.config_file);
  json.key("state_dir").text(daemon.state_dir);
  json.key("webhook_urls").open('[');
  for (const std::string &url : daemon.webhook_urls) json.text(url);
  json.close(']');
}

void write_instances(JsonWriter &json, const std::vector<InstanceView> &views, Seq newest) {
  json.open('[');
  for (const InstanceView &view : views) {
    const InstanceRow none;
    const InstanceRow &row = view.row ? *view.row : none;
    json.open('{').key("name").text(view.control ? view.control->name : row.name);
    write_control(json, view.control, view.row);
    json.key("cursor").number(row.cursor);
    json.key("behind").number(view.row ? std::max<Seq>(0, newest - row.cursor) : 0);
    json.key("waiting").number(row.waiting_count).key("replays_waiting").number(row.replays_waiting_count);
    json.key("dead").number(row.dead_count).key("delivered").number(row.delivered_count);
    json.key("dropped").number(row.dropped_count).key("kv_bytes").number(row.kept.kv);
    json.key("documents_bytes").number(row.kept.documents);
    json.close('}');
  }
  json.close(']');
}

void write_event_row(JsonWriter &json, const EventRow &row) {
  json.key("seq").number(row.seq).key("id").text(row.id.text()).key("source").text(row.source_name);
  write_optional(json, "type", row.type);
  write_optional(json, "subject", row.subject);
  json.key("time");
  if (row.is_quarantined) {
    json.null();
  } else {
    json.text(format_time(row.time_ms));
  }
  json.key("received").text(format_time(row.received_ms));
  json.key("late").boolean(row.is_late).key("test").boolean(row.is_test);
  json.key("quarantined").boolean(row.is_quarantined);
  write_optional(json, "reason", row.quarantine_reason);
  json.key("body_bytes").number(row.body_bytes).key("forgotten").boolean(row.is_forgotten);
}

void write_event_detail(JsonWriter &json, const EventDetail &detail) {
  write_event_row(json, detail.row);
  json.key("intact").boolean(detail.is_intact);
  json.key("headers").open('[');
  for (const auto &[name, value] : detail.headers) json.open('[').text(name).text(value).close(']');
  json.close(']');
  const bool is_text = is_utf8(detail.body);
  json.key("body_encoding").text(is_text ? "utf-8" : "base64");
  json.key("body").text(is_text ? detail.body : base64(detail.body));
  // A damaged row may hold anything; embedded as it is, it could break the whole answer.
  json.key("event");
  if (detail.json.empty() || !detail.is_intact) {
    json.null();
  } else {
    json.raw(detail.json);
  }
}

void write_delivery_row(JsonWriter &json, const DeliveryRow &row, Milliseconds steady_to_wall_ms) {
  json.key("instance").text(row.instance_name).key("seq").number(row.key.seq);
  json.key("replay").number(row.key.replay).key("event_id").text(row.event_id.text());
  json.key("type").text(row.event_type).key("subject").text(row.event_subject);
  json.key("state").text(text_of(row.state)).key("verdict");
  if (row.attempts == 0) {
    json.null();  // never tried: a replay that waits for its turn
  } else {
    json.text(text_of(row.verdict));
  }
  json.key("attempts").number(row.attempts).key("strikes").number(row.strikes).key("due");
  if (row.state == DeliveryState::waiting && row.due_ms != 0) {
    json.time(row.due_ms + steady_to_wall_ms);
  } else {
    json.null();
  }
  json.key("settled").time(row.settled_ms).key("took_ms").number(row.took_ms);
  json.key("message").text(row.message);
}

void write_deliveries(JsonWriter &json, const std::vector<DeliveryRow> &rows, Milliseconds steady_to_wall_ms) {
  json.open('[');
  for (const DeliveryRow &row : rows) {
    json.open('{');
    write_delivery_row(json, row, steady_to_wall_ms);
    json.close('}');
  }
  json.close(']');
}

void write_usage(JsonWriter &json, const JournalUsage &usage) {
  json.key("events").number(usage.events_count).key("first").number(usage.first).key("newest").number(usage.newest);
  json.key("backlog_events").number(usage.backlog_events).key("backlog_bytes").number(usage.backlog_bytes);
  write_optional(json, "furthest_behind", usage.furthest_behind);
  json.key("file_bytes").number(usage.file_bytes).key("wal_bytes").number(usage.wal_bytes);
  json.key("free_page_bytes").number(usage.free_page_bytes).key("free_disk_bytes");
  if (usage.free_disk_bytes < 0) {
    json.null();
  } else {
    json.number(usage.free_disk_bytes);
  }
  json.key("full").boolean(usage.is_full);
  write_optional(json, "why_full", usage.why_full);
  json.key("removed").number(usage.removed_count);
  write_time(json, "retention_next", usage.retention_next_ms);
}

void write_verify(JsonWriter &json, const VerifyReport &report) {
  json.key("ok").boolean(report.findings.empty()).key("first").number(report.first);
  json.key("newest").number(report.newest).key("events").number(report.events_count);
  json.key("findings").open('[');
  for (const std::string &finding : report.findings) json.text(finding);
  json.close(']');
}

}  // namespace bellhop::core
