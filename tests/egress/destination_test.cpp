// SPDX-License-Identifier: Apache-2.0
#include "egress/destination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

using testing::HasSubstr;

Trust trust(const EgressRules &rules, const std::string &url) {
  const Result<EgressPolicy> policy = EgressPolicy::parse(rules);
  return policy.value().trust_of(Url::parse(url).value());
}

TEST(EgressPolicy, denies_everything_when_nothing_is_said) {
  EXPECT_EQ(trust({}, "https://api.example.org/"), Trust::denied);
}

TEST(EgressPolicy, trusts_a_destination_wholly_but_only_its_host_and_port) {
  const EgressRules rules{{"https://cal.lan:8443/dav/secret", "10.0.0.5:5232", "smtp.example.org"}, {}, {}};

  EXPECT_EQ(trust(rules, "https://cal.lan:8443/other"), Trust::any_address);
  EXPECT_EQ(trust(rules, "http://10.0.0.5:5232/"), Trust::any_address);
  EXPECT_EQ(trust(rules, "https://smtp.example.org/"), Trust::any_address);
  EXPECT_EQ(trust(rules, "https://cal.lan/"), Trust::denied);
  EXPECT_EQ(trust(rules, "http://10.0.0.5/"), Trust::denied);
  EXPECT_EQ(trust(rules, "https://x.cal.lan:8443/"), Trust::denied);
}

TEST(EgressPolicy, an_allow_rule_is_for_https_unless_it_says_http) {
  const EgressRules rules{{}, {"api.example.org", "http://plain.example.org"}, {}};

  EXPECT_EQ(trust(rules, "https://api.example.org/x"), Trust::global_only);
  EXPECT_EQ(trust(rules, "https://API.example.ORG:443/x"), Trust::global_only);
  EXPECT_EQ(trust(rules, "http://api.example.org/x"), Trust::denied);
  EXPECT_EQ(trust(rules, "https://api.example.org:8443/x"), Trust::denied);
  EXPECT_EQ(trust(rules, "http://plain.example.org/"), Trust::global_only);
  EXPECT_EQ(trust(rules, "https://plain.example.org/"), Trust::denied);
}

TEST(EgressPolicy, a_star_stands_for_names_below_and_not_for_lookalikes) {
  const EgressRules rules{{}, {"*.example.org:8443"}, {}};

  EXPECT_EQ(trust(rules, "https://a.example.org:8443/"), Trust::global_only);
  EXPECT_EQ(trust(rules, "https://a.b.example.org:8443/"), Trust::global_only);
  EXPECT_EQ(trust(rules, "https://example.org:8443/"), Trust::denied);
  EXPECT_EQ(trust(rules, "https://evilexample.org:8443/"), Trust::denied);
  EXPECT_EQ(trust(rules, "https://a.example.org.evil.test:8443/"), Trust::denied);
  EXPECT_EQ(trust(rules, "https://a.example.org/"), Trust::denied);
}

TEST(HostPattern, that_cannot_be_meant_is_refused_with_an_example) {
  for (const char *text : {"", "*", "*.", "a.*.org", "https://a.example/path", "a.example:0", "ftp://a.example",
                           "*.10.0.0.1", "user@a.example", "a example", "[::1"}) {
    const Result<HostPattern> pattern = HostPattern::parse(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_THAT(pattern.error().sentence, HasSubstr("\"api.example.org\"")) << text;
  }
}

TEST(EgressPolicy, does_not_quote_a_destination_that_it_cannot_read) {
  const Result<EgressPolicy> policy =
      EgressPolicy::parse({{"https://a.example", "https://b.example/SECRET path"}, {}, {}});

  ASSERT_FALSE(policy);
  EXPECT_THAT(policy.error().sentence, HasSubstr("destination number 2"));
  EXPECT_THAT(policy.error().sentence, testing::Not(HasSubstr("SECRET")));
}

TEST(DeniedSentence, names_the_line_to_add) {
  EXPECT_EQ(denied_sentence("crm", Url::parse("https://api.hubapi.com:443/crm/v3/SECRET").value()),
            "instance crm may not call https://api.hubapi.com; if it should, add to the config: [instance.crm.http] "
            "allow = [\"api.hubapi.com\"]");
  const std::string plain = denied_sentence("crm", Url::parse("http://a.example:81/").value());
  EXPECT_THAT(plain, HasSubstr("allow = [\"http://a.example:81\"]"));
}

TEST(DeniedSentence, does_not_advise_a_line_that_would_not_help) {
  for (const char *url : {"http://127.0.0.1:81/x", "https://10.0.0.7/", "http://[::1]/"}) {
    const std::string sentence = denied_sentence("crm", Url::parse(url).value());
    EXPECT_THAT(sentence, testing::Not(HasSubstr("allow = [")));
    EXPECT_THAT(sentence, HasSubstr("reached only as the destination in the plugin's own settings"));
  }
}

}  // namespace
}  // namespace bellhop::core
