// SPDX-License-Identifier: Apache-2.0
// PluginStreet: a built-in plugin on the real street, without daemon and delivery: its .so in a real child, the real
// services over a journal in memory, and the real egress under the rules that its settings make. What arrives is a
// vendor's body, read by the real source.
//
//   PluginStreet street({BELLHOP_CRM_PLUGIN, R"({"url":")" + server.url() + R"("})"});
//   EXPECT_EQ(street.deliver(body).code, BHP_OK);
//   EXPECT_EQ(street.kv("contact/7"), "…");
//   … server.requests() …
//
// A test waits for reports, never for time; what does not come within wait_ms_max is a failed test.
#pragma once

#include <bellhop/plugin.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "egress/egress.hpp"
#include "host/describe.hpp"
#include "host/instance.hpp"
#include "journal/memory_journal.hpp"
#include "services/metrics.hpp"
#include "services/publications.hpp"
#include "services/services.hpp"

namespace bellhop::test {

struct StreetOptions {
  std::string library;               // absolute path of the .so
  std::string settings_json = "{}";  // as written by the operator; defaults are filled in by the schema
  std::vector<std::string> allow{};  // [instance.NAME.http] allow
  core::EgressOptions egress{};
  core::Milliseconds budget_ms = 20'000;  // of one call
};

// What is said of one delivery beyond its body.
struct Sent {
  std::uint32_t flags = 0;  // BHP_EV_*
  std::uint32_t attempt = 1;
};

class PluginStreet {
 public:
  explicit PluginStreet(StreetOptions options);
  ~PluginStreet();
  PluginStreet(const PluginStreet &) = delete;
  PluginStreet &operator=(const PluginStreet &) = delete;

  // A vendor's body as an event of the next seq. A body that makes no event is a mistake of the test and ends it.
  core::Parcel parcel_of(const std::string &body, Sent sent = {});
  // What was staged is made durable with OK and SKIP, as delivery does.
  core::PluginAnswer deliver(const std::string &body, Sent sent = {});
  core::PluginAnswer deliver(core::Parcel parcel);
  std::vector<core::PluginAnswer> deliver_batch(std::vector<core::Parcel> parcels, std::int64_t backlog_count = 0);

  // The plugin's answer to a question between deliveries; next_tick_ms of the report for a tick.
  core::Report ask(core::Question::What what, const std::string &command = "", const std::string &arguments = "{}");
  std::string output() const { return output_; }  // of commands so far

  // The child is killed, and a new one comes up on the same journal and state directory: what the process knew is gone.
  void restart();
  // "" while it lives; why it was refused or died.
  const std::string &death() const { return death_; }

  std::optional<std::string> kv(const std::string &key);
  std::map<std::string, std::string> kv_all(const std::string &prefix = "");
  std::optional<core::Document> document(const std::string &path);
  std::vector<std::string> document_paths();

  // As `bellhop forget` begins: what the journal keeps for the plugin and mentions the address is gone.
  void forget(const std::string &email);

  const std::vector<std::string> &log() const { return log_; }
  const std::vector<std::string> &exchanges() const { return exchanges_; }  // of all calls so far, redacted JSON
  const std::filesystem::path &state_dir() const { return state_dir_; }

 private:
  void start();
  core::Report await(core::Report::What what);
  void settle(const core::Report &report);

  const StreetOptions options_;
  const core::SystemClock clock_;
  const core::Log quiet_{[](core::Level, std::string_view) {}};
  std::filesystem::path state_dir_;
  core::InstanceSpec spec_;
  core::MemoryJournal journal_;
  core::Metrics metrics_{"1"};
  core::InstanceId id_ = 0;
  std::unique_ptr<core::Egress> egress_;
  std::unique_ptr<core::Publications> publications_;
  std::unique_ptr<core::Services> services_;
  std::unique_ptr<core::Instance> instance_;  // gone before the desk that it calls
  core::Seq seq_ = 0;
  std::vector<core::Report> reports_;
  std::vector<std::string> log_, exchanges_;
  std::string output_, death_;
};

// A file of tests/data/payloads.
std::string payload_text(const std::string &file_name);
// The text with every `from` replaced; one that is not there is a failed test.
std::string with_edits(std::string text, const std::vector<std::pair<std::string, std::string>> &edits);

}  // namespace bellhop::test
