// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <bellhop/http.hpp>

#include "answer.hpp"
#include "mapping.hpp"
#include "text.hpp"

namespace crm {
namespace {

using bellhop::percent_encoded;

Said said(int status, const std::string &code = "", const std::string &detail = "", const std::string &policy = "") {
  Said out;
  out.status = status;
  out.sentence = "GET x answered " + std::to_string(status);
  out.code = code;
  out.detail = detail;
  out.policy = policy;
  return out;
}

TEST(CrmText, a_value_stays_one_segment_of_a_url) {
  EXPECT_EQ(percent_encoded("a b/../c?d#e%2F@x"), "a%20b%2F..%2Fc%3Fd%23e%252F%40x");
  EXPECT_EQ(percent_encoded(".."), "%2E%2E");
  EXPECT_EQ(percent_encoded("\r\n"), "%0D%0A");
}

TEST(CrmText, cutting_goes_through_no_character_and_counts_utf16) {
  const std::string emoji = "\xF0\x9F\x98\x80";
  EXPECT_EQ(cut("abc" + emoji, 4), "abc");
  EXPECT_EQ(cut("abc" + emoji, 5), "abc" + emoji);
  EXPECT_EQ(cut("a\xFF"
                "b",
                9),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(cut("a\r\nb\tc", 9), "a b c");
  EXPECT_EQ(cut("a\r\nb\rc", 9, Lines::many), "a\nb\nc");
}

TEST(CrmText, a_soql_string_cannot_be_left) { EXPECT_EQ(soql_escaped("x' OR Id != '\\"), R"(x\' OR Id != \'\\)"); }

TEST(CrmText, markup_is_text) { EXPECT_EQ(html("<a href='x'>&\n"), "&lt;a href=&#39;x&#39;&gt;&amp;<br>"); }

TEST(CrmText, addresses_are_plain_or_not_asked_for) {
  EXPECT_TRUE(is_address("webhooks+sample@appointlet.com"));
  for (const char *bad : {"", "@x", "x@", "a@b@c", "a b@c", "a\r\nb@c", "<a@b>", "a,b@c", "a\xFF@b"}) {
    EXPECT_FALSE(is_address(bad)) << bad;
  }
}

TEST(CrmAnswer, hubspot_tells_a_second_from_a_day) {
  constexpr std::int64_t noon_ms = ms_per_day / 2;
  const auto daily = hubspot_verdict(said(429, "RATE_LIMITS", "", "DAILY"), noon_ms, 60);
  EXPECT_EQ(daily.code, BHP_HOLD);
  EXPECT_EQ(daily.retry_after_ms, 11 * 3'600'000);
  EXPECT_EQ(hubspot_verdict(said(429, "", "", "TEN_SECONDLY_ROLLING"), 0, 0).code, BHP_RETRY);
  EXPECT_EQ(hubspot_verdict(said(423), 0, 0).retry_after_ms, 2'000);
}

struct Case {
  Said said;
  std::int32_t code;
};

TEST(CrmAnswer, each_vendor_s_words_mean_what_its_documentation_says) {
  const std::vector<Case> hubspot{{said(400, "VALIDATION_ERROR", "INVALID_EMAIL"), BHP_FAIL},
                                  {said(400, "VALIDATION_ERROR", "PROPERTY_DOESNT_EXIST"), BHP_HOLD},
                                  {said(401), BHP_HOLD},
                                  {said(403, "MISSING_SCOPES"), BHP_HOLD},
                                  {said(404), BHP_HOLD},
                                  {said(409, "CONFLICT"), BHP_RETRY},
                                  {said(477), BHP_RETRY},
                                  {said(207, "INTERNAL_ERROR"), BHP_RETRY},
                                  {said(502), BHP_RETRY}};
  for (const Case &one : hubspot) EXPECT_EQ(hubspot_verdict(one.said, 0, 0).code, one.code) << one.said.text();
  const std::vector<Case> salesforce{
      {said(401, "INVALID_SESSION_ID"), BHP_HOLD},  {said(403, "REQUEST_LIMIT_EXCEEDED"), BHP_HOLD},
      {said(400, "UNABLE_TO_LOCK_ROW"), BHP_RETRY}, {said(503), BHP_RETRY},
      {said(400, "DUPLICATES_DETECTED"), BHP_FAIL}, {said(400, "REQUIRED_FIELD_MISSING"), BHP_FAIL},
      {said(400, "STRING_TOO_LONG"), BHP_FAIL},     {said(300), BHP_FAIL},
      {said(400, "invalid_client"), BHP_HOLD}};
  for (const Case &one : salesforce) EXPECT_EQ(salesforce_verdict(one.said).code, one.code) << one.said.text();
  const std::vector<Case> tryton{{said(200, "UserError", "invalid phone"), BHP_FAIL},
                                 {said(200, "server error", "KeyError"), BHP_RETRY},
                                 {said(200, "AccessError"), BHP_HOLD},
                                 {said(200, "ConcurrencyException"), BHP_RETRY},
                                 {said(401), BHP_HOLD}};
  for (const Case &one : tryton) EXPECT_EQ(tryton_verdict(one.said).code, one.code) << one.said.text();
  EXPECT_EQ(pipedrive_verdict(said(402), 0).code, BHP_HOLD);
  EXPECT_EQ(pipedrive_verdict(said(429), 0).code, BHP_RETRY);
  EXPECT_EQ(rest_verdict(said(302)).code, BHP_HOLD);
  EXPECT_EQ(rest_verdict(said(422)).code, BHP_FAIL);
}

TEST(CrmAnswer, the_id_in_a_conflict_is_a_number_or_nothing) {
  EXPECT_EQ(existing_id_of("Contact already exists. Existing ID: 51"), "51");
  EXPECT_EQ(existing_id_of("Existing ID: ../../x"), "");
  EXPECT_EQ(existing_id_of("no"), "");
}

TEST(CrmMapping, a_rule_finds_its_value_and_the_first_rule_of_a_property_wins) {
  Booking booking;
  booking.primary_email = "a@x";
  booking.people = {{"a@x", "Ann Lee", "Ann", "Lee", ""}, {"b@x", "Bo", "Bo", "", ""}};
  booking.answers = {{"company", "ACME"}, {"blank", "  "}};
  booking.utm = {{"source", "news"}};
  const std::vector<FieldRule> rules{
      {"answer.blank", "company"}, {"answer.company", "company"}, {"utm.source", "source"}, {"phone", "phone"}};

  EXPECT_EQ(wanted_of(rules, booking, booking.people[0]), (Properties{{"company", "ACME"}, {"source", "news"}}));
  EXPECT_EQ(wanted_of(rules, booking, booking.people[1]), (Properties{{"source", "news"}}));
}

TEST(CrmMapping, only_empty_properties_are_written_unless_the_rule_says_otherwise) {
  const std::vector<FieldRule> rules{{"name", "a", false}, {"phone", "b", true}, {"host", "c", false}};
  const Properties wanted{{"a", "1"}, {"b", "2"}, {"c", "3"}}, now{{"a", "x"}, {"b", "y"}};

  EXPECT_EQ(to_write(rules, wanted, now, false), (Properties{{"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(to_write(rules, wanted, now, true), (Properties{{"c", "3"}}));
}

TEST(CrmMapping, the_state_of_a_meeting_follows_what_happened) {
  EXPECT_EQ(state_of("booking.confirmed", "confirmed", ""), MeetingState::scheduled);
  EXPECT_EQ(state_of("booking.rescheduled", "confirmed", "scheduled"), MeetingState::rescheduled);
  EXPECT_EQ(state_of("booking.reassigned", "confirmed", "rescheduled"), MeetingState::rescheduled);
  EXPECT_EQ(state_of("booking.canceled", "canceled", "rescheduled"), MeetingState::canceled);
  EXPECT_EQ(state_of("booking.tagged", "canceled", "canceled"), MeetingState::canceled);
  EXPECT_EQ(state_of("booking.confirmed", "confirmed", "canceled"), MeetingState::scheduled);
}

}  // namespace
}  // namespace crm
