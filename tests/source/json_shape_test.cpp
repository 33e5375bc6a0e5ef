// SPDX-License-Identifier: Apache-2.0
#include "source/json_shape.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bellhop::core {
namespace {

JsonShape shape_in(const std::string &json, std::size_t depth_max = 128) {
  simdjson::dom::parser parser;
  const auto root = parser.parse(json);
  EXPECT_EQ(root.error(), simdjson::SUCCESS) << json;
  return shape_of(root.value_unsafe(), depth_max);
}

std::string object_of(int keys_count, const std::string &last = "") {
  std::string json = "{";
  for (int i = 0; i < keys_count; ++i)
    json += (i == 0 ? "\"key" : ",\"key") + std::to_string(i) + "\":" + std::to_string(i);
  return json + last + "}";
}

TEST(JsonShape, finds_a_duplicate_in_objects_of_every_size) {
  for (const int keys_count : {1, 2, 8, 63, 64, 65, 200, 5'000}) {
    EXPECT_FALSE(shape_in(object_of(keys_count)).duplicate_key) << keys_count;
    EXPECT_EQ(shape_in(object_of(keys_count, ",\"key0\":1")).duplicate_key, "key0") << keys_count;
  }
}

TEST(JsonShape, compares_decoded_keys) {
  EXPECT_EQ(shape_in(R"({"type":1,"t\u0079pe":2})").duplicate_key, "type");
  EXPECT_EQ(shape_in(R"({"":1,"":2})").duplicate_key, "");
  EXPECT_EQ(shape_in(R"({"a\u0000b":1,"a\u0000b":2})").duplicate_key, std::string("a\0b", 3));
  EXPECT_FALSE(shape_in(R"({"a\u0000b":1,"a\u0000c":2,"a":3,"A":4})").duplicate_key);
}

TEST(JsonShape, looks_into_arrays_and_objects) {
  EXPECT_EQ(shape_in(R"([[{"a":[{"b":1,"b":2}]}]])").duplicate_key, "b");
  EXPECT_FALSE(shape_in(R"({"a":{"a":{"a":[{"a":1},{"a":1}]}},"b":{"a":1}})").duplicate_key);
}

TEST(JsonShape, tells_keys_apart_that_collide_in_the_table) {
  // Equal head, tail and length; the difference is in the middle, which the table's hash does not see.
  EXPECT_FALSE(shape_in(R"({"AAAAAAAA1BBBBBBBB":1,"AAAAAAAA2BBBBBBBB":2,"AAAAAAAA3BBBBBBBB":3})").duplicate_key);
  EXPECT_TRUE(shape_in(R"({"AAAAAAAA1BBBBBBBB":1,"AAAAAAAA2BBBBBBBB":2,"AAAAAAAA1BBBBBBBB":3})").duplicate_key);
}

TEST(JsonShape, counts_the_depth_of_arrays_and_objects) {
  EXPECT_FALSE(shape_in(R"([{"a":[]}])", 3).is_too_deep);
  EXPECT_TRUE(shape_in(R"([{"a":[]}])", 2).is_too_deep);
  EXPECT_TRUE(shape_in(R"({"a":{}})", 1).is_too_deep);
  EXPECT_FALSE(shape_in("1", 0).is_too_deep);
  EXPECT_TRUE(shape_in("[]", 0).is_too_deep);
}

}  // namespace
}  // namespace bellhop::core
