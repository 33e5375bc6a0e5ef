// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_client.hpp"

#include "cli/json_view.hpp"

namespace bellhop::core {

using namespace json_view;

std::string problem_detail(const Reply &reply) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(reply.body.data(), reply.body.size());
  std::string detail = document.HasParseError() ? "" : text(document, "detail");
  if (detail.empty() && !document.HasParseError()) detail = text(document, "title");
  return detail.empty() ? "the answer was " + std::to_string(reply.status) + " without a reason" : detail;
}

Kind kind_of_status(int status) {
  if (status == 404) return Kind::not_found;
  if (status == 409) return Kind::conflict;
  if (status == 413) return Kind::too_large;
  if (status == 403) return Kind::denied;
  if (status == 408) return Kind::timeout;
  if (status == 429 || status == 503) return Kind::full;
  return status >= 400 && status < 500 ? Kind::invalid : Kind::internal;
}

DaemonClient::DaemonClient(std::string path, Milliseconds timeout_ms)
    : path_(std::move(path)), timeout_ms_(timeout_ms), client_(HttpClient::to_unix_socket(path_)) {}

Result<DaemonClient> DaemonClient::find(const SocketChoice &choice, const Surroundings &surroundings,
                                        Milliseconds timeout_ms) {
  const auto path = find_socket(choice, surroundings);
  if (!path) return path.error();
  return DaemonClient(*path, timeout_ms);
}

Result<std::string> DaemonClient::ask(const std::string &method, const std::string &target, const std::string &body) {
  auto reply = client_.ask(method, target, body, timeout_ms_);
  if (!reply) return explain_socket(reply.error(), path_);
  if (reply->status >= 200 && reply->status < 300) return std::move(reply->body);
  return Error{kind_of_status(reply->status), problem_detail(*reply)};
}

}  // namespace bellhop::core
