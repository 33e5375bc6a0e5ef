// SPDX-License-Identifier: Apache-2.0
// crm with Salesforce, Pipedrive and any REST end over the life of a booking: real child, real services and egress, and
// vendors of our own that are strict and fail to order. (HubSpot has a file of its own; the real Tryton is in interop.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "crm_life.hpp"
#include "crm_vendor.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string confirmed = "legacy_booking_full.assumed.json", moved = "legacy_booking_rescheduled.assumed.json",
                  canceled = "legacy_booking_canceled.assumed.json";
const std::string email = "webhooks+sample@appointlet.com";

const std::string john_comes = R"("status": "scheduled",
        "field_submissions")",
                  john_left = R"("status": "Canceled",
        "field_submissions")";

struct Vendor {
  const char *name;
  std::unique_ptr<CrmVendor> (*make)();
};
void PrintTo(const Vendor &vendor, std::ostream *out) { *out << vendor.name; }

template <class T>
std::unique_ptr<CrmVendor> make() {
  return std::make_unique<T>();
}

StreetOptions options_for(const CrmVendor &vendor) { return {BELLHOP_PLUGIN_DIR "/crm.so", vendor.settings()}; }

void expect_one_of_each(const CrmVendor &vendor, bool is_canceled) {
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  ASSERT_THAT(vendor.contacts(), SizeIs(1));
  EXPECT_EQ(vendor.contacts().begin()->second.email, email);
  ASSERT_THAT(vendor.meetings(), SizeIs(1));
  const CrmMeeting &meeting = vendor.meetings().begin()->second;
  EXPECT_EQ(meeting.is_canceled, is_canceled) << meeting.title;
  EXPECT_THAT(meeting.contacts, SizeIs(1));
}

class CrmDrivers : public testing::TestWithParam<Vendor> {};
INSTANTIATE_TEST_SUITE_P(Vendor, CrmDrivers,
                         testing::Values(Vendor{"salesforce", &make<SalesforceVendor>},
                                         Vendor{"pipedrive", &make<PipedriveVendor>},
                                         Vendor{"http", &make<RestVendor>}),
                         [](const auto &tested) { return tested.param.name; });

TEST_P(CrmDrivers, a_bookings_life_is_one_contact_and_one_meeting_that_moves_and_is_marked_canceled) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));

  const core::PluginAnswer first = street.deliver(payload_text(confirmed));

  EXPECT_EQ(first.code, BHP_OK) << first.message << street.death();
  EXPECT_THAT(first.message, testing::MatchesRegex("contact [A-Za-z0-9]+ made, meeting [A-Za-z0-9]+ made, scheduled"));
  expect_one_of_each(*vendor, false);
  EXPECT_THAT(vendor->contacts().begin()->second.name, HasSubstr("King Lovelace"));
  EXPECT_EQ(vendor->meetings().begin()->second.start, "2017-07-03T16:00:00Z");
  const std::string first_id = vendor->meetings().begin()->first;

  EXPECT_EQ(street
                .deliver(with_edits(payload_text(moved), {{"2017-07-03T16:00:00Z", "2017-07-04T09:15:00Z"},
                                                          {"2017-07-03T16:30:00Z", "2017-07-04T09:45:00Z"}}))
                .code,
            BHP_OK);
  expect_one_of_each(*vendor, false);
  EXPECT_EQ(vendor->meetings().begin()->second.start, "2017-07-04T09:15:00Z");

  EXPECT_EQ(street.deliver(payload_text(canceled)).code, BHP_OK);
  expect_one_of_each(*vendor, true);
  EXPECT_EQ(vendor->meetings().begin()->first, first_id);
  EXPECT_THAT(street.kv("result/booking/BOOKING_ID").value_or(""), HasSubstr("canceled"));
  expect_untold(street, "s3cr3t");
}

TEST_P(CrmDrivers, a_fault_at_any_request_of_a_life_ends_in_one_contact_and_one_meeting) {
  const std::vector<std::string> events = legacy_life();
  std::size_t requests_count = 1;
  for (const Fault &fault : all_faults()) {
    for (std::size_t request = 0; request < requests_count; ++request) {
      const auto vendor = GetParam().make();
      vendor->fail_at(request, fault);
      PluginStreet street(options_for(*vendor));
      SCOPED_TRACE("fault " + fault.bytes.substr(0, 12) + " at request " + std::to_string(request));

      live(street, events);

      expect_one_of_each(*vendor, true);
      EXPECT_EQ(vendor->meetings().begin()->second.start.substr(0, 10), last_day);
      requests_count = std::max(requests_count, vendor->requests_count() - 2);  // without what the fault added
    }
  }
}

// A proxy says 200 and nothing else. Where an answer is needed, that is none; and nobody who is there is made again.
TEST_P(CrmDrivers, an_empty_answer_is_taken_for_nothing_that_it_does_not_say) {
  const std::string second = with_edits(payload_text(confirmed), {{"BOOKING_ID", "B2"}});
  for (std::size_t request = 0; request < 6; ++request) {
    const auto vendor = GetParam().make();
    {
      PluginStreet before(options_for(*vendor));
      ASSERT_EQ(before.deliver(payload_text(confirmed)).code, BHP_OK);
    }
    vendor->fail_at(vendor->requests_count() + request,
                    {Fault::What::answer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
    PluginStreet street(options_for(*vendor));  // which has learnt nothing yet
    SCOPED_TRACE("request " + std::to_string(request));

    const core::PluginAnswer answer = deliver_until_done(street, second);

    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
    EXPECT_THAT(vendor->contacts(), SizeIs(1));
    EXPECT_THAT(vendor->meetings(), SizeIs(2));
    EXPECT_THAT(vendor->complaints(), IsEmpty());
  }
}

// The vendor writes times with any offset, and the event keeps them so.
TEST_P(CrmDrivers, a_time_with_an_offset_is_the_same_moment) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));

  const core::PluginAnswer answer = street.deliver(
      with_edits(payload_text(confirmed), {{"2017-07-03T16:00:00Z", "2017-07-03T18:00:00.123456789+02:00"},
                                           {"2017-07-03T16:30:00Z", "2017-07-03T18:30:00+0200"}}));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  ASSERT_THAT(vendor->meetings(), SizeIs(1));
  EXPECT_EQ(vendor->meetings().begin()->second.start.substr(0, 16), "2017-07-03T16:00");
}

TEST_P(CrmDrivers, everybody_of_a_group_meeting_is_a_contact_and_takes_part) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));
  const std::string body = with_edits(payload_text("v5_meeting_full.assumed.json"),
                                      {{R"("status": "cancelled")", R"("status": "scheduled")"}});

  const core::PluginAnswer answer = street.deliver(body);

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_THAT(vendor->complaints(), IsEmpty());
  EXPECT_THAT(vendor->contacts(), SizeIs(2));
  ASSERT_THAT(vendor->meetings(), SizeIs(1));
  EXPECT_THAT(vendor->meetings().begin()->second.contacts, SizeIs(2));

  EXPECT_EQ(street.deliver(body, {BHP_EV_REDELIVERY, 2}).code, BHP_OK);
  EXPECT_THAT(vendor->contacts(), SizeIs(2));
  EXPECT_THAT(vendor->meetings().begin()->second.contacts, SizeIs(2));
  EXPECT_THAT(vendor->complaints(), IsEmpty());
}

TEST_P(CrmDrivers, who_canceled_before_the_crm_knew_them_becomes_no_contact) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));

  EXPECT_EQ(street.deliver(v5_step(1)).code, BHP_OK);

  EXPECT_THAT(vendor->complaints(), IsEmpty());
  ASSERT_THAT(vendor->contacts(), SizeIs(1));
  EXPECT_EQ(vendor->contacts().begin()->second.email, "john@example.com");
  ASSERT_THAT(vendor->meetings(), SizeIs(1));
  EXPECT_THAT(vendor->meetings().begin()->second.contacts, SizeIs(1));
}

TEST_P(CrmDrivers, who_cancels_leaves_the_meeting_but_stays_a_contact_whatever_request_fails) {
  std::size_t requests_count = 0;
  for (std::size_t request = 0; request <= requests_count; ++request) {
    const auto vendor = GetParam().make();
    PluginStreet street(options_for(*vendor));
    ASSERT_EQ(street.deliver(v5_step_with_jane(1)).code, BHP_OK);
    ASSERT_THAT(vendor->meetings().begin()->second.contacts, SizeIs(2));
    const std::size_t before = vendor->requests_count();
    if (request > 0) vendor->fail_at(before + request - 1, {Fault::What::lost, ""});

    const core::PluginAnswer answer = deliver_until_done(street, v5_step(2));

    SCOPED_TRACE("fault at request " + std::to_string(request) + ": " + answer.message);
    if (request == 0) requests_count = vendor->requests_count() - before;
    EXPECT_EQ(answer.code, BHP_OK);
    EXPECT_THAT(answer.message, HasSubstr("taken out of it"));
    EXPECT_THAT(vendor->complaints(), IsEmpty());
    EXPECT_THAT(vendor->contacts(), SizeIs(2));
    ASSERT_THAT(vendor->meetings(), SizeIs(1));
    const CrmMeeting &meeting = vendor->meetings().begin()->second;
    ASSERT_THAT(meeting.contacts, SizeIs(1));
    EXPECT_EQ(vendor->contacts().at(*meeting.contacts.begin()).email, "john@example.com");
  }
  EXPECT_GT(requests_count, 0U);
}

TEST_P(CrmDrivers, when_who_booked_leaves_the_others_have_the_meeting) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));
  ASSERT_EQ(street.deliver(v5_step_with_jane(1)).code, BHP_OK);

  const core::PluginAnswer answer = street.deliver(with_edits(v5_step_with_jane(2), {{john_comes, john_left}}));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_THAT(vendor->complaints(), IsEmpty());
  EXPECT_THAT(vendor->contacts(), SizeIs(2));
  ASSERT_THAT(vendor->meetings(), SizeIs(1));
  const CrmMeeting &meeting = vendor->meetings().begin()->second;
  EXPECT_FALSE(meeting.is_canceled);
  ASSERT_THAT(meeting.contacts, SizeIs(1));
  EXPECT_EQ(vendor->contacts().at(*meeting.contacts.begin()).email, "jane@example.com");
}

TEST_P(CrmDrivers, a_meeting_is_marked_canceled_with_all_who_were_in_it_though_each_of_them_has_canceled) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));
  ASSERT_EQ(street.deliver(v5_step_with_jane(1)).code, BHP_OK);

  const core::PluginAnswer answer = street.deliver(with_edits(v5_step(4), {{john_comes, john_left}}));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_THAT(vendor->complaints(), IsEmpty());
  EXPECT_THAT(vendor->contacts(), SizeIs(2));
  ASSERT_THAT(vendor->meetings(), SizeIs(1));
  EXPECT_TRUE(vendor->meetings().begin()->second.is_canceled);
  EXPECT_THAT(vendor->meetings().begin()->second.contacts, SizeIs(2));
}

TEST_P(CrmDrivers, nobody_who_comes_and_nobody_who_is_known_leaves_nothing) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));

  const core::PluginAnswer answer = street.deliver(with_edits(v5_step(1), {{john_comes, john_left}}));

  EXPECT_EQ(answer.code, BHP_SKIP) << answer.message;
  EXPECT_THAT(answer.message, HasSubstr("everybody in it has canceled"));
  EXPECT_EQ(vendor->requests_count(), 0U);
}

TEST_P(CrmDrivers, hostile_texts_stay_in_their_fields) {
  std::string emoji;
  for (int i = 0; i < 300; ++i) emoji += "\xF0\x9F\x98\x80";
  for (const std::string &text :
       {std::string(R"(=HYPERLINK(\"http://evil.example\",\"x\"))"), std::string("../../etc/passwd"),
        std::string(R"(a\r\nX-Injected: 1)"), std::string(R"(\",\"who\":[],\"x\":\")"), std::string("' OR Email != '"),
        std::string("{{email}}"), std::string("<script>alert(1)</script>"), std::string("\\\\\\\""), emoji,
        std::string(79, 'x') + "\xF0\x9F\x98\x80", std::string(39, 'x') + "\xF0\x9F\x98\x80",
        std::string(254, 'x') + "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", std::string(R"(a\u0000b)")}) {
    const auto vendor = GetParam().make();
    PluginStreet street(options_for(*vendor));
    const std::string address = "a'/../b?c&d=e#%2F%27@example.org";
    SCOPED_TRACE(text.substr(0, 60));

    const core::PluginAnswer answer = street.deliver(with_edits(payload_text(confirmed), {{"Ada  King Lovelace", text},
                                                                                          {"newsletter\"", text + "\""},
                                                                                          {"Zoom", text},
                                                                                          {"Meeting Type 1", text},
                                                                                          {"+44 20 7946 0000", text},
                                                                                          {email, address}}));

    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
    EXPECT_THAT(vendor->complaints(), IsEmpty());
    ASSERT_THAT(vendor->contacts(), SizeIs(1));
    EXPECT_EQ(vendor->contacts().begin()->second.email, address);
    EXPECT_THAT(vendor->meetings(), SizeIs(1));
    // And they are found again by that address.
    PluginStreet another(options_for(*vendor));
    EXPECT_EQ(another
                  .deliver(with_edits(payload_text("legacy_booking_confirmed.json"),
                                      {{email, address}, {"BOOKING_ID", "B2"}}))
                  .code,
              BHP_OK);
    EXPECT_THAT(vendor->contacts(), SizeIs(1));
    EXPECT_THAT(vendor->complaints(), IsEmpty());
  }
}

TEST_P(CrmDrivers, the_health_check_asks_and_leaves_nothing) {
  const auto vendor = GetParam().make();
  PluginStreet street(options_for(*vendor));

  const core::Report report = street.ask(core::Question::What::health);

  ASSERT_THAT(report.answers, SizeIs(1));
  EXPECT_EQ(report.answers[0].code, BHP_OK) << report.answers[0].message;
  EXPECT_GT(vendor->requests_count(), 0U);
  EXPECT_THAT(vendor->contacts(), IsEmpty());
  EXPECT_THAT(vendor->complaints(), IsEmpty());
}

// ---- what only one of them has --------------------------------------------------------------------------------------

TEST(CrmSalesforce, a_session_that_has_ended_is_begun_anew_once_and_unseen) {
  SalesforceVendor vendor;
  PluginStreet street(options_for(vendor));
  ASSERT_EQ(street.deliver(payload_text(confirmed)).code, BHP_OK);
  EXPECT_EQ(vendor.tokens_count(), 1);
  vendor.end_session();

  const core::PluginAnswer answer = street.deliver(payload_text(moved));

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_EQ(vendor.tokens_count(), 2);
  expect_one_of_each(vendor, false);
  expect_untold(street, "s3cr3t");
}

TEST(CrmSalesforce, its_codes_decide_whether_to_wait_to_hold_or_to_give_up) {
  struct Row {
    int status;
    const char *code;
    std::int32_t verdict;
  };
  for (const Row &row : {Row{403, "REQUEST_LIMIT_EXCEEDED", BHP_HOLD}, Row{400, "UNABLE_TO_LOCK_ROW", BHP_RETRY},
                         Row{503, "SERVER_UNAVAILABLE", BHP_RETRY}, Row{400, "DUPLICATES_DETECTED", BHP_FAIL},
                         Row{400, "REQUIRED_FIELD_MISSING", BHP_FAIL}, Row{400, "STRING_TOO_LONG", BHP_FAIL},
                         Row{403, "API_DISABLED_FOR_ORG", BHP_HOLD}}) {
    SalesforceVendor vendor;
    // 0 is the token, 1 the search, 2 the contact.
    vendor.fail_at(2, {Fault::What::answer,
                       http_answer(row.status, R"([{"message":"why","errorCode":")" + std::string(row.code) + "\"}]")});
    PluginStreet street(options_for(vendor));

    const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

    EXPECT_EQ(answer.code, row.verdict) << row.code << ": " << answer.message;
    EXPECT_THAT(answer.message, HasSubstr(row.code));
    EXPECT_THAT(vendor.meetings(), IsEmpty());
  }
}

TEST(CrmSalesforce, several_events_with_one_key_are_a_dead_letter) {
  SalesforceVendor vendor;
  vendor.fail_at(3, {Fault::What::answer, http_answer(300, R"(["/services/data/v60.0/sobjects/Event/00U1"])")});
  PluginStreet street(options_for(vendor));

  const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

  EXPECT_EQ(answer.code, BHP_FAIL) << answer.message;
  EXPECT_THAT(answer.message, HasSubstr("several records"));
}

TEST(CrmSalesforce, wrong_credentials_hold_everything) {
  SalesforceVendor vendor;
  vendor.fail_at(0,
                 {Fault::What::answer,
                  http_answer(400, R"({"error":"invalid_client","error_description":"invalid client credentials"})")});
  PluginStreet street(options_for(vendor));

  const core::PluginAnswer answer = street.deliver(payload_text(confirmed));

  EXPECT_EQ(answer.code, BHP_HOLD) << answer.message;
  EXPECT_THAT(answer.message, HasSubstr("invalid_client"));
}

TEST(CrmPipedrive, a_used_up_day_holds_until_midnight_and_a_short_limit_is_a_retry) {
  for (const auto &[message, code] :
       {std::pair("daily request limit reached", BHP_HOLD), std::pair("too many", BHP_RETRY)}) {
    PipedriveVendor vendor;
    vendor.fail_at(
        0, {Fault::What::answer, http_answer(429, R"({"success":false,"error":")" + std::string(message) + "\"}")});
    PluginStreet street(options_for(vendor));

    EXPECT_EQ(street.deliver(payload_text(confirmed)).code, code) << message;
  }
}

}  // namespace
}  // namespace bellhop::test
