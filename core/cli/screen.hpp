// SPDX-License-Identifier: Apache-2.0
// Screen: where a command writes, and for whom. On a terminal times are relative, long cells are cut and states have
// colours (unless NO_COLOR is set); into a file or a pipe everything is written whole, absolute and plain. Text from
// outside never reaches the screen with its control bytes.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace bellhop::core {

enum class Colour { none, good, warning, bad, faint };

struct Screen {
  std::ostream &out;
  std::ostream &err;
  bool is_terminal = false;
  bool has_colours = false;
  int columns_count = 80;
  Milliseconds now_ms = 0;

  std::string paint(std::string_view text, Colour colour) const;
  // An RFC 3339 time of the API: "3 min ago", "in 20 s" on a terminal, else as it is; "" → "-".
  std::string when(std::string_view rfc3339) const;
};

// Aligned columns. Cells are made printable and measured in terminal columns.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}
  struct Cell {
    std::string text;
    Colour colour = Colour::none;
    Cell(std::string t, Colour c = Colour::none);                              // NOLINT: implicit on purpose
    Cell(const char *t, Colour c = Colour::none) : Cell(std::string(t), c) {}  // NOLINT: implicit on purpose
    Cell(std::int64_t number);  // NOLINT: implicit on purpose; aligned right
    bool is_number = false;
  };
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  // On a terminal the last column is cut to fit.
  void print(const Screen &screen) const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<Cell>> rows_;
};

// Columns that UTF-8 text takes on a terminal; setlocale(LC_CTYPE, …) must have chosen a UTF-8 locale.
int width_of(std::string_view text);

// Milliseconds since 1970 of "2026-01-02T03:04:05[.678]Z"; -1 when it is not that.
Milliseconds unix_ms_of(std::string_view rfc3339);

}  // namespace bellhop::core
