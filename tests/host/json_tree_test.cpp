// SPDX-License-Identifier: Apache-2.0
// The service bellhop.json/1 through its table, as a plugin sees it.
#include "host/json_tree.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace bellhop::core {
namespace {

class Parsed {
 public:
  explicit Parsed(const std::string &text) : root_(json_service()->parse(nullptr, text.data(), text.size())) {}
  ~Parsed() { json_service()->release(nullptr, root_); }
  const bhp_node *root() const { return root_; }
  const bhp_node *at(std::string_view pointer) const {
    return json_service()->find(root_, pointer.data(), pointer.size());
  }
  std::string text(std::string_view pointer) const {
    std::size_t size = 0;
    const char *ptr = json_service()->text(at(pointer), &size);
    EXPECT_EQ(ptr[size], '\0') << pointer;
    return {ptr, size};
  }

 private:
  const bhp_node *root_;
};

TEST(Json, pointers_follow_the_rfc) {
  // The document of RFC 6901 section 5.
  const Parsed json(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");

  EXPECT_EQ(json.text("/foo"), R"(["bar","baz"])");
  EXPECT_EQ(json.text("/foo/0"), "bar");
  EXPECT_EQ(json.text("/"), "0");
  EXPECT_EQ(json.text("/a~1b"), "1");
  EXPECT_EQ(json.text("/c%d"), "2");
  EXPECT_EQ(json.text("/e^f"), "3");
  EXPECT_EQ(json.text("/g|h"), "4");
  EXPECT_EQ(json.text("/i\\j"), "5");
  EXPECT_EQ(json.text("/k\"l"), "6");
  EXPECT_EQ(json.text("/ "), "7");
  EXPECT_EQ(json.text("/m~0n"), "8");
  EXPECT_EQ(json.at(""), json.root());
}

TEST(Json, what_is_not_there_is_null_and_not_a_crash) {
  const Parsed json(R"({"list":[1,2],"text":"x"})");

  for (const char *pointer :
       {"/nope", "/list/2", "/list/01", "/list/-1", "/list/x", "/list/", "/text/0", "text", "/list/0/0"}) {
    EXPECT_EQ(json.at(pointer), nullptr) << pointer;
  }
  EXPECT_EQ(json_service()->type(nullptr), BHP_JSON_NULL);
  EXPECT_EQ(json_service()->size(nullptr), 0U);
  EXPECT_EQ(json_service()->find(nullptr, "/a", 2), nullptr);
  EXPECT_EQ(json_service()->child(nullptr, 0, nullptr, nullptr), nullptr);
  EXPECT_STREQ(json_service()->text(nullptr, nullptr), "null");
  std::int64_t number = 5;
  EXPECT_EQ(json_service()->integer(nullptr, &number), BHP_E_INVALID);
  EXPECT_EQ(number, 5);
  json_service()->release(nullptr, nullptr);
}

TEST(Json, numbers_keep_their_digits) {
  const Parsed json(R"({"price":12.50,"id":123456789012345678901234567890,"neg":-9223372036854775808,
                        "duration":1800.0,"exp":1e3,"half":0.5,"tiny":1e-400,"big":9223372036854775808})");
  const bhp_json_v1 &api = *json_service();
  std::int64_t whole = 0;
  double real = 0;

  EXPECT_EQ(json.text("/price"), "12.50");
  EXPECT_EQ(json.text("/id"), "123456789012345678901234567890");
  EXPECT_EQ(api.integer(json.at("/neg"), &whole), 0);
  EXPECT_EQ(whole, INT64_MIN);
  EXPECT_EQ(api.integer(json.at("/duration"), &whole), 0);
  EXPECT_EQ(whole, 1800);
  EXPECT_EQ(api.integer(json.at("/exp"), &whole), 0);
  EXPECT_EQ(whole, 1000);
  EXPECT_EQ(api.integer(json.at("/half"), &whole), BHP_E_RANGE);
  EXPECT_EQ(api.integer(json.at("/big"), &whole), BHP_E_RANGE);
  EXPECT_EQ(api.integer(json.at("/id"), &whole), BHP_E_RANGE);
  EXPECT_EQ(api.number(json.at("/price"), &real), 0);
  EXPECT_EQ(real, 12.5);
  EXPECT_EQ(api.number(json.at("/tiny"), &real), BHP_E_RANGE);
  EXPECT_EQ(api.number(json.root(), &real), BHP_E_INVALID);
}

TEST(Json, members_and_elements_come_in_their_order) {
  const Parsed json(R"({"b":1,"a":{"x":[true,false,null,"s"]},"b":3})");
  const bhp_json_v1 &api = *json_service();
  const char *key = nullptr;
  std::size_t key_size = 0;

  ASSERT_EQ(api.size(json.root()), 3U);
  const bhp_node *second = api.child(json.root(), 1, &key, &key_size);
  EXPECT_EQ(std::string(key, key_size), "a");
  EXPECT_EQ(api.type(second), BHP_JSON_OBJECT);
  EXPECT_EQ(json.text("/b"), "1");  // of duplicate keys the first
  EXPECT_EQ(api.type(json.at("/a/x/0")), BHP_JSON_BOOL);
  EXPECT_EQ(json.text("/a/x/1"), "false");
  EXPECT_EQ(api.type(json.at("/a/x/2")), BHP_JSON_NULL);
  EXPECT_EQ(api.type(json.at("/a/x/3")), BHP_JSON_STRING);
  EXPECT_EQ(api.child(json.root(), 3, &key, &key_size), nullptr);
  EXPECT_EQ(json.text("/a"), R"({"x":[true,false,null,"s"]})");
}

TEST(Json, escapes_become_utf8) {
  const Parsed json(R"({"t":"\u00fc\n\ud83d\ude00\u0000end"})");

  EXPECT_EQ(json.text("/t"), std::string("\xC3\xBC\n\xF0\x9F\x98\x80\0end", 11));
}

TEST(Json, what_is_no_json_is_refused) {
  const std::string with_zero("{}\0x", 4), zero_only("{}\0", 3);
  for (const std::string &text : {std::string(), std::string("{"), std::string("{}x"), std::string("\"\xE9\""),
                                  std::string("nul"), std::string("[1,]"), std::string("[1e400]"), with_zero, zero_only,
                                  std::string(513, '[') + std::string(513, ']')}) {
    EXPECT_EQ(json_service()->parse(nullptr, text.data(), text.size()), nullptr) << text;
  }
  const Parsed deep(std::string(512, '[') + std::string(512, ']'));
  EXPECT_NE(deep.root(), nullptr);
}

TEST(Json, the_events_document_is_parsed_when_it_is_looked_at) {
  JsonDocument document;
  const std::string first = R"({"a":[1,2,{"b":"c"}]})", second = "not json", third = R"({"z":9})";
  document.assign(first, JsonDocument::Utf8::trusted);
  const bhp_node *root = document.root();

  EXPECT_EQ(json_service()->type(root), BHP_JSON_OBJECT);
  EXPECT_STREQ(json_service()->text(json_service()->find(root, "/a/2/b", 6), nullptr), "c");
  EXPECT_STREQ(json_service()->text(root, nullptr), first.c_str());
  document.assign(second, JsonDocument::Utf8::trusted);
  EXPECT_EQ(json_service()->type(document.root()), BHP_JSON_NULL);
  EXPECT_EQ(json_service()->find(document.root(), "/a", 2), nullptr);
  document.assign(third, JsonDocument::Utf8::trusted);
  EXPECT_STREQ(json_service()->text(json_service()->find(document.root(), "/z", 2), nullptr), "9");
}

TEST(Json, a_large_document_and_a_small_one_share_the_memory) {
  std::string large = "[";
  for (int index = 0; index < 20'000; ++index) large += "{\"n\":" + std::to_string(index) + ",\"t\":\"text\"},";
  large.back() = ']';
  JsonDocument document;

  for (int round = 0; round < 3; ++round) {
    document.assign(large, JsonDocument::Utf8::checked);
    EXPECT_STREQ(json_service()->text(json_service()->find(document.root(), "/19999/n", 8), nullptr), "19999");
    document.assign("[7]", JsonDocument::Utf8::trusted);
    EXPECT_STREQ(json_service()->text(json_service()->find(document.root(), "/0", 2), nullptr), "7");
  }
}

TEST(Json, quote_writes_a_string_or_says_how_much_room_it_needs) {
  const std::string text("a\"b\\c\n\x01\xFF\xC3\xBC/", 11);
  char buffer[64];
  std::size_t size = 0;

  ASSERT_EQ(json_service()->quote(text.data(), text.size(), buffer, sizeof buffer, &size), 0);
  const std::string quoted(buffer, size);
  EXPECT_EQ(quoted, "\"a\\\"b\\\\c\\n\\u0001\xEF\xBF\xBD\xC3\xBC/\"");
  EXPECT_EQ(json_service()->quote(text.data(), text.size(), buffer, quoted.size(), &size), BHP_E_RANGE);
  EXPECT_EQ(size, quoted.size() + 1);
  EXPECT_EQ(json_service()->quote(text.data(), text.size(), buffer, size, &size), 0);
  EXPECT_EQ(json_service()->quote(nullptr, 0, buffer, 3, nullptr), 0);
  EXPECT_STREQ(buffer, "\"\"");
}

TEST(Json, the_vendors_sample_is_read) {
  std::ifstream file(std::string(BELLHOP_TEST_DATA) + "/payloads/legacy_booking_confirmed.json");
  std::ostringstream text;
  text << file.rdbuf();
  const Parsed json(text.str());

  ASSERT_NE(json.root(), nullptr);
  EXPECT_EQ(json.text("/action"), "confirmed");
}

}  // namespace
}  // namespace bellhop::core
