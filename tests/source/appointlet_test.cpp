// SPDX-License-Identifier: Apache-2.0
// Families, ids, the test flag, and every body of tests/data with the outcome that its index demands.
#include "source/appointlet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "source/reading.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

TEST(Ping, is_an_event_of_its_own_each_time) {
  const std::string body = R"({"test":true})";

  const Event first = event_of(body);
  Outcome second = find_source_kind("appointlet")(Body{"web", body, received_ms + 1, 128});

  EXPECT_EQ(first.type, "ping");
  EXPECT_EQ(first.subject, "event/" + first.id.text());
  EXPECT_EQ(first.time_ms, received_ms);
  EXPECT_TRUE(first.is_test);
  EXPECT_EQ(at(first.json, "/data"), R"({"vendor":{"name":"appointlet","dialect":"ping"}})");
  EXPECT_NE(std::get<Event>(second).id, first.id);
}

TEST(Ping, may_carry_members_that_are_no_envelope) {
  EXPECT_EQ(event_of(R"({"test":true,"sent_by":"settings page"})").type, "ping");
  EXPECT_THAT(quarantine_reason(R"({"test":false})"), HasSubstr("\"type\""));
  EXPECT_THAT(quarantine_reason(R"({"test":"true"})"), HasSubstr("\"type\""));
  EXPECT_THAT(quarantine_reason(R"({"test":true,"type":"booking"})"), HasSubstr("\"action\""));
}

TEST(TestFlag, beside_a_full_envelope_marks_the_event_and_changes_nothing_else) {
  const Event plain = event_of(bytes_of(data("events/base.json")));
  const Event flagged = event_of(bytes_of(data("events/test-plus-booking.json")));

  EXPECT_FALSE(plain.is_test);
  EXPECT_TRUE(flagged.is_test);
  EXPECT_EQ(flagged.type, "booking.confirmed");
  EXPECT_EQ(at(flagged.json, "/test"), "true");
  EXPECT_EQ(at(plain.json, "/test"), "(absent)");
  EXPECT_EQ(at(flagged.json, "/data"), at(plain.json, "/data"));
}

TEST(Identity, is_that_of_the_bytes_and_the_source) {
  const std::string body = bytes_of(data("payloads/legacy_booking_confirmed.json"));
  Outcome elsewhere = find_source_kind("appointlet")(Body{"other", body, received_ms, 128});
  Outcome later = find_source_kind("appointlet")(Body{"web", body, received_ms + 1, 128});

  EXPECT_EQ(event_of(body).id, EventId::of("web", body));
  EXPECT_EQ(std::get<Event>(later).id, event_of(body).id);
  EXPECT_NE(std::get<Event>(elsewhere).id, event_of(body).id);
  EXPECT_NE(event_of(body + "\n").id, event_of(body).id);
}

TEST(Identity, of_quarantined_bodies_is_that_of_the_bytes_too) {
  const Outcome outcome = normalize("[]");

  EXPECT_EQ(std::get<Quarantine>(outcome).id, EventId::of("web", "[]"));
}

TEST(Families, that_are_not_known_are_quarantined_with_the_reason) {
  EXPECT_THAT(quarantine_reason("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(quarantine_reason("\"text\""), HasSubstr("no JSON object"));
  EXPECT_THAT(quarantine_reason("12"), HasSubstr("no JSON object"));
  EXPECT_THAT(quarantine_reason("null"), HasSubstr("no JSON object"));
  EXPECT_THAT(quarantine_reason("{}"), HasSubstr("\"type\" is missing"));
  EXPECT_THAT(quarantine_reason(R"({"type":1,"action":"a","object":{}})"), HasSubstr("\"type\""));
  EXPECT_THAT(quarantine_reason(R"({"type":"booking","action":null,"object":{}})"), HasSubstr("\"action\""));
  EXPECT_THAT(quarantine_reason(R"({"type":"booking","action":"confirmed","object":[]})"), HasSubstr("\"object\""));
  EXPECT_THAT(quarantine_reason(R"({"type":"Activity","action":"Meeting.scheduled","entity":null})"),
              HasSubstr("\"entity\""));
}

TEST(Quarantine, takes_bytes_that_are_not_utf8_in_strings_and_says_where) {
  EXPECT_THAT(quarantine_reason("{\"type\":\"booking\",\n\"action\":\"\xe9\"}"),
              HasSubstr("not UTF-8, in line 2, column 11"));
}

TEST(Quarantine, takes_duplicate_keys_at_any_depth) {
  EXPECT_THAT(quarantine_reason(sample_with("\"meta\": {}", "\"meta\": [{\"x\": {\"y\": 1, \"z\": 2, \"y\": 1}}]")),
              HasSubstr("the key \"y\" occurs twice in one object"));
  EXPECT_THAT(quarantine_reason(bytes_of(data("events/dup-key-unicode.json"))), HasSubstr("occurs twice"));
  EXPECT_EQ(event_of(sample_with("\"meta\": {}", "\"meta\": [{\"y\": 1}, {\"y\": 1}]")).type, "booking.confirmed");
}

TEST(Depth, is_limited_and_the_answer_says_so) {
  const auto nested = [](std::size_t levels) {
    return sample_with("\"meta\": {}", "\"meta\": " + std::string(levels, '[') + std::string(levels, ']'));
  };

  EXPECT_EQ(name_of(normalize(nested(127))), "accept");  // the root is one
  const Outcome outcome = normalize(nested(128));
  ASSERT_EQ(name_of(outcome), "reject");
  EXPECT_THAT(std::get<Rejection>(outcome).expected, HasSubstr("no more than 128"));
  EXPECT_EQ(name_of(normalize("[[]]", 2)), "quarantine");
  EXPECT_EQ(name_of(normalize("[[]]", 1)), "reject");
}

TEST(Depth, has_an_upper_bound_whatever_the_configuration_says) {
  EXPECT_EQ(name_of(normalize(std::string(100'000, '[') + std::string(100'000, ']'), 1'000'000)), "reject");
  EXPECT_EQ(name_of(normalize(std::string(1'000, '[') + std::string(1'000, ']'), 1'000'000)), "quarantine");
}

TEST(Wide, numbers_and_lone_surrogates_and_a_byte_order_mark_are_accepted) {
  const Event event =
      event_of("\xEF\xBB\xBF" + sample_with("\"id\": 1,\n  \"type\"", "\"id\": 18446744073709551616,\n  \"type\""));
  EXPECT_EQ(at(event.json, "/data/vendor/id"), "18446744073709551616");

  const Event lone = event_of(sample_with("\"John\"", R"("Jo\ud83d")"));
  EXPECT_EQ(at(lone.json, "/data/booking/attendee/first_name"), "Jo\uFFFD");
  EXPECT_EQ(at(event_of(sample_with("\"John\"", R"("\ud83d\ude00")")).json, "/data/booking/attendee/first_name"), "😀");
}

TEST(Data, has_the_outcome_that_the_index_demands) {
  rapidjson::Document index;
  const std::string text = bytes_of(data("events/index.json"));
  ASSERT_FALSE(index.Parse(text.c_str()).HasParseError());
  ASSERT_GT(index.Size(), 70U);

  for (const rapidjson::Value &entry : index.GetArray()) {
    const std::string body = bytes_of(data(std::string("events/") + entry["file"].GetString() + ".json"));
    EXPECT_EQ(body.size(), entry["bytes"].GetUint64());
    EXPECT_EQ(name_of(normalize(body)), entry["want"].GetString())
        << entry["file"].GetString() << ": " << entry["why"].GetString();
  }
}

TEST(Data, of_the_parsing_suite_is_judged_as_its_names_say) {
  std::map<char, int> counts;
  for (const auto &file : files_in("json/JSONTestSuite/test_parsing")) {
    const std::string outcome = name_of(normalize(bytes_of(file)));
    const char kind = file.filename().string()[0];
    ++counts[kind];
    if (kind == 'i') continue;  // either is right, as long as nothing breaks
    EXPECT_EQ(outcome == "reject", kind == 'n') << file.filename();
  }
  EXPECT_GT(counts['n'], 180);
  EXPECT_GT(counts['y'], 90);
  EXPECT_GT(counts['i'], 30);
}

TEST(Data, of_the_transform_suite_is_judged_without_harm) {
  for (const auto &file : files_in("json/JSONTestSuite/test_transform")) {
    EXPECT_NE(name_of(normalize(bytes_of(file))), "accept") << file.filename();
  }
}

TEST(Data, payloads_are_all_events) {
  for (const auto &file : files_in("payloads"))
    EXPECT_EQ(name_of(normalize(bytes_of(file))), "accept") << file.filename();
}

}  // namespace
}  // namespace bellhop::core
