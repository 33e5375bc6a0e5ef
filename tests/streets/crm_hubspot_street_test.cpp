// SPDX-License-Identifier: Apache-2.0
// crm with HubSpot over the life of a booking: real child, real services and egress, and a HubSpot of our own that is
// strict and fails to order. What counts is what the vendor has in the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crm_life.hpp"
#include "crm_vendor_hubspot.hpp"

namespace bellhop::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string confirmed = "legacy_booking_full.assumed.json", moved = "legacy_booking_rescheduled.assumed.json",
                  canceled = "legacy_booking_canceled.assumed.json";
const std::string email = "webhooks+sample@appointlet.com";

StreetOptions options_for(const HubSpotVendor &vendor, const std::string &more = "") {
  return {BELLHOP_PLUGIN_DIR "/crm.so", R"({"driver":"hubspot","url":")" + vendor.url() + R"(","token":"pat-s3cr3t",)" +
                                            R"("fields":[{"from":"utm.source","to":"hs_analytics_source"}])" + more +
                                            "}"};
}

void expect_one_of_each(const HubSpotVendor &vendor, const std::string &outcome) {
  EXPECT_EQ(vendor.contacts().size(), 1U);
  ASSERT_EQ(vendor.meetings().size(), 1U);
  EXPECT_EQ(vendor.meetings().begin()->second.values.at("hs_meeting_outcome"), outcome);
  EXPECT_EQ(vendor.meetings().begin()->second.contacts.size(), 1U);
  EXPECT_THAT(vendor.complaints(), IsEmpty());
}

TEST(CrmHubSpot, a_booking_becomes_a_contact_and_a_meeting_that_moves_and_is_marked_canceled) {
  HubSpotVendor vendor;
  PluginStreet street(options_for(vendor));

  const core::PluginAnswer first = street.deliver(payload_text(confirmed));

  EXPECT_EQ(first.code, BHP_OK) << first.message << street.death();
  EXPECT_EQ(first.message, "contact 51 made, meeting 52 made, scheduled");
  expect_one_of_each(vendor, "SCHEDULED");
  EXPECT_EQ(vendor.contacts().at("51").at("email"), email);
  EXPECT_EQ(vendor.contacts().at("51").at("hs_analytics_source"), "newsletter");
  EXPECT_EQ(vendor.meetings().at("52").values.at("hs_meeting_start_time"), "2017-07-03T16:00:00Z");

  const core::PluginAnswer second = street.deliver(payload_text(moved));
  EXPECT_EQ(second.code, BHP_OK) << second.message;
  expect_one_of_each(vendor, "RESCHEDULED");

  const core::PluginAnswer third = street.deliver(payload_text(canceled));
  EXPECT_EQ(third.code, BHP_OK) << third.message;
  expect_one_of_each(vendor, "CANCELED");
  EXPECT_THAT(street.kv("result/booking/BOOKING_ID").value_or(""), HasSubstr("meeting 52 canceled"));
}

TEST(CrmHubSpot, a_fault_at_any_request_ends_in_one_contact_and_one_meeting) {
  const std::string busy = http_answer(429, R"({"status":"error","policyName":"SECONDLY","message":"slow down"})");
  const std::string partial =
      http_answer(207, R"({"status":"COMPLETE","results":[],"errors":[{"category":"INTERNAL_ERROR","message":"no"}]})");
  const std::vector<Fault> faults{
      {Fault::What::answer, busy},    {Fault::What::answer, http_answer(503, "<html>down</html>")},
      {Fault::What::answer, partial}, {Fault::What::answer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
      {Fault::What::reset, ""},       {Fault::What::lost, ""}};
  for (std::size_t kind = 0; kind < faults.size(); ++kind) {
    for (std::size_t request = 0; request < 3; ++request) {  // find, create the contact, create the meeting
      HubSpotVendor vendor;
      vendor.fail_at(request, faults[kind]);
      PluginStreet street(options_for(vendor));

      const core::PluginAnswer answer = deliver_until_done(street, payload_text(confirmed));

      SCOPED_TRACE("fault " + std::to_string(kind) + " at request " + std::to_string(request) + ": " + answer.message);
      EXPECT_EQ(answer.code, BHP_OK);
      EXPECT_GT(vendor.requests_count(), request);
      expect_one_of_each(vendor, "SCHEDULED");
    }
  }
}

void expect_canceled(const HubSpotVendor &vendor, std::size_t people_count) {
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_EQ(vendor.contacts().size(), people_count);
  ASSERT_EQ(vendor.meetings().size(), 1U);
  const HubSpotVendor::Meeting &meeting = vendor.meetings().begin()->second;
  EXPECT_EQ(meeting.values.at("hs_meeting_outcome"), "CANCELED");
  EXPECT_EQ(meeting.values.at("hs_meeting_start_time").substr(0, 10), last_day);
  EXPECT_EQ(meeting.contacts.size(), people_count);
}

TEST(CrmHubSpot, a_life_of_the_legacy_dialect_ends_the_same_whatever_request_fails) {
  expect_life_survives<HubSpotVendor>(
      legacy_life(), all_faults(), [](const HubSpotVendor &vendor) { return options_for(vendor); },
      [](const HubSpotVendor &vendor) { expect_canceled(vendor, 1); });
}

TEST(CrmHubSpot, a_life_of_the_v5_dialect_ends_the_same_and_every_attendee_is_associated) {
  expect_life_survives<HubSpotVendor>(
      v5_life_with_jane(), lost_answers(), [](const HubSpotVendor &vendor) { return options_for(vendor); },
      [](const HubSpotVendor &vendor) { expect_canceled(vendor, 2); });
}

TEST(CrmHubSpot, who_cancels_is_associated_no_more_and_is_again_after_booking_again) {
  HubSpotVendor vendor;
  PluginStreet street(options_for(vendor));
  ASSERT_EQ(street.deliver(v5_step_with_jane(1)).code, BHP_OK);

  const core::PluginAnswer left = street.deliver(v5_step(2));
  EXPECT_EQ(left.code, BHP_OK) << left.message;
  EXPECT_EQ(left.message, "contact 51 as it was, meeting 53 rescheduled, contact 52 taken out of it");
  EXPECT_EQ(vendor.contacts().size(), 2U);
  EXPECT_THAT(vendor.meetings().at("53").contacts, testing::ElementsAre("51"));

  EXPECT_EQ(street.deliver(v5_step_with_jane(3)).code, BHP_OK);
  EXPECT_THAT(vendor.meetings().at("53").contacts, testing::ElementsAre("51", "52"));
  EXPECT_THAT(vendor.complaints(), IsEmpty());
}

TEST(CrmHubSpot, a_contact_that_somebody_made_just_now_is_taken_by_the_id_in_the_refusal) {
  HubSpotVendor vendor;
  vendor.add_contact({{"email", email}, {"firstname", "Johnny"}});
  vendor.fail_at(0, {Fault::What::answer, http_answer(404, R"({"category":"OBJECT_NOT_FOUND","message":"not yet"})")});
  PluginStreet street(options_for(vendor));

  const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  expect_one_of_each(vendor, "SCHEDULED");
  EXPECT_EQ(vendor.contacts().at("51").at("firstname"), "Johnny");
  EXPECT_EQ(vendor.contacts().at("51").at("lastname"), "King Lovelace");
}

TEST(CrmHubSpot, locked_records_and_an_account_that_moves_are_asked_again_later) {
  for (const int status : {423, 477}) {
    HubSpotVendor vendor;
    vendor.fail_at(2, {Fault::What::answer, http_answer(status, R"({"message":"wait"})", "Retry-After: 9\r\n")});
    PluginStreet street(options_for(vendor));

    const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

    EXPECT_EQ(answer.code, BHP_RETRY) << status;
    EXPECT_EQ(answer.retry_after_ms, 9'000) << status;
    EXPECT_THAT(answer.message, HasSubstr("contact 51 made"));
  }
}

TEST(CrmHubSpot, only_what_is_empty_is_filled_in) {
  HubSpotVendor vendor;
  vendor.add_contact({{"email", email}, {"firstname", "Johnny"}, {"hs_analytics_source", "PAID_SEARCH"}});
  PluginStreet street(options_for(vendor));

  const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(vendor.contacts().at("51").at("firstname"), "Johnny");
  EXPECT_EQ(vendor.contacts().at("51").at("hs_analytics_source"), "PAID_SEARCH");
  EXPECT_EQ(vendor.contacts().at("51").at("lastname"), "King Lovelace");
}

TEST(CrmHubSpot, overwrite_writes_over_but_a_late_event_never_does) {
  HubSpotVendor vendor;
  vendor.add_contact({{"email", email}, {"hs_analytics_source", "PAID_SEARCH"}});
  PluginStreet street(options_for(vendor, R"(,"overwrite":true)"));

  EXPECT_EQ(street.deliver(payload_text(confirmed), {BHP_EV_LATE, 1}).code, BHP_OK);
  EXPECT_EQ(vendor.contacts().at("51").at("hs_analytics_source"), "PAID_SEARCH");
  EXPECT_THAT(vendor.meetings(), IsEmpty());

  EXPECT_EQ(street.deliver(payload_text(confirmed)).code, BHP_OK);
  EXPECT_EQ(vendor.contacts().at("51").at("hs_analytics_source"), "newsletter");
}

TEST(CrmHubSpot, a_used_up_day_holds_until_midnight_and_the_token_is_in_no_record) {
  HubSpotVendor vendor;
  vendor.fail_at(
      0, {Fault::What::answer, http_answer(429, R"({"policyName":"DAILY","message":"x","correlationId":"c1"})")});
  PluginStreet street(options_for(vendor));

  const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

  EXPECT_EQ(answer.code, BHP_HOLD);
  EXPECT_GT(answer.retry_after_ms, 0);
  EXPECT_LE(answer.retry_after_ms, 86'400'000);
  EXPECT_THAT(answer.message, HasSubstr("correlationId c1"));
  expect_untold(street, "s3cr3t");
}

TEST(CrmHubSpot, a_meeting_that_somebody_removed_is_made_anew) {
  HubSpotVendor vendor;
  PluginStreet street(options_for(vendor));
  ASSERT_EQ(street.deliver(payload_text(confirmed)).code, BHP_OK);
  vendor.remove_meetings();

  const core::PluginAnswer answer = street.deliver(payload_text(moved));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  expect_one_of_each(vendor, "RESCHEDULED");
}

TEST(CrmHubSpot, hostile_texts_stay_in_their_fields) {
  const std::vector<std::pair<std::string, std::string>> names{
      {"formula", R"(=HYPERLINK(\"http://evil.example\",\"x\"))"},
      {"path", "../../etc/passwd"},
      {"header", R"(a\r\nX-Injected: 1)"},
      {"json", R"(\",\"hs_lead_status\":\"OPEN)"},
      {"markup", "<script>alert(1)</script>"},
      {"emoji", "\xF0\x9F\x98\x80"},
      {"nul", R"(a\u0000b)"}};
  for (const auto &[what, name] : names) {
    HubSpotVendor vendor;
    PluginStreet street(options_for(vendor));
    const std::string address = "a/../b?c&d=e#" + what + "%2F@example.org";

    const core::PluginAnswer answer = street.deliver(with_edits(payload_text("legacy_booking_confirmed.json"),
                                                                {{R"("John")", "\"" + name + "\""}, {email, address}}));

    SCOPED_TRACE(what + ": " + answer.message);
    EXPECT_EQ(answer.code, BHP_OK);
    expect_one_of_each(vendor, "SCHEDULED");
    EXPECT_EQ(vendor.contacts().begin()->second.at("email"), address);
    EXPECT_EQ(vendor.contacts().begin()->second.at("lastname"), "Smith");
    EXPECT_EQ(vendor.meetings().begin()->second.values.at("hs_meeting_body").find("<script"), std::string::npos);
  }
}

TEST(CrmHubSpot, the_health_check_asks_and_leaves_nothing) {
  HubSpotVendor vendor;
  PluginStreet street(options_for(vendor));

  const core::Report report = street.ask(core::Question::What::health);

  ASSERT_EQ(report.answers.size(), 1U);
  EXPECT_EQ(report.answers[0].code, BHP_OK) << report.answers[0].message;
  EXPECT_EQ(vendor.requests_count(), 1U);
  EXPECT_THAT(vendor.contacts(), IsEmpty());
}

}  // namespace
}  // namespace bellhop::test
