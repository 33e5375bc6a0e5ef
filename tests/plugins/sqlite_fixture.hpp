// SPDX-License-Identifier: Apache-2.0
// What the tests of the sqlite plugin share: bodies as a vendor sends them, turned into parcels by the real normaliser;
// the real .so; a reader with a connection of its own.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/plugin_host.hpp"

namespace bellhop::test {

// The body with every `from` turned into its `to`; a `from` that is not there fails the test.
std::string edited(std::string body, const std::vector<std::pair<std::string, std::string>> &edits);
std::string payload(const std::string &file_name);

// The published legacy sample as another event: its action, the time of the event, the start.
struct Legacy {
  std::string action = "confirmed";
  std::string time = "2014-01-01T00:00:00Z";
  std::string start = "2014-02-01T10:00:00Z";
  std::string booking_id = "BOOKING_ID";
  std::string utm_source{};
};
std::string legacy_body(const Legacy &what);
// The same of the published v5 sample; the actions other than Meeting.scheduled are assumed.
std::string v5_body(const std::string &action, const std::string &time, const std::string &start);

// The body as the delivery hands it to a plugin. CHECKs that it is an event.
core::Parcel parcel_of(const std::string &body, core::Seq seq, std::int64_t received_ms = 1'790'000'000'000);

// Somebody who reads: a read-only connection that knows nothing of the plugin.
class Reader {
 public:
  explicit Reader(const std::filesystem::path &path);
  ~Reader();
  Reader(const Reader &) = delete;
  Reader &operator=(const Reader &) = delete;
  // Rows as "a|b|c", lines as '\n', NULL as "-". Bytes as they are.
  std::string ask(const std::string &sql);
  std::string ask(const std::string &sql, std::string_view argument);

 private:
  sqlite3 *handle_ = nullptr;
};

class SqlitePlugin : public ::testing::Test {
 protected:
  SqlitePlugin();
  ~SqlitePlugin() override;

  std::unique_ptr<PluginHost> make(const std::string &settings = "{}") const;
  // Made and started; fails the test if that fails.
  PluginHost &host();
  void restart();
  std::string ask(const std::string &sql) { return Reader(path()).ask(sql); }
  // As somebody who writes, with a connection of their own and with foreign keys.
  void run_sql(const char *sql) const;
  std::filesystem::path path() const { return directory_ / "bookings.db"; }

  std::filesystem::path directory_;
  std::unique_ptr<PluginHost> host_;
};

}  // namespace bellhop::test
