// SPDX-License-Identifier: Apache-2.0
#include "csv.hpp"

#include <gtest/gtest.h>

namespace bellhop_sqlite {
namespace {

std::string cell(std::string_view text, Cells cells = Cells::neutral) {
  std::string row;
  append_cell(row, text, cells, true);
  return row;
}

TEST(SqliteCsv, quotes_what_would_end_a_cell_or_a_row) {
  EXPECT_EQ(cell("plain"), "plain");
  EXPECT_EQ(cell(""), "");
  EXPECT_EQ(cell("a,b"), "\"a,b\"");
  EXPECT_EQ(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(cell("two\r\nlines"), "\"two\r\nlines\"");
  EXPECT_EQ(cell("lone\rCR"), "\"lone\rCR\"");
  EXPECT_EQ(cell(" blank "), "\" blank \"");
  EXPECT_EQ(cell("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(SqliteCsv, lets_no_text_begin_like_a_formula_unless_it_is_asked_for_raw) {
  EXPECT_EQ(cell("=HYPERLINK(\"http://evil.example\",\"x\")"),
            "\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\"");
  EXPECT_EQ(cell("+1.888.555.1212"), "'+1.888.555.1212");
  EXPECT_EQ(cell("-2+3"), "'-2+3");
  EXPECT_EQ(cell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(cell("\t=1"), "\"'\t=1\"");
  EXPECT_EQ(cell("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(cell("\n=1"), "\"'\n=1\"");
  EXPECT_EQ(cell("a=1"), "a=1");
  EXPECT_EQ(cell("+1.888.555.1212", Cells::raw), "+1.888.555.1212");
  EXPECT_EQ(cell("=1,2", Cells::raw), "\"=1,2\"");
}

TEST(SqliteCsv, ends_rows_as_the_rfc_says) {
  std::string row;
  append_cell(row, "a", Cells::neutral, true);
  append_cell(row, "", Cells::neutral);
  append_cell(row, "=b", Cells::neutral);
  end_row(row);

  EXPECT_EQ(row, "a,,'=b\r\n");
}

}  // namespace
}  // namespace bellhop_sqlite
