// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.hpp"

#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/child.hpp"
#include "host/inproc.hpp"

namespace bellhop::core {

namespace {

namespace fs = std::filesystem;

constexpr Milliseconds admin_stop_ms = 200;

std::string in_state_dir(const Config &config, const std::string &name) {
  return (fs::path(config.state_dir) / name).lexically_normal().string();
}

std::optional<Failure> make_directory(const std::string &path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return std::nullopt;
  return Failure{daemon_cannot_create, "cannot make the directory " + path + ": " + std::strerror(errno)};
}

HttpLimits limits_of(const HttpConfig &http) {
  HttpLimits limits;
  limits.body_bytes_max = http.body_bytes_max;
  limits.bodies_bytes_max = http.bodies_bytes_max;
  limits.header_bytes_max = http.header_bytes_max;
  limits.header_fields_max = http.header_fields_max;
  limits.connections_max = http.connections_max;
  limits.connections_per_address_max = http.connections_per_address_max;
  limits.trusted_proxies = http.trusted_proxies;
  limits.threads_max = http.threads_max;
  limits.header_deadline_ms = http.header_deadline_ms;
  limits.body_deadline_ms = http.body_deadline_ms;
  limits.idle_ms_max = http.idle_ms_max;
  limits.requests_per_connection_max = http.requests_per_connection_max;
  return limits;
}

std::uint64_t random_seed(const Clock &clock) {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
    seed = static_cast<std::uint64_t>(clock.wall_ms());
  }
  return seed;
}

}  // namespace

Daemon::Daemon(const Config &config, Plans plans, std::string host_program, const Clock &clock, const Log &log,
               Console &console, std::function<void(const std::string &sentence)> on_fatal)
    : config_(config),
      plans_(std::move(plans)),
      host_program_(std::move(host_program)),
      clock_(clock),
      log_(log),
      console_(console),
      on_fatal_(std::move(on_fatal)),
      started_ms_(clock.wall_ms()) {}

Daemon::~Daemon() { stop(0); }

std::optional<Failure> Daemon::open() {
  if (auto failure = open_journal()) return failure;
  if (auto failure = open_instances()) return failure;
  return open_listeners();
}

std::optional<Failure> Daemon::open_journal() {
  if (auto failure = make_directory(config_.state_dir)) return failure;
  JournalOptions options;
  options.path = in_state_dir(config_, config_.journal.path);
  options.durability = config_.journal.durability == "relaxed" ? Durability::relaxed : Durability::strict;
  options.disk_reserve_bytes = config_.journal.disk_reserve_bytes;
  options.batch_max = config_.journal.batch_max;
  options.limits = {config_.journal.backlog_events_max, config_.journal.backlog_bytes_max, config_.journal.bytes_max,
                    config_.journal.retention_age_ms,   config_.journal.retention_bytes,   config_.journal.dead_age_ms};
  options.clock = &clock_;
  options.log = &log_;
  options.fatal = on_fatal_;
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(options);
  if (!journal) {
    const bool is_second = journal.error().kind == Kind::conflict;
    return Failure{is_second ? daemon_second : daemon_cannot_create, journal.error().sentence};
  }
  journal_ = std::move(*journal);
  return std::nullopt;
}

std::optional<Failure> Daemon::open_instances() {
  if (auto failure = make_directory(in_state_dir(config_, "instances"))) return failure;
  std::vector<std::string> names;
  std::vector<DeliveryPlan> deliveries;
  for (InstancePlan &plan : plans_.instances) {
    DeliveryPlan &delivery = plan.delivery;
    if (auto failure = make_directory(delivery.spec.state_dir)) return failure;
    const Result<OpenedInstance> opened = journal_->open_instance(delivery.name, plan.start);
    if (!opened) return Failure{daemon_cannot_create, opened.error().sentence};
    delivery.id = opened->id;
    delivery.cursor = opened->cursor;
    names.push_back(delivery.name);
    deliveries.push_back(delivery);
  }
  const Result<void> parked = journal_->park_instances_except(names);
  if (!parked) return Failure{daemon_cannot_create, parked.error().sentence};
  delivery_ = std::make_unique<Delivery>(
      *journal_, clock_, log_, std::move(deliveries), spawner(),
      [this](const Attempt &attempt) { console_.attempt(attempt); }, random_seed(clock_));
  journal_->on_commit([this] { delivery_->wake(); });
  return std::nullopt;
}

std::optional<Failure> Daemon::open_listeners() {
  intake_ = std::make_unique<Intake>(*journal_, clock_, log_, std::move(plans_.sources), config_.http.json_depth_max,
                                     config_.http.body_bytes_max,
                                     [this](const Arrival &arrival) { console_.arrival(arrival); });
  admin_ = std::make_unique<AdminApi>(*journal_, *journal_, *this, clock_, log_);
  auto admin = HttpServer::open(
      "unix:" + in_state_dir(config_, config_.admin.socket), AdminApi::limits(),
      [](const HttpRequest &) { return std::nullopt; },
      [this](const HttpRequest &request) { return admin_->on_request(request); }, clock_, log_);
  if (!admin) return Failure{daemon_unavailable, admin.error().sentence};
  admin_server_ = std::move(*admin);
  auto webhooks = HttpServer::open(
      config_.http.listen, limits_of(config_.http), [this](const HttpRequest &head) { return intake_->on_head(head); },
      [this](const HttpRequest &request) { return intake_->on_request(request); }, clock_, log_);
  if (!webhooks) return Failure{daemon_unavailable, webhooks.error().sentence};
  webhook_server_ = std::move(*webhooks);
  return std::nullopt;
}

// Called on the delivery thread, which the children are tied to.
Spawn Daemon::spawner() const {
  std::vector<std::string> inproc_names;
  for (const InstancePlan &plan : plans_.instances) {
    if (plan.is_inproc) inproc_names.push_back(plan.delivery.name);
  }
  return [this, inproc_names](const InstanceSpec &spec) -> std::unique_ptr<Instance> {
    if (std::find(inproc_names.begin(), inproc_names.end(), spec.name) != inproc_names.end()) {
      return start_inproc(spec, clock_);
    }
    ChildOptions options;
    options.host_program = host_program_;
    options.clock = &clock_;
    return spawn_child(spec, options);
  };
}

void Daemon::start() {
  is_started_ = true;
  delivery_->start();
  admin_server_->start();
  webhook_server_->start();
}

bool Daemon::stop(Milliseconds budget_ms) {
  if (!is_started_) return true;
  is_started_ = false;
  const Milliseconds end_ms = clock_.steady_ms() + budget_ms;
  webhook_server_->stop(budget_ms);
  const bool is_clean = delivery_->stop(std::max<Milliseconds>(0, end_ms - clock_.steady_ms()));
  admin_server_->stop(admin_stop_ms);
  return is_clean;
}

}  // namespace bellhop::core
