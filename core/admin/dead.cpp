// SPDX-License-Identifier: Apache-2.0
// Dead letters: listed page by page, and let go by a person who has looked at them.
#include <map>

#include "admin/answers.hpp"
#include "admin/pages.hpp"
#include "admin/request.hpp"

namespace bellhop::core {
namespace {

constexpr int drops_max = 1'000;  // of one request; each is durable before the next

HttpAnswer dropped_answer(const std::map<std::string, std::int64_t> &counts, bool is_more) {
  JsonWriter json;
  std::int64_t all = 0;
  json.open('{').key("instances").open('[');
  for (const auto &[name, count] : counts) {
    json.open('{').key("instance").text(name).key("dropped").number(count).close('}');
    all += count;
  }
  json.close(']').key("dropped").number(all).key("more").boolean(is_more).close('}');
  return json_answer(json);
}

Result<std::vector<DeliveryRow>> dead_of_event(const AdminRooms &rooms, const DropOrder &order) {
  const auto detail = rooms.inspect.event(order.event);
  if (!detail) return detail.error();
  const auto deliveries = rooms.inspect.deliveries_of(detail->row.seq);
  if (!deliveries) return deliveries.error();
  std::vector<DeliveryRow> dead;
  for (const DeliveryRow &row : *deliveries) {
    const bool is_meant = order.instance.empty() || row.instance_name == order.instance;
    if (is_meant && row.key.replay == 0 && row.state == DeliveryState::dead) dead.push_back(row);
  }
  if (!dead.empty()) return dead;
  return Error{Kind::not_found, "event " + event_label(detail->row) + " is no dead letter" +
                                    (order.instance.empty() ? "" : " of " + order.instance)};
}

}  // namespace

HttpAnswer dead_page(const AdminRooms &rooms, const HttpRequest &request) {
  const auto query = parse_dead_query(request.query);
  if (!query) return refusal(query.error());
  if (!query->instance_name.empty()) {
    if (const auto known = known_instance(rooms, query->instance_name); !known) return refusal(known.error());
  }
  const auto rows = rooms.inspect.dead(*query);
  if (!rows) return refusal(rows.error());
  JsonWriter json;
  json.open('{').key("dead");
  write_deliveries(json, *rows, rooms.steady_to_wall_ms());
  json.key("next");
  if (static_cast<int>(rows->size()) < query->count_max) {
    json.null();
  } else {
    const DeliveryRow &last = rows->back();
    json.text(dead_place_text({last.settled_ms, last.key.seq, last.key.instance}));
  }
  json.close('}');
  return json_answer(json);
}

HttpAnswer drop_page(const AdminRooms &rooms, const HttpRequest &request) {
  const auto order = parse_drop(request.body);
  if (!order) return refusal(order.error());
  if (!order->instance.empty()) {
    if (const auto known = known_instance(rooms, order->instance); !known) return refusal(known.error());
  }
  const DeadQuery all{order->instance, order->type, std::nullopt, drops_max};
  const auto rows = order->is_all ? rooms.inspect.dead(all) : dead_of_event(rooms, *order);
  if (!rows) return refusal(rows.error());
  std::map<std::string, std::int64_t> counts;
  for (const DeliveryRow &row : *rows) {
    const Result<void> dropped = rooms.journal.drop(row.key.instance, row.key.seq);
    // A replay may have delivered it a moment ago: then it is no dead letter any more.
    if (!dropped.ok() && dropped.error().kind == Kind::not_found) continue;
    if (!dropped.ok()) return refusal(dropped.error());
    ++counts[row.instance_name];
  }
  for (const auto &[name, count] : counts) {
    rooms.log.info("admin", "dropped " + std::to_string(count) + (count == 1 ? " dead letter" : " dead letters") +
                                " of " + name +
                                (order->is_all ? "" : ": event " + std::to_string(rows->front().key.seq)));
  }
  return dropped_answer(counts, order->is_all && static_cast<int>(rows->size()) == drops_max);
}

}  // namespace bellhop::core
