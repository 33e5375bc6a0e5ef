// SPDX-License-Identifier: Apache-2.0
// crm's requests to HubSpot and Pipedrive before somebody else's judge (npm prism), which holds them against strict
// OpenAPI descriptions: once as a mock, where everybody and everything is there already, and once before vendors of
// ours, where nobody is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crm_life.hpp"
#include "crm_vendor.hpp"
#include "crm_vendor_hubspot.hpp"
#include "running_prism.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test {
namespace {

using namespace interop;

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string confirmed = "legacy_booking_full.assumed.json", moved = "legacy_booking_rescheduled.assumed.json",
                  canceled = "legacy_booking_canceled.assumed.json";
const std::string email = "webhooks+sample@appointlet.com";

struct Wrong {
  const char *why;  // in prism's answer
  int status;
  std::vector<std::string> arguments;
  std::string path;
};

std::vector<std::string> sending(const std::string &method, const std::string &header, const std::string &body) {
  return {"-X", method, "-H", header, "-H", "Content-Type: application/json", "-d", body};
}

struct HubSpotEnd {
  using Vendor = HubSpotVendor;
  inline static const std::string description = "hubspot.yaml", header = "Authorization: Bearer pat-s3cr3t";
  static std::string settings(const std::string &url) {
    return R"({"driver":"hubspot","token":"pat-s3cr3t","url":")" + url +
           R"(","fields":[{"from":"utm.source","to":"hs_analytics_source"}]})";
  }
  static std::vector<std::string> mocked() {
    return {"get /crm/v3/objects/contacts", "get /crm/v3/objects/contacts/webhooks%2Bsample%40appointlet.com",
            "patch /crm/v3/objects/contacts/101", "post /crm/v3/objects/meetings",
            "patch /crm/v3/objects/meetings/201"};
  }
  static std::vector<std::string> lived() {  // 51 and 53 are contacts, 52 is the first meeting
    return {"post /crm/v3/objects/contacts",
            "get /crm/v3/objects/contacts/51",
            "get /crm/v3/objects/contacts/51/associations/meetings",
            "post /crm/v3/objects/meetings/batch/read",
            "post /crm/v3/objects/meetings",
            "patch /crm/v3/objects/meetings/52"};
  }
  static std::vector<std::string> joining_and_leaving() {
    const std::string jane = "/crm/v3/objects/meetings/52/associations/contacts/53/200";
    return {"put " + jane, "delete " + jane};
  }
  static std::string busy() {
    return http_answer(503, R"({"category":"BUSY","message":"later","correlationId":"c0ffee"})");
  }
  static std::vector<Wrong> wrongs() {
    const std::string contacts = "/crm/v3/objects/contacts", one = contacts + "/7",
                      meetings = "/crm/v3/objects/meetings";
    return {{"properties must have required property 'email'", 422,
             sending("POST", header, R"({"properties":{"firstname":"Ada"}})"), contacts},
            {"must be string", 422, sending("PATCH", header, R"({"properties":{"firstname":1}})"), one},
            {"NOT have additional properties", 422, sending("PATCH", header, R"({"properties":{"a":"b"},"x":1})"), one},
            {"required property 'associations'", 422, sending("POST", header, R"({"properties":{}})"), meetings},
            {"HTTP/1.1 401", 401, sending("PATCH", "x-api-token: s3cr3t", R"({"properties":{"a":"b"}})"), one},
            {"limit", 422, {"-H", header}, contacts},
            {"NO_METHOD_MATCHED", 405, {"-X", "DELETE", "-H", header}, one}};
  }
};

struct PipedriveEnd {
  using Vendor = PipedriveVendor;
  inline static const std::string description = "pipedrive.yaml", header = "x-api-token: s3cr3t";
  static std::string settings(const std::string &url) {
    return R"({"driver":"pipedrive","token":"s3cr3t","url":")" + url +
           R"(","fields":[{"from":"utm.source","to":"0123456789abcdef0123456789abcdef01234567"}]})";
  }
  static std::vector<std::string> mocked() {
    return {"get /api/v2/persons",       "get /api/v2/persons/search", "get /api/v2/persons/101",
            "patch /api/v2/persons/101", "post /api/v2/activities",    "patch /api/v2/activities/201"};
  }
  static std::vector<std::string> lived() {
    return {"post /api/v2/persons", "get /api/v2/persons/1", "get /api/v2/activities", "post /api/v2/activities",
            "patch /api/v2/activities/2"};
  }
  static std::vector<std::string> joining_and_leaving() { return {"patch /api/v2/activities/2"}; }
  static std::string busy() { return http_answer(503, R"({"success":false,"error":"later"})"); }
  static std::vector<Wrong> wrongs() {
    const std::string persons = "/api/v2/persons";
    return {{"required property 'emails'", 422, sending("POST", header, R"({"name":"Ada"})"), persons},
            {"NOT have additional properties", 422, sending("PATCH", header, R"({"owner":1})"), persons + "/1"},
            {"must match pattern", 422,
             sending("POST", header,
                     R"({"subject":"a","type":"meeting","due_date":"2030-06-02","due_time":"9:00","duration":"00:30",)"
                     R"("done":false,"note":"bellhop:00000000000000000000000000000000",)"
                     R"("participants":[{"person_id":1,"primary":true}]})"),
             "/api/v2/activities"},
            {"HTTP/1.1 401", 401, sending("PATCH", "Authorization: Bearer s3cr3t", R"({"name":"a"})"), persons + "/1"},
            {"term", 422, {"-H", header}, persons + "/search?fields=email&exact_match=true&limit=1"},
            {"NO_PATH_MATCHED", 404, {"-H", header}, "/v1/persons"}};
  }
};

template <class End>
class CrmPrism : public testing::Test {
 protected:
  void SetUp() override { BELLHOP_NEEDS_NPM(); }
  static StreetOptions options(const RunningPrism &prism) {
    return {BELLHOP_PLUGIN_DIR "/crm.so", End::settings(prism.url())};
  }
};
struct EndName {
  template <class End>
  static std::string GetName(int) {
    return End::description.substr(0, End::description.find('.'));
  }
};
using Ends = testing::Types<HubSpotEnd, PipedriveEnd>;
TYPED_TEST_SUITE(CrmPrism, Ends, EndName);

TYPED_TEST(CrmPrism, the_judge_refuses_what_is_wrong) {
  const RunningPrism prism(TypeParam::description);
  ASSERT_TRUE(prism.is_ready()) << prism.said();

  for (const Wrong &wrong : TypeParam::wrongs()) {
    const std::string answer = prism.ask(wrong.arguments, wrong.path);
    EXPECT_THAT(answer, HasSubstr(wrong.why));
    EXPECT_THAT(answer, testing::EndsWith("\n" + std::to_string(wrong.status))) << wrong.why;
  }

  EXPECT_GE(prism.complaints().size(), TypeParam::wrongs().size());
}

TYPED_TEST(CrmPrism, somebody_known_is_filled_in_and_the_meeting_made_moved_and_canceled) {
  const RunningPrism prism(TypeParam::description);
  ASSERT_TRUE(prism.is_ready()) << prism.said();
  PluginStreet street(this->options(prism));

  const core::Report health = street.ask(core::Question::What::health);
  ASSERT_THAT(health.answers, SizeIs(1));
  EXPECT_EQ(health.answers[0].code, BHP_OK) << health.answers[0].message;
  for (const std::string &file : {confirmed, moved, canceled}) {
    const core::PluginAnswer answer = street.deliver(payload_text(file));
    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  }

  EXPECT_THAT(prism.complaints(), IsEmpty());
  for (const std::string &request : TypeParam::mocked()) EXPECT_TRUE(prism.has_taken(request)) << request;
  EXPECT_THAT(street.kv("result/booking/BOOKING_ID").value_or(""), HasSubstr("meeting 201 canceled"));
}

TYPED_TEST(CrmPrism, nobody_is_there_and_whole_lives_conform_even_where_a_meeting_is_searched_for) {
  typename TypeParam::Vendor vendor;
  const RunningPrism prism(TypeParam::description, vendor.url());
  ASSERT_TRUE(prism.is_ready()) << prism.said();
  PluginStreet street(this->options(prism));

  live(street, legacy_life());
  const std::string second = with_edits(payload_text(confirmed), {{"BOOKING_ID", "B2"}});
  vendor.fail_at(vendor.requests_count() + 1, {Fault::What::answer, TypeParam::busy()});  // the meeting
  const core::PluginAnswer late = street.deliver(second);
  EXPECT_EQ(late.code, BHP_RETRY) << late.message;
  const core::PluginAnswer again = street.deliver(second, {BHP_EV_REDELIVERY, 2});
  EXPECT_EQ(again.code, BHP_OK) << again.message;

  EXPECT_THAT(vendor.meetings(), SizeIs(2));
  EXPECT_THAT(vendor.contacts(), SizeIs(1));
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(prism.complaints(), IsEmpty());
  for (const std::string &request : TypeParam::lived())
    EXPECT_TRUE(prism.has_taken(request)) << request << prism.said();
}

TYPED_TEST(CrmPrism, a_group_meeting_conforms_and_so_does_who_joins_it_later_leaves_and_comes_back) {
  typename TypeParam::Vendor vendor;
  const RunningPrism prism(TypeParam::description, vendor.url());
  ASSERT_TRUE(prism.is_ready()) << prism.said();
  PluginStreet street(this->options(prism));
  // Nobody can be a contact without an address.
  const std::string alone = with_edits(v5_step_with_jane(1), {{"jane@example.com", ""}});

  for (const std::string &event : {alone, v5_step_with_jane(2), v5_step(3), v5_step_with_jane(4)}) {
    const core::PluginAnswer answer = street.deliver(event);
    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  }

  EXPECT_THAT(prism.complaints(), IsEmpty());
  for (const std::string &request : TypeParam::joining_and_leaving()) {
    EXPECT_TRUE(prism.has_taken(request)) << request << prism.said();
  }
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.contacts(), SizeIs(2));
  ASSERT_THAT(vendor.meetings(), SizeIs(1));
  EXPECT_THAT(vendor.meetings().begin()->second.contacts, SizeIs(2));
}

TYPED_TEST(CrmPrism, hostile_texts_conform) {
  typename TypeParam::Vendor vendor;
  const RunningPrism prism(TypeParam::description, vendor.url());
  ASSERT_TRUE(prism.is_ready()) << prism.said();
  PluginStreet street(this->options(prism));
  std::string emoji;
  for (int i = 0; i < 300; ++i) emoji += "\xF0\x9F\x98\x80";
  const std::vector<std::string> texts{R"(=HYPERLINK(\"http://evil.example\",\"x\"))",
                                       "../../etc/passwd",
                                       R"(a\r\nX-Injected: 1)",
                                       R"(\",\"who\":[],\"x\":\")",
                                       "{{email}}",
                                       "<script>alert(1)</script>",
                                       "\\\\\\\"",
                                       emoji,
                                       R"(a\u0000b)"};

  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string number = std::to_string(i), address = "a'/b" + number + "?c&d=e#%2F%27@example.org";
    SCOPED_TRACE(texts[i].substr(0, 60));
    const core::PluginAnswer answer =
        street.deliver(with_edits(payload_text(confirmed), {{"Ada  King Lovelace", texts[i]},
                                                            {"newsletter\"", texts[i] + "\""},
                                                            {"Zoom", texts[i]},
                                                            {"Meeting Type 1", texts[i]},
                                                            {"+44 20 7946 0000", texts[i]},
                                                            {email, address},
                                                            {"BOOKING_ID", "HOSTILE_" + number}}));
    EXPECT_EQ(answer.code, BHP_OK) << answer.message;
  }

  EXPECT_THAT(prism.complaints(), IsEmpty());
  EXPECT_THAT(vendor.complaints(), IsEmpty());
  EXPECT_THAT(vendor.contacts(), SizeIs(texts.size()));
  EXPECT_THAT(vendor.meetings(), SizeIs(texts.size()));
}

}  // namespace
}  // namespace bellhop::test
