// SPDX-License-Identifier: Apache-2.0
// RunningTryton: a Tryton 6.0 from Debian, made anew in a temporary directory (SQLite) and served on loopback. What it
// has in the end is read from its database.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "interop/served_program.hpp"

namespace bellhop::test {

class RunningTryton {
 public:
  static constexpr const char *password = "tryton-s3cr3t";
  static constexpr const char *why_not = "tryton-server and tryton-modules-party are not installed";
  static bool is_installed() { return interop::has_module("trytond.modules.party"); }

  // The database is "bell", the user "admin".
  RunningTryton() {
    std::ofstream(config()) << "[database]\nuri = sqlite://\npath = " << directory_.path().string()
                            << "\n[web]\nlisten = 127.0.0.1:" << port_ << "\n";
    std::ofstream(directory_.path() / "password") << password;
    std::ofstream(database()).flush();
    const interop::Ran made = interop::run(
        {"/usr/bin/env", "TRYTONPASSFILE=" + (directory_.path() / "password").string(), "/usr/bin/trytond-admin", "-c",
         config(), "-d", "bell", "-u", "party", "country", "--email", "a@example.org"},
        directory_.path());
    EXPECT_EQ(made.code, 0) << made.output;
    server_ = std::make_unique<interop::ServedProgram>(
        std::vector<std::string>{"/usr/bin/trytond", "-c", config(), "-d", "bell"}, port_,
        directory_.path() / "trytond.log");
    EXPECT_TRUE(server_->is_ready()) << server_->said();
  }

  int port() const { return port_; }
  // The first column of each row.
  std::vector<std::string> rows(const std::string &sql) const {
    std::vector<std::string> out;
    sqlite3 *file = nullptr;
    sqlite3_stmt *statement = nullptr;
    EXPECT_EQ(sqlite3_open_v2(database().c_str(), &file, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(file, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(file);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      out.emplace_back(reinterpret_cast<const char *>(sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    sqlite3_close(file);
    return out;
  }

 private:
  std::string config() const { return (directory_.path() / "trytond.conf").string(); }
  std::string database() const { return (directory_.path() / "bell.sqlite").string(); }

  const TemporaryDirectory directory_{"interop"};
  const int port_ = interop::free_port();
  std::unique_ptr<interop::ServedProgram> server_;
};

}  // namespace bellhop::test
