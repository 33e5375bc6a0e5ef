// SPDX-License-Identifier: Apache-2.0
// What CalDAV servers' answers mean; how they are asked is tested on the street (tests/streets).
#include "caldav.hpp"

#include <gtest/gtest.h>

namespace calendar {
namespace {

bellhop::Response answer(int status, const std::string &body = "") {
  bellhop::Response response;
  response.status = status;
  response.body = body;
  response.sentence = "PUT: " + std::to_string(status);
  return response;
}

TEST(CalendarCalDav, a_refusal_of_the_place_holds_one_of_the_event_fails_and_one_of_the_moment_is_tried_again) {
  for (const int status : {301, 302, 401, 403, 404, 405, 409, 410, 507}) {
    EXPECT_EQ(verdict_of_refusal(answer(status)).code, BHP_HOLD) << status;
  }
  for (const int status : {207, 400, 413, 415, 422}) {
    EXPECT_EQ(verdict_of_refusal(answer(status)).code, BHP_FAIL) << status;
  }
  for (const int status : {408, 412, 423, 425, 429, 500, 502, 503}) {
    EXPECT_EQ(verdict_of_refusal(answer(status)).code, BHP_RETRY) << status;
  }
}

TEST(CalendarCalDav, without_an_answer_the_policys_word_holds_and_the_networks_is_tried_again) {
  bellhop::Response denied, timeout;
  denied.error = BHP_E_DENIED;
  timeout.error = BHP_E_TIMEOUT;

  EXPECT_EQ(verdict_of_refusal(denied).code, BHP_HOLD);
  EXPECT_EQ(verdict_of_refusal(timeout).code, BHP_RETRY);
}

TEST(CalendarCalDav, a_uid_conflict_is_known_in_the_words_of_each_server) {
  EXPECT_TRUE(is_uid_conflict(answer(409)));
  EXPECT_TRUE(is_uid_conflict(answer(403, "<error><C:no-uid-conflict/></error>")));
  EXPECT_TRUE(is_uid_conflict(answer(207, "<multistatus><no-uid-conflict/></multistatus>")));
  EXPECT_FALSE(is_uid_conflict(answer(403, "forbidden")));
  EXPECT_FALSE(is_uid_conflict(answer(412)));
}

TEST(CalendarCalDav, what_a_server_says_in_its_body_is_shown_on_one_line_and_cut) {
  const bellhop::Verdict verdict = verdict_of_refusal(answer(400, "bad\r\nrequest" + std::string(1'000, 'x')));

  EXPECT_EQ(verdict.message.find("PUT: 400: bad request"), 0U) << verdict.message;
  EXPECT_LE(verdict.message.size(), 220U);
}

}  // namespace
}  // namespace calendar
