// SPDX-License-Identifier: Apache-2.0
#include "source/event_type.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bellhop::core {
namespace {

std::string type_of(std::string_view noun, std::string_view action) { return event_type_of(noun, action).text(); }

TEST(EventType, knows_both_dialects_words_for_the_same_thing) {
  EXPECT_EQ(type_of("booking", "confirmed"), "booking.confirmed");
  EXPECT_EQ(type_of("Meeting", "Cancelled"), "booking.canceled");
  EXPECT_EQ(type_of("service", "created"), "meeting_type.created");
  EXPECT_EQ(type_of("MeetingType", "deleted"), "meeting_type.deleted");
  EXPECT_EQ(type_of("meeting type", "update"), "meeting_type.updated");
  EXPECT_EQ(type_of("bookable", "create"), "member.created");
  EXPECT_EQ(type_of("field", "delete"), "field.deleted");
}

TEST(EventType, takes_every_spelling_of_cancel) {
  for (const char *word : {"cancel", "canceled", "cancelled", "CANCELED", "Cancelation", "cancellation"}) {
    EXPECT_EQ(type_of("booking", word), "booking.canceled") << word;
  }
}

TEST(EventType, takes_verbs_for_what_they_do) {
  EXPECT_EQ(type_of("booking", "reschedule"), "booking.rescheduled");
  EXPECT_EQ(type_of("booking", "Re-Scheduled"), "booking.rescheduled");
  EXPECT_EQ(type_of("booking", "reassign"), "booking.reassigned");
  EXPECT_EQ(type_of("booking", "decline"), "booking.declined");
  EXPECT_EQ(type_of("booking", "tag"), "booking.tagged");
  EXPECT_EQ(type_of("booking", "untag"), "booking.untagged");
  EXPECT_EQ(type_of("booking", "remind"), "booking.reminded");
  EXPECT_EQ(type_of("booking", "request"), "booking.requested");
}

TEST(EventType, passes_unknown_words_on_in_small_letters) {
  EXPECT_EQ(type_of("Organization", "Merged"), "organization.merged");
  EXPECT_EQ(type_of("booking", "deleted"), "booking.deleted");
  EXPECT_EQ(type_of("booking", "no_show"), "booking.no_show");
  EXPECT_EQ(type_of(std::string(64, 'a'), std::string(64, 'b')), std::string(64, 'a') + "." + std::string(64, 'b'));
}

TEST(EventType, calls_unknown_what_is_not_fit_to_be_a_type) {
  EXPECT_EQ(type_of("booking", "../confirm"), "booking.unknown");
  EXPECT_EQ(type_of("booking", std::string("confirmed\0x", 11)), "booking.unknown");
  EXPECT_EQ(type_of("booking", ""), "booking.unknown");
  EXPECT_EQ(type_of("booking", "no-show"), "booking.unknown");
  EXPECT_EQ(type_of("booking", std::string(65, 'b')), "booking.unknown");
  EXPECT_EQ(type_of("booking", "конфирмед"), "booking.unknown");
  EXPECT_EQ(type_of(std::string(1000, 'x'), "confirmed"), "unknown.unknown");
  EXPECT_EQ(type_of("", "confirmed"), "unknown.unknown");
}

TEST(Subject, is_noun_and_id) { EXPECT_EQ(subject_of("booking", "BOOKING_ID"), "booking/BOOKING_ID"); }

TEST(Subject, is_a_digest_when_the_id_is_too_long) {
  const std::string longest(256 - std::string("booking/").size(), 'x');

  EXPECT_EQ(subject_of("booking", longest), "booking/" + longest);
  const std::string subject = subject_of("booking", longest + "x");
  EXPECT_EQ(subject.substr(0, 15), "booking/sha256:");
  EXPECT_EQ(subject.size(), 15U + 64U);
  EXPECT_NE(subject, subject_of("booking", longest + "y"));
}

TEST(Subject, holds_no_control_bytes) {
  EXPECT_EQ(subject_of("booking", "a\nb").substr(0, 15), "booking/sha256:");
  EXPECT_EQ(subject_of("booking", std::string(1, '\0')).substr(0, 15), "booking/sha256:");
  EXPECT_EQ(subject_of("booking", "\x7f").substr(0, 15), "booking/sha256:");
  EXPECT_EQ(subject_of("booking", "é"), "booking/é");
}

}  // namespace
}  // namespace bellhop::core
