// SPDX-License-Identifier: Apache-2.0
// Csv: rows as RFC 4180 wants them, and no formulas: a spreadsheet takes a cell that begins with = + - @ for something
// to calculate, and what stands in a booking was typed by a stranger.
#pragma once

#include <string>
#include <string_view>

namespace bellhop_sqlite {

// neutral: an apostrophe before what a spreadsheet might calculate. raw: every byte as it is, for programs.
enum class Cells { neutral, raw };

// Appends the cell, behind a comma unless it is the row's first.
void append_cell(std::string &row, std::string_view text, Cells cells, bool is_first = false);
// CRLF, by RFC 4180 section 2.
void end_row(std::string &row);

}  // namespace bellhop_sqlite
