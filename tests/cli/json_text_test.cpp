// SPDX-License-Identifier: Apache-2.0
#include "cli/json_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace bellhop::core {
namespace {

using testing::HasSubstr;

const std::string nbsp = "\xc2\xa0";

TEST(JsonText, indenting_changes_nothing_but_white_space) {
  EXPECT_EQ(indent_json(R"({"a":1800.0,"b":[],"c":{},"d":[1,"x{,\"y"]})"),
            "{\n  \"a\": 1800.0,\n  \"b\": [],\n  \"c\": {},\n  \"d\": [\n    1,\n    \"x{,\\\"y\"\n  ]\n}");
  EXPECT_EQ(indent_json("{ \"a\" :\n 1 }"), "{\n  \"a\": 1\n}");
  EXPECT_EQ(indent_json("[\"a\"]"), "[\n  \"a\"\n]");
  EXPECT_EQ(indent_json("7"), "7");
}

TEST(JsonText, a_position_counts_lines_and_code_points) {
  const std::string text = "ab\n" + nbsp + nbsp + "x";

  EXPECT_EQ(position_of(text, 0).column, 1U);
  EXPECT_EQ(position_of(text, 3).line, 2U);
  EXPECT_EQ(position_of(text, 7).column, 3U);
  EXPECT_EQ(position_of(text, 1000).line, 2U);
}

TEST(JsonText, stray_spaces_are_found_outside_of_strings_only) {
  const std::string text = "{\n" + nbsp + nbsp + "\"a\": \"x" + nbsp + "\\\"" + nbsp + "y\"" + nbsp + "}";

  const StraySpaces found = find_stray_spaces(text);

  EXPECT_EQ(found.count, 3U);
  EXPECT_EQ(found.first, 2U);
  EXPECT_EQ(repair_stray_spaces(text), "{\n  \"a\": \"x" + nbsp + "\\\"" + nbsp + "y\" }");
  EXPECT_EQ(find_stray_spaces("{}").count, 0U);
}

TEST(JsonText, the_vendors_own_page_has_674_of_them) {
  std::ifstream in(std::filesystem::path(BELLHOP_TEST_DATA) / "appointlet-webhooks-article.txt", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  std::string sample = page.substr(page.find("{\n"));
  sample.resize(sample.rfind('}') + 1);

  ASSERT_GT(find_stray_spaces(sample).count, 600U);
  EXPECT_EQ(find_stray_spaces(repair_stray_spaces(sample)).count, 0U);
}

TEST(JsonText, members_are_set_by_pointer_as_json_or_as_text) {
  const std::string body = R"({"object":{"email":"a","list":[1,2]},"big":1800.0})";

  EXPECT_EQ(*set_members(body, {"/object/email=b@c.example", "/object/list/1=true", "/object/new={\"x\":null}"}),
            R"({"object":{"email":"b@c.example","list":[1,true],"new":{"x":null}},"big":1800.0})");
  EXPECT_EQ(*set_members(body, {"/big=\"7\""}), R"({"object":{"email":"a","list":[1,2]},"big":"7"})");
  EXPECT_EQ(*set_members(body, {"/big=a=b"}), R"({"object":{"email":"a","list":[1,2]},"big":"a=b"})");
  EXPECT_EQ(*set_members(body, {"=[1]"}), "[1]");
  EXPECT_EQ(*set_members("not json", {}), "not json");
}

TEST(JsonText, a_pointer_that_leads_nowhere_is_refused) {
  const std::string body = R"({"object":{"email":"a"}})";

  EXPECT_THAT(set_members(body, {"/objet/email=b"}).error().sentence, HasSubstr("there is no /objet in the body"));
  EXPECT_THAT(set_members(body, {"/object/email/x=b"}).error().sentence, HasSubstr("there is no /object/email"));
  EXPECT_THAT(set_members(body, {"object=b"}).error().sentence, HasSubstr("is no JSON pointer"));
  EXPECT_THAT(set_members(body, {"/object"}).error().sentence, HasSubstr("want POINTER=VALUE"));
  EXPECT_THAT(set_members("[", {"/0=1"}).error().sentence, HasSubstr("needs a body that is JSON"));
}

}  // namespace
}  // namespace bellhop::core
