// SPDX-License-Identifier: Apache-2.0
// The plugin "sqlite": every event, and what it means for its booking, in one SQLite file. All events of a call are one
// transaction and one sync of the disk; its OK means that they are on stable storage. An event that cannot be read
// or that the tables refuse fails alone; a database that cannot be written fails none, they wait.
//
// The file: file.hpp. What an event says: record.hpp. What is written and the rule of order: store.hpp. Tables:
// schema.cpp. What an operator asks for: export.hpp, forget.hpp, inspection.hpp. What goes with time: retention.hpp.
#include <bellhop/mention.hpp>
#include <bellhop/plugin.hpp>
#include <filesystem>
#include <optional>

#include "export.hpp"
#include "file.hpp"
#include "forget.hpp"
#include "inspection.hpp"
#include "record.hpp"
#include "retention.hpp"
#include "schema.hpp"
#include "verdict.hpp"

namespace {

using bellhop::Batch;
using bellhop::Verdict;
using namespace bellhop_sqlite;

constexpr std::int64_t in_use_ms = 2'000;  // after a reload the predecessor may need a moment to let go
constexpr std::int64_t days_max = 36'500;
constexpr std::int64_t step_ms = 100;              // between two steps of retention: deliveries go first
constexpr std::int64_t sweep_ms = 3'600'000;       // between two looks for what has become old
constexpr std::size_t output_bytes_max = 1 << 20;  // what the answer to a command holds; more would be cut

using Records = std::vector<std::optional<Record>>;  // one per event of a batch; none where there is nothing to write

class SqliteLogger : public bellhop::BatchPlugin {
 public:
  explicit SqliteLogger(const bellhop::Context &context)
      : BatchPlugin(context),
        file_({database_path(), "instance " + std::string(instance_name()),
               static_cast<int>(setting("busy_timeout_ms").integer())},
              [this](std::string_view sentence) { warn(sentence); }),
        is_raw_kept_(setting("keep_raw").boolean(true)),
        keep_{setting("keep_days").integer(), setting("keep_raw_days").integer()} {}

  static bellhop::Manifest manifest() {
    bellhop::Manifest manifest{"sqlite", "0.1.0", "Writes every event and booking into an SQLite database"};
    manifest.name("SQLite logger").vendor("Bellhop").license("Apache-2.0").singleton().on("*", "ping");
    manifest.file_to_write("path", "Database file; a relative path starts at the instance's state directory",
                           "bookings.db");
    manifest.boolean("keep_raw", "Keep the body as received beside each event", true);
    manifest.integer("busy_timeout_ms", "How long to wait for another program that writes to the file, in ms", 5000, 0,
                     60000);
    manifest.integer("keep_days", "Days a booking is kept after its end and its last event; 0 is for ever", 0, 0,
                     days_max);
    manifest.integer("keep_raw_days", "Days the body as received is kept; 0 is as long as its event", 0, 0, days_max);
    manifest.command(
        "export", "Bookings as CSV, a column per form field",
        R"({"type":"object","additionalProperties":false,"properties":{)"
        R"("file":{"type":"string","title":"Name of a new file beside the database","default":""},)"
        R"("raw":{"type":"boolean","title":"Leave what looks like a formula as it is","default":false}}})");
    manifest.command("forget", "Erase a person from the database, by e-mail address",
                     R"({"type":"object","additionalProperties":false,"required":["email"],"properties":{)"
                     R"("email":{"type":"string","title":"The person's address"}}})");
    manifest.command("check", "Look whether the database is sound");
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
    Records records(batch.size());
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

  // Takes the writer's place and lets it go: leaves nothing behind.
  Verdict check_health() override {
    std::string summary;
    const std::optional<Verdict> obstacle = guarded([&] {
      file_.open();
      Transaction transaction(file_.database());
      summary = file_.path() + " takes writes: schema " + std::to_string(schema_version()) + ", " +
                std::to_string(file_.database().integer("SELECT count(*) FROM booking")) + " bookings, newest event " +
                file_.database().text(
                    "SELECT coalesce(max(received), 'none') FROM event WHERE no = "
                    "(SELECT max(no) FROM event)");
    });
    return obstacle ? *obstacle : Verdict::ok(summary);
  }

  std::int64_t tick() override {
    if (keep_.is_endless()) return -1;
    Removed removed;
    const std::optional<Verdict> obstacle = guarded([&] {
      file_.open();
      removed = remove_old(file_.database(), keep_, now_ms());
      file_.bound_log();
    });
    if (obstacle) throw std::runtime_error("what is old stays for now: " + obstacle->message);
    if (removed.bookings + removed.events + removed.bodies > 0) {
      log("removed what is old: " + std::to_string(removed.bookings) + " bookings, " + std::to_string(removed.events) +
          " events about none, " + std::to_string(removed.bodies) + " bodies");
    }
    return removed.has_more ? step_ms : sweep_ms;
  }

  Verdict run(std::string_view command, const bellhop::Json &arguments, const bellhop::Output &output) override {
    Verdict verdict = Verdict::fail("there is no command " + std::string(command));
    const std::optional<Verdict> obstacle = guarded([&] {
      file_.open();
      if (command == "export") verdict = run_export(arguments, output);
      if (command == "forget") verdict = run_forget(arguments["email"].text());
      if (command == "check") verdict = run_check(output);
    });
    return obstacle ? *obstacle : verdict;
  }

 private:
  Verdict run_export(const bellhop::Json &arguments, const bellhop::Output &output) {
    const Cells cells = arguments["raw"].boolean() ? Cells::raw : Cells::neutral;
    const std::string file = arguments["file"].str();
    try {
      if (!file.empty()) {
        const std::int64_t count = export_to_file(file_.database(), cells, file);
        return Verdict::ok(std::to_string(count) + " bookings in " +
                           std::filesystem::path(file_.path()).replace_filename(file).string());
      }
    } catch (const FileRefused &refused) {
      return Verdict::fail(refused.what());
    }
    std::string csv;
    const std::int64_t count = export_bookings(file_.database(), cells, [&](std::string_view row) {
      csv += row;
      return csv.size() <= output_bytes_max;
    });
    if (csv.size() > output_bytes_max) {
      return Verdict::fail("the export is larger than the 1 MiB that an answer holds: say file=bookings.csv");
    }
    output.write(csv);
    return Verdict::ok(std::to_string(count) + " bookings");
  }

  Verdict run_forget(std::string_view address) {
    const std::optional<std::string> email = bellhop::parse_email(address);
    if (!email) return Verdict::fail("\"" + std::string(address.substr(0, 64)) + "\" is no e-mail address");
    const Forgotten forgotten = forget_person(file_.database(), *email);
    const std::string sentence = std::to_string(forgotten.bookings) + " bookings, " + std::to_string(forgotten.events) +
                                 " events, " + std::to_string(forgotten.attendees) + " attendees and " +
                                 std::to_string(forgotten.values) + " values of other bookings erased";
    if (!forgotten.is_log_cut) {
      return Verdict::retry(sentence +
                            "; the write-ahead log is in use and holds old copies still: say it again when "
                            "no reader has the database open");
    }
    return Verdict::ok(sentence + "; files that were exported are not touched");
  }

  Verdict run_check(const bellhop::Output &output) {
    std::size_t problems_count = 0;
    for (const Finding &finding : inspect(file_.database())) {
      output.line((finding.problems.empty() ? "ok       " : "PROBLEM  ") + finding.what);
      for (const std::string &problem : finding.problems) output.line("         " + problem);
      problems_count += finding.problems.size();
    }
    if (problems_count == 0) return Verdict::ok(file_.path() + " is sound");
    return Verdict::fail(file_.path() + " has problems: " + std::to_string(problems_count));
  }

  std::string database_path() const {
    const std::string path = setting("path").str();
    if (path.empty() || path.back() == '/') {
      throw bellhop::Abort(Verdict::fail("path: \"" + path + "\" does not name a file"));
    }
    return (std::filesystem::path(state_dir()) / path).lexically_normal().string();
  }

  // One transaction. When it fails, nothing of it was written and every event of it has the same verdict.
  void write(const Records &records, std::vector<Verdict> &verdicts) {
    const std::optional<Verdict> obstacle = guarded([&] {
      file_.open();
      if (!write_all(records, verdicts)) write_each(records, verdicts);
      file_.bound_log();
    });
    if (!obstacle) return;
    // The tables refused one of them and undid all (a trigger of somebody's): alone it fails.
    if (obstacle->code == BHP_FAIL && records.size() > 1) throw bellhop::Abort(Verdict::retry(obstacle->message));
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i]) verdicts[i] = *obstacle;
    }
  }

  // False, and nothing is written, when the tables refuse one of them. To be able to undo one alone SQLite copies each
  // page before it changes, into a temporary file: three times the writes that the events themselves need.
  bool write_all(const Records &records, std::vector<Verdict> &verdicts) {
    Transaction transaction(file_.database());
    try {
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i]) verdicts[i] = record(*records[i]);
      }
    } catch (const DatabaseError &error) {
      if (bellhop_sqlite::verdict_of(error).code != BHP_FAIL) throw;
      return false;
    }
    transaction.commit();
    return true;
  }

  // What the tables refuse is undone and fails alone; the others go on.
  void write_each(const Records &records, std::vector<Verdict> &verdicts) {
    Transaction transaction(file_.database());
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (!records[i]) continue;
      Savepoint savepoint(file_.database());
      try {
        verdicts[i] = record(*records[i]);
        savepoint.keep();
      } catch (const DatabaseError &error) {
        verdicts[i] = bellhop_sqlite::verdict_of(error);
        const bool is_undone_whole = sqlite3_get_autocommit(file_.database().raw()) != 0;
        if (verdicts[i].code != BHP_FAIL || is_undone_whole) throw;
      }
    }
    transaction.commit();
  }

  Verdict record(const Record &record) { return verdict_of(file_.store().record(record, is_raw_kept_)); }

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
  Keep keep_;
  bool is_started_ = false;  // from here on a wrong file is somebody's slip, not a wrong setting
};

}  // namespace

BELLHOP_PLUGIN(SqliteLogger)
