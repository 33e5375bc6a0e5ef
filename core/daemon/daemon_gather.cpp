// SPDX-License-Identifier: Apache-2.0
// What is looked up when somebody asks for metrics or health: a few indexed reads, no lock that delivery or intake wait
// for. What cannot be read now is left at zero; the log of its room says why.
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

#include "daemon/daemon.hpp"

namespace bellhop::core {

namespace {

std::int64_t file_bytes(const std::string &path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

std::int64_t free_bytes(const std::string &directory) {
  struct statvfs status {};
  if (statvfs(directory.c_str(), &status) != 0) return -1;
  return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
}

}  // namespace

Gathered Daemon::gather() const {
  Gathered gathered;
  const std::vector<InstanceStatus> statuses = delivery_->status();
  const Result<std::vector<InstanceRow>> rows = journal_->instances();
  for (const InstancePlan &plan : plans_.instances) {
    Gathered::Instance instance;
    instance.name = plan.delivery.name;
    const auto named = [&](const auto &other) { return other.name == instance.name; };
    if (const auto status = std::find_if(statuses.begin(), statuses.end(), named); status != statuses.end()) {
      instance.status = *status;
    }
    if (rows) {
      if (const auto row = std::find_if(rows->begin(), rows->end(), named); row != rows->end()) instance.row = *row;
    }
    if (const Result<KeptBytes> kept = journal_->kept_bytes(plan.delivery.id)) instance.kept = *kept;
    if (instance.status.oldest > 0) {
      const Result<StoredEvent> oldest = journal_->load(instance.status.oldest);
      if (oldest) instance.oldest_received_ms = oldest->event.received_ms;
    }
    gathered.instances.push_back(std::move(instance));
  }
  const std::string file = (std::filesystem::path(config_.state_dir) / config_.journal.path).string();
  gathered.newest = journal_->newest();
  gathered.journal_bytes = file_bytes(file) + file_bytes(file + "-wal");
  gathered.disk_free_bytes = free_bytes(std::filesystem::path(file).parent_path().string());
  gathered.disk_reserve_bytes = config_.journal.disk_reserve_bytes;
  gathered.started_ms = started_ms_;
  gathered.now_ms = clock_.wall_ms();
  gathered.listeners.emplace_back("webhooks", webhook_server_->counters());
  gathered.listeners.emplace_back("admin", admin_server_->counters());
  if (metrics_server_) gathered.listeners.emplace_back("metrics", metrics_server_->counters());
  return gathered;
}

}  // namespace bellhop::core
