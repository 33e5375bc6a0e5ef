// SPDX-License-Identifier: Apache-2.0
// What an instance keeps, without the values: those are the plugin's, and may be anything. And forgetting a person.
#include <algorithm>

#include "admin/pages.hpp"
#include "admin/request.hpp"

namespace bellhop::core {
namespace {

// The end of a page: `next`, or null behind the last.
void write_next(JsonWriter &json, bool is_full, std::string_view last_key) {
  json.key("next");
  if (is_full) {
    json.text(page_place_text(last_key));
  } else {
    json.null();
  }
}

}  // namespace

HttpAnswer kv_page(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request) {
  const auto query = parse_page_query(request.query);
  if (!query) return refusal(query.error());
  const auto known = known_instance(rooms, instance);
  if (!known) return refusal(known.error());
  const auto rows = rooms.inspect.kv_of(known->id, query->after, query->count_max);
  if (!rows) return refusal(rows.error());
  JsonWriter json;
  json.open('{').key("instance").text(instance).key("bytes").number(known->kept.kv).key("kv").open('[');
  for (const KvRow &row : *rows) {
    json.open('{').key("key").text(row.key).key("bytes").number(row.value_bytes).close('}');
  }
  json.close(']');
  const bool is_full = !rows->empty() && static_cast<int>(rows->size()) == query->count_max;
  write_next(json, is_full, is_full ? rows->back().key : "");
  json.close('}');
  return json_answer(json);
}

HttpAnswer documents_page(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request) {
  const auto query = parse_page_query(request.query);
  if (!query) return refusal(query.error());
  const auto known = known_instance(rooms, instance);
  if (!known) return refusal(known.error());
  const auto rows = rooms.inspect.documents_of(known->id, query->after, query->count_max);
  if (!rows) return refusal(rows.error());
  const auto controls = rooms.control.instances();
  const auto control =
      std::find_if(controls.begin(), controls.end(), [&](const InstanceControl &one) { return one.name == instance; });
  const std::string base = control == controls.end() ? "" : control->public_url;  // a parked one serves nothing
  JsonWriter json;
  json.open('{').key("instance").text(instance).key("bytes").number(known->kept.documents);
  json.key("documents").open('[');
  for (const DocumentRow &row : *rows) {
    json.open('{').key("path").text(row.path).key("content_type").text(row.content_type).key("etag").text(row.etag);
    json.key("bytes").number(row.body_bytes).key("modified").time(row.modified_ms).key("url");
    if (base.empty()) {
      json.null();
    } else {
      json.text(base + row.path);
    }
    json.close('}');
  }
  json.close(']');
  const bool is_full = !rows->empty() && static_cast<int>(rows->size()) == query->count_max;
  write_next(json, is_full, is_full ? rows->back().path : "");
  json.close('}');
  return json_answer(json);
}

// The log tells that it was done and how much it was, never who: the line would be what is left of the person.
HttpAnswer forget_page(const AdminRooms &rooms, const HttpRequest &request) {
  const auto body = RequestBody::parse(request.body, {"email"}, "the body is {\"email\":\"ADDRESS\"}");
  if (!body) return refusal(body.error());
  const auto email = body->text("email");
  if (!email) return refusal(email.error());
  if (email->empty()) return refusal(body->fault("email", "is missing"));
  const auto forgotten = rooms.upkeep.forget(*email);
  if (!forgotten) return refusal(forgotten.error());
  const Forgotten &f = *forgotten;
  rooms.log.info("admin", "forgot a person: " + std::to_string(f.events_count) + " events, " +
                              std::to_string(f.entries_count) + " kept entries, " + std::to_string(f.documents_count) +
                              " documents");
  JsonWriter json;
  json.open('{').key("events").number(f.events_count).key("owed").number(f.owed_count);
  json.key("messages").number(f.messages_count).key("attempts").number(f.attempts_count);
  json.key("entries").number(f.entries_count).key("documents").number(f.documents_count);
  json.key("log_cut").boolean(f.is_log_cut).close('}');
  return json_answer(json);
}

}  // namespace bellhop::core
