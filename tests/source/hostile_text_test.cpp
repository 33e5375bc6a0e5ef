// SPDX-License-Identifier: Apache-2.0
// Text of strangers goes through byte for byte: escaping for a sink is the sink's business.
#include <gtest/gtest.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>

#include "event/utf8.hpp"
#include "source/reading.hpp"

namespace bellhop::core {
namespace {

std::string as_json(const std::string &text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return buffer.GetString();
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Sequence sequence = utf8_sequence(text, at);
    if (!sequence.is_valid) return false;
    at += sequence.size;
  }
  return true;
}

TEST(HostileText, of_the_injection_bodies_arrives_byte_equal) {
  int files_count = 0;
  for (const auto &file : files_in("events")) {
    if (file.filename().string().rfind("inj-", 0) != 0) continue;
    ++files_count;
    const std::string body = bytes_of(file);
    const Event event = event_of(body);
    // simdjson is not asked: RapidJSON reads the body, too. It refuses lone surrogates; that body has a test of its
    // own.
    rapidjson::Document document;
    document.Parse(body.data(), body.size());
    if (file.filename() == "inj-surrogate.json") {
      EXPECT_EQ(at(event.json, "/data/booking/attendee/first_name"), "\uFFFD");
      EXPECT_EQ(at(event.json, "/data/booking/attendee/email"), "\uFFFD");
      continue;
    }
    ASSERT_FALSE(document.HasParseError()) << file;
    EXPECT_EQ(at(event.json, "/data/booking/attendee/first_name"), at(body, "/object/fields/0/value")) << file;
    EXPECT_EQ(at(event.json, "/data/booking/attendee/email"), at(body, "/object/email")) << file;
    EXPECT_EQ(at(event.json, "/data/booking/meeting_type/name"), at(body, "/object/service/name")) << file;
    EXPECT_EQ(at(event.json, "/data/booking/host/name"), at(body, "/object/bookable/name")) << file;
  }
  EXPECT_GE(files_count, 14);
}

TEST(HostileText, of_the_big_list_arrives_byte_equal_in_every_text_field) {
  rapidjson::Document list;
  const std::string text = bytes_of(data("strings/blns.json"));
  ASSERT_FALSE(list.Parse(text.data(), text.size()).HasParseError());
  ASSERT_GT(list.Size(), 400U);

  for (const rapidjson::Value &entry : list.GetArray()) {
    const std::string naughty(entry.GetString(), entry.GetStringLength());
    if (naughty.empty()) continue;  // absent
    const std::string json = as_json(naughty);
    const Event event = event_of(
        R"({"id":)" + json + R"(,"type":"booking","action":"confirmed","object":{"id":)" + json + R"(,"email":)" +
        json + R"(,"utm_source":)" + json + R"(,"utm_medium":)" + json + R"(,"utm_campaign":)" + json +
        R"(,"utm_term":)" + json + R"(,"utm_content":)" + json + R"(,"conference_provider":)" + json +
        R"(,"payment_identifier":)" + json + R"(,"location":)" + json + R"(,"service":{"name":)" + json +
        R"(,"slug":)" + json + R"(,"description":)" + json + R"(},"bookable":{"name":)" + json + R"(,"slug":)" + json +
        R"(},"organization":{"name":)" + json + R"(},"fields":[{"field":{"slug":)" + json + R"(,"kind":)" + json +
        R"(,"kwargs":{"label":)" + json + R"(}},"value":)" + json + "}]}}");
    EXPECT_TRUE(is_utf8(event.json)) << naughty;
    for (const char *pointer : {"/data/vendor/id",
                                "/data/booking/id",
                                "/data/booking/attendee/email",
                                "/data/booking/utm/source",
                                "/data/booking/utm/medium",
                                "/data/booking/utm/campaign",
                                "/data/booking/utm/term",
                                "/data/booking/utm/content",
                                "/data/booking/conference_provider",
                                "/data/booking/payment/identifier",
                                "/data/booking/location",
                                "/data/booking/meeting_type/name",
                                "/data/booking/meeting_type/slug",
                                "/data/booking/meeting_type/description",
                                "/data/booking/host/name",
                                "/data/booking/host/slug",
                                "/data/organization/name",
                                "/data/booking/answers/0/slug",
                                "/data/booking/answers/0/kind",
                                "/data/booking/answers/0/label",
                                "/data/booking/answers/0/value",
                                "/data/booking/answers/0/text"}) {
      ASSERT_EQ(at(event.json, pointer), naughty) << pointer;
    }
    EXPECT_LE(event.subject.size(), 256U);
  }
}

TEST(HostileText, of_odd_types_and_actions_never_reaches_the_type) {
  rapidjson::Document list;
  const std::string text = bytes_of(data("strings/blns.json"));
  ASSERT_FALSE(list.Parse(text.data(), text.size()).HasParseError());

  for (const rapidjson::Value &entry : list.GetArray()) {
    const std::string json = as_json({entry.GetString(), entry.GetStringLength()});
    const Event event = event_of(R"({"type":)" + json + R"(,"action":)" + json + R"(,"object":{"id":1}})");
    EXPECT_EQ(event.type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."), std::string::npos) << event.type;
    EXPECT_EQ(std::count(event.type.begin(), event.type.end(), '.'), 1) << event.type;
  }
}

}  // namespace
}  // namespace bellhop::core
