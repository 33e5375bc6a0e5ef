// SPDX-License-Identifier: Apache-2.0
// crm with a real Tryton 6.0 from Debian: made anew in a temporary directory (SQLite), served on loopback, asked by the
// plugin in a real child through the real egress. What Tryton has in the end is read from its database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "running_tryton.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using namespace interop;

using testing::ElementsAre;
using testing::HasSubstr;

const std::string email = "webhooks+sample@appointlet.com";

class CrmTryton : public testing::Test {
 protected:
  void SetUp() override {
    if (!RunningTryton::is_installed()) GTEST_SKIP() << RunningTryton::why_not;
    tryton_ = std::make_unique<RunningTryton>();
  }
  StreetOptions options(const std::string &with_password = RunningTryton::password) const {
    return {BELLHOP_PLUGIN_DIR "/crm.so",
            R"({"driver":"tryton","url":"http://127.0.0.1:)" + std::to_string(tryton_->port()) +
                R"(","tryton":{"database":"bell","user":"admin","password":")" + with_password + R"("}})"};
  }
  std::vector<std::string> rows(const std::string &sql) const { return tryton_->rows(sql); }

  std::unique_ptr<RunningTryton> tryton_;
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
