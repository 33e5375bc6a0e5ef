// SPDX-License-Identifier: Apache-2.0
// forward before a judge: a receiver that verifies with the library of the Standard Webhooks authors (npm
// standardwebhooks).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <memory>

#include "interop/npm_folder.hpp"
#include "interop/served_program.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using namespace interop;

using testing::HasSubstr;

const std::string old_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                  new_secret = "whsec_c3VwZXJzZWNyZXRzdXBlcnNlY3JldHN1cGVyc2VjcmV0",
                  foreign_secret = "whsec_Zm9yZWlnbmZvcmVpZ25mb3JlaWduZm9yZWlnbmZvcmVpZ24=";

class ForwardJudge : public testing::Test {
 protected:
  void SetUp() override { BELLHOP_NEEDS_NPM(); }
  // A receiver that knows these secrets.
  void open_with(const std::vector<std::string> &secrets) {
    const std::string judge = BELLHOP_SOURCE_DIR "/tests/interop/npm/standardwebhooks_judge.mjs";
    std::vector<std::string> command{npm_folder().node(), judge, npm_folder().path / "node_modules",
                                     std::to_string(port_)};
    command.insert(command.end(), secrets.begin(), secrets.end());
    receiver_ = std::make_unique<ServedProgram>(command, port_, directory_.path() / "log");
    ASSERT_TRUE(receiver_->is_ready()) << receiver_->said();
  }
  std::string url(const std::string &path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  StreetOptions options(const std::string &path, const std::string &more = "") const {
    return {BELLHOP_PLUGIN_DIR "/forward.so",
            R"({"url":")" + url(path) + R"(","secrets":[")" + old_secret + R"(",")" + new_secret + "\"]" + more + "}"};
  }
  rapidjson::Document seen() const {
    rapidjson::Document document;
    document.Parse(run({"curl", "-sS", url("/seen")}, directory_.path()).output.c_str());
    return document;
  }

  TemporaryDirectory directory_{"interop"};
  const int port_ = free_port();
  std::unique_ptr<ServedProgram> receiver_;
};

TEST_F(ForwardJudge, a_receiver_with_the_old_secret_and_one_with_the_new_both_take_it) {
  for (const std::string body : {"event", "raw"}) {
    open_with({old_secret, new_secret, foreign_secret});
    PluginStreet street(options("/in", R"(,"body":")" + body + "\""));
    const std::string sent =
        with_edits(payload_text("legacy_booking_confirmed.json"), {{R"("John")", "\"J\xC3\xB6hn \xF0\x9F\x98\x80\""}});

    const core::PluginAnswer answer = street.deliver(sent);

    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
    const rapidjson::Document all = seen();
    ASSERT_EQ(all.Size(), 1U);
    EXPECT_STREQ(all[0]["verdicts"][0].GetString(), "");
    EXPECT_STREQ(all[0]["verdicts"][1].GetString(), "");
    EXPECT_STRNE(all[0]["verdicts"][2].GetString(), "") << "the judge can say no";
    ASSERT_EQ(all[0]["forged"].Size(), 3U);
    for (const auto &verdict : all[0]["forged"].GetArray()) EXPECT_STRNE(verdict.GetString(), "") << "body, id or time";
    const std::string got = all[0]["body"].GetString();
    EXPECT_EQ(got == sent, body == "raw");
    receiver_.reset();
  }
}

TEST_F(ForwardJudge, a_receiver_that_knows_none_of_the_secrets_refuses) {
  open_with({foreign_secret});
  PluginStreet street(options("/in"));

  const core::PluginAnswer answer = street.deliver(payload_text("legacy_booking_confirmed.json"));

  EXPECT_NE(answer.code, BHP_OK);
  EXPECT_THAT(answer.message, HasSubstr("400"));
}

TEST_F(ForwardJudge, a_retry_is_signed_anew_under_the_same_id) {
  open_with({old_secret});
  PluginStreet street(options("/busy"));
  const std::string body = payload_text("legacy_booking_confirmed.json");

  ASSERT_EQ(street.deliver(body).code, BHP_RETRY);
  ASSERT_EQ(street.deliver(body, {BHP_EV_REDELIVERY, 2}).code, BHP_OK);

  const rapidjson::Document all = seen();
  ASSERT_EQ(all.Size(), 2U);
  EXPECT_STREQ(all[0]["id"].GetString(), all[1]["id"].GetString());
  for (const auto &one : all.GetArray()) EXPECT_STREQ(one["verdicts"][0].GetString(), "");
}

}  // namespace
}  // namespace bellhop::test
