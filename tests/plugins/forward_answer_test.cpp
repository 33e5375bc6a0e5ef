// SPDX-License-Identifier: Apache-2.0
// What an answer means to the plugin forward: the whole table, so that no status changes its meaning unseen.
#include "answer.hpp"

#include <gtest/gtest.h>

namespace forward {
namespace {

bellhop::Response answer_of(int status) {
  bellhop::Response answer;
  answer.status = status;
  answer.retry_after_ms = 7'000;
  answer.sentence = "POST https://n8n.example answered " + std::to_string(status);
  return answer;
}

int code_of(int status) { return verdict_of(answer_of(status)).code; }

TEST(ForwardAnswer, of_every_status_has_one_meaning) {
  for (int status = 200; status < 300; ++status) EXPECT_EQ(code_of(status), BHP_OK) << status;
  for (int status = 300; status < 400; ++status) EXPECT_EQ(code_of(status), BHP_HOLD) << status;
  for (const int status : {401, 403, 404, 405, 410}) EXPECT_EQ(code_of(status), BHP_HOLD) << status;
  EXPECT_EQ(code_of(413), BHP_FAIL);
  for (const int status : {100, 400, 402, 408, 409, 418, 422, 425, 429, 500, 502, 503, 504, 599, 999}) {
    EXPECT_EQ(code_of(status), BHP_RETRY) << status;
  }
}

TEST(ForwardAnswer, keeps_what_the_receiver_asked_for) {
  EXPECT_EQ(verdict_of(answer_of(429)).retry_after_ms, 7'000);
  EXPECT_EQ(verdict_of(answer_of(503)).retry_after_ms, 7'000);
  EXPECT_EQ(verdict_of(answer_of(404)).retry_after_ms, 7'000);
}

TEST(ForwardAnswer, tells_the_person_what_to_do) {
  EXPECT_NE(verdict_of(answer_of(404)).message.find("is the workflow active?"), std::string::npos);
  EXPECT_NE(verdict_of(answer_of(401)).message.find("check url and secrets"), std::string::npos);

  bellhop::Response moved = answer_of(301);
  moved.headers.push_back({"location", "https://elsewhere.example/hook"});
  EXPECT_NE(verdict_of(moved).message.find("moved to https://elsewhere.example/hook"), std::string::npos);
}

TEST(ForwardAnswer, without_an_answer_is_judged_by_the_failure) {
  bellhop::Response none;
  none.sentence = "POST https://n8n.example: no answer within 15000 ms";

  none.error = BHP_E_TIMEOUT;
  EXPECT_EQ(verdict_of(none).code, BHP_RETRY);
  none.error = BHP_E_TLS;
  EXPECT_EQ(verdict_of(none).code, BHP_RETRY);
  none.error = BHP_E_DENIED;
  EXPECT_EQ(verdict_of(none).code, BHP_HOLD) << "a missing allow rule must not dead-letter a backlog";
  none.error = BHP_E_INVALID;
  EXPECT_EQ(verdict_of(none).code, BHP_FAIL);
}

}  // namespace
}  // namespace forward
