// SPDX-License-Identifier: Apache-2.0
// What Slack's words mean. The words are those of its documentation of incoming webhooks, chat.postMessage and
// chat.update.
#include "answer.hpp"

#include <gtest/gtest.h>

namespace slack {
namespace {

bellhop::Response response_of(int status, std::string body, int64_t retry_after_ms = 0) {
  bellhop::Response response;
  response.status = status;
  response.body = std::move(body);
  response.retry_after_ms = retry_after_ms;
  response.sentence = "POST https://hooks.slack.com/services/…: answered " + std::to_string(status);
  return response;
}

int code_of_webhook(int status, const std::string &body) {
  return read_webhook(response_of(status, body)).verdict.code;
}

TEST(SlackAnswer, ok_is_ok_and_so_is_the_silence_of_a_workflow) {
  EXPECT_EQ(code_of_webhook(200, "ok"), BHP_OK);
  EXPECT_EQ(code_of_webhook(200, "ok\n"), BHP_OK);
  EXPECT_EQ(code_of_webhook(200, ""), BHP_OK);
  EXPECT_EQ(code_of_webhook(200, R"({"success":true})"), BHP_OK) << "Rocket.Chat";
}

TEST(SlackAnswer, a_wrong_destination_holds_everything) {
  for (const char *word :
       {"no_service", "no_active_hooks", "no_team", "team_disabled", "invalid_token", "channel_not_found",
        "channel_is_archived", "action_prohibited", "posting_to_general_channel_denied"}) {
    EXPECT_EQ(code_of_webhook(404, word), BHP_HOLD) << word;
  }
  EXPECT_EQ(code_of_webhook(410, "channel_is_archived"), BHP_HOLD);
  EXPECT_EQ(code_of_webhook(403, "<html>a proxy's page</html>"), BHP_HOLD);
  EXPECT_EQ(code_of_webhook(302, ""), BHP_HOLD);
}

TEST(SlackAnswer, a_wrong_message_is_a_dead_letter_alone) {
  for (const char *word : {"invalid_payload", "invalid_blocks", "invalid_blocks_format", "no_text", "msg_too_long",
                           "too_many_attachments", "user_not_found"}) {
    EXPECT_EQ(code_of_webhook(400, word), BHP_FAIL) << word;
  }
}

TEST(SlackAnswer, everything_else_comes_again) {
  EXPECT_EQ(code_of_webhook(429, ""), BHP_RETRY);
  EXPECT_EQ(code_of_webhook(500, "rollup_error"), BHP_RETRY);
  EXPECT_EQ(code_of_webhook(503, "<html>down</html>"), BHP_RETRY);
  EXPECT_EQ(code_of_webhook(400, "a_word_of_tomorrow"), BHP_RETRY);

  const Answer limited = read_webhook(response_of(429, "rate_limited", 30'000));
  EXPECT_EQ(limited.verdict.retry_after_ms, 30'000);
  EXPECT_NE(limited.verdict.message.find("Slack says rate_limited"), std::string::npos);
}

TEST(SlackAnswer, without_an_answer_is_judged_by_the_failure) {
  bellhop::Response none;
  none.error = BHP_E_CONNECT;
  EXPECT_EQ(read_webhook(none).verdict.code, BHP_RETRY);
  EXPECT_EQ(read_web_api(none, {}).verdict.code, BHP_RETRY);
  none.error = BHP_E_DENIED;
  EXPECT_EQ(read_webhook(none).verdict.code, BHP_HOLD);
}

TEST(SlackAnswer, of_the_web_api_that_is_no_json_is_judged_by_its_status) {
  EXPECT_EQ(read_web_api(response_of(200, "hello"), {}).verdict.code, BHP_RETRY);
  EXPECT_EQ(read_web_api(response_of(502, "<html>"), {}).verdict.code, BHP_RETRY);
  EXPECT_EQ(read_web_api(response_of(404, "<html>"), {}).verdict.code, BHP_HOLD);
}

}  // namespace
}  // namespace slack
