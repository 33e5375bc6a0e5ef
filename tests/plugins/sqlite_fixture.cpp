// SPDX-License-Identifier: Apache-2.0
#include "plugins/sqlite_fixture.hpp"

#include <bellhop/plugin.h>

#include <fstream>
#include <iterator>
#include <variant>

#include <unistd.h>

#include "base/check.hpp"
#include "source/source.hpp"
#include "support/temporary_directory.hpp"

namespace bellhop::test {

std::string payload(const std::string &file_name) {
  std::ifstream file(std::string(BELLHOP_TEST_DATA "/payloads/") + file_name, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(body.empty()) << file_name;
  return body;
}

std::string edited(std::string body, const std::vector<std::pair<std::string, std::string>> &edits) {
  for (const auto &[from, to] : edits) {
    std::size_t at = body.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    for (; at != std::string::npos; at = body.find(from, at + to.size())) body.replace(at, from.size(), to);
  }
  return body;
}

std::string legacy_body(const Legacy &what) {
  std::string body = edited(payload("legacy_booking_confirmed.json"),
                            {{R"("action": "confirmed")", R"("action": ")" + what.action + '"'},
                             {"BOOKING_ID", what.booking_id},
                             {R"("organization": 1,
  "date_created": "2014-01-01T00:00:00Z")",
                              R"("organization": 1, "date_created": ")" + what.time + '"'},
                             {R"("start": "2014-01-01T00:00:00Z")", R"("start": ")" + what.start + '"'}});
  if (what.utm_source.empty()) return body;
  return edited(body, {{R"("utm_source": null)", R"("utm_source": ")" + what.utm_source + '"'}});
}

std::string v5_body(const std::string &action, const std::string &time, const std::string &start) {
  return edited(payload("v5_meeting_scheduled.partial.json"),
                {{"Meeting.scheduled", action},
                 {"2024-05-29T18:56:43.249804Z", time},
                 {R"("start": "2024-06-03T14:00:00Z")", R"("start": ")" + start + '"'}});
}

core::Parcel parcel_of(const std::string &body, core::Seq seq, std::int64_t received_ms) {
  const core::Outcome outcome = core::find_source_kind("appointlet")({"appointlet", body, received_ms});
  CHECK(std::holds_alternative<core::Event>(outcome));
  const core::Event &event = std::get<core::Event>(outcome);
  core::Parcel parcel;
  parcel.id = event.id;
  parcel.type = event.type;
  parcel.subject = event.subject;
  parcel.occurred_ms = event.time_ms;
  parcel.received_ms = event.received_ms;
  parcel.seq = seq;
  parcel.flags = event.is_test ? BHP_EV_TEST : 0;
  parcel.json = event.json;
  parcel.body = body;
  return parcel;
}

Reader::Reader(const std::filesystem::path &path) {
  const int code = sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READONLY, nullptr);
  EXPECT_EQ(code, SQLITE_OK) << path << ": " << sqlite3_errmsg(handle_);
}

Reader::~Reader() { sqlite3_close(handle_); }

std::string Reader::ask(const std::string &sql) { return ask(sql, {}); }

std::string Reader::ask(const std::string &sql, std::string_view argument) {
  sqlite3_stmt *statement = nullptr;
  const int prepared = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
  EXPECT_EQ(prepared, SQLITE_OK) << sql << ": " << sqlite3_errmsg(handle_);
  if (sqlite3_bind_parameter_count(statement) > 0) {
    sqlite3_bind_text(statement, 1, argument.data(), static_cast<int>(argument.size()), SQLITE_STATIC);
  }
  std::string rows;
  int code = SQLITE_ERROR;
  while (statement && (code = sqlite3_step(statement)) == SQLITE_ROW) {
    if (!rows.empty()) rows += '\n';
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      if (column > 0) rows += '|';
      const void *bytes = sqlite3_column_blob(statement, column);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      const bool is_null = sqlite3_column_type(statement, column) == SQLITE_NULL;
      rows += is_null ? std::string("-") : std::string(static_cast<const char *>(bytes), size);
    }
  }
  EXPECT_EQ(code, SQLITE_DONE) << sql << ": " << sqlite3_errmsg(handle_);
  sqlite3_finalize(statement);
  return rows;
}

SqlitePlugin::SqlitePlugin() { directory_ = new_temporary_directory("sqlite"); }

SqlitePlugin::~SqlitePlugin() {
  host_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::unique_ptr<PluginHost> SqlitePlugin::make(const std::string &settings) const {
  // The defaults, as the host fills them in.
  const std::string filled = R"({"path":"bookings.db","keep_raw":true,"busy_timeout_ms":200})";
  return std::make_unique<PluginHost>(BELLHOP_SQLITE_PLUGIN, directory_, settings == "{}" ? filled : settings);
}

PluginHost &SqlitePlugin::host() {
  if (!host_) {
    host_ = make();
    const core::PluginAnswer started = host_->start();
    EXPECT_EQ(started.code, BHP_OK) << started.message;
  }
  return *host_;
}

void SqlitePlugin::restart() {
  host_.reset();
  host();
}

void SqlitePlugin::run_sql(const char *sql) const {
  sqlite3 *handle = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
  sqlite3_exec(handle, "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr);
  char *message = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_close(handle);
}

}  // namespace bellhop::test
