// SPDX-License-Identifier: Apache-2.0
// crm with Pipedrive over the life of a booking: real child, real services and egress, and a Pipedrive of our own that
// is strict and fails to order. What counts is what the vendor has in the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crm_life.hpp"
#include "crm_vendor_pipedrive.hpp"

namespace bellhop::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string source_field = "0123456789abcdef0123456789abcdef01234567";

StreetOptions options_for(const PipedriveVendor &vendor) {
  return {BELLHOP_PLUGIN_DIR "/crm.so", R"({"driver":"pipedrive","url":")" + vendor.url() +
                                            R"(","token":"pd-s3cr3t","fields":[{"from":"utm.source","to":")" +
                                            source_field + R"("}]})"};
}

void expect_one_canceled(const PipedriveVendor &vendor, std::size_t people_count) {
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.persons(), SizeIs(people_count));
  ASSERT_THAT(vendor.activities(), SizeIs(1));
  const PipedriveVendor::Activity &activity = vendor.activities().begin()->second;
  EXPECT_EQ(activity.subject.substr(0, 10), "Canceled: ");
  EXPECT_TRUE(activity.is_done);
  EXPECT_EQ(activity.due_date, last_day);
  EXPECT_EQ(activity.duration, "00:30");
  EXPECT_THAT(activity.people, SizeIs(people_count));
}

TEST(CrmPipedrive, a_life_of_the_legacy_dialect_ends_the_same_whatever_request_fails) {
  expect_life_survives<PipedriveVendor>(legacy_life(), all_faults(), options_for, [](const PipedriveVendor &vendor) {
    expect_one_canceled(vendor, 1);
    EXPECT_EQ(vendor.persons().begin()->second.phone, "+44 20 7946 0000");
    EXPECT_EQ(vendor.persons().begin()->second.custom.at(source_field), "newsletter");
  });
}

TEST(CrmPipedrive, a_life_of_the_v5_dialect_ends_the_same_and_everybody_takes_part) {
  expect_life_survives<PipedriveVendor>(v5_life(), lost_answers(), options_for,
                                        [](const PipedriveVendor &vendor) { expect_one_canceled(vendor, 2); });
}

TEST(CrmPipedrive, what_each_error_means) {
  struct Case {
    int status;
    std::string error;
    std::int32_t verdict;
  };
  const std::vector<Case> cases{{401, "unauthorized access", BHP_HOLD},
                                {402, "company account is not open", BHP_HOLD},
                                {403, "Scope and URL mismatch", BHP_HOLD},
                                {429, "request over daily limit", BHP_HOLD},
                                {429, "request over limit", BHP_RETRY},
                                {400, "Bad request", BHP_FAIL},
                                {500, "oops", BHP_RETRY}};
  for (const Case &one : cases) {
    PipedriveVendor vendor;
    vendor.fail_at(1, {Fault::What::answer,  // the new person
                       http_answer(one.status, R"({"success":false,"error":")" + one.error + "\"}")});
    PluginStreet street(options_for(vendor));

    const core::PluginAnswer answer = street.deliver(legacy_life().front());

    EXPECT_EQ(answer.code, one.verdict) << one.error << ": " << answer.message;
    EXPECT_THAT(answer.message, HasSubstr(one.error));
    EXPECT_THAT(vendor.persons(), IsEmpty());
    expect_untold(street, "pd-s3cr3t");
  }
}

TEST(CrmPipedrive, an_activity_that_somebody_removed_is_made_anew) {
  PipedriveVendor vendor;
  PluginStreet street(options_for(vendor));
  const std::vector<std::string> events = legacy_life();
  ASSERT_EQ(street.deliver(events[1]).code, BHP_OK);
  vendor.remove_activities();

  const core::PluginAnswer answer = street.deliver(events[2]);

  EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  EXPECT_THAT(answer.message, HasSubstr("had been removed from the CRM"));
  EXPECT_THAT(vendor.activities(), SizeIs(1));
}

TEST(CrmPipedrive, hostile_texts_stay_in_their_fields_and_within_its_lengths) {
  std::vector<std::string> texts{
      "<!channel>",       "a\r\nX-Injected: 1",         "=HYPERLINK(\"http://evil.example\")",
      "../../etc/passwd", "\",\"owner_id\":1,\"x\":\"", "<script>alert(1)</script>"};
  for (const std::size_t before : {253, 254, 255}) texts.push_back(std::string(before, 'x') + "\xF0\x9F\x98\x80");
  PipedriveVendor vendor;
  PluginStreet street(options_for(vendor));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    SCOPED_TRACE(texts[i]);
    const std::string quoted = json_text(texts[i]), text = quoted.substr(1, quoted.size() - 2);
    const core::PluginAnswer answer = street.deliver(
        with_edits(legacy_life().front(), {{"BOOKING_ID", "B" + std::to_string(i)},
                                           {"webhooks+sample@", "a/../b+" + std::to_string(i) + "&x=%2F#@"},
                                           {"Ada  King Lovelace", text},
                                           {"newsletter\"", text + "\""},
                                           {"\"Zoom\"", "\"" + text + "\""},
                                           {"Meeting Type 1", text},
                                           {"+44 20 7946 0000", text}}));
    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  }
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.persons(), SizeIs(texts.size()));
  ASSERT_THAT(vendor.activities(), SizeIs(texts.size()));
  for (const auto &[id, activity] : vendor.activities()) {
    EXPECT_EQ(activity.note.find("<script"), std::string::npos);
  }
}

TEST(CrmPipedrive, the_health_check_asks_and_leaves_nothing) {
  PipedriveVendor vendor;
  PluginStreet street(options_for(vendor));

  const core::Report report = street.ask(core::Question::What::health);

  ASSERT_THAT(report.answers, SizeIs(1));
  EXPECT_EQ(report.answers[0].code, BHP_OK) << report.answers[0].message;
  EXPECT_EQ(vendor.requests_count(), 1U);
  EXPECT_THAT(vendor.complaints(), IsEmpty());
}

}  // namespace
}  // namespace bellhop::test
