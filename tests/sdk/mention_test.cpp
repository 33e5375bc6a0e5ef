// SPDX-License-Identifier: Apache-2.0
// bellhop/mention.hpp: who is meant by an address. The plugins' rule must be the journal's, or a person forgotten in
// one place stays in the other.
#include <bellhop/mention.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "journal/mention.hpp"

namespace bellhop {
namespace {

TEST(Mention, finds_whole_addresses_in_any_spelling_and_no_longer_ones) {
  const std::string email = "bob@example.org";
  const std::vector<std::pair<std::string, bool>> texts{
      {"bob@example.org", true},
      {"<BOB@Example.ORG>", true},
      {R"({"email":"bob@example.org"})", true},
      {R"({"email":"bob\u0040example.org"})", true},
      {R"({"email":"b\u006fb@example\u002eorg"})", true},
      {R"(first\nbob@example.org)", true},
      {"mailto:bob%40example.org?subject=x", true},
      {"ask bob@example.org.", true},
      {"bob@example.org.uk", false},
      {"bob@example.org-x.net", false},
      {"rob.bob@example.org", false},
      {"x+bob@example.org", false},
      {R"(\u00e9bob@example.org)", true},  // a blank: as the journal sees it
      {"\xC3\xA9"
       "bob@example.org",
       false},
      {"bob at example.org", false},
      {"\\", false},
      {"%", false},
      {"\\u00", false},
      {"", false},
      {"alice@example.org bob@example.org", true},
      {"xbob@example.org bob@example.org", true},
  };

  for (const auto &[text, is_mentioned] : texts) {
    EXPECT_EQ(mentions(text, email), is_mentioned) << text;
    EXPECT_EQ(core::mentions(text, email), is_mentioned) << "the journal's rule: " << text;
  }
}

TEST(Mention, takes_for_an_address_what_the_journal_takes_for_one) {
  for (const std::string text : {"Bob@Example.org", "bob", "@x", "bob@", "a@b@c", "bob @x", "b\"b@x", "b\\@x", ""}) {
    const auto ours = parse_email(text);
    const auto journals = core::parse_email(text);

    ASSERT_EQ(ours.has_value(), journals.ok()) << text;
    if (ours) {
      EXPECT_EQ(*ours, *journals);
    }
  }
  EXPECT_EQ(parse_email("Bob@Example.org"), "bob@example.org");
  EXPECT_FALSE(parse_email(std::string(250, 'x') + "@a.org"));
}

}  // namespace
}  // namespace bellhop
