// SPDX-License-Identifier: Apache-2.0
// What the journal's tests share: a directory that goes away, events made of a number, and settlements made of an
// event.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "journal/sqlite_journal.hpp"
#include "support/fake_clock.hpp"

namespace bellhop::core {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "bellhop-journal-XXXXXX").string();
    path_ = mkdtemp(name.data()) != nullptr ? name : "";
    EXPECT_FALSE(path_.empty()) << "no temporary directory";
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir &) = delete;
  TempDir &operator=(const TempDir &) = delete;
  std::string file(const std::string &name) const { return path_ + "/" + name; }
  const std::string &path() const { return path_; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Keeps what was logged.
class Lines {
 public:
  Log log() {
    return Log([this](Level level, std::string_view line) {
      Lock lock(mutex_);
      text_ += level == Level::error ? "error " : level == Level::warn ? "warn " : "info ";
      (text_ += line) += '\n';
    });
  }
  std::string text() const {
    Lock lock(mutex_);
    return text_;
  }
  bool has(const std::string &part) const { return text().find(part) != std::string::npos; }

 private:
  mutable Mutex mutex_;
  std::string text_ GUARDED_BY(mutex_);
};

// One webhook with everything that append wants; the event's id is that of the body.
struct Webhook {
  explicit Webhook(int number, const std::string &subject = "booking/1", Milliseconds time_ms = 1'000,
                   Milliseconds received_ms = 5'000)
      : body("{\"number\":" + std::to_string(number) + ",\"text\":\"\\u0000 \xc3\xa4\"}"),
        headers({{"Content-Type", "application/json"}, {"X-Number", std::to_string(number)}, {"X-Empty", ""}}) {
    event.id = EventId::of("appointlet", body);
    event.type = "booking.confirmed";
    event.subject = subject;
    event.time_ms = time_ms;
    event.received_ms = received_ms;
    event.json = "{\"specversion\":\"1.0\",\"n\":" + std::to_string(number) + "}";
  }
  Incoming incoming() const {
    Incoming in;
    in.source_name = "appointlet";
    in.body = body;
    in.headers = &headers;
    in.event = &event;
    in.id = event.id;
    in.received_ms = event.received_ms;
    return in;
  }
  Incoming quarantined(std::string_view reason) const {
    Incoming in = incoming();
    in.event = nullptr;
    in.quarantine_reason = reason;
    return in;
  }

  Event event;
  std::string body;
  Headers headers;
};

inline Settlement settlement(InstanceId instance, Seq seq, DeliveryState state,
                             const std::string &subject = "booking/1", Milliseconds due_ms = 0,
                             std::int64_t replay = 0) {
  Settlement s;
  s.key = {instance, seq, replay};
  s.subject = subject_key(subject);
  s.state = state;
  s.verdict = state == DeliveryState::waiting ? Verdict::retry
              : state == DeliveryState::dead  ? Verdict::fail
                                              : Verdict::ok;
  s.attempts = 1;
  s.due_ms = due_ms;
  s.first_ms = 100;
  s.settled_ms = 7'000 + seq;
  s.took_ms = 12;
  s.message = "answer of " + std::to_string(seq);
  return s;
}

inline constexpr auto waiting = DeliveryState::waiting;
inline constexpr auto delivered = DeliveryState::delivered;
inline constexpr auto dead = DeliveryState::dead;

// Settles and waits until it is durable.
inline Result<void> settle_batch(Journal &journal, SettleBatch batch) {
  Mutex mutex;
  CondVar changed;
  std::optional<Result<void>> answer;
  journal.settle(std::move(batch), [&](Result<void> result) {
    Lock lock(mutex);
    answer = std::move(result);
    changed.notify_all();
  });
  Lock lock(mutex);
  while (!answer) changed.wait(mutex);
  return *answer;
}

inline Result<void> settle_now(Journal &journal, const Settlement &one) {
  return settle_batch(journal, SettleBatch{{one}, {}});
}

// A SqliteJournal in a directory of its own; reopen() is a restart.
struct SqliteFixture {
  SqliteFixture() : log(lines.log()) {
    options.path = directory.file("journal.db");
    options.durability = Durability::relaxed;
    options.disk_reserve_bytes = 0;
    options.clock = &clock;
    options.log = &log;
  }
  Result<void> open() {
    Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(options);
    if (!opened.ok()) return opened.error();
    journal = std::move(*opened);
    return {};
  }
  Result<void> reopen() {
    journal.reset();
    return open();
  }

  TempDir directory;
  FakeClock clock;
  Lines lines;
  Log log;
  JournalOptions options;
  std::unique_ptr<SqliteJournal> journal;
};

inline std::string text_of(const std::vector<std::string> &lines) {
  std::string text;
  for (const std::string &line : lines) (text += line) += '\n';
  return text;
}

}  // namespace bellhop::core
