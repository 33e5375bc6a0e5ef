// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.hpp"

#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "admin/monitor.hpp"
#include "daemon/options.hpp"
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
      started_ms_(clock.wall_ms()),
      metrics_(BELLHOP_VERSION),
      telemetry_(metrics_, clock) {}

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
  std::vector<Served> served;
  std::vector<Shelf> shelves;
  for (InstancePlan &plan : plans_.instances) {
    DeliveryPlan &delivery = plan.delivery;
    if (auto failure = make_directory(delivery.spec.state_dir)) return failure;
    const Result<OpenedInstance> opened = journal_->open_instance(delivery.name, plan.start);
    if (!opened) return Failure{daemon_cannot_create, opened.error().sentence};
    delivery.id = opened->id;
    delivery.cursor = opened->cursor;
    names.push_back(delivery.name);
    deliveries.push_back(delivery);
    served.push_back({delivery.name, opened->id, std::make_shared<const EgressPolicy>(plan.egress)});
    shelves.push_back({delivery.name, opened->id, opened->token});
  }
  const Result<void> parked = journal_->park_instances_except(names);
  if (!parked) return Failure{daemon_cannot_create, parked.error().sentence};
  if (auto failure = open_services(std::move(served), std::move(shelves))) return failure;
  open_delivery(std::move(deliveries));
  return std::nullopt;
}

std::optional<Failure> Daemon::open_services(std::vector<Served> served, std::vector<Shelf> shelves) {
  publications_ = std::make_unique<Publications>(*journal_, metrics_, clock_, std::move(shelves));
  auto egress = Egress::open(egress_options(config_), clock_, log_);
  if (!egress) return Failure{daemon_config, "[egress]: " + egress.error().sentence};
  egress_ = std::move(*egress);
  services_ = std::make_unique<Services>(*journal_, *egress_, *publications_, metrics_, clock_, std::move(served));
  return std::nullopt;
}

void Daemon::open_delivery(std::vector<DeliveryPlan> deliveries) {
  const auto observe = [this](const Attempt &attempt) {
    telemetry_.attempt(attempt);
    console_.attempt(attempt);
  };
  delivery_ = std::make_unique<Delivery>(*journal_, clock_, log_, std::move(deliveries), spawner(), observe,
                                         random_seed(clock_));
  journal_->on_commit([this] { delivery_->wake(); });
}

std::optional<Failure> Daemon::open_listeners() {
  const auto observe = [this](const Arrival &arrival) {
    telemetry_.arrival(arrival);
    console_.arrival(arrival);
  };
  intake_ = std::make_unique<Intake>(*journal_, clock_, log_, std::move(plans_.sources), config_.http.json_depth_max,
                                     config_.http.body_bytes_max, observe);
  admin_ = std::make_unique<AdminApi>(*journal_, *journal_, *journal_, *this, clock_, log_);
  auto admin = HttpServer::open(
      "unix:" + in_state_dir(config_, config_.admin.socket), AdminApi::limits(),
      [](const HttpRequest &) { return std::nullopt; },
      [this](const HttpRequest &request) { return admin_->on_request(request); }, clock_, log_);
  if (!admin) return Failure{daemon_unavailable, admin.error().sentence};
  admin_server_ = std::move(*admin);
  if (auto failure = open_metrics()) return failure;
  return open_webhooks();
}

// What is no published document is intake's to judge, the wrong path under /pub/ too: strangers all get the same 404.
std::optional<Failure> Daemon::open_webhooks() {
  auto webhooks = HttpServer::open(
      config_.http.listen, http_limits(config_.http),
      [this](const HttpRequest &head) {
        auto document = publications_->on_head(head);
        return document ? std::move(document) : intake_->on_head(head);
      },
      [this](const HttpRequest &request) { return intake_->on_request(request); }, clock_, log_);
  if (!webhooks) return Failure{daemon_unavailable, webhooks.error().sentence};
  webhook_server_ = std::move(*webhooks);
  publications_->set_base_url(base_url());
  return std::nullopt;
}

std::optional<Failure> Daemon::open_metrics() {
  if (config_.metrics.listen.empty()) return std::nullopt;
  auto metrics = HttpServer::open(
      config_.metrics.listen, AdminApi::limits(),
      [this](const HttpRequest &head) {
        auto answer = monitor_answer(*this, head);
        return answer ? std::move(answer) : problem(404, "here are /metrics and /health");
      },
      [](const HttpRequest &) { return problem(404, "here are /metrics and /health"); }, clock_, log_);
  if (!metrics) return Failure{daemon_unavailable, "[metrics]: " + metrics.error().sentence};
  metrics_server_ = std::move(*metrics);
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
      return start_inproc(spec, clock_, services_.get());
    }
    ChildOptions options;
    options.host_program = host_program_;
    options.clock = &clock_;
    options.desk = services_.get();
    return spawn_child(spec, options);
  };
}

void Daemon::start() {
  is_started_ = true;
  delivery_->start();
  admin_server_->start();
  if (metrics_server_) metrics_server_->start();
  webhook_server_->start();
}

bool Daemon::stop(Milliseconds budget_ms) {
  if (!is_started_) return true;
  is_started_ = false;
  const Milliseconds end_ms = clock_.steady_ms() + budget_ms;
  webhook_server_->stop(budget_ms / 2);  // what a slow sender takes of it, deliveries in flight would lack
  const bool is_clean = delivery_->stop(std::max<Milliseconds>(0, end_ms - clock_.steady_ms()));
  if (metrics_server_) metrics_server_->stop(admin_stop_ms);
  admin_server_->stop(admin_stop_ms);
  return is_clean;
}

}  // namespace bellhop::core
