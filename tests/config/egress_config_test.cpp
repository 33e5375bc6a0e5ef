// SPDX-License-Identifier: Apache-2.0
// [egress], [limit.NAME] and [instance.NAME.http].
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/fixture.hpp"
#include "config/units.hpp"

namespace bellhop::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class EgressKeys : public ConfigTest {
 protected:
  std::string errors_with(const std::string &text) const { return errors_of(text + rest); }
  static constexpr char rest[] = "\n[source.a]\ntokens = [\"env:TOKEN_A\"]\n[instance.log]\nplugin = \"sqlite\"\n";
};

TEST_F(EgressKeys, are_read) {
  const Loaded loaded =
      parse(std::string("[egress]\nthreads_max = 4\nconnect_timeout = \"2s\"\nproxy = \"http://proxy:3128\"\n"
                        "proxy_except = [\"*.lan\"]\n[limit.slack]\nrate = \"100/10s\"\nburst = 5\n") +
            rest + "[instance.log.http]\nallow = [\"api.example.org\", \"*.example.org:8443\"]\n");

  ASSERT_EQ(errors(loaded), "");
  EXPECT_EQ(loaded.config.egress.threads_max, 4);
  EXPECT_EQ(loaded.config.egress.connect_timeout_ms, 2'000);
  EXPECT_EQ(loaded.config.egress.proxy, "http://proxy:3128");
  ASSERT_EQ(loaded.config.limits.size(), 1u);
  EXPECT_EQ(loaded.config.limits[0].name, "slack");
  EXPECT_EQ(loaded.config.limits[0].count, 100);
  EXPECT_EQ(loaded.config.limits[0].per_ms, 10'000);
  EXPECT_EQ(loaded.config.limits[0].burst, 5);
  EXPECT_THAT(loaded.config.instances[0].http.allow, ElementsAre("api.example.org", "*.example.org:8443"));
}

TEST_F(EgressKeys, refuse_a_limit_without_a_rate_or_with_one_that_is_none) {
  EXPECT_THAT(errors_with("[limit.slack]\nburst = 1"),
              HasSubstr("1:8: [limit.slack] has no rate; add e.g. rate = \"1/s\""));
  EXPECT_THAT(errors_with("[limit.slack]\nrate = \"often\""),
              HasSubstr("2:8: rate in [limit.slack]: \"often\" is not a rate; write a count, a slash and a time"));
  EXPECT_THAT(errors_with("[limit.Slack]\nrate = \"1/s\""), HasSubstr("the limit name \"Slack\" must be"));
  EXPECT_THAT(errors_with("[limit.slack]\nrate = \"1/s\"\nbrust = 2"), HasSubstr("did you mean \"burst\"?"));
}

TEST_F(EgressKeys, refuse_patterns_and_a_proxy_that_cannot_be_meant) {
  EXPECT_THAT(
      errors_of(std::string(rest) + "[instance.log.http]\nallow = [\"good.example\", \"https://a.example/path\"]\n"),
      HasSubstr("7:26: allow in [instance.log.http]: \"https://a.example/path\" is more than a host and a port"));
  EXPECT_THAT(errors_with("[egress]\nproxy_except = [\"*\"]"), HasSubstr("2:17: proxy_except in [egress]: \"*\""));
  for (const char *bad : {"proxy:3128", "https://proxy:3128", "http://proxy:3128/x", "http://user:pw@proxy:3128"}) {
    EXPECT_THAT(errors_with("[egress]\nproxy = \"" + std::string(bad) + "\""),
                HasSubstr("2:1: proxy in [egress] must have the form"));
  }
  EXPECT_THAT(errors_with("[egress]\nca_file = \"ca.pem\""),
              HasSubstr("2:1: ca_file in [egress] must be an absolute path"));
}

TEST_F(EgressKeys, refuse_times_that_contradict_each_other) {
  EXPECT_THAT(errors_with("[egress]\nfirst_byte_timeout = \"40s\""),
              HasSubstr("2:1: first_byte_timeout in [egress] is 40s, longer than total_timeout in [egress], 30s (its "
                        "default)"));
  EXPECT_THAT(errors_with("[egress]\ntotal_timeout = \"4s\"\ntls_timeout = \"5s\"\nconnect_timeout = \"6s\""),
              testing::AllOf(HasSubstr("3:1: tls_timeout in [egress] is 5s"), HasSubstr("4:1: connect_timeout in")));
  EXPECT_EQ(errors_of(std::string(rest) + "deadline = \"10s\"\n"), "") << "a request has what is left of the deadline";
  EXPECT_EQ(errors_with("[egress]\ntotal_timeout = \"4s\""), "") << "the parts are defaults that nobody meant";
}

TEST(Rate, is_a_count_a_slash_and_a_time) {
  EXPECT_EQ(parse_rate("1/s")->per_ms, 1'000);
  EXPECT_EQ(parse_rate("100/10s")->count, 100);
  EXPECT_EQ(parse_rate("100/10s")->per_ms, 10'000);
  EXPECT_EQ(parse_rate("50/m")->per_ms, 60'000);
  EXPECT_EQ(parse_rate("1/d")->per_ms, 86'400'000);
  for (const char *bad :
       {"", "1", "/s", "1/", "0/s", "-1/s", "1/0s", "1/2d", "1.5/s", "1/s/s", "1000001/s", "1 /s", "x/s"}) {
    EXPECT_FALSE(parse_rate(bad)) << bad;
  }
}

}  // namespace
}  // namespace bellhop::core
