// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "source/reading.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

std::string type_after(const std::string &from, const std::string &to) { return event_of(sample_with(from, to)).type; }
std::string member_after(const std::string &from, const std::string &to, const std::string &pointer) {
  return at(event_of(sample_with(from, to)).json, pointer);
}

TEST(Legacy, reads_the_published_body_to_the_last_member) {
  const Event event = event_of(bytes_of(data("payloads/legacy_booking_confirmed.json")));

  EXPECT_EQ(event.type, "booking.confirmed");
  EXPECT_EQ(event.subject, "booking/BOOKING_ID");
  EXPECT_EQ(event.time_ms, 1'388'534'400'000);
  const std::string api = "https://api.appointlet.com/bookings/BOOKING_ID/";
  EXPECT_EQ(
      event.json,
      "{\"specversion\":\"1.0\",\"id\":\"" + event.id.text() +
          R"(","source":"appointlet/organization/1","type":"booking.confirmed","subject":"booking/BOOKING_ID",)"
          R"("time":"2014-01-01T00:00:00Z","datacontenttype":"application/json","dataschema":"urn:bellhop:event:1",)"
          R"("data":{"vendor":{"name":"appointlet","dialect":"legacy","type":"booking","action":"confirmed","id":"1"},)"
          R"("organization":{"id":"1","name":"Organization 1","language":"en-us"},)"
          R"("booking":{"id":"BOOKING_ID","status":"confirmed","start":"2014-01-01T00:00:00Z",)"
          R"("end":"2014-01-01T00:00:00Z","timezone":"US/Pacific","created":"2017-06-29T20:00:05.810173Z",)"
          R"("url":"https://salon-demo.appointlet.com/booking/BOOKING_ID",)"
          R"("attendee":{"email":"webhooks+sample@appointlet.com","name":"John Smith","first_name":"John",)"
          R"("last_name":"Smith","phone":"+1.888.555.1212"},)"
          R"("host":{"id":"1","name":"Member 1","slug":"member-1","timezone":"US/Pacific"},)"
          R"("meeting_type":{"id":"1","name":"Meeting Type 1","slug":"meeting-type-1","duration_s":1800,)"
          R"("price":{"amount":"0.00","currency":"USD"}},)"
          R"("answers":[{"slug":"first-name","label":"First Name","kind":"CharField","value":"John","text":"John"},)"
          R"({"slug":"last-name","label":"Last Name","kind":"CharField","value":"Smith","text":"Smith"},)"
          R"({"slug":"phone-number","label":"Phone Number","kind":"CharField","value":"+1.888.555.1212",)"
          R"("text":"+1.888.555.1212"}],"payment":{"amount":{"amount":"0.00"},"refunded":{"amount":"0.00"}},)"
          R"("links":{"ics":")" +
          api + R"(ics","google":")" + api + R"(add_to_google_calendar","outlook":")" + api +
          R"(add_to_outlook_calendar","confirm":")" + api + R"(confirm","cancel":")" + api +
          R"(cancel","reschedule":")" + api + R"(reschedule","reassign":")" + api + R"(reassign"}}}})");
}

TEST(Legacy, takes_the_status_from_the_action_before_any_flag) {
  const std::string action = "\"action\": \"confirmed\"", status = "/data/booking/status";
  EXPECT_EQ(member_after("\"confirmed\": true", "\"confirmed\": false", status), "confirmed");
  EXPECT_EQ(member_after(action, "\"action\": \"canceled\"", status), "canceled");
  EXPECT_EQ(member_after(action, "\"action\": \"declined\"", status), "declined");
  EXPECT_EQ(member_after(action, "\"action\": \"requested\"", status), "requested");
}

TEST(Legacy, reads_the_flags_where_the_action_says_nothing_of_the_state) {
  const auto status_of = [](const std::string &flags) {
    return at(event_of(R"({"type":"booking","action":"rescheduled","object":{"id":"1")" + flags + "}}").json,
              "/data/booking/status");
  };
  EXPECT_EQ(status_of(R"(,"confirmed":true,"canceled":false)"), "confirmed");
  EXPECT_EQ(status_of(R"(,"confirmed":false,"canceled":false)"), "requested");
  EXPECT_EQ(status_of(R"(,"confirmed":true,"canceled":true)"), "canceled");
  EXPECT_EQ(status_of(R"(,"confirmed":true)"), "unknown");  // never from confirmed alone
  EXPECT_EQ(status_of(R"(,"canceled":true)"), "canceled");
  EXPECT_EQ(status_of(R"(,"canceled":"yes","confirmed":1)"), "unknown");
  EXPECT_EQ(status_of(""), "unknown");
}

TEST(Legacy, maps_actions_and_passes_unknown_ones_on) {
  const std::string action = "\"action\": \"confirmed\"";
  EXPECT_EQ(type_after(action, "\"action\": \"Cancelled\""), "booking.canceled");
  EXPECT_EQ(type_after(action, "\"action\": \"rescheduled\""), "booking.rescheduled");
  EXPECT_EQ(type_after(action, "\"action\": \"approved\""), "booking.confirmed");
  EXPECT_EQ(type_after(action, "\"action\": \"scheduled\""), "booking.confirmed");
  EXPECT_EQ(type_after(action, "\"action\": \"snoozed\""), "booking.snoozed");
  EXPECT_EQ(type_after(action, "\"action\": \"../confirm\""), "booking.unknown");
  EXPECT_EQ(member_after(action, "\"action\": \"../confirm\"", "/data/vendor/action"), "../confirm");
}

TEST(Legacy, cuts_the_vendors_words_to_what_is_worth_keeping) {
  const std::string word(1'000, 'x');
  const Event event = event_of(sample_with("\"type\": \"booking\"", "\"type\": \"" + word + "\""));

  EXPECT_EQ(event.type, "unknown.unknown");
  EXPECT_EQ(event.subject, "unknown/BOOKING_ID");
  EXPECT_EQ(at(event.json, "/data/vendor/type"), word.substr(0, 256));
  EXPECT_EQ(at(event.json, "/data/object/email"), "webhooks+sample@appointlet.com");
  EXPECT_EQ(at(event.json, "/data/booking"), "(absent)");
}

TEST(Legacy, reads_meeting_types_members_and_fields) {
  const Event service = event_of(bytes_of(data("payloads/legacy_service_deleted.assumed.json")));
  EXPECT_EQ(service.type, "meeting_type.deleted");
  EXPECT_EQ(service.subject, "meeting_type/1");
  EXPECT_EQ(at(service.json, "/data/meeting_type/name"), "Meeting Type 1");

  const Event bookable = event_of(bytes_of(data("payloads/legacy_bookable_updated.assumed.json")));
  EXPECT_EQ(bookable.type, "member.updated");
  EXPECT_EQ(at(bookable.json, "/data/member/timezone"), "US/Pacific");

  const Event field = event_of(bytes_of(data("payloads/legacy_field_updated.assumed.json")));
  EXPECT_EQ(field.type, "field.updated");
  EXPECT_EQ(at(field.json, "/data/object/kwargs/label"), "First Name");
}

TEST(Legacy, gives_a_booking_without_an_id_a_subject_of_its_own) {
  for (const char *id : {"null", "\"\"", "[1]", "{}", "true"}) {
    const Event event = event_of(sample_with("\"id\": \"BOOKING_ID\"", std::string("\"id\": ") + id));
    EXPECT_EQ(event.subject, "event/" + event.id.text()) << id;
    EXPECT_EQ(at(event.json, "/data/booking/id"), "(absent)") << id;
  }
  EXPECT_EQ(event_of(sample_with("\"id\": \"BOOKING_ID\"", "\"id\": 17")).subject, "booking/17");
  EXPECT_EQ(event_of(sample_with("\"id\": \"BOOKING_ID\"", "\"id\": 1.5")).subject, "booking/1.5");
}

TEST(Legacy, names_what_it_could_not_read) {
  const std::string body = sample_with("\"start\": \"2014-01-01T00:00:00Z\"", "\"start\": \"2014-13-45T99:99:99Z\"");
  const Event event = event_of(body);

  EXPECT_EQ(at(event.json, "/data/booking/start"), "(absent)");
  EXPECT_EQ(at(event.json, "/data/booking/end"), "2014-01-01T00:00:00Z");
  EXPECT_EQ(
      at(event.json, "/data/problems"),
      R"([{"pointer":"/object/start","sentence":"\"2014-13-45T99:99:99Z\" is not a time with an offset from UTC; )"
      R"(left out"}])");
}

TEST(Legacy, falls_back_to_the_time_of_receipt_and_says_so) {
  const Event event =
      event_of(sample_with("\"date_created\": \"2014-01-01T00:00:00Z\"", "\"date_created\": 1388534400"));

  EXPECT_EQ(event.time_ms, received_ms);
  EXPECT_EQ(at(event.json, "/time"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(at(event.json, "/data/problems/0/pointer"), "/date_created");
}

TEST(Legacy, rewrites_times_that_are_not_as_the_schema_promises) {
  const std::string start = "\"start\": \"2014-01-01T00:00:00Z\"", pointer = "/data/booking/start";
  EXPECT_EQ(member_after(start, "\"start\": \"2014-01-01 02:00:00.5+0200\"", pointer), "2014-01-01T00:00:00.500Z");
  EXPECT_EQ(member_after(start, "\"start\": \"2014-01-01T02:00:00.123456789+02:00\"", pointer),
            "2014-01-01T02:00:00.123456789+02:00");
}

TEST(Legacy, reads_zones_strictly) {
  const std::string zone = "\"timezone\": \"US/Pacific\",\n    \"email\"", pointer = "/data/booking/timezone";
  const auto with = [&](const std::string &value) {
    return sample_with(zone, "\"timezone\": " + value + ",\n    \"email\"");
  };
  EXPECT_EQ(at(event_of(with("\"AMERICA_INDIANA_INDIANAPOLIS\"")).json, pointer), "America/Indiana/Indianapolis");
  EXPECT_EQ(at(event_of(with("\"UTC+25\"")).json, pointer), "UTC+25");
  for (const char *nothing : {"\"\"", "null"}) {
    EXPECT_EQ(at(event_of(with(nothing)).json, pointer), "(absent)");
    EXPECT_EQ(at(event_of(with(nothing)).json, "/data/problems"), "(absent)");
  }
  const Event traversal = event_of(with("\"../../../etc/passwd\""));
  EXPECT_EQ(at(traversal.json, pointer), "(absent)");
  EXPECT_EQ(at(traversal.json, "/data/problems/0/pointer"), "/object/timezone");
}

TEST(Legacy, reads_money_as_decimal_text) {
  const std::string price = "\"price\": \"0.00\"", pointer = "/data/booking/meeting_type/price";
  EXPECT_EQ(member_after(price, "\"price\": \"1234567890.123\"", pointer),
            R"({"amount":"1234567890.123","currency":"USD"})");
  EXPECT_EQ(member_after(price, "\"price\": 49.5", pointer), R"({"amount":"49.50","currency":"USD"})");
  EXPECT_EQ(member_after(price, "\"price\": 0.1", pointer), R"({"amount":"0.10","currency":"USD"})");
  EXPECT_EQ(member_after(price, "\"price\": 50", pointer), R"({"amount":"50.00","currency":"USD"})");
  EXPECT_EQ(member_after(price, "\"price\": -3.125", pointer), R"({"amount":"-3.125","currency":"USD"})");
  for (const char *odd :
       {"\"free\"", "\"1,50\"", "\"1e3\"", "1e300", "\"\"", "[1]", "true", "\"-\"", "\".5\"", "\"5.\""}) {
    EXPECT_EQ(member_after(price, std::string("\"price\": ") + odd, pointer), "(absent)") << odd;
  }
}

TEST(Legacy, reads_durations_as_whole_seconds) {
  const std::string duration = "\"duration\": 1800.0", pointer = "/data/booking/meeting_type/duration_s";
  EXPECT_EQ(member_after(duration, "\"duration\": 1799.6", pointer), "1800");
  EXPECT_EQ(member_after(duration, "\"duration\": 900", pointer), "900");
  for (const char *odd : {"-1", "1e18", "\"1800\"", "null"}) {
    EXPECT_EQ(member_after(duration, std::string("\"duration\": ") + odd, pointer), "(absent)") << odd;
  }
}

TEST(Legacy, passes_on_only_links_of_the_web) {
  const std::string ics = "\"ics\": \"https://api.appointlet.com/bookings/BOOKING_ID/ics\"",
                    pointer = "/data/booking/links/ics";
  EXPECT_EQ(member_after(ics, "\"ics\": \"http://x/\"", pointer), "http://x/");
  for (const char *odd :
       {"\"javascript:alert(1)\"", "\"file:///etc/passwd\"", "\"//x\"", "\"httpsx://\"", "5", "[\"https://x\"]"}) {
    const Event event = event_of(sample_with(ics, std::string("\"ics\": ") + odd));
    EXPECT_EQ(at(event.json, pointer), "(absent)") << odd;
    EXPECT_EQ(at(event.json, "/data/problems/0/pointer"), "/object/rel/ics") << odd;
  }
  const std::string url = "\"url\": \"https://salon-demo.appointlet.com/booking/BOOKING_ID\"";
  EXPECT_EQ(member_after(url, "\"url\": \"data:text/html,x\"", "/data/booking/url"), "(absent)");
}

TEST(Legacy, lives_without_links) {
  EXPECT_EQ(at(event_of(bytes_of(data("events/rel-null.json"))).json, "/data/booking/links"), "(absent)");
  const Event list = event_of(bytes_of(data("events/rel-list.json")));
  EXPECT_EQ(at(list.json, "/data/booking/links"), "(absent)");
  EXPECT_EQ(at(list.json, "/data/problems/0/sentence"), "is a list, not an object; left out");
}

TEST(Legacy, takes_null_and_empty_and_missing_for_the_same) {
  for (const char *nothing : {"\"utm_source\": \"\"", "\"utm_source\": null", "\"utm_other\": null"}) {
    EXPECT_EQ(member_after("\"utm_source\": null", nothing, "/data/booking/utm"), "(absent)");
  }
  EXPECT_EQ(member_after("\"conference_data\": null", "\"conference_data\": \"\"", "/data/booking/conference"),
            "(absent)");
  EXPECT_EQ(member_after("\"utm_source\": null", "\"utm_source\": \"x\"", "/data/booking/utm"), R"({"source":"x"})");
}

TEST(Legacy, reads_what_only_invented_bodies_have) {
  const Event event = event_of(bytes_of(data("payloads/legacy_booking_full.assumed.json")));

  EXPECT_EQ(at(event.json, "/data/booking/conference"),
            R"({"join_url":"https://zoom.example/j/1","id":9007199254740993})");
  EXPECT_EQ(at(event.json, "/data/booking/conference_provider"), "zoom");
  EXPECT_EQ(at(event.json, "/data/booking/payment"),
            R"({"amount":{"amount":"49.50","currency":"EUR"},"refunded":{"amount":"0.00","currency":"EUR"},)"
            R"("identifier":"ch_1"})");
  EXPECT_EQ(at(event.json, "/data/booking/attendee/first_name"), "Ada");
  EXPECT_EQ(at(event.json, "/data/booking/attendee/last_name"), "King Lovelace");
  EXPECT_EQ(at(event.json, "/data/booking/attendee/phone"), "+44 20 7946 0000");
  EXPECT_EQ(at(event.json, "/data/booking/answers/1"),
            R"({"slug":"topics","label":"Topics","kind":"MultipleChoiceField","value":["Engines","Flowers"],)"
            R"("text":"Engines, Flowers"})");
}

TEST(Legacy, takes_the_organization_from_the_envelope_when_the_object_has_none) {
  const Event event = event_of(R"({"type":"booking","action":"confirmed","organization":"x","object":{"id":1}})");

  EXPECT_EQ(at(event.json, "/source"), "appointlet/organization/x");
  EXPECT_EQ(at(event.json, "/data/organization"), R"({"id":"x"})");
}

TEST(Legacy, reads_envelope_ids_of_any_kind) {
  const auto vendor_id = [](const char *file) { return at(event_of(bytes_of(data(file))).json, "/data/vendor/id"); };
  EXPECT_EQ(vendor_id("events/id-1.json"), "-1");
  EXPECT_EQ(vendor_id("events/id-3.json"), "9007199254740993");
  EXPECT_EQ(vendor_id("events/id-6.json"), "18446744073709551616");
  EXPECT_EQ(vendor_id("events/id-11.json"), "(absent)");
  EXPECT_EQ(vendor_id("events/id-13.json"), "(absent)");
}

TEST(Legacy, lists_no_more_problems_than_a_person_reads) {
  std::string entries;
  for (int i = 0; i < 100; ++i) entries += i == 0 ? "1" : ",1";
  const Event event =
      event_of(R"({"type":"booking","action":"confirmed","object":{"id":1,"fields":[)" + entries + "]}}");

  EXPECT_EQ(at(event.json, "/data/problems/0/pointer"), "/object/fields/0");
  EXPECT_THAT(at(event.json, "/data/problems/31/sentence"), HasSubstr("more problems"));
  EXPECT_EQ(at(event.json, "/data/problems/32"), "(absent)");
}

}  // namespace
}  // namespace bellhop::core
