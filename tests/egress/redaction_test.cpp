// SPDX-License-Identifier: Apache-2.0
#include "egress/redaction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string shown(const std::string &url) { return redacted_url(Url::parse(url).value()); }

TEST(RedactedUrl, keeps_host_and_first_segment_only) {
  EXPECT_EQ(shown("https://hooks.slack.com/services/T00/B00/XXXX"), "https://hooks.slack.com/services/…");
  EXPECT_EQ(shown("https://a.example/one"), "https://a.example/one");
  EXPECT_EQ(shown("https://a.example/one/"), "https://a.example/one/");
  EXPECT_EQ(shown("https://a.example"), "https://a.example/");
  EXPECT_EQ(shown("https://a.example/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/send"), "https://a.example/…");
}

TEST(RedactedUrl, keeps_the_names_of_a_query_and_none_of_its_values) {
  EXPECT_EQ(shown("http://a.example:81/x/y?token=abc&b=&justvalue"), "http://a.example:81/x/…?token=***&b=***&***");
}

TEST(RedactedText, hides_secrets_plain_and_encoded_the_longest_first) {
  EXPECT_EQ(redacted_text("a key=p4ss/w0rd b p4ss%2Fw0rd c p4ss d", {"p4ss", "", "p4ss/w0rd"}),
            "a key=*** b *** c *** d");
}

TEST(RedactedFields, hide_credentials_whatever_they_hold) {
  const HttpFields fields = redacted_fields({{"authorization", "Bearer abc"},
                                             {"X-Api-Token", "abc"},
                                             {"Cookie", "a=b"},
                                             {"Proxy-Authorization", "Basic abc"},
                                             {"X-Note", "has s3cret inside"},
                                             {"Accept", "text/calendar"}},
                                            {"s3cret"});

  EXPECT_EQ(fields, (HttpFields{{"authorization", "***"},
                                {"X-Api-Token", "***"},
                                {"Cookie", "***"},
                                {"Proxy-Authorization", "***"},
                                {"X-Note", "has *** inside"},
                                {"Accept", "text/calendar"}}));
}

TEST(ExchangeJson, has_every_fact) {
  ExchangeFacts facts;
  facts.at_ms = 5;
  facts.took_ms = 7;
  facts.method = "POST";
  facts.url = "https://a.example/x";
  facts.status = 200;
  facts.request_bytes = 1;
  facts.response_bytes = 2;
  facts.sentence = "answered \"200\"";

  EXPECT_EQ(
      exchange_json(facts),
      "{\"at_ms\":5,\"method\":\"POST\",\"url\":\"https://a.example/x\",\"status\":200,\"failure\":\"\",\"took_ms\":7,"
      "\"request_bytes\":1,\"response_bytes\":2,\"sentence\":\"answered \\\"200\\\"\"}");
}

TEST(ExchangeJson, never_exceeds_its_limit_and_never_cuts_a_character) {
  ExchangeFacts facts;
  facts.method = std::string(32, 'M');
  facts.failure = HttpFailure::too_large;
  for (const std::string &piece : {std::string("ä"), std::string("\x01"), std::string("\""), std::string("€")}) {
    facts.url = facts.sentence = "";
    for (int i = 0; i < 4'000; ++i) facts.url += piece, facts.sentence += piece;
    const std::string json = exchange_json(facts);
    EXPECT_LE(json.size(), exchange_bytes_max);
    EXPECT_THAT(json, HasSubstr("\"failure\":\"too_large\""));
    EXPECT_THAT(json, Not(HasSubstr("\xEF\xBF\xBD")));
    EXPECT_EQ(json.back(), '}');
  }
}

}  // namespace
}  // namespace bellhop::core
