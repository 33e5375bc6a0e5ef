// SPDX-License-Identifier: Apache-2.0
// See csv.hpp.
#include "csv.hpp"

namespace bellhop_sqlite {

namespace {

// TAB, CR and LF are skipped by some spreadsheets, so that what follows would be the beginning.
//   source  OWASP, "CSV Injection"
bool may_be_formula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r\n").find(text[0]) != std::string_view::npos;
}

// A lone CR too: readers differ about whether it ends a row.
bool wants_quotes(std::string_view text) {
  return text.find_first_of("\",\r\n;\t") != std::string_view::npos ||
         (!text.empty() && (text.front() == ' ' || text.back() == ' '));
}

}  // namespace

void append_cell(std::string &row, std::string_view text, Cells cells, bool is_first) {
  if (!is_first) row += ',';
  const bool is_quoted = wants_quotes(text);
  if (is_quoted) row += '"';
  if (cells == Cells::neutral && may_be_formula(text)) row += '\'';
  for (const char c : text) {
    if (c == '"') row += '"';
    row += c;
  }
  if (is_quoted) row += '"';
}

void end_row(std::string &row) { row += "\r\n"; }

}  // namespace bellhop_sqlite
