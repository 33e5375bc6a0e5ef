// SPDX-License-Identifier: Apache-2.0
#include "support/plugin_street.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <iterator>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "host/child.hpp"
#include "source/source.hpp"
#include "support/temporary_directory.hpp"

namespace bellhop::test {

using core::Batch;
using core::Parcel;
using core::PluginAnswer;
using core::Report;

namespace {

constexpr core::Milliseconds wait_ms_max = 40'000;
const char *const instance_name = "bookings";
const char *const host_program = BELLHOP_BINARY_DIR "/libexec/bellhop/bellhop-host";

// What a path setting grants, by the rule of the daemon's plans: a file to write opens its whole directory.
std::string granted(const std::filesystem::path &state_dir, const core::SettingsPath &setting) {
  const std::filesystem::path path = (state_dir / setting.path).lexically_normal();
  return (setting.is_write ? path.parent_path() : path).string();
}

}  // namespace

PluginStreet::PluginStreet(StreetOptions options)
    : options_(std::move(options)), state_dir_(new_temporary_directory("street")) {
  const auto manifests = core::describe_plugin(options_.library, host_program, 20'000);
  CHECK(manifests.ok());
  const core::SettingsCheck check = core::check_settings(manifests->at(0), options_.settings_json);
  for (const auto &finding : check.findings) ADD_FAILURE() << finding.pointer << ": " << finding.sentence;

  spec_.name = instance_name;
  spec_.library = options_.library;
  spec_.settings_json = check.settings_json;
  spec_.state_dir = state_dir_.string();
  core::EgressRules rules;
  rules.allow = options_.allow;
  for (const std::string &pointer : check.destination_pointers) {
    const std::string text = core::setting_text(check.settings_json, pointer);
    if (!text.empty()) rules.destinations.push_back(text);
  }
  for (const std::string &pointer : check.secret_pointers) {
    const std::string text = core::setting_text(check.settings_json, pointer);
    if (!text.empty()) rules.secrets.push_back(text);
  }
  for (const core::SettingsPath &setting : check.paths) {
    if (setting.path.empty()) continue;
    auto &granting = setting.is_write ? spec_.containment.write : spec_.containment.read;
    granting.push_back(granted(state_dir_, setting));
  }

  const core::OpenedInstance opened = *journal_.open_instance(instance_name, core::Start::now);
  id_ = opened.id;
  egress_ = core::Egress::open(options_.egress, clock_, quiet_).value();
  publications_ = std::make_unique<core::Publications>(
      journal_, metrics_, clock_, std::vector<core::Shelf>{{instance_name, opened.id, opened.token}});
  publications_->set_base_url("https://hooks.example.org");
  const auto policy = std::make_shared<const core::EgressPolicy>(core::EgressPolicy::parse(rules).value());
  services_ = std::make_unique<core::Services>(journal_, *egress_, *publications_, metrics_, clock_,
                                               std::vector<core::Served>{{instance_name, opened.id, policy}});
  start();
}

PluginStreet::~PluginStreet() {
  instance_.reset();
  services_.reset();
  egress_.reset();
  std::filesystem::remove_all(state_dir_);
}

void PluginStreet::start() {
  instance_ = core::spawn_child(spec_, {host_program, &clock_, 1'000, services_.get()});
  await(Report::What::ready);
}

void PluginStreet::restart() {
  instance_.reset();
  reports_.clear();
  death_.clear();
  start();
}

Parcel PluginStreet::parcel_of(const std::string &body, Sent sent) {
  const core::Milliseconds received_ms = 1'700'000'000'000 + seq_ * 1'000;
  const core::Outcome outcome = core::find_source_kind("appointlet")({"appointlet", body, received_ms});
  CHECK(std::holds_alternative<core::Event>(outcome));
  const core::Event &event = std::get<core::Event>(outcome);
  Parcel parcel;
  parcel.id = event.id;
  parcel.type = event.type;
  parcel.subject = event.subject;
  parcel.occurred_ms = event.time_ms;
  parcel.received_ms = event.received_ms;
  parcel.seq = ++seq_;
  parcel.flags = sent.flags;
  parcel.attempt = sent.attempt;
  parcel.json = event.json;
  parcel.body = body;
  return parcel;
}

PluginAnswer PluginStreet::deliver(const std::string &body, Sent sent) { return deliver(parcel_of(body, sent)); }

PluginAnswer PluginStreet::deliver(Parcel parcel) {
  std::vector<Parcel> parcels;
  parcels.push_back(std::move(parcel));
  return deliver_batch(std::move(parcels)).at(0);
}

std::vector<PluginAnswer> PluginStreet::deliver_batch(std::vector<Parcel> parcels, std::int64_t backlog_count) {
  const std::size_t count = parcels.size();
  instance_->deliver({std::move(parcels), options_.budget_ms, backlog_count});
  const Report report = await(Report::What::answers);
  settle(report);
  if (report.answers.size() == count) return report.answers;
  return std::vector<PluginAnswer>(count, {BHP_RETRY, 0, "no answer: " + death_});
}

void PluginStreet::settle(const Report &report) {
  if (report.staged.empty()) return;
  std::promise<core::Result<void>> written;
  services_->write({instance_name, 0}, report.staged,
                   [&](core::Result<void> result) { written.set_value(std::move(result)); });
  const core::Result<void> result = written.get_future().get();
  EXPECT_TRUE(result.ok()) << "what was staged is refused";
}

Report PluginStreet::ask(core::Question::What what, const std::string &command, const std::string &arguments) {
  instance_->ask({what, command, arguments, options_.budget_ms});
  return await(Report::What::told);
}

// Takes what the instance reports until one of this kind is there; a death ends the wait for anything.
Report PluginStreet::await(Report::What what) {
  const core::Milliseconds deadline_ms = clock_.steady_ms() + wait_ms_max;
  for (;;) {
    for (std::size_t index = 0; index < reports_.size(); ++index) {
      if (reports_[index].what != what) continue;
      Report found = std::move(reports_[index]);
      reports_.erase(reports_.begin() + static_cast<std::ptrdiff_t>(index));
      return found;
    }
    const core::Milliseconds left_ms = deadline_ms - clock_.steady_ms();
    pollfd readable{instance_->descriptor(), static_cast<short>(POLLIN | (instance_->wants_write() ? POLLOUT : 0)), 0};
    if (!death_.empty() || left_ms <= 0 || ::poll(&readable, 1, static_cast<int>(left_ms)) <= 0) break;
    for (Report &report : instance_->poll()) {
      exchanges_.insert(exchanges_.end(), report.exchanges.begin(), report.exchanges.end());
      if (report.what == Report::What::died) death_ = report.text.empty() ? "died" : report.text;
      if (report.what == Report::What::log) log_.push_back(report.text);
      if (report.what == Report::What::output) output_ += report.text;
      reports_.push_back(std::move(report));
    }
  }
  // Death is a fact that a test may want to see: death() has it.
  if (death_.empty()) ADD_FAILURE() << "no report of kind " << static_cast<int>(what) << " came";
  return {};
}

std::optional<std::string> PluginStreet::kv(const std::string &key) { return journal_.kv_get(id_, key).value(); }

std::map<std::string, std::string> PluginStreet::kv_all(const std::string &prefix) {
  std::map<std::string, std::string> all;
  for (std::string after;;) {
    const auto page = journal_.kv_list(id_, prefix, after, 1'000).value();
    if (page.empty()) return all;
    for (const auto &[key, value] : page) all[key] = value;
    after = page.back().first;
  }
}

std::optional<core::Document> PluginStreet::document(const std::string &path) {
  return journal_.document(id_, path).value();
}

void PluginStreet::forget(const std::string &email) { EXPECT_TRUE(journal_.forget(email).ok()); }

std::vector<std::string> PluginStreet::document_paths() {
  std::vector<std::string> paths;
  for (const core::DocumentRow &row : journal_.documents_of(id_, "", 10'000).value()) paths.push_back(row.path);
  return paths;
}

std::string payload_text(const std::string &file_name) {
  std::ifstream file(std::string(BELLHOP_TEST_DATA "/payloads/") + file_name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(text.empty()) << file_name;
  return text;
}

std::string with_edits(std::string text, const std::vector<std::pair<std::string, std::string>> &edits) {
  for (const auto &[from, to] : edits) {
    std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    for (; at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace bellhop::test
