// SPDX-License-Identifier: Apache-2.0
#include "source/answers.hpp"

#include <gtest/gtest.h>

#include <string>

#include "source/reading.hpp"

namespace bellhop::core {
namespace {

std::string attendee_of(const std::string &fields) {
  return at(event_of(R"({"type":"booking","action":"confirmed","object":{"id":1,"fields":[)" + fields + "]}}").json,
            "/data/booking/attendee");
}
std::string field(const std::string &slug, const std::string &value, const std::string &kind = "CharField",
                  const std::string &label = "") {
  return R"({"field":{"slug":")" + slug + R"(","kind":")" + kind + R"(","kwargs":{"label":")" + label +
         R"("}},"value":)" + value + "}";
}

TEST(Names, are_found_by_slug_with_hyphens_or_underscores) {
  const std::string wanted = R"({"name":"Ada Lovelace","first_name":"Ada","last_name":"Lovelace"})";
  EXPECT_EQ(attendee_of(field("first-name", "\"Ada\"") + "," + field("last-name", "\"Lovelace\"")), wanted);
  EXPECT_EQ(attendee_of(field("first_name", "\"Ada\"") + "," + field("last_name", "\"Lovelace\"")), wanted);
  EXPECT_EQ(attendee_of(field("FirstName", "\"Ada\"") + "," + field("surname", "\"Lovelace\"")), wanted);
}

TEST(Names, are_found_by_label_when_no_slug_says_so) {
  EXPECT_EQ(attendee_of(field("q1", "\"Ada\"", "CharField", "First name:") + "," +
                        field("q2", "\"Lovelace\"", "CharField", "LAST NAME")),
            R"({"name":"Ada Lovelace","first_name":"Ada","last_name":"Lovelace"})");
}

TEST(Names, prefer_the_slug_over_the_label) {
  EXPECT_EQ(attendee_of(field("q1", "\"wrong\"", "CharField", "First name") + "," + field("first-name", "\"right\"")),
            R"({"name":"right","first_name":"right"})");
}

TEST(Names, split_a_full_name_only_when_no_part_is_known) {
  EXPECT_EQ(attendee_of(field("full-name", "\"Ada King Lovelace\"")),
            R"({"name":"Ada King Lovelace","first_name":"Ada","last_name":"King Lovelace"})");
  EXPECT_EQ(attendee_of(field("name", "\"Ada\"")), R"({"name":"Ada","first_name":"Ada"})");
  EXPECT_EQ(attendee_of(field("name", "\"Ada  \"")), R"({"name":"Ada  ","first_name":"Ada"})");
  EXPECT_EQ(attendee_of(field("name", "\" Ada\"")), R"({"name":" Ada","last_name":"Ada"})");
  EXPECT_EQ(attendee_of(field("name", "\"Countess Lovelace\"") + "," + field("first-name", "\"Ada\"")),
            R"({"name":"Countess Lovelace","first_name":"Ada"})");
}

TEST(Names, skip_answers_without_a_text) {
  EXPECT_EQ(
      attendee_of(field("first-name", "null") + "," + field("first_name", "\"\"") + "," + field("fname", "\"Ada\"")),
      R"({"name":"Ada","first_name":"Ada"})");
}

TEST(Phone, is_found_by_slug_kind_or_label) {
  EXPECT_EQ(attendee_of(field("phone-number", "\"1\"")), R"({"phone":"1"})");
  EXPECT_EQ(attendee_of(field("q", "\"1\"", "PhoneNumberField")), R"({"phone":"1"})");
  EXPECT_EQ(attendee_of(field("q", "\"1\"", "CharField", "Telephone")), R"({"phone":"1"})");
  EXPECT_EQ(attendee_of(field("q", "1888555", "CharField", "Mobile number")), R"({"phone":"1888555"})");
  EXPECT_EQ(attendee_of(field("q", "\"1\"", "CharField", "Favourite colour")), "(absent)");
}

TEST(Answers, keep_any_value_and_offer_a_text) {
  const auto answer = [](const std::string &value) {
    const std::string json =
        event_of(R"({"type":"booking","action":"confirmed","object":{"id":1,"fields":[)" + field("q", value) + "]}}")
            .json;
    return at(json, "/data/booking/answers/0/value") + " " + at(json, "/data/booking/answers/0/text");
  };
  EXPECT_EQ(answer("\"x\""), "x x");
  EXPECT_EQ(answer("null"), "null ");
  EXPECT_EQ(answer("true"), "true true");
  EXPECT_EQ(answer("12"), "12 12");
  EXPECT_EQ(answer("[ \"a\", 2, null ]"), "[\"a\",2,null] a, 2, null");
  EXPECT_EQ(answer("{ \"a\": [ 1 ] }"), "{\"a\":[1]} {\"a\":[1]}");
  EXPECT_EQ(answer("18446744073709551616"), "18446744073709551616 18446744073709551616");
}

TEST(Answers, without_a_value_have_null) {
  const Event event =
      event_of(R"({"type":"booking","action":"confirmed","object":{"id":1,"fields":[{"field":{"slug":"q"}}]}})");

  EXPECT_EQ(at(event.json, "/data/booking/answers"), R"([{"slug":"q","value":null,"text":""}])");
}

TEST(Answers, of_wrong_shapes_are_named) {
  const Event event =
      event_of(R"({"type":"booking","action":"confirmed","object":{"id":1,"fields":[7,{"field":3,"value":1}]}})");

  EXPECT_EQ(at(event.json, "/data/booking/answers"), R"([{"value":1,"text":"1"}])");
  EXPECT_EQ(at(event.json, "/data/problems/0/pointer"), "/object/fields/0");
  EXPECT_EQ(at(event.json, "/data/problems/1/pointer"), "/object/fields/1/field");
}

}  // namespace
}  // namespace bellhop::core
