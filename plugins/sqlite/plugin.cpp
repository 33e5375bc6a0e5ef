// SPDX-License-Identifier: Apache-2.0
// The plugin "sqlite": every event, and what it means for its booking, in one SQLite file. All events of a call are one
// transaction and one sync of the disk; its OK means that they are on stable storage. An event that cannot be read
// fails alone; a database that cannot be written fails none, they wait.
//
// The file: file.hpp. What an event says: record.hpp. What is written and the rule of order: store.hpp. Tables:
// schema.cpp.
#include <bellhop/plugin.hpp>
#include <filesystem>
#include <optional>

#include "file.hpp"
#include "record.hpp"
#include "schema.hpp"
#include "verdict.hpp"

namespace {

using bellhop::Batch;
using bellhop::Verdict;
using namespace bellhop_sqlite;

constexpr std::int64_t in_use_ms = 2'000;  // after a reload the predecessor may need a moment to let go

class SqliteLogger : public bellhop::BatchPlugin {
 public:
  explicit SqliteLogger(const bellhop::Context &context)
      : BatchPlugin(context),
        file_({database_path(), "instance " + std::string(instance_name()),
               static_cast<int>(setting("busy_timeout_ms").integer())},
              [this](std::string_view sentence) { warn(sentence); }),
        is_raw_kept_(setting("keep_raw").boolean(true)) {}

  static bellhop::Manifest manifest() {
    bellhop::Manifest manifest{"sqlite", "0.1.0", "Writes every event and booking into an SQLite database"};
    manifest.name("SQLite logger").vendor("Bellhop").license("Apache-2.0").singleton().on("*", "ping");
    manifest.file_to_write("path", "Database file; a relative path starts at the instance's state directory",
                           "bookings.db");
    manifest.boolean("keep_raw", "Keep the body as received beside each event", true);
    manifest.integer("busy_timeout_ms", "How long to wait for another program that writes to the file, in ms", 5000, 0,
                     60000);
    return manifest;
  }

  Verdict start() override {
    const std::optional<Verdict> obstacle = guarded([&] { file_.open(); });
    if (obstacle) return *obstacle;
    is_started_ = true;
    log("writing to " + file_.path());
    return Verdict::ok();
  }

  void stop() override { file_.close(); }

  std::vector<Verdict> deliver_batch(const Batch &batch) override {
    std::vector<Verdict> verdicts(batch.size());
    std::vector<std::optional<Record>> records(batch.size());
    bool is_any_readable = false;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      try {
        records[i] = read_record(batch[i]);
        if (!batch[i].is_dryrun()) {
          is_any_readable = true;
          continue;
        }
        verdicts[i] = Verdict::ok("dry run: would be recorded" +
                                  (records[i]->booking_id.empty() ? "" : " for booking " + records[i]->booking_id));
        records[i].reset();
      } catch (const Unreadable &unreadable) {
        verdicts[i] = Verdict::fail(unreadable.what());
      }
    }
    if (is_any_readable) write(records, verdicts);
    return verdicts;
  }

 private:
  std::string database_path() const {
    const std::string path = setting("path").str();
    if (path.empty() || path.back() == '/') {
      throw bellhop::Abort(Verdict::fail("path: \"" + path + "\" does not name a file"));
    }
    return (std::filesystem::path(state_dir()) / path).lexically_normal().string();
  }

  // One transaction. When it fails, nothing of it was written and every event of it has the same verdict.
  void write(const std::vector<std::optional<Record>> &records, std::vector<Verdict> &verdicts) {
    const std::optional<Verdict> obstacle = guarded([&] {
      file_.open();
      Transaction transaction(file_.database());
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i]) verdicts[i] = verdict_of(file_.store().record(*records[i], is_raw_kept_));
      }
      transaction.commit();
      file_.bound_log();
    });
    if (!obstacle) return;
    // A constraint is about one event: alone it fails, in company it must first be found out which.
    if (obstacle->code == BHP_FAIL && records.size() > 1) throw bellhop::Abort(Verdict::retry(obstacle->message));
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i]) verdicts[i] = *obstacle;
    }
  }

  static Verdict verdict_of(Store::Outcome outcome) {
    switch (outcome) {
      case Store::Outcome::recorded:
        return Verdict::ok("recorded; it changes no booking");
      case Store::Outcome::applied:
        return Verdict::ok();
      case Store::Outcome::late:
        return Verdict::ok("recorded; the booking shows a newer event already");
      case Store::Outcome::duplicate:
        return Verdict::skip("already recorded");
    }
    return Verdict::retry("unknown outcome");
  }

  // Runs what touches the database; the verdict when it did not succeed. The one place where its errors end.
  template <class Work>
  std::optional<Verdict> guarded(Work work) {
    try {
      work();
      return std::nullopt;
    } catch (const DatabaseError &error) {
      if (is_connection_spoilt(error)) file_.close();
      return bellhop_sqlite::verdict_of(error);
    } catch (const FileInUse &in_use) {
      return Verdict::retry(in_use.what(), in_use_ms);
    } catch (const ForeignFile &foreign) {
      file_.close();
      return is_started_ ? Verdict::hold(foreign.what()) : Verdict::fail(foreign.what());
    }
  }

  BookingsFile file_;
  bool is_raw_kept_;
  bool is_started_ = false;  // from here on a wrong file is somebody's slip, not a wrong setting
};

}  // namespace

BELLHOP_PLUGIN(SqliteLogger)
