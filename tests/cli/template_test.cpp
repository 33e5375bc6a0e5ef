// SPDX-License-Identifier: Apache-2.0
#include "cli/template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "source/source.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

constexpr Milliseconds now_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

Outcome normalized(const std::string &body) {
  return find_source_kind("appointlet")(Body{"appointlet", body, now_ms, 128});
}

rapidjson::Document parsed(const std::string &text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

// Every path of an object with the JSON type found there: {"object.id": string, …}.
void collect(const rapidjson::Value &value, const std::string &path, std::set<std::string> &out) {
  static constexpr const char *names[] = {"null", "bool", "bool", "object", "array", "string", "number"};
  if (value.IsObject()) {
    for (const auto &one : value.GetObject()) collect(one.value, path + "." + one.name.GetString(), out);
  } else if (value.IsArray()) {
    for (const auto &one : value.GetArray()) collect(one, path + "[]", out);
  } else {
    out.insert(path + ": " + names[value.GetType()]);
  }
}

std::set<std::string> shape_of(const rapidjson::Document &document) {
  std::set<std::string> out;
  collect(document, "", out);
  return out;
}

rapidjson::Document published(const char *name) {
  std::ifstream in(std::filesystem::path(BELLHOP_TEST_DATA) / "payloads" / name, std::ios::binary);
  return parsed({std::istreambuf_iterator<char>(in), {}});
}

class Templates : public testing::TestWithParam<std::string> {};

TEST_P(Templates, every_type_becomes_the_event_that_it_promises) {
  Random random(1);
  for (const std::string &type : template_types(GetParam())) {
    const auto body = sample_body(type, GetParam(), now_ms, random);

    ASSERT_TRUE(body.ok()) << type;
    const Outcome outcome = normalized(*body);
    ASSERT_TRUE(std::holds_alternative<Event>(outcome)) << *body;
    const Event &event = std::get<Event>(outcome);
    EXPECT_EQ(event.type, type) << *body;
    EXPECT_EQ(event.json.find("\"problems\""), std::string::npos) << event.json;
  }
}

INSTANTIATE_TEST_SUITE_P(Dialects, Templates, testing::ValuesIn(dialects));

TEST(Template, every_type_is_in_some_dialect) {
  std::set<std::string> in_dialects;
  for (const std::string &dialect : dialects) {
    for (const std::string &type : template_types(dialect)) in_dialects.insert(type);
  }
  const auto all = template_types();

  EXPECT_EQ(in_dialects, std::set<std::string>(all.begin(), all.end()));
  EXPECT_EQ(all.size(), 25U);
}

TEST(Template, the_legacy_booking_has_the_shape_of_the_published_sample) {
  Random random(1);
  auto ours = shape_of(parsed(*sample_body("booking.confirmed", "legacy", now_ms, random)));
  auto theirs = shape_of(published("legacy_booking_confirmed.json"));

  // Three UTM values are filled in, so that a plugin's columns show something; they are null in the vendor's sample.
  for (const char *name : {"campaign", "source", "medium"}) {
    EXPECT_EQ(ours.erase(std::string(".object.utm_") + name + ": string"), 1U);
    EXPECT_EQ(theirs.erase(std::string(".object.utm_") + name + ": null"), 1U);
  }
  EXPECT_EQ(ours, theirs);
}

TEST(Template, the_v5_meeting_has_the_shape_of_the_published_sample) {
  Random random(1);

  EXPECT_EQ(shape_of(parsed(*sample_body("booking.confirmed", "v5", now_ms, random))),
            shape_of(published("v5_meeting_scheduled.partial.json")));
}

TEST(Template, two_bookings_are_two_bookings) {
  Random random(1);
  const auto first = parsed(*sample_body("booking.confirmed", "legacy", now_ms, random));
  const auto second = parsed(*sample_body("booking.confirmed", "legacy", now_ms, random));

  EXPECT_STRNE(first["object"]["id"].GetString(), second["object"]["id"].GetString());
  EXPECT_NE(first["id"].GetInt64(), second["id"].GetInt64());
  EXPECT_THAT(first["object"]["rel"]["cancel"].GetString(), HasSubstr(first["object"]["id"].GetString()));
}

TEST(Template, a_booking_lies_ahead_and_ends_after_its_duration) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const auto body = parsed(*sample_body("booking.confirmed", "legacy", now_ms, random));
    const std::string start = body["object"]["start"].GetString(), end = body["object"]["end"].GetString();

    EXPECT_GE(start, "2026-01-02T15:00:00Z");
    EXPECT_LE(start, "2026-01-15T22:00:00Z");
    EXPECT_EQ(start.substr(13), ":00:00Z");
    EXPECT_EQ(end, start.substr(0, 13) + ":30:00Z");
    EXPECT_STREQ(body["object"]["date_created"].GetString(), "2026-01-01T00:00:00Z");
  }
}

TEST(Template, a_dialect_without_the_type_says_what_it_has) {
  Random random(1);

  const auto refused = sample_body("attendee.scheduled", "legacy", now_ms, random);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().sentence, HasSubstr("legacy has no attendee.scheduled; it has booking.requested"));
  EXPECT_FALSE(sample_body("meeting_type.created", "v5", now_ms, random).ok());
}

}  // namespace
}  // namespace bellhop::core
