// SPDX-License-Identifier: Apache-2.0
// An AdminApi over a MemoryJournal with two configured instances, for the tests of admin and cli.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "admin/admin.hpp"
#include "journal/memory_journal.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {

class FakeControl final : public Control {
 public:
  DaemonControl daemon() const override { return daemon_; }
  std::vector<InstanceControl> instances() const override { return instances_; }
  std::string metrics() const override { return metrics_; }
  HealthControl health() const override { return health_; }
  Result<AnswerControl> check(const std::string &instance) const override {
    asked_.push_back(instance);
    return answer_;
  }
  Result<AnswerControl> run(const std::string &instance, const std::string &command,
                            const std::string &arguments_json) const override {
    asked_.push_back(instance + " " + command + " " + arguments_json);
    if (while_running_) while_running_();
    return answer_;
  }

  DaemonControl daemon_{"0.1.0",
                        "/etc/bellhop/bellhop.toml",
                        "/var/lib/bellhop",
                        {"http://127.0.0.1:8780/hooks/appointlet/secret-token-0123456789"},
                        1'767'225'000'000,
                        4711};
  std::vector<InstanceControl> instances_;
  std::string metrics_ = "# HELP bellhop_build_info Always 1.\n";
  HealthControl health_;
  Result<AnswerControl> answer_ = AnswerControl{true, "ok", "as it should be", "", false};
  std::function<void()> while_running_;
  mutable std::vector<std::string> asked_;
};

// Inspect that can be made to fail, call by call.
class BreakableInspect final : public Inspect {
 public:
  explicit BreakableInspect(Inspect &inner) : inner_(inner) {}
  std::string broken;  // the name of the function that fails

  Result<std::vector<EventRow>> events(const EventQuery &query) override {
    if (broken == "events") return error();
    return inner_.events(query);
  }
  Result<EventDetail> event(std::string_view reference) override {
    if (broken == "event") return error();
    return inner_.event(reference);
  }
  Result<std::vector<DeliveryRow>> deliveries_of(Seq seq) override {
    if (broken == "deliveries_of") return error();
    return inner_.deliveries_of(seq);
  }
  Result<std::vector<AttemptRow>> attempts_of(Seq seq) override {
    if (broken == "attempts_of") return error();
    return inner_.attempts_of(seq);
  }
  Result<std::vector<DeliveryRow>> dead(const DeadQuery &query) override {
    if (broken == "dead") return error();
    return inner_.dead(query);
  }
  Result<SeqPage> select_seqs(const SeqQuery &query, Seq after, int count_max) override {
    if (broken == "select_seqs") return error();
    return inner_.select_seqs(query, after, count_max);
  }
  Result<std::vector<KvRow>> kv_of(InstanceId instance, std::string_view after, int count_max) override {
    if (broken == "kv_of") return error();
    return inner_.kv_of(instance, after, count_max);
  }
  Result<std::vector<DocumentRow>> documents_of(InstanceId instance, std::string_view after, int count_max) override {
    if (broken == "documents_of") return error();
    return inner_.documents_of(instance, after, count_max);
  }
  Result<std::vector<InstanceRow>> instances() override {
    if (broken == "instances") return error();
    return inner_.instances();
  }
  Result<VerifyReport> verify() override {
    if (broken == "verify") return error();
    return inner_.verify();
  }

 private:
  Error error() const { return {Kind::unavailable, "read of the journal: disk I/O error"}; }
  Inspect &inner_;
};

struct FrontDesk {
  FrontDesk() : log([this](Level, std::string_view line) { log_lines.emplace_back(line); }) {
    crm = journal.open_instance("crm", Start::beginning)->id;
    slack = journal.open_instance("slack", Start::beginning)->id;
    control.instances_.push_back(
        {"crm", "crm", "/usr/lib/bellhop/plugins/crm.so", "running", "", {"booking.*"}, 1, 0, 0});
    control.instances_.push_back({"slack",
                                  "slack",
                                  "/usr/lib/bellhop/plugins/slack.so",
                                  "backing off",
                                  "killed by SIGSEGV while delivering",
                                  {"booking.canceled"},
                                  2,
                                  1,
                                  3});
  }

  Seq add(const std::string &type, const std::string &subject, const std::string &body) {
    Event event;
    event.id = EventId::of("appointlet", body);
    event.type = type;
    event.subject = subject;
    event.time_ms = clock.wall_ms();
    event.received_ms = clock.wall_ms();
    event.json = "{\"type\":\"" + type + "\",\"data\":{\"duration\":1800.0,\"big\":123456789012345678901234567890}}";
    const Headers headers{{"Content-Type", "application/json"}, {"X-Odd", "a\tb"}};
    return journal.append({"appointlet", body, &headers, &event, event.id, "", clock.wall_ms()})->seq;
  }
  Seq add_quarantined(const std::string &body, const std::string &reason) {
    const Headers headers;
    return journal
        .append({"appointlet", body, &headers, nullptr, EventId::of("appointlet", body), reason, clock.wall_ms()})
        ->seq;
  }
  void settle(InstanceId instance, Seq seq, DeliveryState state, Verdict verdict, const std::string &message,
              Milliseconds due_ms = 0) {
    Settlement settlement;
    settlement.key = {instance, seq, 0};
    settlement.state = state;
    settlement.verdict = verdict;
    settlement.attempts = 2;
    settlement.due_ms = due_ms;
    settlement.settled_ms = clock.wall_ms();
    settlement.took_ms = 7;
    settlement.message = message;
    journal.settle({{settlement}, {}}, [](const Result<void> &result) { CHECK(result.ok()); });
  }

  // One more attempt of a delivery; the last one says what became of it.
  void attempt(InstanceId instance, Seq seq, int number, DeliveryState state, Verdict verdict,
               const std::string &message, Milliseconds pause_ms, const std::string &exchanges = "") {
    Settlement settlement;
    settlement.key = {instance, seq, 0};
    settlement.subject = subject_key(journal.event(std::to_string(seq))->row.subject);
    settlement.state = state;
    settlement.verdict = verdict;
    settlement.attempts = number;
    settlement.settled_ms = clock.wall_ms();
    settlement.due_ms = state == DeliveryState::waiting ? clock.steady_ms() + pause_ms : 0;
    settlement.took_ms = 12;
    settlement.message = message;
    settlement.exchanges = exchanges;
    journal.settle({{settlement}, {}}, [](const Result<void> &result) { CHECK(result.ok()); });
  }
  void move_cursor(InstanceId instance, Seq cursor) {
    journal.settle({{}, {{instance, cursor}}}, [](const Result<void> &result) { CHECK(result.ok()); });
  }
  void keep(InstanceId instance, Staged staged) {
    SettleBatch batch;
    batch.writes.push_back({instance, std::move(staged), clock.wall_ms()});
    journal.settle(std::move(batch), [](const Result<void> &result) { CHECK(result.ok()); });
  }
  InstanceControl &control_of(const std::string &name) {
    for (InstanceControl &one : control.instances_) {
      if (one.name == name) return one;
    }
    CHECK(false);
    std::abort();
  }

  FakeClock clock;
  MemoryJournal journal;
  BreakableInspect inspect{journal};
  FakeControl control;
  std::vector<std::string> log_lines;
  Log log;
  AdminApi api{inspect, journal, journal, control, clock, log};
  InstanceId crm = 0, slack = 0;
};

}  // namespace bellhop::core
