// SPDX-License-Identifier: Apache-2.0
#include "admin/rooms.hpp"

#include "admin/answers.hpp"

namespace bellhop::core {

HttpAnswer json_answer(JsonWriter &json) {
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

std::string event_label(const EventRow &row) { return row.id.text() + " (seq " + std::to_string(row.seq) + ")"; }

std::string in_list(const std::vector<std::string> &names) {
  std::string list;
  for (const std::string &name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

Result<InstanceRow> known_instance(const AdminRooms &rooms, const std::string &name) {
  const auto rows = rooms.inspect.instances();
  if (!rows) return rows.error();
  std::vector<std::string> names;
  for (const InstanceRow &row : *rows) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  return Error{Kind::not_found,
               "no instance \"" + name + "\"; " + (names.empty() ? "there is none" : "there are: " + in_list(names))};
}

Result<InstanceRow> configured_instance(const AdminRooms &rooms, const std::string &name) {
  const auto rows = rooms.inspect.instances();
  if (!rows) return rows.error();
  const auto controls = rooms.control.instances();  // the views below point into it
  std::vector<std::string> names;
  for (const auto &[configured, row] : join_instances(controls, *rows)) {
    if (row == nullptr) continue;
    if (row->name == name && configured == nullptr) {
      return Error{Kind::conflict, "instance \"" + name + "\" is parked: put it back into the config first"};
    }
    if (row->name == name) return *row;
    if (configured != nullptr) names.push_back(row->name);
  }
  if (names.empty()) return Error{Kind::not_found, "no instance is configured: there is nobody to replay to"};
  return Error{Kind::not_found, "no instance \"" + name + "\"; configured: " + in_list(names)};
}

}  // namespace bellhop::core
