// SPDX-License-Identifier: Apache-2.0
// Stage: puts one plugin on, in a child or in this process, built from today's headers or from frozen ones, and
// collects what its instance reports. Waits for conditions, never for time; a condition that does not come within
// wait_ms_max is a failed test.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "event/event_json.hpp"
#include "host/child.hpp"
#include "host/inproc.hpp"
#include "support/temporary_directory.hpp"

namespace bellhop::core {

inline const std::string plugin_dir = std::string(BELLHOP_BINARY_DIR) + "/tests/plugins/";
inline const std::string host_program = std::string(BELLHOP_BINARY_DIR) + "/libexec/bellhop/bellhop-host";

inline std::size_t open_descriptors_count() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

enum class Where { child, here };
enum class Headers { today, frozen_0_2 };

// How a plugin is put on. A Where alone means a plugin of today.
struct Hosting {
  Hosting(Where given_where, Headers given_headers = Headers::today) : where(given_where), headers(given_headers) {}

  // "host_obedient" → the file of the plugin that these headers made; an absolute path stays what it is.
  std::string file_of(const std::string &library) const {
    if (library.front() == '/') return library;
    return plugin_dir + (headers == Headers::frozen_0_2 ? "abi_0_2/" : "") + library + ".so";
  }

  Where where;
  Headers headers;
};
inline std::string name_of(const testing::TestParamInfo<Hosting> &tested) {
  const std::string where = tested.param.where == Where::child ? "child" : "here";
  return tested.param.headers == Headers::today ? where : where + "_frozen_0_2";
}
// What a promise to plugins is run over: both ways to host, and plugins of both days.
inline auto every_hosting() {
  return testing::Values(Hosting(Where::child), Hosting(Where::here), Hosting(Where::child, Headers::frozen_0_2),
                         Hosting(Where::here, Headers::frozen_0_2));
}

class Stage {
 public:
  Stage(Hosting hosting, const std::string &library, const std::string &settings = "{}") : where_(hosting.where) {
    spec_.name = "greeter";
    spec_.library = hosting.file_of(library);
    spec_.settings_json = settings;
    spec_.state_dir = directory_.path() / "greeter";
  }
  ~Stage() {
    instance_.reset();
    // No zombie: this program has no child left at all.
    if (where_ == Where::child) {
      EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
      EXPECT_EQ(errno, ECHILD);
    }
  }

  InstanceSpec &spec() { return spec_; }
  const Clock *clock = nullptr;  // of the child's log limit; the system's when not set
  int log_lines_per_second_max = 100;
  Desk *desk = nullptr;  // none: json is the only service

  void raise_curtain() {
    static const SystemClock system_clock;
    const Clock &used = clock != nullptr ? *clock : system_clock;
    if (where_ == Where::child) {
      instance_ = spawn_child(spec_, {host_program, &used, log_lines_per_second_max, desk});
    } else {
      instance_ = start_inproc(spec_, used, desk);
    }
  }
  Instance &instance() { return *instance_; }
  void drop() { instance_.reset(); }

  // Polls until a report of this kind is there, and returns it.
  Report await(Report::What what) {
    const SystemClock system_clock;
    const Milliseconds deadline_ms = system_clock.steady_ms() + wait_ms_max;
    for (;;) {
      for (std::size_t index = 0; index < reports_.size(); ++index) {
        if (reports_[index].what != what) continue;
        const Report found = reports_[index];
        reports_.erase(reports_.begin() + static_cast<std::ptrdiff_t>(index));
        return found;
      }
      pollfd readable{instance_->descriptor(), POLLIN, 0};
      const Milliseconds left_ms = deadline_ms - system_clock.steady_ms();
      if (left_ms <= 0 || ::poll(&readable, 1, static_cast<int>(left_ms)) <= 0) break;
      for (Report &report : instance_->poll()) take(std::move(report));
    }
    ADD_FAILURE() << "no report of kind " << static_cast<int>(what) << " came; died? " << last_words_;
    return {};
  }
  // Lets the instance do what there is to do; waits a moment for it when there is nothing.
  void poll() {
    pollfd readable{instance_->descriptor(), POLLIN, 0};
    ::poll(&readable, 1, 1);
    for (Report &report : instance_->poll()) take(std::move(report));
  }
  std::string death() { return await(Report::What::died).text; }

  void start() {
    raise_curtain();
    await(Report::What::ready);
  }
  // Delivers one event with this document and returns what became of it.
  PluginAnswer deliver(const std::string &json) { return deliver(std::vector<std::string>{json}).answers.at(0); }
  Report deliver(const std::vector<std::string> &documents) {
    instance_->deliver(batch(documents));
    return await(Report::What::answers);
  }
  Report ask(Question question) {
    instance_->ask(std::move(question));
    return await(Report::What::told);
  }
  static Batch batch(const std::vector<std::string> &documents) {
    Batch batch;
    batch.budget_ms = 5000;
    batch.backlog_count = 41;
    for (std::size_t index = 0; index < documents.size(); ++index) {
      Parcel parcel;
      EventId::parse("0123456789abcdef0123456789abcdef", parcel.id);
      parcel.type = "booking.confirmed";
      parcel.subject = "booking/" + std::to_string(index + 1);
      parcel.occurred_ms = 1'388'534'400'000;
      parcel.received_ms = 1'388'534'401'234;
      parcel.seq = static_cast<Seq>(index) + 7;
      parcel.attempts_max = 20;
      parcel.json = documents[index];
      parcel.body = "raw body";
      batch.parcels.push_back(std::move(parcel));
    }
    return batch;
  }
  // Log lines seen so far, without waiting for more.
  const std::vector<Report> &lines() const { return lines_; }
  int died_count() const { return died_count_; }

 private:
  static constexpr Milliseconds wait_ms_max = 20'000;

  void take(Report report) {
    EXPECT_EQ(died_count_, 0) << "a report after the last one: " << report.text;
    if (report.what == Report::What::died) {
      ++died_count_;
      last_words_ = report.text;
    }
    if (report.what == Report::What::log) {
      lines_.push_back(std::move(report));
    } else {
      reports_.push_back(std::move(report));
    }
  }

  const Where where_;
  const test::TemporaryDirectory directory_{"host"};
  InstanceSpec spec_;
  std::unique_ptr<Instance> instance_;
  std::vector<Report> reports_, lines_;
  int died_count_ = 0;
  std::string last_words_;
};

inline std::string doing(const std::string &what) { return "{\"do\":\"" + what + "\"}"; }

}  // namespace bellhop::core
