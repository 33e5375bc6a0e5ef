// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "source/reading.hpp"

namespace bellhop::core {
namespace {

std::string activity(const std::string &action, const std::string &entity) {
  return R"({"id":1,"type":"Activity","action":")" + action +
         R"(","created_at":"2024-05-29T18:56:43.249804Z","entity":)" + entity + "}";
}

TEST(V5, reads_the_published_part_of_a_meeting) {
  const Event event = event_of(bytes_of(data("payloads/v5_meeting_scheduled.partial.json")));

  EXPECT_EQ(event.type, "booking.confirmed");
  EXPECT_EQ(event.subject, "booking/2751918");
  EXPECT_EQ(event.time_ms, 1'717'009'003'249);
  EXPECT_EQ(
      at(event.json, "/data"),
      R"({"vendor":{"name":"appointlet","dialect":"v5","type":"Activity","action":"Meeting.scheduled",)"
      R"("id":"14224744"},)"
      R"("booking":{"id":"2751918","status":"confirmed","start":"2024-06-03T14:00:00Z","end":"2024-06-03T14:30:00Z",)"
      R"("created":"2024-05-29T18:56:43.192873Z","location":"123 Address Street","location_type":"place",)"
      R"+("meeting_type":{"name":"Example Meeting Type (Group)","location_type":"place"}}})+");
}

TEST(V5, waits_for_approval_only_when_told_so) {
  const auto type_of = [](const std::string &approved) {
    return event_of(activity("Meeting.scheduled", R"({"id":1,"confirmed":false)" + approved + "}")).type;
  };
  EXPECT_EQ(type_of(R"(,"approved":false)"), "booking.requested");
  EXPECT_EQ(type_of(R"(,"approved":true)"), "booking.confirmed");
  EXPECT_EQ(type_of(R"(,"approved":null)"), "booking.confirmed");
  EXPECT_EQ(type_of(""), "booking.confirmed");
}

TEST(V5, gives_meetings_the_types_of_the_legacy_dialect) {
  const auto type_of = [](const std::string &action) { return event_of(activity(action, R"({"id":1})")).type; };
  EXPECT_EQ(type_of("Meeting.Approved"), "booking.confirmed");
  EXPECT_EQ(type_of("Meeting.Cancelled"), "booking.canceled");
  EXPECT_EQ(type_of("Meeting.Declined"), "booking.declined");
  EXPECT_EQ(type_of("Meeting.Rescheduled"), "booking.rescheduled");
  EXPECT_EQ(type_of("Meeting.Tagged"), "booking.tagged");
  EXPECT_EQ(type_of("Meeting.Untagged"), "booking.untagged");
  EXPECT_EQ(type_of("Meeting.no.such"), "booking.unknown");
  EXPECT_EQ(type_of("Invoice.paid"), "invoice.paid");
}

TEST(V5, takes_the_status_from_the_action_then_from_the_flags) {
  const auto status_of = [](const std::string &action, const std::string &flags) {
    return at(event_of(activity(action, R"({"id":1)" + flags + "}")).json, "/data/booking/status");
  };
  EXPECT_EQ(status_of("Meeting.cancelled", R"(,"cancelled":false)"), "canceled");
  EXPECT_EQ(status_of("Meeting.rescheduled", R"(,"cancelled":false,"confirmed":false)"), "confirmed");
  EXPECT_EQ(status_of("Meeting.rescheduled", R"(,"cancelled":true)"), "canceled");
  EXPECT_EQ(status_of("Meeting.tagged", R"(,"approved":false)"), "requested");
  EXPECT_EQ(status_of("Meeting.tagged", ""), "unknown");
}

TEST(V5, never_calls_an_attendees_event_a_booking) {
  for (const char *action : {"scheduled", "approved", "cancelled", "declined", "reminded"}) {
    const Event event = event_of(bytes_of(data(std::string("payloads/v5_attendee_") + action + ".assumed.json")));
    EXPECT_EQ(event.type.substr(0, 9), "attendee.") << action;
    EXPECT_EQ(at(event.json, "/data/attendee/email"), "john@example.com") << action;
  }
  EXPECT_EQ(event_of(activity("Attendee.Cancelled", R"({"id":1})")).type, "attendee.canceled");
}

TEST(V5, keeps_attendees_in_order_with_their_meeting) {
  EXPECT_EQ(event_of(activity("Attendee.scheduled", R"({"id":5,"meeting":7})")).subject, "booking/7");
  EXPECT_EQ(event_of(activity("Attendee.scheduled", R"({"id":5,"meeting_id":"7"})")).subject, "booking/7");
  EXPECT_EQ(event_of(activity("Attendee.scheduled", R"({"id":5,"meeting":{"id":7}})")).subject, "booking/7");
  EXPECT_EQ(event_of(activity("Attendee.scheduled", R"({"id":5})")).subject, "attendee/5");
  const Event event = event_of(activity("Attendee.scheduled", "{}"));
  EXPECT_EQ(event.subject, "event/" + event.id.text());
}

TEST(V5, reads_the_likeliest_names_of_what_nobody_has_published) {
  const Event event = event_of(bytes_of(data("payloads/v5_meeting_full.assumed.json")));

  EXPECT_EQ(at(event.json, "/source"), "appointlet/organization/31");
  EXPECT_EQ(at(event.json, "/data/booking/attendee"),
            R"({"id":"501","email":"john@example.com","name":"John Smith","first_name":"John","last_name":"Smith",)"
            R"("phone":"+18885551212","status":"scheduled","timezone":"US/Pacific"})");
  EXPECT_EQ(at(event.json, "/data/booking/attendees/1"),
            R"({"id":"502","email":"jane@example.com","name":"Jane Doe","first_name":"Jane","last_name":"Doe",)"
            R"("status":"canceled"})");
  EXPECT_EQ(at(event.json, "/data/booking/meeting_type/price"), R"({"amount":"49.50","currency":"USD"})");
  EXPECT_EQ(at(event.json, "/data/booking/host/email"), "member@example.com");
  EXPECT_EQ(at(event.json, "/data/booking/answers/1"),
            R"({"slug":"guests","label":"Guests","kind":"number","value":2,"text":"2"})");
  EXPECT_EQ(at(event.json, "/data/booking/timezone"), "Europe/Isle_of_Man");
}

TEST(V5, takes_hosts_and_types_that_are_given_by_id_alone) {
  const Event event = event_of(activity("Meeting.scheduled", R"({"id":1,"host":12,"meeting_type":"8"})"));

  EXPECT_EQ(at(event.json, "/data/booking/host"), R"({"id":"12"})");
  EXPECT_EQ(at(event.json, "/data/booking/meeting_type"), R"({"id":"8"})");
}

TEST(V5, keeps_the_answers_of_an_attendee_without_a_meeting) {
  const Event event = event_of(bytes_of(data("payloads/v5_attendee_reminded.assumed.json")));

  EXPECT_EQ(at(event.json, "/data/attendee/phone"), "+1 555 0100");
  EXPECT_EQ(at(event.json, "/data/booking/answers/0/text"), "+1 555 0100");
}

TEST(V5, takes_the_noun_from_the_entity_when_the_action_has_none) {
  EXPECT_EQ(event_of(activity("cancelled", R"({"id":1,"type":"Meeting"})")).type, "booking.canceled");
  EXPECT_EQ(event_of(activity("cancelled", R"({"id":1})")).type, "unknown.unknown");
}

TEST(V5, reads_other_things_as_far_as_they_are_known) {
  EXPECT_EQ(at(event_of(activity("MeetingType.updated", R"({"id":8,"name":"x"})")).json, "/data/meeting_type/name"),
            "x");
  EXPECT_EQ(at(event_of(activity("Member.created", R"({"id":8,"name":"x"})")).json, "/data/member/name"), "x");
  EXPECT_EQ(at(event_of(activity("Tag.created", R"({"id":8,"name":"x"})")).json, "/data/object"),
            R"({"id":8,"name":"x"})");
}

TEST(V5, survives_entities_of_wrong_shapes) {
  const Event event = event_of(activity(
      "Meeting.scheduled", R"({"id":[],"attendees":{"a":1},"host":[1],"meeting_type":true,"start":5,"name":["x"],)"
                           R"("organization":[],"rel":"x","fields":7})"));

  EXPECT_EQ(event.type, "booking.confirmed");
  EXPECT_EQ(at(event.json, "/data/booking"), R"({"status":"confirmed"})");
  for (int i = 0; i < 8; ++i) EXPECT_NE(at(event.json, "/data/problems/" + std::to_string(i)), "(absent)") << i;
}

}  // namespace
}  // namespace bellhop::core
