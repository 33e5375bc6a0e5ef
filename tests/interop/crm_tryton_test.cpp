// SPDX-License-Identifier: Apache-2.0
// crm with a real Tryton 6.0 from Debian: made anew in a temporary directory (SQLite), served on loopback, asked by the
// plugin in a real child through the real egress. What Tryton has in the end is read from its database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "served_program.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string password = "tryton-s3cr3t";
const std::string email = "webhooks+sample@appointlet.com";

class CrmTryton : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_module("trytond.modules.party"))
      GTEST_SKIP() << "tryton-server and tryton-modules-party are not installed";
    std::ofstream(config()) << "[database]\nuri = sqlite://\npath = " << directory_.path().string()
                            << "\n[web]\nlisten = 127.0.0.1:" << port_ << "\n";
    std::ofstream(directory_.path() / "password") << password;
    std::ofstream(database()).flush();
    const Ran made =
        run({"/usr/bin/env", "TRYTONPASSFILE=" + (directory_.path() / "password").string(), "/usr/bin/trytond-admin",
             "-c", config(), "-d", "bell", "-u", "party", "country", "--email", "a@example.org"},
            directory_.path());
    ASSERT_EQ(made.code, 0) << made.output;
    server_ =
        std::make_unique<ServedProgram>(std::vector<std::string>{"/usr/bin/trytond", "-c", config(), "-d", "bell"},
                                        port_, directory_.path() / "trytond.log");
    ASSERT_TRUE(server_->is_ready()) << server_->said();
  }

  std::string config() const { return (directory_.path() / "trytond.conf").string(); }
  std::string database() const { return (directory_.path() / "bell.sqlite").string(); }

  StreetOptions options(const std::string &with_password = password) const {
    return {BELLHOP_PLUGIN_DIR "/crm.so", R"({"driver":"tryton","url":"http://127.0.0.1:)" + std::to_string(port_) +
                                              R"(","tryton":{"database":"bell","user":"admin","password":")" +
                                              with_password + R"("}})"};
  }

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

  const TemporaryDirectory directory_;
  const int port_ = free_port();
  std::unique_ptr<ServedProgram> server_;
};

TEST_F(CrmTryton, a_booking_lives_and_ends_as_one_party_and_one_note) {
  PluginStreet street(options());

  const core::Report health = street.ask(core::Question::What::health);
  ASSERT_EQ(health.answers.size(), 1U);
  EXPECT_EQ(health.answers[0].code, BHP_OK) << health.answers[0].message;

  const core::PluginAnswer first = street.deliver(payload_text("legacy_booking_full.assumed.json"));
  EXPECT_EQ(first.code, BHP_OK) << first.message;
  EXPECT_THAT(rows("SELECT name FROM party_party"), ElementsAre(HasSubstr("Lovelace")));
  EXPECT_THAT(rows("SELECT value FROM party_contact_mechanism WHERE type = 'email'"), ElementsAre(email));
  EXPECT_THAT(rows("SELECT message FROM ir_note"), ElementsAre(HasSubstr("Scheduled: ")));

  street.restart();
  const core::PluginAnswer moved = street.deliver(payload_text("legacy_booking_rescheduled.assumed.json"));
  EXPECT_EQ(moved.code, BHP_OK) << moved.message;
  const core::PluginAnswer canceled = street.deliver(payload_text("legacy_booking_canceled.assumed.json"));
  EXPECT_EQ(canceled.code, BHP_OK) << canceled.message;
  EXPECT_THAT(rows("SELECT message FROM ir_note"), ElementsAre(HasSubstr("Canceled: ")));
  EXPECT_THAT(rows("SELECT id FROM party_party"), testing::SizeIs(1));

  const std::vector<std::string> texts{R"(=HYPERLINK(\"http://evil.example\"))", "../../etc/passwd", R"(a\r\nX: 1)",
                                       "\xF0\x9F\x98\x80<script>", R"(' OR 1=1 --)"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string address = "hostile" + std::to_string(i) + "%_@example.org";
    const core::PluginAnswer answer = street.deliver(with_edits(
        payload_text("legacy_booking_confirmed.json"),
        {{R"("John")", "\"" + texts[i] + "\""}, {email, address}, {"BOOKING_ID", "HOSTILE_" + std::to_string(i)}}));
    EXPECT_EQ(answer.code, BHP_OK) << texts[i] << ": " << answer.message;
    EXPECT_THAT(rows("SELECT value FROM party_contact_mechanism WHERE type = 'email' ORDER BY id DESC LIMIT 1"),
                ElementsAre(address));
  }
  EXPECT_THAT(rows("SELECT id FROM party_party"), testing::SizeIs(1 + texts.size()));

  PluginStreet stranger(options("wrong"));
  const core::PluginAnswer refused = stranger.deliver(payload_text("legacy_booking_full.assumed.json"));
  EXPECT_EQ(refused.code, BHP_HOLD) << refused.message;
  EXPECT_EQ(refused.message.find("wrong\""), std::string::npos);
}

}  // namespace
}  // namespace bellhop::test
