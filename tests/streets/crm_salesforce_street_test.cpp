// SPDX-License-Identifier: Apache-2.0
// crm with Salesforce over the life of a booking: real child, real services and egress, and a Salesforce of our own
// that is strict and fails to order. What counts is what the vendor has in the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crm_life.hpp"
#include "crm_vendor_salesforce.hpp"

namespace bellhop::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

StreetOptions options_for(const SalesforceVendor &vendor) {
  return {BELLHOP_PLUGIN_DIR "/crm.so", R"({"driver":"salesforce","url":")" + vendor.url() +
                                            R"(","salesforce":{"client_id":"app&id","client_secret":"s3cr3t+app="},)" +
                                            R"("fields":[{"from":"utm.source","to":"LeadSource"}]})"};
}

void expect_one_canceled(const SalesforceVendor &vendor, std::size_t people_count) {
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.contacts(), SizeIs(people_count));
  ASSERT_THAT(vendor.events(), SizeIs(1));
  const SalesforceVendor::Values &event = vendor.events().begin()->second;
  EXPECT_EQ(event.at("Subject").substr(0, 10), "Canceled: ");
  EXPECT_EQ(event.at("ShowAs"), "Free");
  EXPECT_EQ(event.at("StartDateTime").substr(0, 10), last_day);
  EXPECT_THAT(vendor.invited(), SizeIs(people_count - 1));
}

TEST(CrmSalesforce, a_life_of_the_legacy_dialect_ends_the_same_whatever_request_fails) {
  expect_life_survives<SalesforceVendor>(legacy_life(), all_faults(), options_for,
                                         [](const SalesforceVendor &vendor) { expect_one_canceled(vendor, 1); });
}

TEST(CrmSalesforce, a_life_of_the_v5_dialect_ends_the_same_and_everybody_is_invited_once) {
  expect_life_survives<SalesforceVendor>(v5_life(), lost_answers(), options_for,
                                         [](const SalesforceVendor &vendor) { expect_one_canceled(vendor, 2); });
}

TEST(CrmSalesforce, a_session_that_ends_at_any_request_is_renewed_once_and_told_nowhere) {
  for (std::size_t request = 1; request < 8; ++request) {
    SCOPED_TRACE(request);
    SalesforceVendor vendor;
    vendor.end_session_at(request);
    PluginStreet street(options_for(vendor));

    EXPECT_THAT(live(street, legacy_life()), SizeIs(5));  // none of them again

    EXPECT_EQ(vendor.tokens_count(), 2U);
    expect_one_canceled(vendor, 1);
    expect_untold(street, "t0k3n");
    expect_untold(street, "s3cr3t");
  }
}

TEST(CrmSalesforce, what_each_error_means) {
  struct Case {
    int status;
    std::string code;
    std::int32_t verdict;
  };
  const std::vector<Case> cases{{403, "REQUEST_LIMIT_EXCEEDED", BHP_HOLD}, {400, "UNABLE_TO_LOCK_ROW", BHP_RETRY},
                                {400, "INVALID_FIELD", BHP_HOLD},          {400, "DUPLICATES_DETECTED", BHP_FAIL},
                                {400, "REQUIRED_FIELD_MISSING", BHP_FAIL}, {503, "SERVER_UNAVAILABLE", BHP_RETRY},
                                {403, "API_DISABLED_FOR_ORG", BHP_HOLD},   {404, "NOT_FOUND", BHP_HOLD}};
  for (const Case &one : cases) {
    SalesforceVendor vendor;
    vendor.fail_at(2, {Fault::What::answer,  // the new contact
                       http_answer(one.status, R"([{"errorCode":")" + one.code + R"(","message":"so it is"}])")});
    PluginStreet street(options_for(vendor));

    const core::PluginAnswer answer = street.deliver(legacy_life().front());

    EXPECT_EQ(answer.code, one.verdict) << one.code << ": " << answer.message;
    EXPECT_THAT(answer.message, HasSubstr(one.code + ": so it is"));
    EXPECT_THAT(vendor.contacts(), IsEmpty());
  }
}

TEST(CrmSalesforce, several_records_with_one_external_id_are_for_somebody_to_look_at) {
  SalesforceVendor vendor;
  vendor.fail_at(3, {Fault::What::answer, http_answer(300, R"(["/services/data/a","/services/data/b"])")});
  PluginStreet street(options_for(vendor));

  const core::PluginAnswer answer = street.deliver(legacy_life().front());

  EXPECT_EQ(answer.code, BHP_FAIL);
  EXPECT_THAT(answer.message, HasSubstr("several records have this external id"));
}

TEST(CrmSalesforce, hostile_texts_stay_in_their_fields_and_within_its_lengths) {
  std::vector<std::string> texts{"<!channel>",       "a\r\nX-Injected: 1", "=HYPERLINK(\"http://evil.example\")",
                                 "../../etc/passwd", "\",\"OwnerId\":\"x", "' OR Email != '"};
  for (const std::size_t limit : {40, 80, 255}) {
    texts.push_back(std::string(limit - 1, 'x') + "\xF0\x9F\x98\x80");
    texts.push_back(std::string(limit - 2, 'x') + "\xF0\x9F\x98\x80");
  }
  SalesforceVendor vendor;
  PluginStreet street(options_for(vendor));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    SCOPED_TRACE(texts[i]);
    const std::string quoted = json_text(texts[i]), text = quoted.substr(1, quoted.size() - 2);
    const core::PluginAnswer answer = street.deliver(
        with_edits(legacy_life().front(), {{"BOOKING_ID", "B" + std::to_string(i)},
                                           {"webhooks+sample@", "o'neil+" + std::to_string(i) + "&x=%2F@"},
                                           {"Ada  King Lovelace", text},
                                           {"newsletter\"", text + "\""},
                                           {"\"Zoom\"", "\"" + text + "\""},
                                           {"Meeting Type 1", text},
                                           {"+44 20 7946 0000", text}}));
    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  }
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.contacts(), SizeIs(texts.size()));
  EXPECT_THAT(vendor.events(), SizeIs(texts.size()));
}

TEST(CrmSalesforce, the_health_check_asks_and_leaves_nothing) {
  SalesforceVendor vendor;
  PluginStreet street(options_for(vendor));

  const core::Report report = street.ask(core::Question::What::health);

  ASSERT_THAT(report.answers, SizeIs(1));
  EXPECT_EQ(report.answers[0].code, BHP_OK) << report.answers[0].message;
  EXPECT_EQ(vendor.requests_count(), 2U);  // a token, and one question
  EXPECT_THAT(vendor.contacts(), IsEmpty());
  EXPECT_THAT(vendor.complaints(), IsEmpty());
}

}  // namespace
}  // namespace bellhop::test
