// SPDX-License-Identifier: Apache-2.0
// Daemon: the rooms put together. open() builds them in the order in which a webhook needs them to be there, the
// members are destroyed in reverse; reading the two is reading the architecture. It decides nothing that a room could
// decide.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "control/control.hpp"
#include "daemon/console.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/plans.hpp"
#include "daemon/telemetry.hpp"
#include "delivery/delivery.hpp"
#include "egress/egress.hpp"
#include "http/server.hpp"
#include "intake/intake.hpp"
#include "journal/sqlite_journal.hpp"
#include "services/services.hpp"

namespace bellhop::core {

class Daemon final : public Control {
 public:
  // All but the plans outlive the daemon. `on_fatal`: the journal's storage is gone for good; called on the journal's
  // thread, and must only hand over.
  Daemon(const Config &config, Plans plans, std::string host_program, const Clock &clock, const Log &log,
         Console &console, std::function<void(const std::string &sentence)> on_fatal);
  ~Daemon() override;  // stop(0)

  // Makes the state directory, opens the journal, binds the listeners. Nothing runs yet but the journal.
  std::optional<Failure> open();
  // From here on webhooks are answered and events delivered.
  void start();
  // Closes the listener, lets requests and then deliveries finish, all within the budget. Idempotent. [one]
  //   returns   true when nothing was cut off
  bool stop(Milliseconds budget_ms);

  std::vector<std::string> webhook_urls() const;  // with their tokens; after open()

  DaemonControl daemon() const override;
  std::vector<InstanceControl> instances() const override;
  std::string metrics() const override;
  HealthControl health() const override;
  Result<AnswerControl> check(const std::string &instance) const override;
  Result<AnswerControl> run(const std::string &instance, const std::string &command,
                            const std::string &arguments_json) const override;

 private:
  std::optional<Failure> open_journal();
  std::optional<Failure> open_instances();
  std::optional<Failure> open_services(std::vector<Served> served, std::vector<Shelf> shelves);
  void open_delivery(std::vector<DeliveryPlan> deliveries);
  std::optional<Failure> open_listeners();
  std::optional<Failure> open_webhooks();
  std::optional<Failure> open_metrics();
  Spawn spawner() const;
  std::string base_url() const;  // after open_webhooks()
  Result<const InstancePlan *> find_instance(const std::string &name) const;
  Gathered gather() const;

  const Config &config_;
  Plans plans_;
  const std::string host_program_;
  const Clock &clock_;
  const Log &log_;
  Console &console_;
  const std::function<void(const std::string &sentence)> on_fatal_;
  const Milliseconds started_ms_;
  bool is_started_ = false;

  // In the order of the walk from the disk up: each uses only what stands above it.
  Metrics metrics_;
  Telemetry telemetry_;
  std::unique_ptr<SqliteJournal> journal_;
  std::unique_ptr<Publications> publications_;
  std::unique_ptr<Egress> egress_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<AdminApi> admin_;
  std::unique_ptr<HttpServer> admin_server_;
  std::unique_ptr<HttpServer> metrics_server_;  // nullptr: [metrics] listen is not set
  std::unique_ptr<HttpServer> webhook_server_;
};

}  // namespace bellhop::core
