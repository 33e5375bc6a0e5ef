// SPDX-License-Identifier: Apache-2.0
#include "admin/monitor.hpp"

#include "admin/json_writer.hpp"

namespace bellhop::core {
namespace {

HttpAnswer metrics_page(const Control &control) {
  HttpAnswer out;
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.body = control.metrics();
  return out;
}

// Whoever answers is alive. Degraded and ready is 200: a plugin that is held is no reason to restart a daemon that
// stores webhooks; a daemon that does not store them is one to look at.
HttpAnswer health_page(const Control &control) {
  const HealthControl health = control.health();
  JsonWriter json;
  json.open('{').key("status").text(health.is_ready && health.reasons.empty() ? "ok" : "degraded");
  json.key("live").boolean(true).key("ready").boolean(health.is_ready).key("reasons").open('[');
  for (const std::string &reason : health.reasons) json.text(reason);
  json.close(']').close('}');
  HttpAnswer out;
  out.status = health.is_ready ? 200 : 503;
  out.body = json.take() + "\n";
  return out;
}

}  // namespace

std::optional<HttpAnswer> monitor_answer(const Control &control, const HttpRequest &request) {
  if (request.path != "/metrics" && request.path != "/health") return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") {
    HttpAnswer refusal = problem(405, request.path + " wants GET");
    refusal.headers.emplace_back("Allow", "GET, HEAD");
    return refusal;
  }
  HttpAnswer out = request.path == "/metrics" ? metrics_page(control) : health_page(control);
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

}  // namespace bellhop::core
