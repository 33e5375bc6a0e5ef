// SPDX-License-Identifier: Apache-2.0
#include "egress/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "egress/address_guard.hpp"
#include "egress/destination.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;

std::string refusal_of(std::string_view text) {
  const Result<Url> url = Url::parse(text);
  return url ? "" : url.error().sentence;
}

TEST(Url, reads_scheme_host_port_and_target) {
  const Result<Url> url = Url::parse("HTTPS://API.Example.org:8443/v3/contacts?limit=1&after=a%20b");

  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_tls);
  EXPECT_EQ(url->host, "api.example.org");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/v3/contacts?limit=1&after=a%20b");
  EXPECT_EQ(url->scheme_host(), "https://api.example.org:8443");
  EXPECT_FALSE(url->address);
}

TEST(Url, leaves_the_schemes_own_port_out_of_host) {
  EXPECT_EQ(Url::parse("https://a.example/")->authority(), "a.example");
  EXPECT_EQ(Url::parse("https://a.example:443/")->authority(), "a.example");
  EXPECT_EQ(Url::parse("http://a.example:443/")->authority(), "a.example:443");
  EXPECT_EQ(Url::parse("http://[2001:DB8:0::1]:81")->authority(), "[2001:db8::1]:81");
  EXPECT_EQ(Url::parse("http://[2001:db8::1]")->authority(), "[2001:db8::1]");
}

TEST(Url, gives_an_empty_path_a_slash) {
  EXPECT_EQ(Url::parse("http://a.example")->target, "/");
  EXPECT_EQ(Url::parse("http://a.example?q=1")->target, "/?q=1");
}

TEST(Url, knows_an_address_only_in_its_plain_form) {
  EXPECT_TRUE(Url::parse("http://192.0.2.1/")->address);
  for (const char *host : {"0x7f000001", "0177.0.0.1", "127.1", "2130706433", "1.2.3.4.5", "1.2.3.256", "1.2.3.0x4",
                           "01.2.3.4", "a.1", "1.2.3.4."}) {
    SCOPED_TRACE(host);
    EXPECT_NE(refusal_of("http://" + std::string(host) + "/"), "");
  }
}

TEST(Url, says_what_is_wrong_and_never_quotes_the_url) {
  const std::vector<std::pair<std::string, const char *>> table{
      {"", "empty"},
      {"ftp://a.example/SECRET", "https://"},
      {"https:a.example/SECRET", "//"},
      {"https://user:SECRET@a.example/", "user name"},
      {"https://a.example/#SECRET", "#fragment"},
      {"https://a.example/SE CRET", "byte"},
      {"https://a.example/SECRET\r\nHost: b", "byte"},
      {"https://a.example\\@b.example/SECRET", "byte"},
      {"https://a.example/SECRET%0d%0aX: 1", "byte"},
      {"https://a.example/SECRET?u=%0d%0aX", "encoded control byte"},
      {"https://a.example/SECRET%0", "two hex digits"},
      {"https://a.example/SECRET%zz", "two hex digits"},
      {"https://a.example/SECRET/../b", ".. segment"},
      {"https://a.example/SECRET/%2E%2e", ".. segment"},
      {"https://a.example:0/SECRET", "port"},
      {"https://a.example:65536/SECRET", "port"},
      {"https://a.example:/SECRET", "port"},
      {"https://a.example:+1/SECRET", "port"},
      {"https://a.example:080/SECRET", "port"},
      {"https://a..example/SECRET", "plain name"},
      {"https://a.example./SECRET", "plain name"},
      {"https://-a.example/SECRET", "plain name"},
      {"https://a%2eexample/SECRET", "plain name"},
      {"https:///SECRET", "no host"},
      {"https://[::1", "]"},
      {"https://[fe80::1%25lo]/SECRET", "IPv6"},
      {"https://[127.0.0.1]/SECRET", "IPv6"},
      {"https://" + std::string(64, 'a') + ".example/SECRET", "plain name"},
      {"https://a.example/" + std::string(8'000, 'a'), "8000"},
  };
  for (const auto &[text, wanted] : table) {
    SCOPED_TRACE(text.substr(0, 80));
    const std::string sentence = refusal_of(text);
    EXPECT_THAT(sentence, HasSubstr(wanted));
    EXPECT_THAT(sentence, testing::Not(HasSubstr("SECRET")));
  }
}

// The catalogue of hostile links, against the policy of an instance that may fetch from api.appointlet.com. The word
// "refused" covers both ways: the URL itself, or its host. No resolver and no socket is within reach here.
TEST(Url, of_the_hostile_links_only_the_good_one_passes) {
  const Result<EgressPolicy> policy = EgressPolicy::parse({{}, {"api.appointlet.com"}, {}});
  ASSERT_TRUE(policy);
  std::ifstream in(BELLHOP_TEST_DATA "/ssrf/urls.txt");
  int refused_count = 0, passed_count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#' || line.rfind("BEHAVIOUR ", 0) == 0) continue;
    const bool is_good = line.rfind("OK ", 0) == 0;
    std::string text = is_good ? line.substr(3) : line;
    if (text == "(empty string)") text.clear();
    if (text == "(a string of 1 MiB)") text = "https://api.appointlet.com/" + std::string(1 << 20, 'a');
    SCOPED_TRACE(text.substr(0, 100));
    const Result<Url> url = Url::parse(text);
    const bool is_passed = url && policy->trust_of(*url) != Trust::denied;
    EXPECT_EQ(is_passed, is_good);
    ++(is_passed ? passed_count : refused_count);
  }
  EXPECT_EQ(passed_count, 1);
  EXPECT_GT(refused_count, 55);
}

// Even a rule that allows the host does not help an address that is somebody's inside.
TEST(Url, of_the_hostile_links_no_literal_is_global) {
  std::ifstream in(BELLHOP_TEST_DATA "/ssrf/urls.txt");
  int literals_count = 0;
  for (std::string line; std::getline(in, line);) {
    const Result<Url> url = Url::parse(line);
    if (!url || !url->address) continue;
    ++literals_count;
    EXPECT_NE(why_not_global(*url->address), "") << line;
  }
  EXPECT_GT(literals_count, 15);
}

}  // namespace
}  // namespace bellhop::core
