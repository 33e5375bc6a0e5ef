// SPDX-License-Identifier: Apache-2.0
// What the daemon tells of itself: to the console at start, to the admin API whenever asked.
#include <unistd.h>

#include "daemon/daemon.hpp"

namespace bellhop::core {

// Where the webhook listener is reached, without a slash at the end.
std::string Daemon::base_url() const {
  if (!config_.http.public_url.empty()) return config_.http.public_url;
  // A Unix socket: curl --unix-socket wants some name.
  if (webhook_server_->port() == 0) return "http://localhost";
  const std::string &listen = config_.http.listen;
  std::string host = listen.substr(0, listen.rfind(':'));
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return "http://" + host + ":" + std::to_string(webhook_server_->port());
}

std::vector<std::string> Daemon::webhook_urls() const {
  const std::string base = base_url();
  std::vector<std::string> urls;
  for (const SourceConfig &source : config_.sources) {
    for (const std::string &token : source.tokens) urls.push_back(base + "/hooks/" + source.name + "/" + token);
  }
  return urls;
}

DaemonControl Daemon::daemon() const {
  DaemonControl control;
  control.version = BELLHOP_VERSION;
  control.config_file = config_.file;
  control.state_dir = config_.state_dir;
  control.webhook_urls = webhook_urls();
  control.started_ms = started_ms_;
  control.pid = static_cast<int>(getpid());
  return control;
}

std::vector<InstanceControl> Daemon::instances() const {
  const std::vector<InstanceStatus> statuses = delivery_->status();
  std::vector<InstanceControl> controls;
  for (const InstancePlan &plan : plans_.instances) {
    InstanceControl control;
    control.name = plan.delivery.name;
    control.plugin = plan.plugin;
    control.library = plan.delivery.spec.library;
    control.events = plan.events;
    control.workers = plan.delivery.workers;
    const Policy &policy = plan.delivery.policy;
    control.retry = {policy.attempts_max, policy.age_ms_max, policy.backoff_ms_min, policy.backoff_ms_max};
    control.has_health = plan.has_health;
    for (const CommandManifest &command : plan.commands) control.commands.push_back({command.name, command.summary});
    control.public_url = publications_->url_of(control.name);
    for (const InstanceStatus &status : statuses) {
      if (status.name != control.name) continue;
      control.state = status.state;
      control.reason = status.reason;
      control.in_flight_count = status.in_flight_count;
      control.restarts_count = status.restarts_count;
      control.held_by = status.held_by;
      control.breaker = status.breaker;
      control.last_error = status.last_error;
      control.held_since_ms = status.held_since_ms;
      control.next_probe_ms = status.next_probe_ms;
      control.oldest = status.oldest;
      control.oldest_since_ms = status.oldest_since_ms;
    }
    controls.push_back(std::move(control));
  }
  return controls;
}

std::string Daemon::metrics() const { return metrics_.text(Telemetry::readings(gather())); }

HealthControl Daemon::health() const { return telemetry_.health(gather()); }

}  // namespace bellhop::core
