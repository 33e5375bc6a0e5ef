// SPDX-License-Identifier: Apache-2.0
#include "source/json_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "source/json_hint.hpp"
#include "source/reading.hpp"

namespace bellhop::core {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

Rejection rejection_of(std::string_view text, std::size_t depth_max = 128) {
  const JsonText read = read_json_text(text, depth_max);
  EXPECT_TRUE(read.rejection) << text;
  return read.rejection.value_or(Rejection{});
}

std::string rewritten(std::string_view text) {
  const JsonText read = read_json_text(text, 128);
  EXPECT_FALSE(read.rejection) << text << ": " << (read.rejection ? read.rejection->expected : "");
  return read.rewritten;
}

TEST(JsonText, writes_ordinary_json_as_it_is_but_for_the_space) {
  EXPECT_EQ(rewritten(" { \"a\" : [ 1 , -2.5e3 , true , false , null , \"x\\n\\u00e9\" ] , \"b\" : { } } \r\n\t"),
            R"({"a":[1,-2.5e3,true,false,null,"x\n\u00e9"],"b":{}})");
  EXPECT_EQ(rewritten("[]"), "[]");
  EXPECT_EQ(rewritten("7"), "7");
}

TEST(JsonText, drops_a_byte_order_mark_at_the_begin_only) {
  EXPECT_EQ(rewritten("\xEF\xBB\xBF{}"), "{}");
  EXPECT_EQ(rejection_of("{}\xEF\xBB\xBF").offset, 2U);
  EXPECT_THAT(rejection_of("{}\xEF\xBB\xBF").expected, HasSubstr("found U+FEFF"));
}

TEST(JsonText, keeps_all_digits_of_numbers_that_nothing_holds) {
  EXPECT_EQ(rewritten("[18446744073709551615,18446744073709551616,-9223372036854775808,-9223372036854775809]"),
            R"([18446744073709551615,"18446744073709551616",-9223372036854775808,"-9223372036854775809"])");
  EXPECT_EQ(rewritten("[1e308,1e309,-1e400,0e999]"), R"([1e308,"1e309","-1e400",0e999])");
}

TEST(JsonText, replaces_halves_of_surrogate_pairs) {
  EXPECT_EQ(rewritten(R"("\ud83d\ude00")"), R"("\ud83d\ude00")");
  EXPECT_EQ(rewritten(R"("\ud83d")"), "\"\uFFFD\"");
  EXPECT_EQ(rewritten(R"("\ude00x")"), "\"\uFFFDx\"");
  EXPECT_EQ(rewritten(R"("\ud83d\u0041")"), "\"\uFFFD\\u0041\"");
  EXPECT_EQ(rewritten(R"("\ud83d\ud83d\ude00")"), "\"\uFFFD\\ud83d\\ude00\"");
  EXPECT_EQ(rewritten(R"("\ud83d\n")"), "\"\uFFFD\\n\"");
}

TEST(JsonText, notices_where_a_string_is_not_utf8) {
  EXPECT_EQ(read_json_text("[\"ok\",\"\xe9\"]", 128).invalid_utf8_offset, 7U);
  EXPECT_EQ(read_json_text("[\"\xed\xa0\x80\"]", 128).invalid_utf8_offset, 2U);
  EXPECT_EQ(read_json_text("[\"é\"]", 128).invalid_utf8_offset, std::nullopt);
  EXPECT_TRUE(read_json_text("[\"ok\"\xe9]", 128).rejection);
}

TEST(JsonText, counts_the_depth_and_says_the_limit) {
  EXPECT_EQ(rewritten(std::string(128, '[') + std::string(128, ']')).size(), 256U);
  const Rejection rejection = rejection_of(std::string(129, '[') + std::string(129, ']'));
  EXPECT_EQ(rejection.offset, 128U);
  EXPECT_THAT(rejection.expected, HasSubstr("no more than 128 arrays and objects inside each other"));
  EXPECT_TRUE(rejection_of("[]", 0).offset == 0);
  EXPECT_EQ(read_json_text("1", 0).rewritten, "1");
}

struct Mistake {
  std::string text;
  std::size_t line, column;
  std::string expected, hint;  // parts of them
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, are_named_with_their_place) {
  const Mistake &mistake = GetParam();

  const Rejection rejection = rejection_of(mistake.text);

  EXPECT_EQ(rejection.line, mistake.line) << mistake.text;
  EXPECT_EQ(rejection.column, mistake.column) << mistake.text;
  EXPECT_THAT(rejection.expected, HasSubstr(mistake.expected)) << mistake.text;
  EXPECT_THAT(rejection.hint, HasSubstr(mistake.hint)) << mistake.text;
}

INSTANTIATE_TEST_SUITE_P(
    JsonText, Mistakes,
    testing::Values(
        Mistake{"", 1, 1, "a value, found the end of the body", "the body is empty"},
        Mistake{" \n ", 2, 2, "a value, found the end of the body", "the body is blank"},
        Mistake{"{\"a\":1,}", 1, 8, "a key in double quotes after ',', found '}'", "a comma after the last one"},
        Mistake{"[1,\n ]", 2, 2, "a value, found ']'", "a comma after the last one"},
        Mistake{"{\n\u00a0\"a\":1}", 2, 1, "found U+00A0",
                "no-break spaces (U+00A0), as copied from a web page; replace them"},
        Mistake{"{\"é😀\": x}", 1, 8, "a value, found 'x'", ""},
        Mistake{"{'a':1}", 1, 2, "a key in double quotes or '}', found '''", "not in single ones"},
        Mistake{"{“a”:1}", 1, 2, "found U+201C", "typographic"},
        Mistake{"[NaN]", 1, 2, "a value or ']', found 'N'", "NaN is no JSON number"},
        Mistake{"[-Infinity]", 1, 3, "a digit after '-', found 'I'", "Infinity is no JSON number"},
        Mistake{"[True]", 1, 2, "found 'T'", "true"}, Mistake{"[None]", 1, 2, "found 'N'", "null"},
        Mistake{"[tru]", 1, 5, "the word true, found ']'", ""},
        Mistake{"// x\n{}", 1, 1, "a value, found '/'", "no comments"},
        Mistake{"[+1]", 1, 2, "found '+'", "no leading plus"},
        Mistake{"[.5]", 1, 2, "found '.'", "begins with a digit"},
        Mistake{"[01]", 1, 3, "no digit after a leading zero, found '1'", ""},
        Mistake{"[1.]", 1, 4, "a digit after the decimal point, found ']'", ""},
        Mistake{"[1e+]", 1, 5, "a digit in the exponent, found ']'", ""},
        Mistake{"{\"a\" 1}", 1, 6, "':' after a key, found '1'", ""},
        Mistake{"{\"a\":1 \"b\":2}", 1, 8, "',' or '}' after a member, found '\"'", ""},
        Mistake{"[1 2]", 1, 4, "',' or ']' after an element, found '2'", ""},
        Mistake{"{} {}", 1, 4, "nothing after the end of the document, found '{'", ""},
        Mistake{"{}}", 1, 3, "nothing after the end of the document, found '}'", ""},
        Mistake{"[\"a\nb\"]", 1, 4, "no raw control character inside a string, found the end of the line", "\\n"},
        Mistake{"[\"a\tb\"]", 1, 4, "found byte 0x09", "escapes"},
        Mistake{"[\"\\x41\"]", 1, 4, "after a backslash, found 'x'", ""},
        Mistake{"[\"\\u12G4\"]", 1, 7, "four hex digits after \\u, found 'G'", ""},
        Mistake{"{\"a\":\"b", 1, 8, "the closing '\"' of a string, found the end",
                "ends inside a string: it was cut off"},
        Mistake{"{\"a\":[1", 1, 8, "found the end of the body", "2 brackets are still open"},
        Mistake{"[1", 1, 3, "found the end of the body", "1 bracket is still open"},
        Mistake{"{\0\"\0a\0"s, 1, 2, "found byte 0x00", "UTF-16"},
        Mistake{"\xFF\xFE{\0"s, 1, 1, "found byte 0xff", "UTF-16"}, Mistake{"<html>", 1, 1, "found '<'", "HTML"},
        Mistake{"\r\n\r\n  x", 3, 3, "found 'x'", ""}, Mistake{"\xe9x", 1, 1, "found byte 0xe9", ""},
        Mistake{"[ \"\xe9\", x]", 1, 8, "found 'x'", ""}));

TEST(JsonText, counts_the_no_break_spaces_of_the_vendors_help_page) {
  const std::string article = bytes_of(data("appointlet-webhooks-article.txt"));
  const auto begin = article.find('{');
  ASSERT_NE(begin, std::string::npos);

  const Rejection rejection = rejection_of(std::string_view(article).substr(begin));

  EXPECT_EQ(rejection.line, 2U);  // three more stand in the prose before
  EXPECT_EQ(rejection.column, 1U);
  EXPECT_THAT(rejection.hint, HasSubstr("(there are 671)"));
}

// Positions in files that many parsers are tried with.
struct NamedFile {
  const char *file;
  std::size_t line, column;
};

class NamedFiles : public testing::TestWithParam<NamedFile> {};

TEST_P(NamedFiles, are_rejected_at_the_right_place) {
  const Outcome outcome = normalize(bytes_of(data(GetParam().file)));

  const auto *rejection = std::get_if<Rejection>(&outcome);
  ASSERT_NE(rejection, nullptr) << GetParam().file;
  EXPECT_EQ(rejection->line, GetParam().line) << GetParam().file << ": " << rejection->expected;
  EXPECT_EQ(rejection->column, GetParam().column) << GetParam().file << ": " << rejection->expected;
}

#define PARSING(name) "json/JSONTestSuite/test_parsing/" name ".json"
INSTANTIATE_TEST_SUITE_P(
    JsonText, NamedFiles,
    testing::Values(
        NamedFile{PARSING("n_array_1_true_without_comma"), 1, 4},
        NamedFile{PARSING("n_array_colon_instead_of_comma"), 1, 4},
        NamedFile{PARSING("n_array_comma_after_close"), 1, 5}, NamedFile{PARSING("n_array_comma_and_number"), 1, 2},
        NamedFile{PARSING("n_array_double_comma"), 1, 4}, NamedFile{PARSING("n_array_extra_comma"), 1, 5},
        NamedFile{PARSING("n_array_incomplete"), 1, 5}, NamedFile{PARSING("n_array_newlines_unclosed"), 3, 4},
        NamedFile{PARSING("n_array_unclosed_with_new_lines"), 3, 3}, NamedFile{PARSING("n_incomplete_false"), 1, 6},
        NamedFile{PARSING("n_multidigit_number_then_00"), 1, 4}, NamedFile{PARSING("n_number_+1"), 1, 2},
        NamedFile{PARSING("n_number_-01"), 1, 4}, NamedFile{PARSING("n_number_0.e1"), 1, 4},
        NamedFile{PARSING("n_number_NaN"), 1, 2}, NamedFile{PARSING("n_number_hex_1_digit"), 1, 3},
        NamedFile{PARSING("n_object_bad_value"), 1, 10}, NamedFile{PARSING("n_object_missing_colon"), 1, 6},
        NamedFile{PARSING("n_object_trailing_comma"), 1, 9}, NamedFile{PARSING("n_object_trailing_comment"), 1, 10},
        NamedFile{PARSING("n_object_unquoted_key"), 1, 2}, NamedFile{PARSING("n_single_space"), 1, 2},
        NamedFile{PARSING("n_string_unescaped_newline"), 1, 6}, NamedFile{PARSING("n_string_single_quote"), 1, 2},
        NamedFile{PARSING("n_structure_100000_opening_arrays"), 1, 129},
        NamedFile{PARSING("n_structure_no_data"), 1, 1},
        NamedFile{PARSING("n_structure_object_followed_by_closing_object"), 1, 3},
        NamedFile{PARSING("n_structure_unclosed_array_partial_null"), 1, 13},
        NamedFile{PARSING("n_structure_whitespace_U+2060_word_joiner"), 1, 2},
        NamedFile{PARSING("n_structure_UTF8_BOM_no_data"), 1, 1}, NamedFile{"events/deep-100000.json", 1, 129},
        NamedFile{"events/deep-obj-50000.json", 1, 641}, NamedFile{"events/trunc.json", 1, 3021},
        NamedFile{"events/trailing.json", 1, 3028}, NamedFile{"events/utf16.json", 1, 1},
        NamedFile{"events/num-nan.json", 1, 935}));

}  // namespace
}  // namespace bellhop::core
